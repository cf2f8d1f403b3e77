namespace IncusCompose.Readiness;

/// <summary>What is known of an instance's health.</summary>
public enum HealthState
{
    /// <summary>It runs, and nobody said how to tell whether it is healthy.</summary>
    Unchecked,

    /// <summary>Its health check succeeds.</summary>
    Healthy,

    /// <summary>Its health check fails, but it started so short a time ago that this does not count yet.</summary>
    Starting,

    /// <summary>Its health check fails.</summary>
    Unhealthy,

    /// <summary>It does not run.</summary>
    Stopped,

    /// <summary>It has run to its end, as it should: others wait for it to end.</summary>
    Completed,
}

/// <summary>How an instance of a stack is, seen at one moment.</summary>
public sealed record InstanceHealth
{
    /// <summary>The instance's name.</summary>
    public required string Name { get; init; }

    /// <summary>The stack.</summary>
    public required string Stack { get; init; }

    /// <summary>The Incus project.</summary>
    public required string Project { get; init; }

    /// <summary>The server that it is on, as the front end names it; empty where nobody named it.</summary>
    public string Server { get; init; } = "";

    /// <summary>Incus's own word: <c>Running</c>, <c>Stopped</c>, <c>Frozen</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Its health.</summary>
    public required HealthState Health { get; init; }

    /// <summary>True where all its gates are open, and its health check succeeds where it has one.</summary>
    public required bool IsReady { get; init; }

    /// <summary>What it does not have that it should, and why; empty where there is nothing to say.</summary>
    public string Message { get; init; } = "";

    /// <summary>Its global addresses, IPv4 first.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>When it last started; null where it never did.</summary>
    public DateTimeOffset? StartedAt { get; init; }
}

/// <summary>What became of waiting for an instance.</summary>
/// <param name="Instance">The instance's name.</param>
/// <param name="Failure">Why it did not become ready; null where it did.</param>
/// <param name="Waited">How long it was waited for.</param>
public sealed record InstanceWaitResult(string Instance, Exception? Failure, TimeSpan Waited);
