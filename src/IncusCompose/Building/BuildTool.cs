using System.Text;
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
    public static BuildTool? Find() => s_names.FirstOrDefault(HostProgram.IsInstalled) is { } name ? new BuildTool(name) : null;

    /// <summary>Asks it something.</summary>
    /// <param name="arguments">What to do.</param>
    /// <param name="tell">Receives each line that it writes of what it does.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <returns>What it wrote to its standard output.</returns>
    /// <exception cref="BuildFailedException">It failed, or cannot be started.</exception>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, Action<string>? tell, CancellationToken cancellationToken)
    {
        using var answer = new MemoryStream();
        await RunAsync(arguments, new Dictionary<string, string>(), new CommandOutput(tell, [], KeptLines), answer, cancellationToken).ConfigureAwait(false);
        return Encoding.UTF8.GetString(answer.GetBuffer().AsSpan(0, (int)answer.Length));
    }

    /// <summary>Has it do something, and tells whatever it writes but what is called a secret in <paramref name="masked"/>.</summary>
    /// <param name="arguments">What to do.</param>
    /// <param name="environment">Variables beside those of this process.</param>
    /// <param name="masked">What is called a secret among these is masked in its output.</param>
    /// <param name="tell">Receives lines.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <exception cref="BuildFailedException">It failed, or cannot be started.</exception>
    public async Task TellAsync(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, IEnumerable<KeyValuePair<string, string>> masked, Action<string>? tell, CancellationToken cancellationToken)
    {
        var told = new CommandOutput(tell, masked, KeptLines);
        using var lines = new LineStream(told.Take);
        await RunAsync(arguments, environment, told, lines, cancellationToken).ConfigureAwait(false);
    }

    private async Task RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, CommandOutput told, Stream output, CancellationToken cancellationToken)
    {
        using var errors = new LineStream(told.Take);
        var end = await new HostProgram { Command = [Name, .. arguments], Environment = environment }.RunAsync(output, errors, cancellationToken).ConfigureAwait(false);
        if (end.ExitCode is not 0)
        {
            throw new BuildFailedException(end.ExitCode is { } status ? told.After($"{Name} {arguments[0]} ended with exit status {status}") : end.FailureWith(told)!);
        }
    }
}
