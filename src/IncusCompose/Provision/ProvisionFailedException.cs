namespace IncusCompose.Provision;

/// <summary>
/// A step of an instance failed, or could not begin; those after it were not begun. The message says which step, how it ended
/// and what it wrote last; it holds no secrets. The next apply goes on at this step.
/// </summary>
public sealed class ProvisionFailedException : Exception
{
    /// <summary>Makes an empty one.</summary>
    public ProvisionFailedException()
    {
    }

    /// <summary>Makes one with a message.</summary>
    /// <param name="message">What failed and how.</param>
    public ProvisionFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with a message and a cause.</summary>
    /// <param name="message">What failed and how.</param>
    /// <param name="innerException">The cause.</param>
    public ProvisionFailedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The instance's name.</summary>
    public string Instance { get; init; } = "";

    /// <summary>The step's name or number; empty where none was begun.</summary>
    public string Step { get; init; } = "";

    /// <summary>How its command ended; null where it did not get to an end, or is none.</summary>
    public int? ExitCode { get; init; }
}
