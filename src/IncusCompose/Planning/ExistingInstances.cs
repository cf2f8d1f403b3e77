using Incus.Client;
using IncusCompose.Resources;

namespace IncusCompose.Planning;

/// <summary>Instances that were to be created and are there already.</summary>
internal static class ExistingInstances
{
    /// <summary>A plan that leaves them as they are; what is listed of them is what is different from what was asked for.</summary>
    /// <param name="plan">The plan, made to keep what exists.</param>
    /// <param name="start">False to leave them stopped.</param>
    public static StackPlan Keep(StackPlan plan, bool start)
    {
        var images = plan.Resources.Where(change => change.Live?.Raw is Image).ToDictionary(change => change.Id, change => ((Image)change.Live!.Raw).Fingerprint);
        return plan with { Resources = [.. plan.Resources.Select(change => change.Live?.Raw is Instance instance ? Keep(change, instance) : change)] };

        ResourceChange Keep(ResourceChange change, Instance instance) => change with
        {
            Action = start ? change.Action : ChangeAction.None,
            Properties = [.. change.Properties.Where(property => property.Step is { } step && (step.Path != PropertyPath.Image || IsFromAnother(change, instance)))],
        };

        // Where the image asked for is not on the server, there is no telling.
        bool IsFromAnother(ResourceChange change, Instance instance) =>
            change.DependsOn.Any(id => images.TryGetValue(id, out var fingerprint) && instance.Config.GetValueOrDefault("volatile.base_image") != fingerprint);
    }
}
