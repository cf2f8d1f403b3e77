using IncusCompose.Planning;

namespace IncusCompose.Resources.Networks;

/// <summary>
/// ACLs whose rules name each other. A plan puts those that are named first, as far as that goes: in a circle one comes
/// before another that it names, and that one has to be seen to out of its turn.
/// </summary>
internal static class NetworkAclCircles
{
    /// <summary>The ACLs that one names and that the plan makes after it.</summary>
    public static IReadOnlyList<DesiredResource> NamedAndMadeLater(StackPlan plan, DesiredResource desired) =>
        desired.DependsOn.All(id => id.Kind != NetworkAclKind.KindName)
            ? []
            : [.. After(plan, desired.Id).Where(change => change.Action == ChangeAction.Create && desired.DependsOn.Contains(change.Id) && change.Id.Kind == NetworkAclKind.KindName).Select(change => change.Desired!)];

    /// <summary>True where an ACL that the plan makes or changes before this one names it.</summary>
    public static bool IsNamedBefore(StackPlan plan, ResourceId acl) =>
        plan.Resources.TakeWhile(change => change.Id != acl)
            .Any(change => change is { Action: ChangeAction.Create or ChangeAction.Update } && change.Id.Kind == NetworkAclKind.KindName && change.Desired?.DependsOn.Contains(acl) == true);

    /// <summary>The ACLs that name one and that the plan deletes after it.</summary>
    public static IReadOnlyList<ResourceId> DeletedLater(StackPlan plan, ResourceId acl) =>
        [.. After(plan, acl).Where(change => change is { Action: ChangeAction.Delete, Live: not null } && change.Id.Kind == NetworkAclKind.KindName && change.Live.Uses.Contains(acl)).Select(change => change.Id)];

    private static IEnumerable<ResourceChange> After(StackPlan plan, ResourceId id) => plan.Resources.SkipWhile(change => change.Id != id).Skip(1);
}
