using IncusCompose.Resources;

namespace IncusCompose.Planning;

/// <summary>A plan holds changes that were not allowed; nothing was done.</summary>
public sealed class PlanRefusedException : Exception
{
    /// <summary>Makes the exception from the refused changes.</summary>
    /// <param name="changes">At least one change whose <see cref="ResourceChange.Refused"/> says why.</param>
    public PlanRefusedException(IReadOnlyList<ResourceChange> changes)
        : base(string.Join(Environment.NewLine, changes.Select(change => $"{change.Id}: {change.Refused}")))
    {
        Changes = changes;
    }

    /// <summary>The refused changes.</summary>
    public IReadOnlyList<ResourceChange> Changes { get; }
}

/// <summary>The server is no longer as it was when the plan was made; what had not begun by then was not done.</summary>
public sealed class PlanOutdatedException : Exception
{
    /// <summary>Makes the exception from the resources that moved on.</summary>
    /// <param name="resources">At least one resource.</param>
    public PlanOutdatedException(IReadOnlyList<ResourceId> resources)
        : base($"The server has changed since the plan was made: {string.Join(", ", resources)}. Compare again and apply the new plan.")
    {
        Resources = resources;
    }

    /// <summary>The resources that are not as the plan saw them.</summary>
    public IReadOnlyList<ResourceId> Resources { get; }
}

/// <summary>What a plan was asked for does not fit the stack; the message says what, and what there is instead.</summary>
public sealed class PlanOptionException : ArgumentException
{
    /// <summary>Makes an empty one.</summary>
    public PlanOptionException()
    {
    }

    /// <summary>Makes one with a message.</summary>
    /// <param name="message">What does not fit, and what to do.</param>
    public PlanOptionException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with a message and a cause.</summary>
    /// <param name="message">What does not fit, and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public PlanOptionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
