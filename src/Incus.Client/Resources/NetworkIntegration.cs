namespace Incus.Client;

/// <summary>The way to another deployment's networks (<c>/1.0/network-integrations/NAME</c>; extension <c>network_integrations</c>).</summary>
public sealed record NetworkIntegration : NamedResource
{
    /// <summary><c>ovn</c>. Fixed at creation.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>API addresses of what uses it. Read-only.</summary>
    public IReadOnlyList<string> UsedBy { get => field ?? []; init; }
}
