using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources;

namespace IncusCompose.Readiness;

/// <summary>
/// Waits until something is true of an instance. What the server reports by events is waited for by events; there is none
/// for a DHCP lease, an open port or a guest's health, so that these are looked for, quickly at first.
/// </summary>
public sealed class InstanceWaiter
{
    // How long an instance that stopped may be away: it may be restarting itself.
    private static readonly TimeSpan s_longestAbsence = TimeSpan.FromSeconds(2);

    // How long the server may be away: it may be restarting.
    private static readonly TimeSpan s_longestOutage = TimeSpan.FromSeconds(15);

    // The last word on what did not come: its console, how far it is.
    private static readonly TimeSpan s_longestWord = TimeSpan.FromSeconds(5);

    // A job that nothing else is said of.
    private static readonly TimeSpan s_longestJob = TimeSpan.FromMinutes(10);

    private readonly IncusClient _client;
    private readonly string _name;
    private bool _wasThere;

    /// <summary>Makes a waiter.</summary>
    /// <param name="client">The connection, in the instance's project.</param>
    /// <param name="name">The instance.</param>
    public InstanceWaiter(IncusClient client, string name)
    {
        _client = client;
        _name = name;
    }

    /// <summary>True to give up as soon as the instance stops: it was started, and nobody is to start it again.</summary>
    public bool MustRun { get; init; }

    /// <summary>Is told what is being waited for, as it stands in a sentence: <c>an IPv4 address</c>.</summary>
    public IProgress<string>? Progress { get; init; }

