namespace Incus.Client;

/// <summary>A member of a cluster (<c>/1.0/cluster/members/NAME</c>).</summary>
public sealed record ClusterMember : IncusResource
{
    /// <summary>Its name. Read-only.</summary>
    public string ServerName { get => field ?? ""; init; }

    /// <summary><c>Online</c>, <c>Offline</c>, <c>Evacuated</c>, <c>Blocked</c>. Read-only.</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>The status in a sentence, such as when it was last heard of. Read-only.</summary>
    public string Message { get => field ?? ""; init; }
}
