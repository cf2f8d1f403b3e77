using IncusCompose.Definition;

namespace IncusCompose.Hooks;

/// <summary>A hook failed whose steps may not. The message says which step, how it ended and what it wrote last; it holds no secrets.</summary>
public sealed class HookFailedException : Exception
{
    /// <summary>Makes an empty one.</summary>
    public HookFailedException()
    {
    }

    /// <summary>Makes one with a message.</summary>
    /// <param name="message">What failed and how.</param>
    public HookFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with a message and a cause.</summary>
    /// <param name="message">What failed and how.</param>
    /// <param name="innerException">The cause.</param>
    public HookFailedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The instance's name.</summary>
    public string Instance { get; init; } = "";

    /// <summary>The hook.</summary>
    public HookPoint Hook { get; init; }

    /// <summary>Which of its steps, from 1.</summary>
    public int Step { get; init; }

    /// <summary>How the command ended; null where it did not get to an end.</summary>
    public int? ExitCode { get; init; }

    /// <summary>True where the change had been made already that the hook belongs to.</summary>
    public bool IsAfterChange => Hook is HookPoint.PostCreate or HookPoint.PostStart or HookPoint.PostReady or HookPoint.PostRemove or HookPoint.PostCheckpoint;
}
