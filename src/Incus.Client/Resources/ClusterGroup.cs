namespace Incus.Client;

/// <summary>A group of cluster members (<c>/1.0/cluster/groups/NAME</c>).</summary>
public sealed record ClusterGroup : NamedResource
{
    /// <summary>The members in it.</summary>
    public IReadOnlyList<string> Members { get => field ?? []; init; }
}
