using IncusCompose.Resources;

namespace IncusCompose.Checkpoints;

/// <summary>Does something with each of several resources, each after those that it waits for, the others at once.</summary>
internal static class InOrder
{
    /// <param name="before">The resources, each with those that come before it; what is none of the resources is passed over.</param>
    /// <param name="work">What to do; it is done too where it failed for one before.</param>
    /// <exception cref="Exception">The first error, once all have ended.</exception>
    public static async Task EachAsync(IReadOnlyDictionary<ResourceId, IReadOnlyList<ResourceId>> before, Func<ResourceId, Task> work)
    {
        var begun = new Dictionary<ResourceId, Task>();

        Task Once(ResourceId id)
        {
            if (begun.TryGetValue(id, out var task))
                return task;
            // A loop of dependencies, which no stack file makes, ends here.
            begun[id] = Task.CompletedTask;
            return begun[id] = AfterAsync(id, [.. before[id].Where(other => other != id && before.ContainsKey(other)).Select(Once)]);
        }

        async Task AfterAsync(ResourceId id, IReadOnlyList<Task> first)
        {
            await ((Task)Task.WhenAll(first)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await work(id).ConfigureAwait(false);
        }

        await AllOrFirstErrorAsync(before.Keys.Select(Once).ToList()).ConfigureAwait(false);
    }

    /// <summary>Waits for all, then throws the first error: nothing is left at work. A cancellation counts less than an error.</summary>
    public static async Task AllOrFirstErrorAsync(IEnumerable<Task> tasks)
    {
        var all = tasks.ToList();
        await ((Task)Task.WhenAll(all)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await (all.FirstOrDefault(task => task.IsFaulted) ?? all.FirstOrDefault(task => task.IsCanceled) ?? Task.CompletedTask).ConfigureAwait(false);
    }
}
