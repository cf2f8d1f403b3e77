using System.Net;
using System.Text.Json;

namespace Incus.Client;

/// <summary>
/// Work that goes on at the server. Obtained from the calls that start it; <see cref="WaitAsync"/> tells its end.
/// A call that the server answered at once yields an operation that is complete already.
/// </summary>
public sealed class IncusOperation
{
    /// <summary>An operation of which nothing is heard for so long is asked about, should an event have got lost.</summary>
    private static readonly TimeSpan QuietTime = TimeSpan.FromSeconds(10);

    /// <summary>How long a request to cancel may take when the caller has given up already.</summary>
    private static readonly TimeSpan CancelTime = TimeSpan.FromSeconds(5);

    /// <summary>Pause before asking a server again that is starting up or away.</summary>
    private static readonly TimeSpan StartUpDelay = TimeSpan.FromMilliseconds(200);

    private readonly ApiCaller caller;
    private readonly long generation;

    /// <param name="caller">Who asks.</param>
    /// <param name="info">The first description.</param>
    /// <param name="generation">Events connection that was open before the operation began; 0 when none was.</param>
    internal IncusOperation(ApiCaller caller, OperationInfo info, long generation)
    {
        this.caller = caller;
        this.generation = generation;
        Info = info;
    }

    internal static IncusOperation Completed(ApiCaller caller, JsonElement? metadata) =>
        new(caller, new OperationInfo { Status = "Success", StatusCode = StatusCode.Success, Metadata = metadata }, 0);

    /// <summary>UUID; empty when the server did the work at once and made no operation.</summary>
    public string Id => Info.Id;

    /// <summary>The last known description of the operation.</summary>
    public OperationInfo Info { get; private set; }

    /// <summary>Waits until the operation has ended.</summary>
    /// <param name="progress">Told about progress as it is reported; null for nobody.</param>
    /// <param name="cancellationToken">When cancelled, the server is asked to cancel the operation, where it can be
    /// cancelled; then <see cref="OperationCanceledException"/> is thrown.</param>
    /// <returns>The final description.</returns>
    /// <exception cref="IncusConflictException">The operation failed because a name is taken.</exception>
    /// <exception cref="IncusOperationException">The operation failed otherwise, or was cancelled by somebody else.</exception>
    /// <exception cref="OperationLostException">The outcome can not be learned any more: the server forgot it, or went
    /// away for longer than <see cref="ConnectionOptions.ReconnectTimeout"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<OperationInfo> WaitAsync(IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var state = new OperationState(Info);
        try
        {
            if (!Info.IsFinal)
            {
                using var watch = caller.Connection.Events.Watch(Id, caller.Project);
                if (watch is null || !await FollowEventsAsync(watch, state, progress, cancellationToken).ConfigureAwait(false))
                    await FollowRequestsAsync(state, progress, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await CancelQuietlyAsync().ConfigureAwait(false);
            throw;
        }
        return state.Info.StatusCode == StatusCode.Success ? state.Info : throw Failed(state.Info);
    }

    /// <summary>Asks the server to cancel the operation.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Whether the server accepted; false when it can not be cancelled or has ended already.</returns>
    /// <exception cref="IncusUnreachableException">The server can not be reached.</exception>
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

    /// <summary>Follows the events until the end.</summary>
    /// <returns>False when the events went away for good before it.</returns>
    private async Task<bool> FollowEventsAsync(
        OperationWatch watch, OperationState state, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        if (generation == 0 || generation != caller.Connection.Events.Generation)
            watch.Send(OperationNews.ReadAgain);
        while (!state.Info.IsFinal)
        {
            var news = await NextAsync(watch, cancellationToken).ConfigureAwait(false);
            if (news.EventsAreGone)
                return false;
            if (news.Failure is { } failure)
                throw failure is IncusUnreachableException unreachable ? Lost(unreachable) : failure;
            if (news.Info is { } report)
                Apply(state, report, progress);
            else if (news.HaveToRead)
                await ReadAsync(watch, state, progress, cancellationToken).ConfigureAwait(false);
        }
        return true;
    }

    private static async Task<OperationNews> NextAsync(OperationWatch watch, CancellationToken cancellationToken)
    {
        if (watch.News.TryRead(out var ready))
            return ready;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(QuietTime);
        try
        {
            return await watch.News.ReadAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return OperationNews.ReadAgain;
        }
    }

    /// <summary>Asks the server; when the connection breaks again meanwhile, the events will say when to ask next.</summary>
    private async Task ReadAsync(
        OperationWatch watch, OperationState state, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            var url = caller.Url(OperationApi.PathOf(Id));
            Apply(state, (await caller.GetAsync(url, IncusJson.Default.EnvelopeOperationInfo, cancellationToken).ConfigureAwait(false)).Value, progress);
        }
        catch (IncusNotFoundException exception)
        {
            Apply(state, caller.Connection.Events.FindFinal(Id) ?? throw Lost(exception), progress);
        }
        catch (IncusUnreachableException)
        {
            // Still away: the events connection tells when it is back, or that it gives up.
        }
        catch (IncusException exception) when (ErrorMapping.IsStartingUp(exception))
        {
            await Task.Delay(StartUpDelay, cancellationToken).ConfigureAwait(false);
            watch.Send(OperationNews.ReadAgain);
        }
    }

