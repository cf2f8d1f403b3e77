using System.Globalization;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <summary>Starts, stops, restarts, pauses and resumes instances, with the hooks of those moments: as asked first, then by force.</summary>
internal static class InstancePower
{
    // Of as many who change the power of one instance at once, one gets through in each round.
    private const int MostRounds = 8;

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

    public static async Task PowerOnAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
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
                return;
            }
            catch (IncusException error) when (round < MostRounds && error is not (IncusUnreachableException or IncusNotFoundException))
            {
                // Others who start or restart it get in the way: Incus 7 lets two start it at once, and a restart by force
                // ends a start that is under way.
                var contest = await InstanceWork.ContestAsync(context, name, error, cancellationToken).ConfigureAwait(false);
                if (contest.Started)
                    return;
                if (!contest.WasOne)
                    throw;
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
            await StartAsync(context, name, cancellationToken).ConfigureAwait(false);
            return;
        }

        await context.HookAsync(HookPoint.PreStop, cancellationToken).ConfigureAwait(false);
        await CycleAsync(context, name, cancellationToken).ConfigureAwait(false);
        await context.HookAsync(HookPoint.PostStart, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CycleAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        var asked = context.StopTimeout > TimeSpan.Zero;
        for (var round = 1; ; round++)
        {
            context.Say(asked ? "restarting" : "restarting by force");
            try
            {
                var ended = await InstanceWork.QuietAsync(context, name, cancellationToken).ConfigureAwait(false);
                var own = await context.Client.Instances.RestartAsync(name, asked ? context.StopTimeout : null, force: !asked, cancellationToken)
                    .CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
                if (await InstanceWork.IsFirstOfSeveralAsync(context, name, own, ended, cancellationToken).ConfigureAwait(false))
                {
                    // Of two restarts at once, one may shut down what the other has just started, and the server tells both that
                    // all went well. Whichever came first does it again, by itself.
                    if ((await context.Client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value.Ephemeral == true)
                    {
                        // Stopped, it would be gone.
                        asked = false;
                        continue;
                    }

                    await PowerOffAsync(context, name, cancellationToken).ConfigureAwait(false);
                    await PowerOnAsync(context, name, cancellationToken).ConfigureAwait(false);
                }

                return;
            }
            catch (IncusException error) when (round < MostRounds && error is not (IncusUnreachableException or IncusNotFoundException))
            {
                // Others who restart it too have it stopped for a moment, which fails ours; and theirs is as good.
                var contest = await InstanceWork.ContestAsync(context, name, error, cancellationToken).ConfigureAwait(false);
                if (contest.Started)
                    return;
                if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) == StatusCode.Stopped)
                {
                    await PowerOnAsync(context, name, cancellationToken).ConfigureAwait(false);
                    return;
                }

                if (!asked && !contest.WasOne)
                    throw;
                asked = false;
            }
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
        try
        {
            await context.Client.Instances.StopAsync(name, null, force: true, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) is not (null or StatusCode.Stopped))
                throw;
        }
    }

    private static async Task<StatusCode?> StatusAsync(ApplyContext context, string name, CancellationToken cancellationToken) =>
        (await context.Client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value.StatusCode;
}
