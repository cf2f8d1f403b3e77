namespace IncusCompose.Definition;

/// <content>Where it runs.</content>
public sealed partial record InstanceDefinition
{
    /// <summary>
    /// The member of the cluster that it is on, or <c>@</c> and a group of members; null: where its local volumes are, else
    /// where the server puts it. Source: Incus doc/howto/cluster_manage_instance.md.
    /// </summary>
    public string? Target { get; init; }
}
