using IncusCompose.Definition;

namespace IncusCompose.Resources;

/// <summary>
/// What a resource should be on the server: its properties in API form, by path
/// (<c>config/limits.memory</c>, <c>devices/eth0/network</c>, <c>description</c>).
/// </summary>
internal record DesiredResource
{
    public required ResourceId Id { get; init; }

    /// <summary>The path of its definition in the file, for diagnostics and as the ownership key.</summary>
    public required string DefinitionPath { get; init; }

    public required PropertyBag Properties { get; init; }

    /// <summary>What to record as applied; null: all properties. A resource that comes from elsewhere holds more than its stack has set.</summary>
    public AppliedRecord? Applied { get; init; }

    public IReadOnlyList<ResourceId> DependsOn { get; init; } = [];

    /// <summary>What the file says by name that it stands on, and where: what is neither in the file nor on the server is refused.</summary>
    public IReadOnlyList<NamedResource> Names { get; init; } = [];

    /// <summary>What must be true of instances among <see cref="DependsOn"/> before this one is started.</summary>
    public IReadOnlyList<InstanceDependency> Conditions { get; init; } = [];

    /// <summary>It runs once and stops by itself, which others wait for: once it has run it stays stopped.</summary>
    public bool RunsToCompletion { get; init; }

    /// <summary>Must exist and is never changed.</summary>
    public bool External { get; init; }

    /// <summary>Is made only if another resource that is created or rebuilt needs it (an image that nothing waits for is not fetched).</summary>
    public bool OnDemand { get; init; }
}

/// <summary>A resource that the file names.</summary>
/// <param name="Id">The resource.</param>
/// <param name="Path">The paths that the word may have in the file, the likeliest first.</param>
internal sealed record NamedResource(ResourceId Id, params string[] Path);

/// <summary>What a resource is on the server right now.</summary>
internal sealed record LiveResource
{
    public required ResourceId Id { get; init; }

    public required PropertyBag Properties { get; init; }

    /// <summary>The stack's mark; null where nobody's mark is on it.</summary>
    public OwnershipMark? Mark { get; init; }

    /// <summary>The resources that it uses, from its live devices and from what was recorded when it was applied.</summary>
    public IReadOnlyList<ResourceId> Uses { get; init; } = [];

    /// <summary>What somebody put into it, which the server would delete with it without a word; null: nothing is known of such.</summary>
    public string? TakesAlong { get; init; }

    /// <summary>The client's own object.</summary>
    public required object Raw { get; init; }
}
