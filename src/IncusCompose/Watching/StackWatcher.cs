using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Readiness;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Watching;

/// <summary>
/// Follows a stack: looks at once at what the server's events tell of, checks health at each check's own interval, reads
/// usage now and then; and, where it is to repair, restarts what is unhealthy and applies again what drifted.
/// </summary>
internal sealed class StackWatcher
{
    // Events of one change come in a bunch.
    private static readonly TimeSpan s_bunch = TimeSpan.FromMilliseconds(50);

    private readonly ComposeEngine _engine;
    private readonly IncusClient _client;
    private readonly string _stack;
    private readonly StackDefinition? _definition;
    private readonly WatchOptions _options;

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Dictionary<string, Watched> _watched = new(StringComparer.Ordinal);
    private bool _looked;
    private bool _isAway;
    private Task<string?>? _applying;
    private string _applyMessage = "";
    private int _appliesInARow;
    private DateTimeOffset _nextApply;

    /// <param name="engine">Applies the stack again.</param>
    /// <param name="client">The connection, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="definition">The stack as its file says; null: drift is shown, not repaired.</param>
    /// <param name="options">How to watch.</param>
    public StackWatcher(ComposeEngine engine, IncusClient client, string stack, StackDefinition? definition, WatchOptions options)
    {
        _engine = engine;
        _client = client;
        _stack = stack;
        _definition = definition;
        _options = options;
    }

    /// <summary>A check that is being made.</summary>
    /// <param name="Definition">How.</param>
    /// <param name="StartedAt">When the instance that is checked had started.</param>
    /// <param name="Answer">Why it failed, empty where it did not; null where the server could not be asked.</param>
    private sealed record Asked(HealthCheckDefinition Definition, DateTimeOffset StartedAt, Task<string?> Answer);

    /// <summary>What is known of one instance between two looks.</summary>
    private sealed class Watched
    {
        public HealthRecord Health { get; } = new();

        public Asked? Check { get; set; }

        public HealthCheckDefinition? Checked { get; set; }

        /// <summary>True for an instance that has run to its end, as it should.</summary>
        public bool IsCompleted { get; set; }

        public Task<string?>? Restart { get; set; }

        public int Restarts { get; set; }

        public int RestartsInARow { get; set; }

        public DateTimeOffset NextRestart { get; set; }

        public string Note { get; set; } = "";

        public (long Cpu, DateTimeOffset At)? Usage { get; set; }

        public InstanceStatus? Reported { get; set; }
    }

