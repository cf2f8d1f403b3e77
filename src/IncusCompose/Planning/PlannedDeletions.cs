using IncusCompose.Resources;

namespace IncusCompose.Planning;

/// <summary>What a plan deletes can stand in the way of its other changes only as long as it is there: they wait for that.</summary>
internal static class PlannedDeletions
{
    /// <summary>True where the plan deletes a resource. Known once what is no longer in the file is planned.</summary>
    public static bool Include(ResourceId id, IReadOnlyDictionary<ResourceId, ResourceChange> changes) =>
        changes.GetValueOrDefault(id) is { Action: ChangeAction.Delete, Refused: null };

    /// <summary>False where a deletion waits for the change itself, by way of others too.</summary>
    /// <param name="change">What would wait for the deletion.</param>
    /// <param name="deletion">The deletion.</param>
    /// <param name="changes">All changes of the plan.</param>
    public static bool MayComeBefore(ResourceId change, ResourceId deletion, IReadOnlyDictionary<ResourceId, ResourceChange> changes)
    {
        var seen = new HashSet<ResourceId>();
        var next = new Stack<ResourceId>([deletion]);
        while (next.TryPop(out var one))
        {
            if (one == change)
                return false;
            if (!seen.Add(one) || changes.GetValueOrDefault(one) is not { } waiting)
                continue;
            foreach (var before in waiting.DependsOn)
                next.Push(before);
        }

        return true;
    }
}
