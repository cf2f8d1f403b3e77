using System.Diagnostics;

namespace IncusCompose.Benchmarks;

/// <summary>Runs programs and stops at the first that fails.</summary>
internal static class Command
{
    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The program as it is built for users.</summary>
    public static string IncusCompose { get; } = Path.Combine(Root, "bin", "incus-compose");

    /// <summary>Runs a program to its end; its output is thrown away.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message holds what it wrote.</exception>
    public static Task RunAsync(string program, params string[] arguments) => ReadAsync(program, arguments);

    /// <summary>Runs a program to its end and returns what it wrote.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message holds what it wrote.</exception>
    public static Task<string> ReadAsync(string program, params string[] arguments) => EndsAsync(0, program, arguments);

    /// <summary>Runs a program that is to end with a certain code, and returns what it wrote.</summary>
    /// <exception cref="InvalidOperationException">It ended with another one; the message holds what it wrote.</exception>
    public static async Task<string> EndsAsync(int code, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode == code)
            return await output;
        throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{await output}{await error}");
    }

    /// <summary>The most memory, in megabytes, that a program had at one time until its end, as the kernel told last.</summary>
    /// <exception cref="InvalidOperationException">It ended with another code than 0.</exception>
    public static async Task<double> PeakMemoryAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments))!;
        double kibibytes = 0;
        // The figure only grows, and is gone with the process: what was read last is the most but for the last millisecond.
        while (!process.HasExited)
        {
            try
            {
                var line = (await File.ReadAllLinesAsync($"/proc/{process.Id}/status")).FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
                if (line is not null)
                    kibibytes = double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It has just ended.
            }
            await Task.Delay(1);
        }
        return process.ExitCode == 0 ? kibibytes * 1024 / 1e6 : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    /// <summary>Whether a program ends with code 0.</summary>
    public static async Task<bool> SucceedsAsync(string program, params string[] arguments)
    {
        try
        {
            await RunAsync(program, arguments);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Where a program is in PATH; null where it is not.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "IncusCompose.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException("The benchmarks do not stand in a checkout of IncusCompose.");
    }
}
