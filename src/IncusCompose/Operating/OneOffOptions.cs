using IncusCompose.Definition;

namespace IncusCompose.Operating;

/// <summary>What a one-off instance has that its definition has not.</summary>
public sealed record OneOffOptions
{
    /// <summary>Its name; null: the definition's, <c>-run-</c> and six random characters.</summary>
    public string? Name { get; init; }

    /// <summary>Make and start what the definition depends on, where it does not run.</summary>
    public bool WithDependencies { get; init; } = true;

    /// <summary>Publish the definition's ports; they must be free.</summary>
    public bool ServicePorts { get; init; }

    /// <summary>Ports to publish besides.</summary>
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];

    /// <summary>Volumes and host paths to mount besides; one with the same target replaces the definition's.</summary>
    public IReadOnlyList<VolumeMount> Volumes { get; init; } = [];

    /// <summary>Run the hooks' commands on this machine; without it a one-off instance that has some is refused.</summary>
    public bool AllowHostHooks { get; init; }
}

/// <summary>A one-off instance to be made.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Plan">What makes it, and what it depends on where that is missing or does not run.</param>
public sealed record OneOff(string Name, Planning.StackPlan Plan)
{
    /// <summary>What tells it from every other instance that is made under the same name.</summary>
    internal string Run { get; init; } = "";
}
