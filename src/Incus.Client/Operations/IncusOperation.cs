using System.Text.Json;

namespace Incus.Client;

/// <summary>
/// Work that goes on at the server. Obtained from the calls that start it; <see cref="WaitAsync"/> tells its end.
/// A call that the server answered at once yields an operation that is complete already.
/// </summary>
public sealed class IncusOperation
{
    private readonly ApiCaller caller;

    internal IncusOperation(ApiCaller caller, OperationInfo info)
    {
        this.caller = caller;
        Info = info;
    }

    internal static IncusOperation Completed(ApiCaller caller, JsonElement? metadata) =>
        new(caller, new OperationInfo { Status = "Success", StatusCode = StatusCode.Success, Metadata = metadata });

    /// <summary>UUID; empty when the server did the work at once and made no operation.</summary>
    public string Id => Info.Id;

    /// <summary>The last known description of the operation.</summary>
    public OperationInfo Info { get; private set; }

    /// <summary>Waits until the operation has ended.</summary>
    /// <param name="progress">Told about progress as it is reported; null for nobody.</param>
    /// <param name="cancellationToken">When cancelled, the server is asked to cancel the operation, where it can be
    /// cancelled; then <see cref="OperationCanceledException"/> is thrown.</param>
    /// <returns>The final description.</returns>
    /// <exception cref="IncusOperationException">The operation failed or was cancelled by somebody else.</exception>
    /// <exception cref="OperationLostException">The outcome can not be learned any more.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<OperationInfo> WaitAsync(IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        if (!Info.IsFinal)
        {
            Info = (await caller.GetAsync(
                caller.Url($"{OperationApi.PathOf(Id)}/wait"), IncusJson.Default.EnvelopeOperationInfo, cancellationToken).ConfigureAwait(false)).Value;
        }
        if (Info.StatusCode == StatusCode.Success)
            return Info;
        throw new IncusOperationException($"{Info.Description}: {Info.Err}") { Operation = Id, ServerMessage = Info.Err };
    }

    /// <summary>Asks the server to cancel the operation.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Whether the server accepted; false when it can not be cancelled or has ended already.</returns>
    public async Task<bool> CancelAsync(CancellationToken cancellationToken = default)
    {
        if (Id.Length == 0 || Info.IsFinal || !Info.MayCancel)
            return false;
        try
        {
            await caller.SendAsync(HttpMethod.Delete, caller.Url(OperationApi.PathOf(Id)), null, null, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (IncusException exception) when (exception.StatusCode is not null)
        {
            return false;
        }
    }
}

/// <summary>Shorthands for calls that return operations.</summary>
public static class IncusOperationExtensions
{
    /// <summary>Waits for the request and then for the operation it started.</summary>
    /// <param name="started">The call.</param>
    /// <param name="progress">Told about progress.</param>
    /// <param name="cancellationToken">See <see cref="IncusOperation.WaitAsync"/>.</param>
    /// <returns>The final description of the operation.</returns>
    public static async Task<OperationInfo> CompleteAsync(
        this Task<IncusOperation> started, IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var operation = await started.ConfigureAwait(false);
        return await operation.WaitAsync(progress, cancellationToken).ConfigureAwait(false);
    }
}
