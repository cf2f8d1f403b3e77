namespace Incus.Client;

/// <summary>Incus's own status codes of instances and operations (rest-api.md, "List of current status codes").</summary>
public enum StatusCode
{
    /// <summary>Not given by the server.</summary>
    None = 0,
    /// <summary>The operation was created.</summary>
    OperationCreated = 100,
    /// <summary>Started.</summary>
    Started = 101,
    /// <summary>Stopped.</summary>
    Stopped = 102,
    /// <summary>Running.</summary>
    Running = 103,
    /// <summary>Being cancelled.</summary>
    Cancelling = 104,
    /// <summary>Not begun yet.</summary>
    Pending = 105,
    /// <summary>Starting.</summary>
    Starting = 106,
    /// <summary>Stopping.</summary>
    Stopping = 107,
    /// <summary>Being aborted.</summary>
    Aborting = 108,
    /// <summary>Being frozen.</summary>
    Freezing = 109,
    /// <summary>Frozen (paused).</summary>
    Frozen = 110,
    /// <summary>Thawed (resumed).</summary>
    Thawed = 111,
    /// <summary>In error.</summary>
    Error = 112,
    /// <summary>Running, and its guest said that it is ready.</summary>
    Ready = 113,
    /// <summary>Ended well.</summary>
    Success = 200,
    /// <summary>Ended in failure.</summary>
    Failure = 400,
    /// <summary>Ended by cancellation.</summary>
    Cancelled = 401,
}
