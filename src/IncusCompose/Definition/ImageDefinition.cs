namespace IncusCompose.Definition;

/// <summary>An image that the stack's instances can name by key. Source: Incus doc/images.md.</summary>
public sealed record ImageDefinition
{
    /// <summary>The key in the file.</summary>
    public required string Name { get; init; }

    /// <summary>Where it comes from: <c>remote:alias</c>, or an alias or fingerprint on the server itself.</summary>
    public required string Source { get; init; }

    /// <summary>An alias to give it on the server; null: none.</summary>
    public string? Alias { get; init; }

    /// <summary>Whether the server keeps it up to date; null: Incus's default.</summary>
    public bool? AutoUpdate { get; init; }
}
