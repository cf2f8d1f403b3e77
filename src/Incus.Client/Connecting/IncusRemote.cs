namespace Incus.Client;

/// <summary>
/// A server as the user's <c>config.yml</c> describes it (doc/remotes.md). Reading the YAML is the caller's work;
/// certificates are read from the configuration directory when connecting.
/// </summary>
public sealed record IncusRemote
{
    /// <summary>Name of the remote; decides which certificates belong to it.</summary>
    public required string Name { get; init; }

    /// <summary>Addresses in order: <c>unix://</c>, <c>unix:///path/to/socket</c> or <c>https://host:port</c>.
    /// (The file writes them in one text, separated by commas.)</summary>
    public required IReadOnlyList<string> Addresses { get; init; }

    /// <summary><c>incus</c> (default), <c>simplestreams</c> or <c>oci</c>. Only <c>incus</c> can be connected to;
    /// the others are image servers that an Incus server fetches from.</summary>
    public string Protocol { get; init; } = "incus";

    /// <summary><c>tls</c> (default) or <c>oidc</c> (not supported by this library).</summary>
    public string? AuthType { get; init; }

    /// <summary>Whether it is used without authentication (an image server).</summary>
    public bool Public { get; init; }

    /// <summary>Default project on it; null for <c>default</c>.</summary>
    public string? Project { get; init; }

    /// <summary>The address that answered last; tried first.</summary>
    public string? LastWorkingAddress { get; init; }

    /// <summary>Whether it stands in the machine's configuration (<c>/etc/incus</c>) rather than the user's.</summary>
    public bool Global { get; init; }
}
