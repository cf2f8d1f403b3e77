using System.Diagnostics;

namespace IncusCompose.Cli.Tests;

/// <summary>The built program as a child process.</summary>
internal static class ChildProgram
{
    public static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "incus-compose.dll");

    /// <summary>How the program ended and what it wrote.</summary>
    public sealed record Ended(int ExitCode, string Output, string Error);

    /// <summary>Runs the program in an empty directory of its own.</summary>
    public static Task<Ended> RunAsync(params string[] arguments) =>
        RunAsync("dotnet", [Assembly, .. arguments]);

    /// <summary>Runs the program with a pseudo-terminal as its standard streams.</summary>
    public static Task<Ended> RunOnTerminalAsync(string arguments, bool noColor = false) =>
        RunAsync(
            "script",
            ["-qec", $"dotnet '{Assembly}' {arguments}", "/dev/null"],
            noColor ? new Dictionary<string, string> { ["NO_COLOR"] = "1" } : null);

    /// <summary>Runs a program in an empty directory of its own, without input.</summary>
    public static async Task<Ended> RunAsync(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var directory = Directory.CreateTempSubdirectory("incus-compose-");
        try
        {
            var start = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = directory.FullName,
                Environment = { ["TERM"] = "xterm-256color", ["NO_COLOR"] = null },
            };
            foreach (var (name, value) in environment ?? new Dictionary<string, string>())
                start.Environment[name] = value;
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await process.WaitForExitAsync(limit.Token);
            return new Ended(process.ExitCode, await output, await error);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
