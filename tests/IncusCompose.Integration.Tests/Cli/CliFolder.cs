using System.Diagnostics;
using System.Globalization;
using System.Text;
using IncusCompose.Integration.Tests.Lab;
using IoPath = System.IO.Path;

namespace IncusCompose.Integration.Tests.Cli;

/// <summary>How the program ended and what it wrote.</summary>
public sealed record Ended(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";
}

/// <summary>A folder with a stack file in which <c>incus-compose</c> is run, against a lab and in a project of the test's own.</summary>
public sealed class CliFolder : IDisposable
{
    private static readonly string Program = IoPath.Combine(AppContext.BaseDirectory, "incus-compose.dll");
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    // Other users may pass: a test runs the program as one.
    private readonly DirectoryInfo _folder = Directory.CreateDirectory(IoPath.Combine(IoPath.GetTempPath(), $"incus-compose-cli-{Guid.NewGuid():N}"));

    public CliFolder(LabFixture lab, TestProject project, string stack)
    {
        foreach (var (name, value) in lab.Lab.Environment.Where(pair => pair.Key.StartsWith("INCUS_", StringComparison.Ordinal)))
            Environment[name] = value;
        Environment["INCUS_PROJECT"] = project.Name;
        Environment["TERM"] = "xterm-256color";
        Environment["NO_COLOR"] = null;
        Write("stack.yaml", stack);
    }

    /// <summary>The environment of what is run.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    /// <summary>Where the program is run; the folder itself at first.</summary>
    public string WorkingDirectory { get => field ?? _folder.FullName; set; }

    /// <summary>Makes a folder in this one, with its parents.</summary>
    public string CreateFolder(string path) => Directory.CreateDirectory(IoPath.Combine(_folder.FullName, path)).FullName;

    public void Write(string file, string text) => File.WriteAllText(IoPath.Combine(_folder.FullName, file), text);

    /// <summary>Runs the program to its end, without input.</summary>
    public Task<Ended> RunAsync(params string[] arguments) => RunToEndAsync("dotnet", [Program, .. arguments], null);

    /// <summary>Runs the program with text on its standard input.</summary>
    public Task<Ended> RunWithInputAsync(string input, params string[] arguments) => RunToEndAsync("dotnet", [Program, .. arguments], input);

    /// <summary>Runs the program as a user who may do nothing.</summary>
    public Task<Ended> RunAsNobodyAsync(params string[] arguments) =>
        RunToEndAsync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "dotnet", Program, .. arguments], null);

    /// <summary>Runs the program on a pseudo-terminal; everything that it writes is in the output.</summary>
    public Task<Ended> RunOnTerminalAsync(string arguments, string? input = null) =>
        RunToEndAsync("script", ["-qec", $"stty rows 30 cols 100; exec dotnet '{Program}' {arguments}", "/dev/null"], input, endInput: false);

    /// <summary>
    /// Starts the program, sends it a signal as soon as it has written a text, a second one (where asked for) as soon as
    /// it has told that the first one arrived, and measures what it takes to end from the first.
    /// </summary>
    public Task<(Ended Ended, TimeSpan Time)> InterruptAsync(string signal, bool twice, string when, params string[] arguments) =>
        InterruptAsync(signal, twice, when, () => Task.CompletedTask, arguments);

    /// <summary>Does so once something else has happened, too.</summary>
    public async Task<(Ended Ended, TimeSpan Time)> InterruptAsync(string signal, bool twice, string when, Func<Task> after, params string[] arguments)
    {
        // What was started in the background (a test run, by a script) hands on that it ignores an interrupt.
        using var process = Start("env", ["--default-signal=INT", "dotnet", Program, .. arguments]);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Limit);
        var output = await ReadUntilAsync(process.StandardOutput, when, limit.Token);
        await after();
        var clock = Stopwatch.StartNew();
        await KillAsync(process, signal, limit.Token);
        var rest = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = await ReadUntilAsync(process.StandardError, "Cancelling", limit.Token);
        if (twice)
            await KillAsync(process, signal, limit.Token);
        error += await process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (new Ended(process.ExitCode, output + await rest, error), clock.Elapsed);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // The end of the input would reach the terminal as a key: a terminal's input stays open.
    private async Task<Ended> RunToEndAsync(string program, IEnumerable<string> arguments, string? input, bool endInput = true)
    {
        using var process = Start(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (input is not null)
            await process.StandardInput.WriteAsync(input);
        if (endInput)
            process.StandardInput.Close();
        else
            await process.StandardInput.FlushAsync();
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);
        return new Ended(process.ExitCode, await output, await error);
    }

    private static async Task<string> ReadUntilAsync(StreamReader reader, string text, CancellationToken cancellationToken)
    {
        var read = new StringBuilder();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            read.Append(line).Append('\n');
            if (line.Contains(text, StringComparison.Ordinal))
                break;
        }
        return read.ToString();
    }

    private static async Task KillAsync(Process process, string signal, CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(cancellationToken);
    }

    private Process Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = WorkingDirectory,
        };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
