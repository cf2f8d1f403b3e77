namespace IncusCompose.Definition;

/// <summary>When and how often the check of an image is made, where the file says that and leaves the check itself to the image; null: as the image says.</summary>
public sealed record HealthTiming
{
    /// <summary>Time between two checks of what is watched.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>How long one check may take before it counts as failed.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How many checks in a row must fail before the instance is unhealthy; at least 1.</summary>
    public int? Retries { get; init; }

    /// <summary>How long after its start failures do not count.</summary>
    public TimeSpan? StartPeriod { get; init; }

    /// <summary>Longest time between two checks while the instance comes up.</summary>
    public TimeSpan? StartInterval { get; init; }

    /// <summary>A check with what is said here in place of its own.</summary>
    internal HealthCheckDefinition Over(HealthCheckDefinition check) => check with
    {
        Interval = Interval ?? check.Interval,
        Timeout = Timeout ?? check.Timeout,
        Retries = Retries ?? check.Retries,
        StartPeriod = StartPeriod ?? check.StartPeriod,
        StartInterval = StartInterval ?? check.StartInterval,
    };
}
