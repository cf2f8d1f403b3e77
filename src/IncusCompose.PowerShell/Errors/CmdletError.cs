using System.Management.Automation;

namespace IncusCompose.PowerShell.Errors;

/// <summary>An error as a cmdlet reports it; becomes an <see cref="ErrorRecord"/>.</summary>
/// <param name="Exception">The exception, with all that a program may want to know.</param>
/// <param name="Id">A stable identifier named after the cause, without spaces: <c>InstanceNotFound</c>.</param>
/// <param name="Category">PowerShell's category.</param>
/// <param name="Target">The user's own object or name that it is about; null where it is about none.</param>
/// <param name="Message">What went wrong; null for the exception's own message.</param>
/// <param name="RecommendedAction">What to do about it; null where nothing sensible can be said.</param>
internal sealed record CmdletError(
    Exception Exception,
    string Id,
    ErrorCategory Category,
    object? Target,
    string? Message = null,
    string? RecommendedAction = null)
{
    /// <summary>What went wrong.</summary>
    public string Text => Message ?? Exception.Message;

    /// <summary>True where something was waited for that may still come; null where nothing was waited for.</summary>
    public bool? MoreTimeHelps { get; init; }

    /// <summary>The error in PowerShell's form.</summary>
    /// <param name="timeParameter">The cmdlet's parameter that says how long to wait; null where it has none.</param>
    public ErrorRecord ToErrorRecord(string? timeParameter)
    {
        var time = MoreTimeHelps switch
        {
            null => "",
            false => "; waiting longer would not help.",
            _ when timeParameter is not null => $", or give it more time with -{timeParameter}.",
            _ => ", or give it more time in its stack file (`timeout`).",
        };
        return new ErrorRecord(Exception, Id, Category, Target) { ErrorDetails = new ErrorDetails(Text) { RecommendedAction = RecommendedAction is null ? null : RecommendedAction + time } };
    }
}
