using IncusCompose.Definition;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Planning;

/// <summary>
/// When instances are changed where that disturbs them: a manual update waits until somebody names the instance, and a
/// rolling one of the replicas of one definition is dependencies in the plan like all others, on the replica before being ready.
/// </summary>
internal static class UpdateOrder
{
    /// <summary>A change, or what is left of it where it disturbs (now, or where that is allowed) an instance whose update is manual and that is not named.</summary>
    public static ResourceChange PostponedUnlessNamed(ResourceChange change, PlanOptions options)
    {
        if (!(IsDisturbed(change) || change.PendingRestart) || WhyNotNow(change, options) is not { } advice)
            return change;
        return change.Action == ChangeAction.Update || change.PendingRestart
            ? change with { Restarts = false, PendingRestart = true, Reason = $"{change.Reason}; {advice}" }
            : change with { Action = ChangeAction.None, IsPostponed = true, Restarts = false, Refused = null, Reason = $"{change.Action.ToString().ToLowerInvariant()} needed; {advice}" };
    }

    /// <summary>Why an instance is not to be disturbed: its update is manual, and nobody named it; null where it may be.</summary>
    public static string? WhyNotNow(ResourceChange change, PlanOptions options) =>
        change is { IsUpdateManual: true, Desired: DesiredInstance desired }
        && !options.Update.Contains(change.Name) && !options.Update.Contains(desired.Group ?? change.Name)
            ? $"its update is manual: name it with -Update {change.Name} (--update {change.Name})"
            : null;

    /// <summary>Puts the replicas of a definition that are disturbed in their turn.</summary>
    public static void InTurn(Dictionary<ResourceId, ResourceChange> changes)
    {
        var rolling = changes.Values.Where(IsDisturbed).Select(change => (Change: change, Desired: change.Desired as DesiredInstance))
            .Where(pair => pair.Desired is { Group: not null, Update.Strategy: UpdateStrategy.Rolling });
        foreach (var group in rolling.GroupBy(pair => pair.Desired!.Group!).ToList())
        {
            var inOrder = group.OrderBy(pair => Replicas.NumberOf(group.Key, pair.Change.Name)).ToList();
            for (var index = inOrder[0].Desired!.Update.Parallel; index < inOrder.Count; index++)
            {
                var (change, desired) = inOrder[index];
                var before = inOrder[index - desired!.Update.Parallel].Change;
                changes[change.Id] = change with
                {
                    DependsOn = [.. change.DependsOn.Append(before.Id).Distinct()],
                    Desired = desired with { Conditions = [.. desired.Conditions, new InstanceDependency(before.Name, DependencyCondition.Ready)] },
                };
            }
        }
    }

    // What does not run is not disturbed.
    private static bool IsDisturbed(ResourceChange change) => change.Restarts;
}
