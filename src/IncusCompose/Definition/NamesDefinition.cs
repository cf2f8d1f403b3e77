namespace IncusCompose.Definition;

/// <summary>What an instance calls itself, and the names that it knows beside those of its networks.</summary>
internal sealed record NamesDefinition
{
    /// <summary>What it calls itself; null: what Incus calls it.</summary>
    public string? Hostname { get; init; }

    /// <summary>Name servers; none: those of its networks.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Domains that short names are looked for in.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];

    /// <summary>Options of the resolver.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Names with their addresses.</summary>
    public IReadOnlyList<ExtraHost> Hosts { get; init; } = [];

    /// <summary>What an instance says of names; null: nothing that takes files in it.</summary>
    public static NamesDefinition? Of(InstanceDefinition instance) =>
        instance.Type == InstanceType.Container && (instance.Hostname is not null || instance.Dns.Count > 0 || instance.ExtraHosts.Count > 0)
            ? new NamesDefinition { Hostname = instance.Hostname, Servers = instance.Dns, Search = instance.DnsSearch, Options = instance.Dns.Count == 0 ? [] : instance.DnsOptions, Hosts = instance.ExtraHosts }
            : null;

    /// <summary>In a few words.</summary>
    public override string ToString() => string.Join(", ",
    [
        .. Hostname is null ? [] : new[] { Hostname },
        .. Servers.Select(server => $"name server {server}"),
        .. Search.Select(domain => $"domain {domain}"),
        .. Options,
        .. Hosts.Select(host => $"{host.Name} at {host.Address}"),
    ]);
}
