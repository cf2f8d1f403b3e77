using System.Collections.Concurrent;

namespace IncusCompose.Applying;

/// <summary>
/// The server writes all packet filter rules of a network anew with each change of what lies on it, from a list that it
/// has read before: of two changes at the same time, one could be left out. So they are made one at a time.
/// </summary>
internal sealed class NetworkTurns
{
#pragma warning disable CA2213 // The semaphores hold nothing of the system's.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.Ordinal);
#pragma warning restore CA2213

    /// <summary>Makes a change of what lies on a network once no other is being made.</summary>
    public async Task AloneAsync(string network, Func<Task> change, CancellationToken cancellationToken)
    {
        var turn = _turns.GetOrAdd(network, _ => new SemaphoreSlim(1));
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
