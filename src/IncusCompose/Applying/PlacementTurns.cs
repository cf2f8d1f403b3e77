namespace IncusCompose.Applying;

/// <summary>
/// A cluster puts a new instance on the member that has the fewest, and counts those that it has begun to make. Asked for several
/// at the same moment it counts none of them, and puts all on one member. So they are asked for one at a time, and made side by side.
/// </summary>
#pragma warning disable CA1001 // The semaphore holds nothing of the system's.
internal sealed class PlacementTurns
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Asks for an instance once the server has begun with the one before.</summary>
    public async Task<T> AloneAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await ask().ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }
}
