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

    /// <summary>The error in PowerShell's form.</summary>
    public ErrorRecord ToErrorRecord() =>
        new(Exception, Id, Category, Target)
        {
            ErrorDetails = new ErrorDetails(Text) { RecommendedAction = RecommendedAction },
        };
}
