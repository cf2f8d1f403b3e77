namespace Incus.Client;

/// <summary>A profile: configuration and devices that instances share (<c>/1.0/profiles/NAME</c>).</summary>
public sealed record Profile : NamedResource
{
    /// <summary>Devices.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Devices { get => field ?? NoDevices; init; }

    /// <summary>API addresses of the instances that use it. Read-only.</summary>
    public IReadOnlyList<string> UsedBy { get => field ?? []; init; }

    /// <summary>Project it belongs to (extension <c>profiles_all_projects</c>; empty before). Read-only.</summary>
    public string Project { get => field ?? ""; init; }
}
