namespace IncusCompose.Definition;

/// <summary>The way to another deployment's networks, for the peers of OVN networks. Source: Incus doc/howto/network_integrations.md.</summary>
public sealed record NetworkIntegrationDefinition
{
    /// <summary>The integration's name.</summary>
    public required string Name { get; init; }

    /// <summary>Incus's type of integration; there is only <c>ovn</c>.</summary>
    public string Type { get; init; } = "ovn";

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Configuration (<c>ovn.northbound_connection</c>, …).</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;

    /// <summary>True where the integration must exist and is never changed.</summary>
    public bool External { get; init; }
}
