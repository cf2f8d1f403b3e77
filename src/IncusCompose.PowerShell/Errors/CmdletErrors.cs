using System.Management.Automation;
using IncusCompose.Diagnostics;

namespace IncusCompose.PowerShell.Errors;

/// <summary>The one place where errors get their id, category, target and recommended action.</summary>
internal static class CmdletErrors
{
    /// <summary>The error for an exception.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="target">The user's own object or name that was being worked on; null where there is none.</param>
    public static CmdletError From(Exception exception, object? target) => exception switch
    {
        CmdletException known => known.Error,
        StackFileException invalid => new(invalid, "StackFileInvalid", ErrorCategory.InvalidData, target),
        FileNotFoundException or DirectoryNotFoundException => new(exception, "FileNotFound", ErrorCategory.ObjectNotFound, target),
        UnauthorizedAccessException => new(exception, "FileAccessDenied", ErrorCategory.PermissionDenied, target),
        IOException => new(exception, "FileUnreadable", ErrorCategory.ReadError, target),
        TimeoutException => new(exception, "TimedOut", ErrorCategory.OperationTimeout, target),
        OperationCanceledException => new(exception, "Cancelled", ErrorCategory.OperationStopped, target),
        ArgumentException or FormatException => new(exception, "ArgumentInvalid", ErrorCategory.InvalidArgument, target),
        _ => new(exception, "UnexpectedError", ErrorCategory.NotSpecified, target),
    };
}