    /// <summary>Watches until cancelled. The first report comes at once; others when something changed, or usage was read.</summary>
    public async IAsyncEnumerable<StackStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await _client.Events.EnsureOpenAsync(cancellationToken).ConfigureAwait(false);
        var listening = Task.CompletedTask;
        try
        {
            while (true)
            {
                // Where there are no events, or none for a while, the looks in between do.
                if (listening.IsCompleted)
                    listening = ListenAsync(end.Token);
                var status = await LookOrSayWhyNotAsync(end.Token).ConfigureAwait(false);
                yield return status;
                await WakeAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            // A restart or an apply that was begun ends before the watch does, or says that it was cancelled.
            Task?[] working = [listening, _applying, .. _watched.Values.SelectMany(watched => new Task?[] { watched.Check?.Answer, watched.Restart })];
            await Task.WhenAll(working.OfType<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Looks; a server that was there and is away is waited for, as long as it takes.</summary>
    private async Task<StackStatus> LookOrSayWhyNotAsync(CancellationToken cancellationToken)
    {
        try
        {
            var status = await LookAsync(cancellationToken).ConfigureAwait(false);
            (_looked, _isAway) = (true, false);
            return status;
        }
        catch (IncusException error) when (_looked && InstanceWatch.IsAway(error))
        {
            _isAway = true;
            var now = DateTimeOffset.UtcNow;
            var reports = _watched.Values.Select(watched => watched.Reported).OfType<InstanceStatus>()
                .Select(report => report with { Time = now, CpuPercent = null, MemoryUsage = null, Message = $"not seen now: {error.Problem}" }).ToList();
            return Told(reports);
        }
    }

    private async Task<StackStatus> LookAsync(CancellationToken cancellationToken)
    {
        var instances = (await _client.Instances.ListAsync(cancellationToken).ConfigureAwait(false))
            .Select(instance => (Instance: instance, Mark: OwnershipMark.Read(InstanceKind.IdOf(instance.Name), instance.Config)))
            .Where(pair => pair.Mark?.BelongsTo(_stack, _client.Project) == true)
            .OrderBy(pair => pair.Instance.Name, StringComparer.Ordinal)
            .ToList();
        var jobs = StackReadiness.JobsAmong(instances.Select(pair => pair.Instance));
        var now = DateTimeOffset.UtcNow;
        var states = await Task.WhenAll(instances.Select(pair => StateAsync(pair.Instance, cancellationToken))).ConfigureAwait(false);
        var reports = new List<InstanceStatus>();
        foreach (var ((instance, mark), state) in instances.Zip(states))
        {
            if (!_watched.TryGetValue(instance.Name, out var watched))
                _watched[instance.Name] = watched = new Watched();
            watched.Health.Begin(instance.LastUsedAt);
            watched.IsCompleted = jobs.Contains(instance.Name) && StackReadiness.HasEnded(instance);
            TakeAnswers(watched, now);
            CheckWhereDue(watched, instance, now, cancellationToken);
            var report = Report(watched, instance, mark!, state, now);
            if (_options.Repair)
                report = RestartWhereDue(watched, instance, report, now, cancellationToken);
            reports.Add(report);
        }

        // What is gone is told once.
        foreach (var (name, watched) in _watched.Where(entry => instances.TrueForAll(pair => pair.Instance.Name != entry.Key)).ToList())
        {
            _watched.Remove(name);
            if (watched.Reported is { } last)
                reports.Add(last with { Time = now, Status = "Deleted", Health = HealthState.Stopped, Addresses = [], CpuPercent = null, MemoryUsage = null, Drift = [], Message = "" });
        }

        if (_options.Repair && _definition is not null)
            ApplyWhereDue(reports, now, cancellationToken);
        if (_applyMessage.Length > 0)
            reports = [.. reports.Select(report => report.Drift.Count > 0 && report.Message.Length == 0 ? report with { Message = _applyMessage } : report)];
        return Told(reports);
    }

    /// <summary>What is told, and what of it is news.</summary>
    private StackStatus Told(List<InstanceStatus> reports)
    {
        var changed = reports.Where(report => !_watched.TryGetValue(report.Name, out var watched) || watched.Reported?.SameAs(report) != true).ToList();
        foreach (var report in reports.Where(report => _watched.ContainsKey(report.Name)))
            _watched[report.Name].Reported = report;
        return new StackStatus(reports, changed);
    }

    private static void TakeAnswers(Watched watched, DateTimeOffset now)
    {
        if (watched.Check is { Answer.IsCompleted: true } check)
        {
            // What was asked of an earlier start says nothing of this one.
            if (check.StartedAt == watched.Health.StartedAt && check.Answer is { IsCompletedSuccessfully: true, Result: { } failure })
                watched.Health.Take(check.Definition, failure, now);
            watched.Check = null;
        }

        if (watched.Restart is { IsCompleted: true } restart)
        {
            watched.Note = FailureOf(restart) is { } failure ? $"it could not be restarted: {failure}" : "";
            watched.Restart = null;
        }
    }

    private static string? FailureOf(Task<string?> work) => work.IsCompletedSuccessfully ? work.Result : work.Exception?.InnerException?.Message;

    private void CheckWhereDue(Watched watched, Instance instance, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var check = RecordedWords.ReadHealthcheck(instance.ExpandedConfig);
        watched.Checked = check;
        if (check is null || watched.Check is not null || watched.Restart is not null || now < watched.Health.NextCheck || !GateCheck.IsRunning(instance.StatusCode))
            return;
        watched.Check = new Asked(check, watched.Health.StartedAt, AnswerAsync());

        async Task<string?> AnswerAsync()
        {
            try
            {
                return await Probes.CheckHealthAsync(_client, instance.Name, check, null, cancellationToken).ConfigureAwait(false);
            }
            catch (IncusException error)
            {
                return InstanceWatch.IsAway(error) ? null : error.Message;
            }
            finally
            {
                _wake.Writer.TryWrite(true);
            }
        }
    }

    private InstanceStatus Report(Watched watched, Instance instance, OwnershipMark mark, InstanceState? state, DateTimeOffset now)
    {
        var runs = GateCheck.IsRunning(instance.StatusCode);
        double? cpu = null;
        if (state is not null)
        {
            if (watched.Usage is { } before && state.Cpu.Usage >= before.Cpu && now > before.At)
                cpu = (state.Cpu.Usage - before.Cpu) / (now - before.At).TotalNanoseconds * 100;
            watched.Usage = (state.Cpu.Usage, now);
        }
        else
        {
            watched.Usage = null;
        }

        var live = new InstanceKind().Describe(InstanceKind.IdOf(instance.Name), instance);
        return new InstanceStatus
        {
            Time = now,
            Name = instance.Name,
            Stack = _stack,
            Project = _client.Project,
            Status = instance.Status,
            Health = watched.IsCompleted ? HealthState.Completed : !runs ? HealthState.Stopped : watched.Checked is null ? HealthState.Unchecked : watched.Health.State,
            Message = watched.Restart is not null ? "restarting" : watched.Note.Length > 0 ? watched.Note : runs && watched.Checked is not null ? watched.Health.Message : "",
            Addresses = state is null ? [] : NicAddresses.Of(instance, state),
            CpuPercent = cpu,
            MemoryUsage = state?.Memory.Usage,
            // Who is in a group of members is not known here.
            Drift = [.. mark.Applied.Paths.Where(path => (path != PropertyPath.Target || Placement.GroupOf(mark.Applied.Plain(path)) is null) && (live.Properties[path] is not { } value || !mark.Applied.Matches(path, value))).Select(PropertyPath.Display)],
            Restarts = watched.Restarts,
        };
    }

    /// <summary>Restarts an unhealthy instance, unless it was just restarted or has been often enough.</summary>
    private InstanceStatus RestartWhereDue(Watched watched, Instance instance, InstanceStatus report, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Healthy again for a while: what was is forgotten.
        if (report.Health == HealthState.Healthy && now >= watched.NextRestart)
            watched.RestartsInARow = 0;
        if (report.Health != HealthState.Unhealthy || watched.Restart is not null)
            return report;
        if (watched.RestartsInARow >= _options.MostRestarts)
            return report with { Message = $"given up after {watched.RestartsInARow} restarts: {report.Message}" };
        if (now < watched.NextRestart)
            return report with { Message = $"to be restarted at {watched.NextRestart.ToLocalTime():HH:mm:ss}: {report.Message}" };
        watched.NextRestart = now + BackOffAfter(watched.RestartsInARow);
        watched.Restarts++;
        watched.RestartsInARow++;
        watched.Restart = ApplyAsync(_ => Task.FromResult(RestartOf(instance)), cancellationToken);
        return report with { Message = $"restarting: {report.Message}", Restarts = watched.Restarts };
    }

    /// <summary>How long to wait after the next try: doubled each time, up to the longest.</summary>
    private TimeSpan BackOffAfter(int tries)
    {
        var longest = _options.LongestBackOff > _options.BackOff ? _options.LongestBackOff : _options.BackOff;
        return TimeSpan.FromSeconds(Math.Min(_options.BackOff.TotalSeconds * Math.Pow(2, tries), longest.TotalSeconds));
    }

    private StackPlan RestartOf(Instance instance)
    {
        var id = InstanceKind.IdOf(instance.Name);
        var change = new ResourceChange { Id = id, Action = ChangeAction.Restart, Restarts = true, Reason = "it is unhealthy", Live = new InstanceKind().Describe(id, instance) };
        return new StackPlan { Stack = _stack, Project = _client.Project, Resources = [change] };
    }

    /// <summary>Applies the stack again where an instance drifted, was stopped or is gone; after a failure not at once.</summary>
    private void ApplyWhereDue(List<InstanceStatus> reports, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_applying is { IsCompleted: true } done)
        {
            _applyMessage = FailureOf(done) is { } failure ? $"it could not be repaired: {failure}" : "";
            // It may not have helped though it succeeded.
            _nextApply = now + BackOffAfter(_appliesInARow++);
            _applying = null;
        }

        var wanted = Replicas.Expand(_definition!).Instances.Keys;
        var broken = reports.Where(report => !InactiveInstances.Include(_definition!, report.Name)).Any(report => report.Drift.Count > 0 || report.Health == HealthState.Stopped || report.Status == "Deleted")
            || wanted.Any(name => reports.TrueForAll(report => report.Name != name));
        if (!broken)
            (_appliesInARow, _nextApply) = (0, DateTimeOffset.MinValue);
        if (!broken || _applying is not null || now < _nextApply)
            return;
        _applyMessage = "";
        _applying = ApplyAsync(token => _engine.CompareAsync(_client, _definition!, null, token), cancellationToken);
    }

    /// <summary>Makes and applies a plan; says why that failed, null where it did not.</summary>
    private async Task<string?> ApplyAsync(Func<CancellationToken, Task<StackPlan>> compare, CancellationToken cancellationToken)
    {
        try
        {
            var plan = await compare(cancellationToken).ConfigureAwait(false);
            if (plan.Resources.FirstOrDefault(change => change.Refused is not null) is { } refused)
                return $"{refused.Id}: {refused.Refused}";
            var result = await _engine.ApplyAsync(_client, plan, null, null, cancellationToken).ConfigureAwait(false);
            return result.Resources.FirstOrDefault(resource => resource.Outcome == ChangeOutcome.Failed)?.Message;
        }
        catch (Exception error) when (error is IncusException or Diagnostics.StackFileException or PlanOutdatedException)
        {
            return error.Message;
        }
        finally
        {
            _wake.Writer.TryWrite(true);
        }
    }

    private async Task<InstanceState?> StateAsync(Instance instance, CancellationToken cancellationToken)
    {
        if (!GateCheck.IsRunning(instance.StatusCode))
            return null;
        try
        {
            return await _client.Instances.GetStateAsync(instance.Name, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is IncusNotFoundException || error.StatusCode is HttpStatusCode.InternalServerError)
        {
            // It is being stopped or deleted: the event of that comes.
            return null;
        }
    }

    /// <summary>Waits for an event, an answer, the next check that is due, or the next reading of usage.</summary>
    private async Task WakeAsync(CancellationToken cancellationToken)
    {
        var now = DateTimeOffset.UtcNow;
        var next = now + _options.UsageInterval;
        foreach (var watched in _watched.Values.Where(watched =>
            watched is { Checked: not null, Check: null, Restart: null, Reported.Health: not (HealthState.Stopped or HealthState.Completed) }))
        {
            if (!_isAway && watched.Health.NextCheck < next)
                next = watched.Health.NextCheck;
        }

        using var turn = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        turn.CancelAfter(next > now + s_bunch ? next - now : s_bunch);
        try
        {
            await _wake.Reader.ReadAsync(turn.Token).ConfigureAwait(false);
            await Task.Delay(s_bunch, cancellationToken).ConfigureAwait(false);
            _wake.Reader.TryRead(out _);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time has come.
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!await _client.Events.EnsureOpenAsync(cancellationToken).ConfigureAwait(false))
                return;
            await foreach (var happened in _client.Events.ReadAsync([EventTypes.Lifecycle], cancellationToken).ConfigureAwait(false))
            {
                if (happened.Lifecycle is not { } lifecycle || lifecycle.IsChange && (lifecycle.Project.Length == 0 || lifecycle.Project == _client.Project))
                    _wake.Writer.TryWrite(true);
            }
        }
        catch (IncusException)
        {
            // The server has been away for long: what it says next is looked at, and listening begins anew.
        }
    }
}
