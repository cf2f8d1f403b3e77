using IncusCompose.Readiness;

namespace IncusCompose.Watching;

/// <summary>How an instance is while its stack is watched.</summary>
public sealed record InstanceStatus
{
    /// <summary>When it was seen so.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The instance's name.</summary>
    public required string Name { get; init; }

    /// <summary>The stack.</summary>
    public required string Stack { get; init; }

    /// <summary>The Incus project.</summary>
    public required string Project { get; init; }

    /// <summary>The server that it is on, as the front end names it; empty where nobody named it.</summary>
    public string Server { get; init; } = "";

    /// <summary>Incus's own word: <c>Running</c>, <c>Stopped</c>, <c>Frozen</c>; <c>Deleted</c> where it is gone.</summary>
    public required string Status { get; init; }

    /// <summary>Its health.</summary>
    public required HealthState Health { get; init; }

    /// <summary>What the last check said, or what is done about it; empty where there is nothing to say.</summary>
    public string Message { get; init; } = "";

    /// <summary>Its global addresses, IPv4 first.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>CPU time used since the last look, in percent of one CPU; null where that is not known yet.</summary>
    public double? CpuPercent { get; init; }

    /// <summary>Memory in use, in bytes; null where it does not run.</summary>
    public long? MemoryUsage { get; init; }

    /// <summary>Properties that are no longer as they were applied, such as <c>config.limits.memory</c>.</summary>
    public IReadOnlyList<string> Drift { get; init; } = [];

    /// <summary>How often it has been restarted by this watch.</summary>
    public int Restarts { get; init; }

    /// <summary>True where what matters is the same; usage and time come and go.</summary>
    internal bool SameAs(InstanceStatus other) =>
        Status == other.Status && Health == other.Health && Message == other.Message && Restarts == other.Restarts
        && Addresses.SequenceEqual(other.Addresses) && Drift.SequenceEqual(other.Drift);
}

/// <summary>What a watch saw: every instance, and what it has done.</summary>
/// <param name="Instances">The instances by name.</param>
/// <param name="Changed">Those of them that are not as they were at the last report; empty where only usage moved on.</param>
public sealed record StackStatus(IReadOnlyList<InstanceStatus> Instances, IReadOnlyList<InstanceStatus> Changed);

/// <summary>How a stack is watched.</summary>
public sealed record WatchOptions
{
    /// <summary>How often usage is read, which the server has no events for.</summary>
    public TimeSpan UsageInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>True to restart instances that are unhealthy, and to apply the stack again where it drifted.</summary>
    public bool Repair { get; init; }

    /// <summary>How long after a restart the next one of the same instance may come; doubled each time.</summary>
    public TimeSpan BackOff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest that <see cref="BackOff"/> becomes.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often an instance is restarted that does not become healthy in between.</summary>
    public int MostRestarts { get; init; } = 5;
}