    /// <summary>Asks the server to answer when the operation ends; in pieces when progress is wanted.</summary>
    private async Task FollowRequestsAsync(OperationState state, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        long? brokenSince = null;
        while (!state.Info.IsFinal)
        {
            try
            {
                Apply(state, await WaitOnceAsync(progress is null ? "-1" : "1", cancellationToken).ConfigureAwait(false), progress);
                brokenSince = null;
            }
            catch (IncusNotFoundException exception)
            {
                throw Lost(exception);
            }
            catch (IncusException exception) when (exception is IncusUnreachableException || ErrorMapping.IsStartingUp(exception))
            {
                brokenSince ??= TimeProvider.System.GetTimestamp();
                if (TimeProvider.System.GetElapsedTime(brokenSince.Value) >= caller.Connection.Options.ReconnectTimeout)
                    throw Lost(exception);
                await Task.Delay(StartUpDelay, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<OperationInfo> WaitOnceAsync(string timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync("/wait", ("timeout", timeout)).ConfigureAwait(false);
        }
        catch (IncusException exception) when (exception is not IncusUnreachableException && !ErrorMapping.IsStartingUp(exception))
        {
            // Incus 6.0 answers with an error when the time is over, and with the operation's own when that failed.
            return await GetAsync("").ConfigureAwait(false);
        }

        async Task<OperationInfo> GetAsync(string suffix, params (string, string?)[] query)
        {
            var url = caller.Url(OperationApi.PathOf(Id) + suffix, query);
            return (await caller.GetAsync(url, IncusJson.Default.EnvelopeOperationInfo, cancellationToken).ConfigureAwait(false)).Value;
        }
    }

    private void Apply(OperationState state, OperationInfo report, IProgress<OperationProgress>? progress)
    {
        foreach (var step in state.Apply(report))
            progress?.Report(step);
        Info = state.Info;
    }

    private async Task CancelQuietlyAsync()
    {
        using var limit = new CancellationTokenSource(CancelTime);
        try
        {
            await CancelAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IncusException or OperationCanceledException)
        {
            // The caller has given up; that the server can not be told changes nothing for it.
        }
    }

    private static IncusException Failed(OperationInfo info)
    {
        var cause = info.Err.Length > 0 ? info.Err : info.Status;
        var subject = info.Resources.Values.SelectMany(static list => list).FirstOrDefault()?.Split('?')[0];
        var name = subject is null ? "" : Uri.UnescapeDataString(subject[(subject.LastIndexOf('/') + 1)..]);
        // "Creating instance web", but "Executing command (web)".
        var named = info.Description.EndsWith(" instance", StringComparison.Ordinal) ? name : $"({name})";
        var problem = $"{info.Description}{(name.Length == 0 ? "" : " " + named)}: {cause}";
        var status = (HttpStatusCode)(int)info.StatusCode;
        return ErrorMapping.IsNameTaken(info.Err)
            ? new IncusConflictException(problem) { Operation = info.Id, ServerMessage = info.Err, StatusCode = status }
            : new IncusOperationException(problem) { Operation = info.Id, ServerMessage = info.Err, StatusCode = status };
    }

    private OperationLostException Lost(IncusException cause) => new(
        $"It is not known how \"{Info.Description}\" (operation {Id}) ended: the connection to {caller.Connection.DisplayName} was interrupted",
        "Read the resource again to see what was done", cause)
    {
        Operation = Id,
        StatusCode = cause.StatusCode,
        ServerMessage = cause.ServerMessage,
        Request = cause.Request,
    };
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
