using System.Collections.Concurrent;

namespace IncusCompose.Applying;

/// <summary>
/// Work that a cancelled apply does not leave to the server: half done, it would lose something. The apply ends when it has
/// ended.
/// </summary>
internal sealed class Commitments
{
    private readonly ConcurrentBag<Task> _work = [];

    /// <summary>Does something that has to be gone through with.</summary>
    public Task SeeThroughAsync(Func<Task> work)
    {
        var task = work();
        _work.Add(task);
        return task;
    }

    /// <summary>Waits for all that has begun, and for what that begins in turn. How it ended is the result of the change that began it.</summary>
    public async Task EndAsync()
    {
        while (_work.TryTake(out var task))
            await task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).ConfigureAwait(false);
    }
}
