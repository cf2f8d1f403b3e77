using System.ComponentModel;
using System.Diagnostics;
using IncusCompose.Instances;

namespace IncusCompose.Building;

/// <summary>A build, or a part of it, that failed; the message says how, with the last of the output.</summary>
/// <param name="message">The same.</param>
internal sealed class BuildFailedException(string message) : Incus.Client.IncusException(message);

/// <summary>The program that builds images, by its name: <c>buildah</c>, <c>podman</c> or <c>docker</c>.</summary>
/// <param name="Name">The program.</param>
internal sealed record BuildTool(string Name)
{
    public const string Buildah = "buildah", Docker = "docker";

    // What a step said of its failure may stand before what the builder says of it, since that comes another way.
    private const int KeptLines = 25;

    // Those first that need no daemon: a docker on the PATH may have none to talk to.
    private static readonly string[] s_names = [Buildah, "podman", Docker];

    /// <summary>The first of them on this machine's <c>PATH</c>; null where there is none.</summary>
    public static BuildTool? Find() => s_names.FirstOrDefault(IsInstalled) is { } name ? new BuildTool(name) : null;

    /// <summary>True for a program on this machine's <c>PATH</c>.</summary>
    public static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, program)) || (OperatingSystem.IsWindows() && File.Exists(Path.Combine(folder, program + ".exe"))));

    /// <summary>Runs it.</summary>
    /// <param name="arguments">What to do.</param>
    /// <param name="tell">Receives each line that it writes of what it does.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <returns>What it wrote to its standard output.</returns>
    /// <exception cref="BuildFailedException">It failed, or cannot be started.</exception>
    public Task<string> RunAsync(IReadOnlyList<string> arguments, Action<string>? tell, CancellationToken cancellationToken) =>
        RunAsync(Name, arguments, new Dictionary<string, string>(), [], tell, isAnswer: true, cancellationToken);

    /// <summary>Runs it with variables, telling whatever it writes but what is called a secret in <paramref name="masked"/>.</summary>
    /// <inheritdoc cref="RunAsync(IReadOnlyList{string}, Action{string}?, CancellationToken)"/>
    public Task TellAsync(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, IEnumerable<KeyValuePair<string, string>> masked, Action<string>? tell, CancellationToken cancellationToken) =>
        RunAsync(Name, arguments, environment, masked, tell, isAnswer: false, cancellationToken);

    /// <summary>Runs a program of this machine.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables beside those of this process.</param>
    /// <param name="masked">What is called a secret among these is masked in its output.</param>
    /// <param name="tell">Receives lines.</param>
    /// <param name="isAnswer">True where its standard output is what it is asked for, and not told.</param>
    /// <param name="cancellationToken">Kills it.</param>
    private static async Task<string> RunAsync(
        string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, IEnumerable<KeyValuePair<string, string>> masked,
        Action<string>? tell, bool isAnswer, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var told = new CommandOutput(tell, masked, KeptLines);
        Process? process = null;
        try
        {
            process = Process.Start(start)!;
            process.StandardInput.Close();
            var answering = isAnswer ? process.StandardOutput.ReadToEndAsync(cancellationToken) : TellAsync(process.StandardOutput.BaseStream);
            var telling = TellAsync(process.StandardError.BaseStream);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            await telling.ConfigureAwait(false);
            var answer = await answering.ConfigureAwait(false);
            return process.ExitCode == 0 ? answer : throw new BuildFailedException(told.After($"{program} {arguments[0]} ended with exit status {process.ExitCode}"));
        }
        catch (Win32Exception error)
        {
            throw new BuildFailedException($"{program} cannot be started on this machine: {error.Message}");
        }
        catch (OperationCanceledException)
        {
            process?.Kill(entireProcessTree: true);
            throw;
        }
        finally
        {
            process?.Dispose();
        }

        async Task<string> TellAsync(Stream written)
        {
            using var lines = new LineStream(told.Take);
            await written.CopyToAsync(lines, cancellationToken).ConfigureAwait(false);
            lines.Flush();
            return "";
        }
    }
}
