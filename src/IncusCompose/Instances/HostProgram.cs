using System.ComponentModel;
using System.Diagnostics;
using IncusCompose.Definition;

namespace IncusCompose.Instances;

/// <summary>
/// A program of this machine, run to its end in bounded time: nobody answers it, and it is killed with all that it has started
/// where it takes too long or is not wanted any more. What is secret comes by its environment or by files: what is on a command
/// line, everybody on the machine can read.
/// </summary>
internal sealed record HostProgram
{
    // Once it is killed, it ends as soon as the kernel comes to it.
    private static readonly TimeSpan s_longestEnd = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_leftOver = TimeSpan.FromSeconds(1);

    /// <summary>The program and its arguments. What is named by a path is looked for in <see cref="Folder"/>, as a shell would.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The folder to run it in; null: this process's own.</summary>
    public string? Folder { get; init; }

    /// <summary>Variables beside those of this process; never shown.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = Maps.Empty;

    /// <summary>How long it may take before it is killed; null: as long as it wants.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How much it may write to its standard output before it is killed; null: as much as it wants.</summary>
    public long? MostOutput { get; init; }

    /// <summary>True where what it started and left behind may hold its output open: that is not waited for.</summary>
    public bool LeavesOthers { get; init; }

    /// <summary>True for a program on this machine's <c>PATH</c>.</summary>
    public static bool IsInstalled(string program) => (System.Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, program)) || (OperatingSystem.IsWindows() && File.Exists(Path.Combine(folder, program + ".exe"))));

    /// <summary>Runs it.</summary>
    /// <param name="output">Receives what it writes to its standard output.</param>
    /// <param name="errors">Receives what it writes to its standard error.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <returns>How it ended.</returns>
    public async Task<ProgramEnd> RunAsync(Stream output, Stream errors, CancellationToken cancellationToken)
    {
        var program = Command[0].Contains('/', StringComparison.Ordinal) && Folder is not null ? Path.GetFullPath(Command[0], Folder) : Command[0];
        var start = new ProcessStartInfo(program, Command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Folder ?? "",
        };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        var called = CommandWords.ProgramOf(Command);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Exception error) when (error is Win32Exception or DirectoryNotFoundException)
        {
            return new ProgramEnd(null, $"{called} cannot be started on this machine: {error.Message}") { NotStarted = true };
        }

        using (process)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (Timeout is { } timeout)
                limit.CancelAfter(Duration.Bounded(timeout));
            process.StandardInput.Close();
            var isTooMuch = false;
            var reading = Task.WhenAll(ReadAsync(process.StandardOutput.BaseStream, output, MostOutput), ReadAsync(process.StandardError.BaseStream, errors, null));
            try
            {
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
                if (LeavesOthers)
                    await Task.WhenAny(reading, Task.Delay(s_leftOver, limit.Token)).ConfigureAwait(false);
                else
                    await reading.WaitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                await KillAsync(process).ConfigureAwait(false);
                if (isTooMuch)
                    return new ProgramEnd(null, $"{called} wrote more than {MostOutput} bytes") { WroteTooMuch = true };
                cancellationToken.ThrowIfCancellationRequested();
                return new ProgramEnd(null, $"{called} did not end within {Duration.Format(Timeout!.Value)}") { TookTooLong = true };
            }

            // It may have ended by itself in the moment in which it was to be ended.
            if (isTooMuch)
                return new ProgramEnd(null, $"{called} wrote more than {MostOutput} bytes") { WroteTooMuch = true };
            return new ProgramEnd(process.ExitCode, process.ExitCode == 0 ? null : $"{called} ended with exit status {process.ExitCode}");

            async Task ReadAsync(Stream written, Stream to, long? most)
            {
                var buffer = new byte[16 * 1024];
                try
                {
                    long all = 0;
                    for (int count; (count = await written.ReadAsync(buffer, limit.Token).ConfigureAwait(false)) > 0;)
                    {
                        if ((all += count) > most)
                        {
                            isTooMuch = true;
                            await limit.CancelAsync().ConfigureAwait(false);
                            return;
                        }

                        await to.WriteAsync(buffer.AsMemory(0, count), limit.Token).ConfigureAwait(false);
                    }

                    await to.FlushAsync(limit.Token).ConfigureAwait(false);
                }
                catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or IOException or InvalidOperationException)
                {
                    // It was killed, or what it left behind still holds its output.
                }
            }
        }
    }

    private static async Task KillAsync(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception error) when (error is AggregateException or Win32Exception or InvalidOperationException)
        {
            // What it started as another user is not this one's to end.
        }

        using var limit = new CancellationTokenSource(s_longestEnd);
        try
        {
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What does not end when it is killed waits for a device, and nobody can help that.
        }
    }
}

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">What it ended with; null where it did not end by itself.</param>
/// <param name="Problem">How it failed, without its output; null where it succeeded.</param>
internal sealed record ProgramEnd(int? ExitCode, string? Problem)
{
    /// <summary>True where there is no such program, or it may not be run.</summary>
    public bool NotStarted { get; init; }

    /// <summary>True where it was killed after its time.</summary>
    public bool TookTooLong { get; init; }

    /// <summary>True where it was killed for what it wrote.</summary>
    public bool WroteTooMuch { get; init; }

    /// <summary>How it failed, with the last of what it wrote; null where it succeeded.</summary>
    public string? FailureWith(CommandOutput output) => Problem is null || NotStarted ? Problem : output.After(Problem);
}
