using System.Security.Cryptography.X509Certificates;

namespace Incus.Client;

/// <summary>
/// The user's Incus client configuration: remotes, default remote, and where certificates are. The same as what
/// the <c>incus</c> command uses (<c>config.yml</c>); reading and writing that file is the caller's work.
/// </summary>
public sealed record ClientConfiguration
{
    /// <summary>Name of the built-in remote for the local socket; only its project can be set.</summary>
    public const string LocalRemote = "local";

    /// <summary>Name of the built-in image server.</summary>
    public const string ImagesRemote = "images";

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

    /// <summary>The environment the configuration was made from, which also decides where the local socket is.</summary>
    public IncusEnvironment Environment { get; init; } = new();

    /// <summary>What Incus's own client starts with where there is no <c>config.yml</c>: <c>local</c> (the Unix socket)
    /// and <c>images</c> (simplestreams), with <c>INCUS_REMOTE</c> and <c>INCUS_PROJECT</c> applied.</summary>
    /// <param name="environment">Where the environment variables come from; null for the process's own.</param>
    /// <returns>The configuration.</returns>
    public static ClientConfiguration Default(IncusEnvironment? environment = null) =>
        Combine(environment ?? new IncusEnvironment(), userRemotes: null, userDefaultRemote: null);

    /// <summary>
    /// Puts a configuration together as Incus's own client does (shared/cliconfig/file.go): the user's remotes, then the
    /// machine's that the user has not named, then the built-in <c>local</c> (which keeps the project of an entry of
    /// that name), then <c>INCUS_REMOTE</c> and <c>INCUS_PROJECT</c>.
    /// </summary>
    /// <param name="environment">Environment and directories.</param>
    /// <param name="userRemotes">Remotes of the user's file; null when there is no such file, which brings <c>images</c> in
    /// and leaves the machine's remotes out.</param>
    /// <param name="userDefaultRemote"><c>default-remote</c> of the user's file, or null.</param>
    /// <param name="globalRemotes">Remotes of the machine's file, or null.</param>
    /// <returns>The configuration.</returns>
    public static ClientConfiguration Combine(
        IncusEnvironment environment,
        IEnumerable<IncusRemote>? userRemotes,
        string? userDefaultRemote,
        IEnumerable<IncusRemote>? globalRemotes = null)
    {
        var remotes = new Dictionary<string, IncusRemote>(StringComparer.Ordinal);
        if (userRemotes is null)
        {
            remotes[ImagesRemote] = new IncusRemote
            {
                Name = ImagesRemote,
                Addresses = ["https://images.linuxcontainers.org"],
                Protocol = "simplestreams",
                Public = true,
            };
        }
        else
        {
            foreach (var remote in userRemotes)
                remotes[remote.Name] = remote;
            foreach (var remote in globalRemotes ?? [])
                remotes.TryAdd(remote.Name, remote with { Global = true });
        }
        remotes[LocalRemote] = new IncusRemote
        {
            Name = LocalRemote,
            Addresses = ["unix://"],
            Project = remotes.GetValueOrDefault(LocalRemote)?.Project,
        };
        return new ClientConfiguration
        {
            ConfigDirectory = environment.ConfigDirectory,
            GlobalDirectory = environment.GlobalDirectory,
            DefaultRemote = environment.Remote ?? (string.IsNullOrEmpty(userDefaultRemote) ? LocalRemote : userDefaultRemote),
            Remotes = remotes,
            ProjectOverride = environment.Project,
            Environment = environment,
        };
    }

    /// <summary>Finds a remote.</summary>
    /// <param name="name">Its name; null for the default remote.</param>
    /// <returns>The remote.</returns>
    /// <exception cref="IncusNotFoundException">There is no such remote.</exception>
    public IncusRemote GetRemote(string? name = null)
    {
        name ??= DefaultRemote;
        return Remotes.TryGetValue(name, out var remote)
            ? remote
            : throw new IncusNotFoundException(
                $"There is no remote named \"{name}\"",
                $"There are: {string.Join(", ", Remotes.Keys.Order(StringComparer.Ordinal))}. Add one with: incus remote add {name} TOKEN-OR-ADDRESS");
    }