    /// <summary>Waits until the instance has a status. One whose guest has said that it is ready is running too.</summary>
    /// <param name="status">The status to wait for.</param>
    /// <param name="timeout">How long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="NotReadyException">It did not get it in time.</exception>
    /// <exception cref="IncusNotFoundException">There is no such instance, or it was deleted meanwhile.</exception>
    public Task WaitForStatusAsync(StatusCode status, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        WaitAsync($"status {status}", timeout, async limit =>
        {
            var now = (await _client.Instances.GetAsync(_name, limit).ConfigureAwait(false)).Value;
            return now.StatusCode == status || (status is StatusCode.Running && now.StatusCode is StatusCode.Ready)
                ? Look.Met
                : Look.AfterEvent($"its status is {now.Status}");
        }, cancellationToken);

    /// <summary>Waits until the instance has run and stopped by itself.</summary>
    /// <param name="timeout">How long; null: 10 minutes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="NotReadyException">It did not stop in time.</exception>
    /// <exception cref="IncusNotFoundException">There is no such instance, or it was deleted meanwhile.</exception>
    public Task WaitForCompletionAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        WaitAsync(NotReadyException.End, timeout ?? s_longestJob, async limit =>
        {
            var now = (await _client.Instances.GetAsync(_name, limit).ConfigureAwait(false)).Value;
            return StackReadiness.HasEnded(now) ? Look.Met : Look.AfterEvent($"its status is {now.Status}");
        }, cancellationToken);

    /// <summary>Waits for one gate.</summary>
    /// <param name="gate">The gate.</param>
    /// <param name="timeout">How long; null: as long as the gate says, or is usual for it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="NotReadyException">It did not open in time, or cannot open.</exception>
    /// <exception cref="IncusNotFoundException">There is no such instance, or it was deleted meanwhile.</exception>
    public async Task WaitForAsync(ReadinessGate gate, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var health = gate is HealthGate
            ? RecordedWords.ReadHealthcheck((await GetAsync("healthy", cancellationToken).ConfigureAwait(false)).ExpandedConfig)
            : null;
        await WaitForAsync(gate, health, timeout, CancellationToken.None, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until the instance is ready: all gates are open that its stack's file names (recorded on the instance), and
    /// its health check succeeds where it has one. Without either: until it runs.
    /// </summary>
    /// <param name="timeout">How long, in all; null: as long as each gate says, or is usual for it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="NotReadyException">It did not become ready in time, or cannot.</exception>
    /// <exception cref="IncusNotFoundException">There is no such instance, or it was deleted meanwhile.</exception>
    public Task WaitForReadyAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        WaitForReadyAsync(withHealth: true, timeout, cancellationToken);

    /// <summary>Waits until all gates are open that its stack's file names, but for its health: what makes it healthy may be still to come.</summary>
    /// <inheritdoc cref="WaitForReadyAsync(TimeSpan?, CancellationToken)"/>
    public Task WaitForGatesAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        WaitForReadyAsync(withHealth: false, timeout, cancellationToken);

    private async Task WaitForReadyAsync(bool withHealth, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var config = (await GetAsync("ready", cancellationToken).ConfigureAwait(false)).ExpandedConfig;
        var ready = RecordedWords.ReadReady(config);
        var health = RecordedWords.ReadHealthcheck(config);
        await WaitForStatusAsync(StatusCode.Running, timeout ?? ready?.Timeout ?? ReadinessDefinition.DefaultTimeout, cancellationToken).ConfigureAwait(false);

        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? first = null;
        var waits = (ready?.Gates ?? []).Where(gate => gate is not HealthGate).Select(gate => OneAsync(gate)).ToList();
        await Task.WhenAll(waits).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        // The first failure ended the others, which say why they were closed still.
        if (first is NotReadyException late)
            throw late.Beside([.. waits.Select(wait => wait.Exception?.InnerException).OfType<NotReadyException>().Where(other => other != late)]);
        if (waits.FirstOrDefault(wait => wait.IsFaulted && wait.Exception.InnerException == first) is { } failed)
            await failed.ConfigureAwait(false);

        // Health counts from here: what makes it healthy may be what the other gates waited for.
        if (!withHealth)
            return;
        if (health is not null || ready?.Gates.Any(gate => gate is HealthGate) == true)
            await OneAsync(ready?.Gates.OfType<HealthGate>().FirstOrDefault() ?? new HealthGate()).ConfigureAwait(false);

        async Task OneAsync(ReadinessGate gate)
        {
            var own = gate.Timeout ?? (gate is HealthGate ? health?.Patience : null) ?? ready?.Timeout;
            var left = timeout - clock.Elapsed;
            try
            {
                await WaitForAsync(gate, health, left is { } most && !(own < most) ? most : own, others.Token, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is NotReadyException or IncusException)
            {
                Interlocked.CompareExchange(ref first, error, null);
                await others.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private Task WaitForAsync(ReadinessGate gate, HealthCheckDefinition? health, TimeSpan? timeout, CancellationToken giveUp, CancellationToken cancellationToken)
    {
        var check = new GateCheck(_client, _name, gate, health);
        var wanted = gate is HealthGate && health is not null ? $"healthy ({health.Probe.Wanted})" : gate.Wanted;
        return WaitAsync(wanted, timeout ?? gate.Timeout ?? (gate is HealthGate ? health?.Patience : null) ?? gate.UsualTimeout, check, check.LookAsync, giveUp, cancellationToken);
    }

    private Task WaitAsync(string wanted, TimeSpan timeout, Func<CancellationToken, Task<Look>> look, CancellationToken cancellationToken) =>
        WaitAsync(wanted, timeout, check: null, look, CancellationToken.None, cancellationToken);

    /// <param name="wanted">What is waited for.</param>
    /// <param name="timeout">How long; no time is one look.</param>
    /// <param name="check">The gate; null for what is none.</param>
    /// <param name="look">Looks once.</param>
    /// <param name="giveUp">Ends the wait as its time does: something else has failed, and what is not so yet is said.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task WaitAsync(
        string wanted, TimeSpan timeout, GateCheck? check, Func<CancellationToken, Task<Look>> look, CancellationToken giveUp, CancellationToken cancellationToken)
    {
        var isOneLook = timeout <= TimeSpan.Zero;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, giveUp);
        limit.CancelAfter(isOneLook ? s_longestWord : Duration.Bounded(timeout));
        var last = default(Look);
        var told = false;
        DateTimeOffset? stopped = null;
        DateTimeOffset? unreachable = null;
        try
        {
            last = isOneLook
                ? await OnceAsync(limit.Token).ConfigureAwait(false)
                : await InstanceWatch.UntilAsync(_client, _name, async token => last = Judge(await LookAsync(token).ConfigureAwait(false)), check?.LongestPause, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var reason = await WhyClosedAsync(check, last.Reason, cancellationToken).ConfigureAwait(false);
            if (giveUp.IsCancellationRequested)
                throw string.IsNullOrEmpty(reason) ? new OperationCanceledException(giveUp) : NotReadyException.For(_name, wanted, null, reason, null);
            throw NotReadyException.For(_name, wanted, timeout, reason ?? "it has not answered", await ConsoleTailAsync(cancellationToken).ConfigureAwait(false));
        }

        if (last.Next is not NextLook.Met)
        {
            var console = last.Next is NextLook.Undefined ? null : await ConsoleTailAsync(cancellationToken).ConfigureAwait(false);
            throw last.IsLast
                ? NotReadyException.For(_name, wanted, null, last.Reason, console)
                : NotReadyException.For(_name, wanted, timeout, await WhyClosedAsync(check, last.Reason, cancellationToken).ConfigureAwait(false) ?? last.Reason, console);
        }

        async Task<Look> OnceAsync(CancellationToken token)
        {
            last = await LookAsync(token).ConfigureAwait(false);
            return last.Next is NextLook.AtOnce ? await LookAsync(token).ConfigureAwait(false) : last;
        }

        async Task<Look> LookAsync(CancellationToken token)
        {
            try
            {
                var seen = await look(token).ConfigureAwait(false);
                unreachable = null;
                _wasThere = true;
                return seen;
            }
            catch (IncusNotFoundException error)
            {
                // What is not found may be the command that was to tell.
                if (await _client.Instances.FindAsync(_name, token).ConfigureAwait(false) is not null)
                    throw;
                throw Gone(wanted, error);
            }
            catch (IncusException error) when (InstanceWatch.IsAway(error))
            {
                unreachable ??= DateTimeOffset.UtcNow;
                if (DateTimeOffset.UtcNow - unreachable > s_longestOutage)
                    throw;
                return Look.Soon(error.Message);
            }
        }

        Look Judge(Look seen)
        {
            // What is there at once is not waited for.
            if (!told && seen.Next is not NextLook.Met)
                Progress?.Report(wanted);
            told = true;
            if (!MustRun || seen.Next is not NextLook.AfterEvent || !seen.Reason.Contains(nameof(StatusCode.Stopped), StringComparison.Ordinal))
            {
                stopped = null;
                return seen;
            }

            stopped ??= DateTimeOffset.UtcNow;
            return DateTimeOffset.UtcNow - stopped > s_longestAbsence ? Look.Never("it has stopped") : Look.Soon("it has stopped");
        }
    }

    private async Task<Instance> GetAsync(string wanted, CancellationToken cancellationToken)
    {
        try
        {
            var instance = (await _client.Instances.GetAsync(_name, cancellationToken).ConfigureAwait(false)).Value;
            _wasThere = true;
            return instance;
        }
        catch (IncusNotFoundException error)
        {
            throw Gone(wanted, error);
        }
    }

    private IncusNotFoundException Gone(string wanted, IncusNotFoundException error) => new(
        _wasThere
            ? $"Instance {_name} is gone: it was removed, or was ephemeral and stopped, while it was waited for ({wanted})"
            : $"There is no instance {_name} to wait for ({wanted})",
        "Make it with Invoke-IncusCompose (incus-compose up), and wait again",
        error)
    {
        StatusCode = error.StatusCode,
        ServerMessage = error.ServerMessage,
        Request = error.Request,
    };

    private static async Task<string?> WhyClosedAsync(GateCheck? check, string? seen, CancellationToken cancellationToken)
    {
        if (check is null)
            return seen;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_longestWord);
        try
        {
            return await check.WhyClosedAsync(seen, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IncusException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return seen;
        }
    }

    /// <summary>The end of the instance's console; null where it cannot be had.</summary>
    private async Task<ConsoleTail?> ConsoleTailAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_longestWord);
        try
        {
            return ConsoleTail.Of(await _client.Instances.GetConsoleLogAsync(_name, limit.Token).ConfigureAwait(false));
        }
        catch (Exception error) when (error is IncusException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }
}
