using System.Net;
using System.Threading.Channels;
using Incus.Client;

namespace IncusCompose.Readiness;

/// <summary>
/// Waits until something is true of an instance. What the server reports by events is waited for by events;
/// there is none for a DHCP lease, so that an address is looked for, quickly at first.
/// </summary>
public sealed class InstanceWaiter
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    private readonly IncusClient _client;
    private readonly string _name;

    /// <summary>Makes a waiter.</summary>
    /// <param name="client">The connection, in the instance's project.</param>
    /// <param name="name">The instance.</param>
    public InstanceWaiter(IncusClient client, string name)
    {
        _client = client;
        _name = name;
    }

    /// <summary>The instance's status when it was last looked at; empty before.</summary>
    public string LastStatus { get; private set; } = "";

    /// <summary>Waits until the instance has a status. One whose guest has said that it is ready is running too.</summary>
    /// <param name="status">The status to wait for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IncusNotFoundException">There is no such instance, or it was deleted meanwhile.</exception>
    public Task WaitForStatusAsync(StatusCode status, CancellationToken cancellationToken = default) =>
        WaitAsync(
            async () =>
            {
                var now = (await _client.Instances.GetAsync(_name, cancellationToken).ConfigureAwait(false)).Value;
                LastStatus = now.Status;
                return now.StatusCode == status || status is StatusCode.Running && now.StatusCode is StatusCode.Ready
                    ? Look.Met
                    : Look.AgainAfterEvent;
            },
            cancellationToken);

    /// <summary>Waits until the instance has a global IPv4 or IPv6 address.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IncusNotFoundException">There is no such instance, or it was deleted meanwhile.</exception>
    public Task WaitForAddressAsync(CancellationToken cancellationToken = default) =>
        WaitAsync(
            async () =>
            {
                InstanceState now;
                try
                {
                    now = await _client.Instances.GetStateAsync(_name, cancellationToken).ConfigureAwait(false);
                }
                catch (IncusException exception) when (exception.StatusCode is HttpStatusCode.InternalServerError)
                {
                    // An instance that is just starting or stopping may have no readable state for a moment.
                    return Look.AgainSoon;
                }

                LastStatus = now.Status;
                if (now.Network.Values.Any(network => network.Addresses.Any(address => address.Scope == "global")))
                    return Look.Met;
                // While it does not run, only an event brings it further.
                return now.StatusCode is StatusCode.Running or StatusCode.Ready ? Look.AgainSoon : Look.AgainAfterEvent;
            },
            cancellationToken);

    private async Task WaitAsync(Func<Task<Look>> look, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        // The events come first, so that nothing falls between the look and the wait.
        var hasEvents = await _client.Events.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        var watch = hasEvents ? WatchAsync(changes.Writer, end.Token) : Task.CompletedTask;
        try
        {
            var pause = s_firstPause;
            while (await look().ConfigureAwait(false) is var seen and not Look.Met)
            {
                using var turn = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                if (seen is Look.AgainSoon || !hasEvents || watch.IsCompleted)
                    turn.CancelAfter(pause);
                try
                {
                    await changes.Reader.ReadAsync(turn.Token).ConfigureAwait(false);
                    pause = s_firstPause;
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    pause = pause * 1.5 < s_longestPause ? pause * 1.5 : s_longestPause;
                }
            }
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Says that the instance may have changed; so it may also where the connection was away for a while.</summary>
    private async Task WatchAsync(ChannelWriter<bool> changes, CancellationToken cancellationToken)
    {
        await foreach (var happened in _client.Events.ReadAsync([EventTypes.Lifecycle], cancellationToken).ConfigureAwait(false))
        {
            if (happened.Lifecycle is not { } lifecycle || lifecycle.Name == _name && (lifecycle.Project.Length == 0 || lifecycle.Project == _client.Project))
                changes.TryWrite(true);
        }
    }

    private enum Look
    {
        Met,
        AgainAfterEvent,
        AgainSoon,
    }
}
