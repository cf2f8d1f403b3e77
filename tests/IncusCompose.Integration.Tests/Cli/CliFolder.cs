using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
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
    /// <summary>The program, as an argument of dotnet.</summary>
    internal static readonly string Program = IoPath.Combine(AppContext.BaseDirectory, "incus-compose.dll");
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

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

    /// <summary>The whole path of a file in this folder.</summary>
    public string PathOf(string file) => IoPath.Combine(_folder.FullName, file);

    /// <summary>Writes a script that runs the program with the arguments, and with those it gets itself.</summary>
    public void WriteScript(string file, string arguments)
    {
        Write(file, $"#!/bin/sh\nexec dotnet '{Program}' {arguments} \"$@\"\n");
        using var chmod = Process.Start("chmod", ["+x", PathOf(file)]);
        chmod.WaitForExit();
    }

    public void Delete(string file) => File.Delete(IoPath.Combine(_folder.FullName, file));

    public void Write(string file, string text) => File.WriteAllText(IoPath.Combine(_folder.FullName, file), text);

    /// <summary>Runs the program to its end, without input.</summary>
    public Task<Ended> RunAsync(params string[] arguments) => RunToEndAsync("dotnet", [Program, .. arguments], null);

    /// <summary>Runs another program to its end, in the same folder and environment.</summary>
    public Task<Ended> RunProgramAsync(params string[] command) => RunToEndAsync(command[0], command[1..], null);

    /// <summary>Runs another program to its end, without input.</summary>
    public Task<Ended> RunProgramAsync(string program, params string[] arguments) => RunToEndAsync(program, arguments, null);

    /// <summary>Runs the program with text on its standard input.</summary>
    public Task<Ended> RunWithInputAsync(string input, params string[] arguments) => RunToEndAsync("dotnet", [Program, .. arguments], input);

    /// <summary>Runs the program as a user who may do nothing.</summary>
    public Task<Ended> RunAsNobodyAsync(params string[] arguments) =>
        RunToEndAsync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", "dotnet", Program, .. arguments], null);

    /// <summary>Runs the program on a pseudo-terminal; everything that it writes is in the output.</summary>
    public Task<Ended> RunOnTerminalAsync(string arguments, string? input = null) =>
        RunToEndAsync("script", ["-qec", $"stty rows 30 cols 100; exec dotnet '{Program}' {arguments}", "/dev/null"], input, endInput: false);

    /// <summary>
    /// Runs the program on a pseudo-terminal and does something with that as soon as the program has written a text.
    /// </summary>
    /// <param name="arguments">What the program is started with.</param>
    /// <param name="when">The text.</param>
    /// <param name="then">Is given the terminal's path, such as <c>/dev/pts/3</c>, and returns the keys to type.</param>
    public async Task<Ended> RunOnTerminalAsync(string arguments, string when, Func<string, Task<string>> then)
    {
        using var process = Start("script", ["-qec", $"tty; stty rows 30 cols 100; exec env --default-signal=INT dotnet '{Program}' {arguments}", "/dev/null"]);
        using var limit = new CancellationTokenSource(Limit);
        var terminal = (await process.StandardOutput.ReadLineAsync(limit.Token))!.Trim();
        var output = await ReadUntilAsync(process.StandardOutput, when, limit.Token);
        await process.StandardInput.WriteAsync(await then(terminal));
        await process.StandardInput.FlushAsync(limit.Token);
        output += await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return new Ended(process.ExitCode, output.ReplaceLineEndings("\n"), "");
    }

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
        using var process = Start("env", ["--default-signal=INT,HUP", "dotnet", Program, .. arguments]);
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

    /// <summary>
    /// Runs the program until it has written a line that matches each pattern, one after another (after the one before);
    /// does what is to be done at each, and interrupts the program after the last.
    /// </summary>
    public Task<Ended> FollowAsync(IEnumerable<(string Pattern, Func<Task>? Then)> steps, params string[] arguments) =>
        FollowProgramAsync(steps, ["dotnet", Program, .. arguments]);

    /// <summary>Does so with another program, in the same folder and environment.</summary>
    public async Task<Ended> FollowProgramAsync(IEnumerable<(string Pattern, Func<Task>? Then)> steps, params string[] command)
    {
        using var process = Start("env", ["--default-signal=INT", .. command]);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = new StringBuilder();
        using var limit = new CancellationTokenSource(Limit);
        foreach (var (pattern, then) in steps)
        {
            string? line;
            do
            {
                try
                {
                    line = await process.StandardOutput.ReadLineAsync(limit.Token);
                }
                catch (OperationCanceledException)
                {
                    process.Kill();
                    line = null;
                }
                if (line is null)
                    throw new TimeoutException($"There was no line that matches {pattern}:\n{output}{await error}");
                output.Append(line).Append('\n');
            }
            while (!Regex.IsMatch(line, pattern));
            if (then is not null)
                await then();
        }

        await KillAsync(process, "INT", limit.Token);
        output.Append(await process.StandardOutput.ReadToEndAsync(limit.Token));
        await process.WaitForExitAsync(limit.Token);
        return new Ended(process.ExitCode, output.ToString(), await error);
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
