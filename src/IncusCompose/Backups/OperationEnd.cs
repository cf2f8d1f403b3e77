using Incus.Client;

namespace IncusCompose.Backups;

/// <summary>
/// Work at the server that is known to have ended. Most copies, exports and imports cannot be cancelled there: the server goes on
/// with them, whoever waits for them, and of some it does not say what they concern.
/// </summary>
internal static class OperationEnd
{
    /// <summary>Waits for an operation; where that is cancelled or the outcome is bad, the operation has ended all the same.</summary>
    /// <param name="starting">The request that starts it.</param>
    /// <param name="progress">Is told what the server says.</param>
    /// <param name="cancellationToken">Gives up: what can be cancelled is, and all else is waited for.</param>
    public static async Task<OperationInfo> CompleteOrSettleAsync(Task<IncusOperation> starting, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        var operation = await starting.ConfigureAwait(false);
        try
        {
            return await operation.WaitAsync(progress, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await SettleAsync(operation, CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until an operation has ended, however it did.</summary>
    public static async Task SettleAsync(IncusOperation operation, CancellationToken cancellationToken)
    {
        try
        {
            await operation.WaitAsync(null, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException)
        {
            // However it ended, it has.
        }
    }
}
