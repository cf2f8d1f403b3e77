using IncusCompose.Definition;
using IncusCompose.Readiness;

namespace IncusCompose.Watching;

/// <summary>
/// What the checks of one instance have said since it last started, judged as compose judges: unhealthy after so many
/// failures in a row, of which those in the start period do not count.
/// </summary>
internal sealed class HealthRecord
{
    private int _failures;
    private bool _wasHealthy;

    /// <summary>When the instance that is judged started; another start is another judgement.</summary>
    public DateTimeOffset StartedAt { get; private set; }

    /// <summary>When the next check is due.</summary>
    public DateTimeOffset NextCheck { get; private set; }

    /// <summary>What the last check said.</summary>
    public string Message { get; private set; } = "";

    /// <summary>The judgement.</summary>
    public HealthState State { get; private set; } = HealthState.Starting;

    /// <summary>Begins again for a new start.</summary>
    public void Begin(DateTimeOffset startedAt)
    {
        if (startedAt == StartedAt)
            return;
        (StartedAt, NextCheck, _failures, _wasHealthy, Message, State) = (startedAt, DateTimeOffset.MinValue, 0, false, "", HealthState.Starting);
    }

    /// <summary>Takes a check's answer.</summary>
    /// <param name="check">The check.</param>
    /// <param name="failure">Why it failed; empty where it did not.</param>
    /// <param name="now">When it ended.</param>
    public void Take(HealthCheckDefinition check, string failure, DateTimeOffset now)
    {
        Message = failure;
        if (failure.Length == 0)
        {
            (_failures, _wasHealthy, State) = (0, true, HealthState.Healthy);
        }
        else if (_wasHealthy || now - StartedAt >= check.StartPeriod)
        {
            _failures++;
            State = _failures >= check.Retries ? HealthState.Unhealthy : _wasHealthy ? HealthState.Healthy : HealthState.Starting;
        }

        // While it comes up, and while it is about to be called unhealthy, the next answer matters sooner.
        var pause = State == HealthState.Starting ? Shorter(check.StartInterval ?? TimeSpan.FromSeconds(1), check.Interval) : check.Interval;
        NextCheck = now + pause;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
