using System.Globalization;
using System.Runtime.ExceptionServices;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources.Instances;

/// <summary>Starts, stops, restarts, pauses and resumes instances, with the hooks of those moments: as asked first, then by force.</summary>
internal static class InstancePower
{
    // Of as many who change the power of one instance at once, one gets through in each round.
    private const int MostRounds = 8;

    private static readonly TimeSpan s_longestEnd = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_askingPause = TimeSpan.FromMilliseconds(100);

    /// <summary>How long an instance says itself that it may take to stop: as it is, since that is what is stopped; null where it says nothing.</summary>
    public static TimeSpan? StopTimeoutOf(ResourceChange change) =>
        change.Live?.Raw is Instance instance && int.TryParse(instance.ExpandedConfig.GetValueOrDefault("boot.host_shutdown_timeout"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;

    public static async Task StartAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        await PowerOnAsync(context, name, cancellationToken).ConfigureAwait(false);
        await context.HookAsync(HookPoint.PostStart, cancellationToken).ConfigureAwait(false);
    }

    public static Task PowerOnAsync(ApplyContext context, string name, CancellationToken cancellationToken) =>
        PowerOnAsync(context, name, ended: null, cancellationToken);

    private static async Task PowerOnAsync(ApplyContext context, string name, IReadOnlySet<string>? ended, CancellationToken cancellationToken)
    {
        await MovesUnderWay.EndBeforeStartAsync(context, name, cancellationToken).ConfigureAwait(false);
        for (var round = 1; ; round++)
        {
            try
            {
                await context.Client.Instances.StartAsync(name, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (IncusException error) when (error.ServerMessage?.Contains(" is already running", StringComparison.Ordinal) == true)
            {
                // Somebody else was faster. (Its status does not say so: what fails to start is running for a moment, too.)
                if (round == MostRounds || !await IsEndingAsync(context, name, cancellationToken).ConfigureAwait(false))
                    return;
                // Waits until it has ended.
                await StopByForceAsync(context, name, cancellationToken).ConfigureAwait(false);
            }
            catch (IncusException error) when (round < MostRounds && error is not (IncusUnreachableException or IncusNotFoundException))
            {
                // Others who start or restart it get in the way: a restart starts what somebody else is starting, and one by
                // force ends a start that is under way.
                var contest = await InstanceWork.ContestAsync(context, name, error.Operation, ended, isAnyWork: true, cancellationToken).ConfigureAwait(false);
                if (!contest.WasOne)
                    throw;
                ended = contest.Ended;
            }
        }
    }

    /// <summary>What is paused cannot hear that it is to shut down: lets it go on, unless it is not asked anyway.</summary>
    public static async Task WakeAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken)
    {
        if (((Instance)live.Raw).StatusCode == StatusCode.Frozen && context.StopTimeout > TimeSpan.Zero)
            await ResumeAsync(context, live.Id.Name, cancellationToken).ConfigureAwait(false);
    }

    public static Task ResumeAsync(ApplyContext context, string name, CancellationToken cancellationToken) =>
        UnlessAlreadyAsync(context, name, [StatusCode.Running, StatusCode.Ready], context.Client.Instances.UnfreezeAsync, cancellationToken);

    public static Task PauseAsync(ApplyContext context, string name, CancellationToken cancellationToken) =>
        UnlessAlreadyAsync(context, name, [StatusCode.Frozen], context.Client.Instances.FreezeAsync, cancellationToken);

    /// <summary>Changes an instance's state; where the server refuses because somebody else was faster, that is as good.</summary>
    private static async Task UnlessAlreadyAsync(
        ApplyContext context, string name, StatusCode[] wanted, Func<string, CancellationToken, Task<IncusOperation>> begin, CancellationToken cancellationToken)
    {
        try
        {
            await begin(name, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) is not { } status || !wanted.Contains(status))
                throw;
        }
    }

    /// <summary>Restarts gracefully within the time allowed, else by force. One step of the server's, which keeps an ephemeral instance.</summary>
    public static async Task RestartAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        // The server's one step leaves no moment in between.
        if (context.Hooks?.NeedStopBeforeStart == true)
        {
            await StopAsync(context, name, cancellationToken).ConfigureAwait(false);
            // What somebody else's stop is about to end is not started before it.
            await InstanceWork.QuietAsync(context, name, cancellationToken).ConfigureAwait(false);
            await StartAsync(context, name, cancellationToken).ConfigureAwait(false);
            return;
        }

        await context.HookAsync(HookPoint.PreStop, cancellationToken).ConfigureAwait(false);
        await CycleAsync(context, name, cancellationToken).ConfigureAwait(false);
        await context.HookAsync(HookPoint.PostStart, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CycleAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        var isAsked = context.StopTimeout > TimeSpan.Zero;
        var (failure, contest) = (default(IncusException), default(Contest));
        if (isAsked)
        {
            (failure, contest) = await TryRestartAsync(context, name, isAsked: true, cancellationToken).ConfigureAwait(false);
            if (failure is null && !contest.WasOne)
                return;
            // Somebody else stopped it just before: nobody is to hear of it any more.
            if (failure is not null && await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) == StatusCode.Stopped)
            {
                await PowerOnAsync(context, name, contest.Ended, cancellationToken).ConfigureAwait(false);
                return;
            }

            isAsked = contest.WasOne;
        }

        if ((await context.Client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value.Ephemeral != true)
        {
            await StopAndStartAsync(context, name, isAsked, cancellationToken).ConfigureAwait(false);
            return;
        }

        // An ephemeral one would be gone, once stopped. Of several who restarted it at once, whoever came first does it again.
        var isOpen = failure is not null || !contest.WasOne || contest.CameFirst;
        for (var round = 1; isOpen && round <= MostRounds; round++)
        {
            (failure, contest) = await TryRestartAsync(context, name, isAsked: false, cancellationToken).ConfigureAwait(false);
            if (failure is not null && (!contest.WasOne || round == MostRounds))
                ExceptionDispatchInfo.Throw(failure);
            isOpen = failure is not null || (contest.WasOne && contest.CameFirst);
        }
    }

    /// <summary>Lets the server restart it in one step: how that failed, if it did, and whether others were at work on it meanwhile.</summary>
    private static async Task<(IncusException? Failure, Contest Contest)> TryRestartAsync(ApplyContext context, string name, bool isAsked, CancellationToken cancellationToken)
    {
        var ended = await InstanceWork.QuietAsync(context, name, cancellationToken).ConfigureAwait(false);
        context.Say(isAsked ? "restarting" : "restarting by force");
        string? own;
        IncusException? failure = null;
        try
        {
            own = (await context.Client.Instances.RestartAsync(name, isAsked ? context.StopTimeout : null, force: !isAsked, cancellationToken)
                .CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false)).Id;
        }
        catch (IncusException error) when (error is not (IncusUnreachableException or IncusNotFoundException))
        {
            own = error.Operation;
            failure = error;
        }

        return (failure, await InstanceWork.ContestAsync(context, name, own, ended, isAnyWork: failure is not null, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// Restarts what others may be restarting at the same time. Restarts share what keeps others away, and the first to fail gives
    /// it back for all of them: one may then end what another has just started, or both start it, and the server tells each that
    /// all went well. A stop and a start it keeps apart, as long as none starts it while another is about to stop it. Source:
    /// Incus internal/server/instance/drivers/driver_common.go, restartCommon.
    /// </summary>
    private static async Task StopAndStartAsync(ApplyContext context, string name, bool isAsked, CancellationToken cancellationToken)
    {
        for (var round = 1; ; round++)
        {
            var ended = await InstanceWork.QuietAsync(context, name, cancellationToken).ConfigureAwait(false);
            try
            {
                if (!isAsked || !await StopAskedAsync(context, name, ended, cancellationToken).ConfigureAwait(false))
                    await StopByForceAsync(context, name, cancellationToken).ConfigureAwait(false);
                var stopped = await InstanceWork.QuietAsync(context, name, cancellationToken).ConfigureAwait(false);
                await PowerOnAsync(context, name, stopped, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (IncusException error) when (round < MostRounds && error is not (IncusUnreachableException or IncusNotFoundException))
            {
                if (!(await InstanceWork.ContestAsync(context, name, error.Operation, ended, isAnyWork: true, cancellationToken).ConfigureAwait(false)).WasOne)
                    throw;
            }
        }
    }

    /// <summary>Asks it to stop, as others may do at the same time; false where it does not, and is to be stopped by force.</summary>
    private static async Task<bool> StopAskedAsync(ApplyContext context, string name, IReadOnlySet<string> ended, CancellationToken cancellationToken)
    {
        context.Say("stopping");
        for (var isAgain = false; ; isAgain = true)
        {
            try
            {
                await context.Client.Instances.StopAsync(name, context.StopTimeout, force: false, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (IncusException error) when (error is not (IncusUnreachableException or IncusNotFoundException))
            {
                if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) == StatusCode.Stopped)
                    return true;
                // Several who stop it by force at once get in each other's way (Incus 7 may wait for ever). Whoever asked first
                // does, and who asks once more hears of that.
                var contest = await InstanceWork.ContestAsync(context, name, error.Operation, ended, isAnyWork: false, cancellationToken).ConfigureAwait(false);
                if (isAgain || !contest.WasOne || contest.CameFirst)
                    return false;
            }
        }
    }

    /// <summary>
    /// True where an instance has ended and is being tidied up, which the server calls running, or where somebody's failed start
    /// took from a running one what it needs.
    /// </summary>
    private static async Task<bool> IsEndingAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        if ((await context.Client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value is not { Ephemeral: false } instance)
            return false;
        if (instance.StatusCode == StatusCode.Stopped || instance.Config.GetValueOrDefault("volatile.last_state.power") == "STOPPED")
            return true;
        try
        {
            return instance.Type == InstanceTypes.Container && (await context.Client.Instances.GetStateAsync(name, cancellationToken).ConfigureAwait(false)).Pid <= 0;
        }
        catch (IncusException error) when (error.ServerMessage is { } said)
        {
            // The server looks for its first process, which is gone.
            return said.Contains("Invalid PID", StringComparison.Ordinal) || said.Contains("/proc/", StringComparison.Ordinal);
        }
    }

    public static async Task StopAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        await context.HookAsync(HookPoint.PreStop, cancellationToken).ConfigureAwait(false);
        await PowerOffAsync(context, name, cancellationToken).ConfigureAwait(false);
        await context.HookAsync(HookPoint.PostStop, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops gracefully within the time allowed, then by force.</summary>
    public static async Task PowerOffAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        var instances = context.Client.Instances;
        try
        {
            if (context.StopTimeout > TimeSpan.Zero)
            {
                context.Say("stopping");
                await instances.StopAsync(name, context.StopTimeout, force: false, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
                return;
            }
        }
        catch (IncusNotFoundException)
        {
            return;
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) is null or StatusCode.Stopped)
                return;
        }

        await StopByForceAsync(context, name, cancellationToken).ConfigureAwait(false);
    }

    public static async Task StopByForceAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        context.Say("stopping by force");
        for (var round = 1; ; round++)
        {
            try
            {
                await context.Client.Instances.StopAsync(name, null, force: true, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (IncusException error) when (error is not IncusUnreachableException)
            {
                if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) is null or StatusCode.Stopped)
                    return;
                if (IsEnded(error) && await IsTidiedUpAsync(context, name, cancellationToken).ConfigureAwait(false))
                    return;
                // It is ending by itself in the same moment: who asks again waits until it is tidied up.
                if (round == MostRounds || !await IsEndingAsync(context, name, cancellationToken).ConfigureAwait(false))
                    throw;
            }
        }
    }

    // It ended by itself meanwhile, and the server still calls it running until all of it is put away.
    private static bool IsEnded(IncusException error) => error.ServerMessage?.Contains("is not running", StringComparison.Ordinal) == true;

    /// <summary>Waits until an instance that has ended counts as stopped, for which the server has no operation; false where it does not.</summary>
    private static async Task<bool> IsTidiedUpAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); clock.Elapsed < s_longestEnd;)
        {
            if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) is null or StatusCode.Stopped)
                return true;
            await Task.Delay(s_askingPause, cancellationToken).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>True for an instance that is there and not stopped, paused ones included.</summary>
    /// <param name="client">The view of the instance's project.</param>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public static async Task<bool> IsUpAsync(IncusClient client, string name, CancellationToken cancellationToken) =>
        (await client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value is { StatusCode: not StatusCode.Stopped };

    private static async Task<StatusCode?> StatusAsync(ApplyContext context, string name, CancellationToken cancellationToken) =>
        (await context.Client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value.StatusCode;
}
