using System.Text.Json.Serialization;

namespace Incus.Client;

/// <summary>The server as <c>GET /1.0</c> describes it. A restricted certificate sees an empty <see cref="Config"/>.</summary>
public sealed record ServerInfo : IncusResource
{
    /// <summary>API extensions the server has.</summary>
    public IReadOnlyList<string> ApiExtensions { get => field ?? []; init; }

    /// <summary><c>stable</c>, <c>development</c>, ...</summary>
    public string ApiStatus { get => field ?? ""; init; }

    /// <summary><c>1.0</c>.</summary>
    public string ApiVersion { get => field ?? ""; init; }

    /// <summary><c>trusted</c> or <c>untrusted</c>.</summary>
    public string Auth { get => field ?? ""; init; }

    /// <summary>Ways to authenticate: <c>tls</c>, <c>oidc</c>.</summary>
    public IReadOnlyList<string> AuthMethods { get => field ?? []; init; }

    /// <summary>Who the server takes the client for: a user name or certificate fingerprint.</summary>
    public string AuthUserName { get => field ?? ""; init; }

    /// <summary>How the client was authenticated: <c>unix</c>, <c>tls</c>, <c>oidc</c>.</summary>
    public string AuthUserMethod { get => field ?? ""; init; }

    /// <summary>Whether it serves public images.</summary>
    public bool Public { get; init; }

    /// <summary>Server configuration; empty where hidden.</summary>
    public IReadOnlyDictionary<string, string> Config { get => field ?? NoConfig; init; }

    /// <summary>Facts about the machine and the software.</summary>
    public ServerEnvironment Environment { get => field ?? NoEnvironment; init; }

    private static readonly ServerEnvironment NoEnvironment = new();
}

/// <summary>The <c>environment</c> of <see cref="ServerInfo"/>. Empty for a client that is not trusted.</summary>
public sealed record ServerEnvironment : IncusResource
{
    /// <summary>Addresses the API listens on; empty where hidden.</summary>
    public IReadOnlyList<string> Addresses { get => field ?? []; init; }

    /// <summary>Architectures it runs, its own first.</summary>
    public IReadOnlyList<string> Architectures { get => field ?? []; init; }

    /// <summary>Server certificate, PEM.</summary>
    public string Certificate { get => field ?? ""; init; }

    /// <summary>SHA-256 of that certificate, in hexadecimal.</summary>
    public string CertificateFingerprint { get => field ?? ""; init; }

    /// <summary>Instance drivers: <c>lxc</c>, <c>qemu</c> or <c>lxc | qemu</c>.</summary>
    public string Driver { get => field ?? ""; init; }

    /// <summary>Their versions.</summary>
    public string DriverVersion { get => field ?? ""; init; }

    /// <summary><c>nftables</c> or <c>xtables</c>.</summary>
    public string Firewall { get => field ?? ""; init; }

    /// <summary>Kernel name.</summary>
    public string Kernel { get => field ?? ""; init; }

    /// <summary>Kernel architecture.</summary>
    public string KernelArchitecture { get => field ?? ""; init; }

    /// <summary>Kernel version.</summary>
    public string KernelVersion { get => field ?? ""; init; }

    /// <summary>Name of the host's system.</summary>
    public string OsName { get => field ?? ""; init; }

    /// <summary>Version of the host's system.</summary>
    public string OsVersion { get => field ?? ""; init; }

    /// <summary>Project of the request.</summary>
    public string Project { get => field ?? ""; init; }

    /// <summary><c>incus</c>.</summary>
    public string Server { get => field ?? ""; init; }

    /// <summary>Whether it is a cluster.</summary>
    public bool ServerClustered { get; init; }

    /// <summary>Its name (of the cluster member that answered).</summary>
    public string ServerName { get => field ?? ""; init; }

    /// <summary>Process id of the daemon.</summary>
    public int ServerPid { get; init; }

    /// <summary>Version, such as <c>6.0.4</c>.</summary>
    public string ServerVersion { get => field ?? ""; init; }

    /// <summary>Storage drivers in use.</summary>
    public string Storage { get => field ?? ""; init; }

    /// <summary>Their versions.</summary>
    public string StorageVersion { get => field ?? ""; init; }

    /// <summary>Storage drivers that it could use, since it has found their tools; empty where hidden.</summary>
    public IReadOnlyList<StorageDriverInfo> StorageSupportedDrivers { get => field ?? []; init; }
}

/// <summary>A storage driver that a server can use.</summary>
public sealed record StorageDriverInfo : IncusResource
{
    /// <summary>What pools call it: <c>btrfs</c>.</summary>
    [JsonPropertyName("Name")]
    public string Name { get => field ?? ""; init; }

    /// <summary>The version of its tools.</summary>
    [JsonPropertyName("Version")]
    public string Version { get => field ?? ""; init; }

    /// <summary>Whether what is in its pools lies on other machines.</summary>
    [JsonPropertyName("Remote")]
    public bool Remote { get; init; }
}
