using System.Collections.Concurrent;

namespace IncusCompose.Applying;

/// <summary>
/// What is made of one thing one at a time, by the thing's name: changes of what lies on a network, whose packet filter rules the
/// server writes all anew each time, from a list that it has read before, so that of two at once one could be left out; and what
/// goes into a new volume.
/// </summary>
internal sealed class NamedTurns
{
#pragma warning disable CA2213 // The semaphores hold nothing of the system's.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);
#pragma warning restore CA2213

    /// <summary>Makes a change of something once no other is being made of it.</summary>
    public async Task AloneAsync(string name, Func<Task> change, CancellationToken cancellationToken)
    {
        var turn = _turns.GetOrAdd(name, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await change().ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }
}