    /// <summary>What is needed to connect to a remote: its addresses, project and certificates.</summary>
    /// <param name="name">Name of the remote; null for the default remote.</param>
    /// <returns>Options for <see cref="IncusClient.ConnectAsync(ConnectionOptions, CancellationToken)"/>.</returns>
    /// <exception cref="IncusNotFoundException">There is no such remote.</exception>
    /// <exception cref="IncusException">The remote is an image server, or wants a way of authentication that is not
    /// supported, or its certificates can not be read.</exception>
    public ConnectionOptions OptionsFor(string? name = null)
    {
        var remote = GetRemote(name);
        if (remote.Protocol != "incus")
        {
            throw new IncusException(
                $"The remote \"{remote.Name}\" is an image server ({remote.Protocol}) and runs no instances", "Name the remote of an Incus server");
        }
        if (remote.AuthType is not (null or "" or "tls"))
        {
            throw new IncusException(
                $"The remote \"{remote.Name}\" wants authentication by \"{remote.AuthType}\", which is not supported",
                "Add it with a trust token, which uses a client certificate");
        }
        var options = new ConnectionOptions
        {
            Addresses = Rolled(remote),
            RemoteName = remote.Name,
            Project = ProjectOverride ?? (string.IsNullOrEmpty(remote.Project) ? null : remote.Project),
            AllowUntrusted = remote.Public,
            Environment = Environment,
        };
        if (remote.Addresses.All(static address => address.StartsWith("unix:", StringComparison.Ordinal)))
            return options;
        return options with
        {
            ServerCertificate = CertificateFiles.ReadIfThere(ServerCertificatePath(remote)),
            ClientCertificate = FindClientFile(remote, ".crt") is { } certificate && FindClientFile(remote, ".key") is { } key
                ? CertificateFiles.ReadWithKey(certificate, key)
                : null,
            Authority = CertificateFiles.ReadIfThere(FindClientFile(remote, ".ca")),
        };
    }

    /// <summary>The user's client certificate, made now if there is none (ECDSA P-384, self-signed, ten years, as Incus's own
    /// client makes it) and stored as <c>client.crt</c> and <c>client.key</c>.</summary>
    /// <returns>The certificate with its key.</returns>
    /// <exception cref="IncusException">There is no configuration directory, or its files can not be read or written.</exception>
    public X509Certificate2 GetOrCreateClientCertificate()
    {
        var directory = ConfigDirectory ?? throw NoDirectory();
        return CertificateFiles.ReadOrCreate(Path.Combine(directory, "client.crt"), Path.Combine(directory, "client.key"));
    }

    /// <summary>Stores the certificate of a remote's server, which is from now on the only one accepted
    /// (<c>servercerts/NAME.crt</c>).</summary>
    /// <param name="name">Name of the remote.</param>
    /// <param name="certificate">The certificate.</param>
    /// <exception cref="IncusException">There is no configuration directory, or it can not be written to.</exception>
    public void StoreServerCertificate(string name, X509Certificate2 certificate)
    {
        var directory = ConfigDirectory ?? throw NoDirectory();
        CertificateFiles.Write(Path.Combine(directory, "servercerts", $"{name}.crt"), certificate);
    }

    /// <summary>The one certificate that is accepted of a remote's server (<c>servercerts/NAME.crt</c>).</summary>
    /// <param name="remote">The remote.</param>
    /// <returns>The certificate; null where none is stored, and the machine's authorities decide.</returns>
    /// <exception cref="IncusException">The file can not be read.</exception>
    public X509Certificate2? FindServerCertificate(IncusRemote remote) => CertificateFiles.ReadIfThere(ServerCertificatePath(remote));

    /// <summary>Addresses in order, the last working one first.</summary>
    private static IReadOnlyList<string> Rolled(IncusRemote remote)
    {
        var start = remote.LastWorkingAddress is { } last ? Math.Max(0, remote.Addresses.ToList().IndexOf(last)) : 0;
        return [.. remote.Addresses.Skip(start), .. remote.Addresses.Take(start)];
    }

    private string? ServerCertificatePath(IncusRemote remote) =>
        (remote.Global ? GlobalDirectory : ConfigDirectory) is { } directory ? Path.Combine(directory, "servercerts", $"{remote.Name}.crt") : null;

    /// <summary>The remote's own client file (<c>clientcerts/NAME</c>) if it has a pair of its own, else the user's.</summary>
    private string? FindClientFile(IncusRemote remote, string extension)
    {
        if (ConfigDirectory is not { } directory)
            return null;
        var own = Path.Combine(directory, "clientcerts", remote.Name);
        var path = (File.Exists($"{own}.crt") && File.Exists($"{own}.key") ? own : Path.Combine(directory, "client")) + extension;
        return File.Exists(path) ? path : null;
    }

    private static IncusException NoDirectory() =>
        new("There is no directory for the Incus client's configuration", "Set INCUS_CONF to one");
}
