using Incus.Client;
using IncusCompose.Resources;

namespace IncusCompose.Planning;

/// <summary>Plans one resource: from what it should be and what it is to what is to be done.</summary>
/// <param name="Options">What the plan may do.</param>
/// <param name="Metadata">The server's own description of its configuration keys; null where it has none.</param>
internal sealed record ResourcePlanner(PlanOptions Options, MetadataConfiguration? Metadata)
{
    public ResourceChange Plan(ResourceKind kind, DesiredResource desired, LiveResource? live)
    {
        if (desired.External)
            return new ResourceChange { Id = desired.Id, Action = ChangeAction.None, Reason = "external", Desired = desired, Live = live };
        if (live is null)
        {
            return kind.WithSteps(new ResourceChange
            {
                Id = desired.Id,
                Action = ChangeAction.Create,
                Properties = [.. desired.Properties.Select(property => Added(property.Key, property.Value))],
                Desired = desired,
            });
        }

        var properties = PropertyComparer.Compare(kind, desired, live, Metadata);
        var change = new ResourceChange
        {
            Id = desired.Id,
            Action = properties.Any(property => property.Difference != PropertyDifference.Unmanaged) ? ChangeAction.Update : ChangeAction.None,
            Properties = properties,
            Desired = desired,
            Live = live,
        };
        if (Options.KeepExisting && !kind.IsShared)
            return kind.Keep(change);
        change = ImpactOf(properties) switch
        {
            ChangeImpact.Replace => change with
            {
                Action = ChangeAction.Replace,
                Reason = kind.LostByReplacement,
                // What stands in the way for good is said at once; what another word allows, once replacing is allowed.
                Refused = Options.AllowReplace
                    ? kind.ReplacementRefusal(live, Options)
                    : kind.ReplacementRefusal(live, Options with { RemoveVolumes = true }) ?? "it can only be deleted and created again; allow it with -AllowReplace (--allow-replace)",
            },
            ChangeImpact.Rebuild => change with
            {
                Action = ChangeAction.Rebuild,
                Refused = Options.AllowRebuild
                    ? null
                    : "its root disk would be made anew from the image; allow it with -AllowRebuild (--allow-rebuild)",
            },
            _ => change,
        };
        return kind.WithSteps(UpdateOrder.PostponedUnlessNamed(kind.Refine(change, this), Options));
    }

    /// <summary>Plans to take what is there and nobody's into the stack. What differs is said, and waits for the next plan.</summary>
    public ResourceChange Adopt(ResourceKind kind, DesiredResource desired, LiveResource live)
    {
        var differing = PropertyComparer.Compare(kind, desired, live, Metadata)
            // Of these the server knows nothing: what the file says is recorded.
            .Where(property => property.Difference != PropertyDifference.Recorded && !(property.Step is { Path: var path } && PropertyPath.IsEngineOnly(path)))
            .Select(property => property.Step is { Path: var path } && !Adoption.IsNote(path) ? property with { Step = null } : property)
            .ToList();
        var later = differing.Count(property => property is { Step: null, Difference: not PropertyDifference.Unmanaged });
        return new ResourceChange
        {
            Id = desired.Id,
            Action = ChangeAction.Adopt,
            Reason = later == 0 ? "as it is" : "as it is; what differs is for the next apply",
            Properties = differing,
            Desired = desired,
            Live = live,
        };
    }

    /// <summary>The hardest of the changes that are made.</summary>
    public static ChangeImpact ImpactOf(IEnumerable<PropertyChange> properties) =>
        properties.Select(property => property.Impact).DefaultIfEmpty(ChangeImpact.Live).Max();

    private static PropertyChange Added(string path, string value) =>
        new(PropertyPath.Display(path), PropertyDifference.Added, ChangeImpact.Live, null, PropertyPath.Show(path, value))
        {
            Step = new PropertyStep(path, value),
        };
}
