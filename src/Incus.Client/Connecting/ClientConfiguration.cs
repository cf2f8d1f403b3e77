namespace Incus.Client;

/// <summary>
/// The user's Incus client configuration: remotes, default remote, and where certificates are. The same as what
/// the <c>incus</c> command uses (<c>config.yml</c>). Start from <see cref="Default"/> where there is no such file.
/// </summary>
public sealed record ClientConfiguration
{
    /// <summary>Name of the built-in remote for the local socket; it can not be redefined.</summary>
    public const string LocalRemote = "local";

    /// <summary>Directory of <c>config.yml</c>, <c>client.crt</c>, <c>client.key</c>, <c>servercerts/</c>; null for none.</summary>
    public string? ConfigDirectory { get; init; }

    /// <summary>Directory of the machine-wide configuration.</summary>
    public string GlobalDirectory { get; init; } = "/etc/incus";

    /// <summary>The remote used when none is named.</summary>
    public string DefaultRemote { get; init; } = LocalRemote;

    /// <summary>Remotes by name.</summary>
    public IReadOnlyDictionary<string, IncusRemote> Remotes { get; init; } = new Dictionary<string, IncusRemote>();

    /// <summary>Project to use instead of the remote's own (<c>INCUS_PROJECT</c>); null for the remote's.</summary>
    public string? ProjectOverride { get; init; }

    /// <summary>What Incus's own client starts with: <c>local</c> (the Unix socket) and <c>images</c> (simplestreams).</summary>
    /// <param name="environment">Where the environment variables come from; null for the process's own.</param>
    /// <returns>The configuration, with <c>INCUS_REMOTE</c> and <c>INCUS_PROJECT</c> applied.</returns>
    public static ClientConfiguration Default(IncusEnvironment? environment = null) =>
        throw new NotImplementedException("not there yet");

    /// <summary>
    /// Puts a configuration together as Incus's own client does: the user's remotes, then the machine's that the user
    /// has not named, then the built-in <c>local</c> (which keeps the project of an entry of that name), then
    /// <c>INCUS_REMOTE</c> and <c>INCUS_PROJECT</c>.
    /// </summary>
    /// <param name="environment">Environment and directories.</param>
    /// <param name="userRemotes">Remotes of the user's file; null when there is no file (the built-in ones then apply).</param>
    /// <param name="userDefaultRemote"><c>default-remote</c> of the user's file, or null.</param>
    /// <param name="globalRemotes">Remotes of the machine's file, or null.</param>
    /// <returns>The configuration.</returns>
    public static ClientConfiguration Combine(
        IncusEnvironment environment,
        IEnumerable<IncusRemote>? userRemotes,
        string? userDefaultRemote,
        IEnumerable<IncusRemote>? globalRemotes = null) => throw new NotImplementedException("not there yet");

    /// <summary>Finds a remote.</summary>
    /// <param name="name">Its name; null for the default remote.</param>
    /// <returns>The remote.</returns>
    /// <exception cref="IncusNotFoundException">There is no such remote.</exception>
    public IncusRemote GetRemote(string? name = null) => throw new NotImplementedException("not there yet");

    /// <summary>What is needed to connect to a remote: its address, project and certificates.</summary>
    /// <param name="name">Name of the remote; null for the default remote.</param>
    /// <returns>Options for <see cref="IncusClient.ConnectAsync(ConnectionOptions, CancellationToken)"/>.</returns>
    /// <exception cref="IncusNotFoundException">There is no such remote.</exception>
    /// <exception cref="IncusException">The remote is an image server, or wants a way of authentication that is not
    /// supported, or its certificates can not be read.</exception>
    public ConnectionOptions OptionsFor(string? name = null) => throw new NotImplementedException("not there yet");
}
