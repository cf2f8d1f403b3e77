namespace IncusCompose.Resources;

/// <summary>What a resource is called on the server, within the stack's project.</summary>
/// <param name="Kind">The kind's name: <c>project</c>, <c>storage-pool</c>, <c>volume</c>, <c>network</c>, <c>profile</c>, <c>image</c> or <c>instance</c>.</param>
/// <param name="Name">The resource's own name.</param>
/// <param name="Scope">What the name is unique in where that is not the project: a volume's pool. Else null.</param>
public sealed record ResourceId(string Kind, string Name, string? Scope = null)
{
    /// <summary>The cluster member that it is on, where each member can have one of the name: a bridge's forward. Else null.</summary>
    public string? Member { get; init; }

    /// <summary><c>kind/name</c> or <c>kind/scope/name</c>.</summary>
    public override string ToString() => Scope is null ? $"{Kind}/{Name}" : $"{Kind}/{Scope}/{Name}";
}
