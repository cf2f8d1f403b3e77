using System.Diagnostics;
using System.Net;
using System.Threading.Channels;
using Incus.Client;

namespace IncusCompose.Readiness;

/// <summary>
/// Looks at an instance again and again until it is as wanted: after each event of the server's that concerns it, and,
/// where there is no event for what is waited for, after a pause that grows with the time already waited and with the time
/// that the look took.
/// </summary>
internal static class InstanceWatch
{
    private static readonly TimeSpan s_shortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_pauseBeforeLast = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    // No wait becomes longer by more than this part of itself.
    private const double PartOfWait = 0.02;

    // Nor where a look is no more than a knock at a port, which costs the server nothing.
    private const double PartOfWaitOften = 0.005;

    // A server that is slow to answer has enough to do.
    private const double PartOfLook = 2;

    /// <param name="client">The connection, in the instance's project.</param>
    /// <param name="name">The instance.</param>
    /// <param name="look">Looks once.</param>
    /// <param name="longestPause">The longest pause between two looks; null: the usual one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The last look: it is met, or can never be.</returns>
    public static async Task<Look> UntilAsync(
        IncusClient client, string name, Func<CancellationToken, Task<Look>> look, TimeSpan? longestPause, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        // The events come first, so that nothing falls between the look and the wait.
        var hasEvents = await client.Events.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        var watch = hasEvents ? WatchAsync(client, name, changes.Writer, end.Token) : Task.CompletedTask;
        try
        {
            var sinceEvent = Stopwatch.StartNew();
            while (true)
            {
                var began = Stopwatch.GetTimestamp();
                var seen = await look(cancellationToken).ConfigureAwait(false);
                var took = Stopwatch.GetElapsedTime(began);
                if (seen.IsLast)
                    return seen;
                using var turn = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                if (seen.Next is not NextLook.AfterEvent || !hasEvents || watch.IsCompleted)
                    turn.CancelAfter(PauseAfter(seen.Next, sinceEvent.Elapsed, took, longestPause ?? s_longestPause));
                try
                {
                    await changes.Reader.ReadAsync(turn.Token).ConfigureAwait(false);
                    sinceEvent.Restart();
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    // The pause is over.
                }
            }
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>True where the server is gone, or has just come back: that is waited for.</summary>
    public static bool IsAway(IncusException error) => error is IncusUnreachableException || error.StatusCode is HttpStatusCode.ServiceUnavailable;

    private static TimeSpan PauseAfter(NextLook next, TimeSpan waited, TimeSpan took, TimeSpan longest)
    {
        if (next is NextLook.AtOnce)
            return s_pauseBeforeLast;
        var pause = next is NextLook.Often
            ? waited * PartOfWaitOften
            : TimeSpan.FromTicks(Math.Max((waited * PartOfWait).Ticks, (took * PartOfLook).Ticks));
        return pause < s_shortestPause ? s_shortestPause : pause > longest ? longest : pause;
    }

    /// <summary>Says that the instance may have changed; so it may also where the connection was away for a while.</summary>
    private static async Task WatchAsync(IncusClient client, string name, ChannelWriter<bool> changes, CancellationToken cancellationToken)
    {
        await foreach (var happened in client.Events.ReadAsync([EventTypes.Lifecycle], cancellationToken).ConfigureAwait(false))
        {
            // A look is itself an event where it runs a command: that must not call for the next one.
            if (happened.Lifecycle is not { } lifecycle || lifecycle.IsChange && lifecycle.Name == name && (lifecycle.Project.Length == 0 || lifecycle.Project == client.Project))
                changes.TryWrite(true);
        }
    }
}
