using System.Management.Automation;
using System.Net;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Backups;
using IncusCompose.Checkpoints;
using IncusCompose.Diagnostics;
using IncusCompose.Hooks;
using IncusCompose.Operating;
using IncusCompose.Planning;
using IncusCompose.Provision;
using IncusCompose.Publishing;
using IncusCompose.Readiness;

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
        IncusException incus => FromServer(incus, target),
        StackFileException invalid => Several(ProblemList.Of(invalid.Diagnostics), new(invalid, "StackFileInvalid", ErrorCategory.InvalidData, target)),
        PlanRefusedException refused => Several(
            ProblemList.Of([.. refused.Changes.Select(change => $"{change.Id}: {change.Refused}")], "changes are refused", "Nothing was changed. Allow these by their own switches, or change the file back:"),
            new(refused, "PlanRefused", ErrorCategory.InvalidOperation, target, null, "Nothing was changed. Allow what is refused by its own switch, or change the file back.")),
        NotReadyException late => new(late, "NotReady", ErrorCategory.OperationTimeout, target, null, Advice(late)) { MoreTimeHelps = !late.IsFinal },
        StackNotFoundException missing => new(missing, "StackNotFound", ErrorCategory.ObjectNotFound, target,
            null, "See what there is with Get-IncusStack -AllProjects; another server is named with -Remote."),
        StackInstanceNotFoundException missing => new(missing, "InstanceNotFound", ErrorCategory.ObjectNotFound, target,
            null, "See what the stack has with Get-IncusInstance -Stack."),
        CheckpointException checkpoint => new(checkpoint, "CheckpointFailed", ErrorCategory.InvalidOperation, target),
        HookFailedException hook => new(hook, "HookFailed", ErrorCategory.InvalidResult, target, null,
            "See what it writes with -Verbose. A hook runs again only when its moment comes again; Remove-IncusStack -SkipHooks takes the stack down without."),
        ProvisionFailedException step => new(step, "ProvisionFailed", ErrorCategory.InvalidResult, target, null,
            "See what it writes with -Verbose. The next apply goes on at this step."),
        PlanOutdatedException outdated => new(outdated, "PlanOutdated", ErrorCategory.InvalidOperation, target),
        BackupUnusableException unusable => new(unusable, "BackupUnusable", ErrorCategory.InvalidData, target,
            null, "Nothing was changed. Use another backup, or copy this one again from where it is whole."),
        StackConflictException conflict => new(conflict, "StackConflict", ErrorCategory.ResourceExists, target,
            null, "Nothing was changed. Take away what is in the way, or use another project, name or server."),
        PublishException refused => new(refused, "PublishRefused", ErrorCategory.InvalidOperation, target,
            null, "Nothing was made. See what there is with Get-IncusInstance and with: incus image list."),
        FileNotFoundException or DirectoryNotFoundException => new(exception, "FileNotFound", ErrorCategory.ObjectNotFound, target),
        UnauthorizedAccessException => new(exception, "FileAccessDenied", ErrorCategory.PermissionDenied, target),
        IOException => new(exception, "FileUnreadable", ErrorCategory.ReadError, target),
        TimeoutException => new(exception, "TimedOut", ErrorCategory.OperationTimeout, target),
        OperationCanceledException => new(exception, "Cancelled", ErrorCategory.OperationStopped, target),
        ArgumentException or FormatException => new(exception, "ArgumentInvalid", ErrorCategory.InvalidArgument, target),
        _ => new(exception, "UnexpectedError", ErrorCategory.NotSpecified, target),
    };

    /// <summary>There is no instance of a name.</summary>
    public static CmdletError InstanceNotFound(string name, string project, string server, object target, Exception? cause = null) =>
        Own("InstanceNotFound", ErrorCategory.ObjectNotFound, target,
            $"There is no instance '{name}' in project {project} on {server}.",
            "See what there is with Get-IncusInstance; another project or server is named with -Project or -Remote.", cause);

    /// <summary>There is no project of a name.</summary>
    public static CmdletError ProjectNotFound(string name, string server) =>
        Own("ProjectNotFound", ErrorCategory.ObjectNotFound, name,
            $"There is no project '{name}' on {server}.",
            $"Create it (incus project create {name}), or name another one with -Project.");

    /// <summary>There is no stack of a name.</summary>
    public static CmdletError StackNotFound(string name, string project, string server, object target) =>
        Own("StackNotFound", ErrorCategory.ObjectNotFound, target,
            $"There is no stack '{name}' in project {project} on {server}.",
            "See what there is with Get-IncusStack -AllProjects; another server is named with -Remote.");

    /// <summary>An instance cannot be created as it was asked for. The id is that of the problem.</summary>
    public static CmdletError CannotCreate(string name, Diagnostic problem, Exception cause) =>
        problem.Id == "NameTaken"
            ? Own("InstanceExists", ErrorCategory.ResourceExists, name,
                $"There is an instance '{name}' already: {problem.Message}.",
                "Choose another name; what a stack has is changed by its stack file.", cause)
            : new(cause, problem.Id, ErrorCategory.InvalidArgument, name,
                $"Instance '{name}' cannot be created: {problem.Message}",
                problem.Advice.Length > 0 ? char.ToUpperInvariant(problem.Advice[0]) + problem.Advice[1..] : null);

    /// <summary>A restored or cloned instance could not be started.</summary>
    public static CmdletError NotStarted(string name, string reason) =>
        Own("InstanceNotStarted", ErrorCategory.InvalidResult, name,
            $"Instance '{name}' is there but could not be started: {reason}",
            $"Mend the cause and start it with Start-IncusInstance {name}.");

    /// <summary>A line of a command's standard error.</summary>
    public static CmdletError CommandSaid(string line, object target) =>
        Own("StandardError", ErrorCategory.FromStdErr, target, line, null);

    /// <summary>A command whose output was streamed ended with another exit status than 0.</summary>
    public static CmdletError CommandFailed(string command, string instance, int exitCode, object target) =>
        Own("CommandFailed", ErrorCategory.InvalidResult, target,
            $"{command} in instance {instance} ended with exit status {exitCode}.",
            "Its standard error says why; without -Stream the exit status comes in the result.");

    /// <summary>Two parameters do not go together, or one needs another.</summary>
    public static CmdletException Needs(string parameter, string other, string why) =>
        new(Own("ParameterMissing", ErrorCategory.InvalidArgument, null, $"-{parameter} needs -{other}: {why}.", $"Add -{other}, or leave -{parameter} out."));

    /// <summary>A change of a plan failed; its dependants were not begun.</summary>
    public static CmdletError ChangeFailed(ResourceResult result)
    {
        var cause = From(result.Error ?? new InvalidOperationException(result.Message), result);
        return cause with { Message = $"{result.Id}: {cause.Text}{(result.Reason is { } reason ? $" The server logged: {reason}." : "")}" };
    }

    /// <summary>There is no checkpoint of a name.</summary>
    public static CmdletError CheckpointNotFound(CheckpointException cause, object target) =>
        new(cause, "CheckpointNotFound", ErrorCategory.ObjectNotFound, target, cause.Message, "See what there is with Get-IncusStackCheckpoint.");

    /// <summary>One resource could not be restored.</summary>
    public static CmdletError RestoreFailed(RestoreStepResult result)
    {
        var cause = From(result.Error ?? new InvalidOperationException(result.Message), result);
        return cause with { Message = $"{result.Id}: {cause.Text} What was done stays; restore again to carry on from there." };
    }

    /// <summary>Two parameters contradict each other.</summary>
    public static CmdletException Excludes(string parameter, string other, string why) =>
        new(Own("ParametersExclude", ErrorCategory.InvalidArgument, null, $"-{parameter} does not go with -{other}: {why}.", $"Leave out -{parameter} or -{other}."));

    /// <summary>An error that this module found itself.</summary>
    public static CmdletError Own(string id, ErrorCategory category, object? target, string message, string? recommendedAction, Exception? cause = null) =>
        new(cause ?? new InvalidOperationException(message), id, category, target, message, recommendedAction);

    private static CmdletError Several((string? Message, string? RecommendedAction) list, CmdletError error) =>
        error with { Message = list.Message, RecommendedAction = list.RecommendedAction ?? error.RecommendedAction };

    private static CmdletError FromServer(IncusException exception, object? target)
    {
        var (id, category) = exception switch
        {
            IncusUnreachableException unreachable => Unreachable(unreachable.Reason),
            IncusNotFoundException when IsAboutProject(exception) => ("ProjectNotFound", ErrorCategory.ObjectNotFound),
            IncusNotFoundException => ("NotFound", ErrorCategory.ObjectNotFound),
            IncusConflictException => ("Conflict", ErrorCategory.ResourceExists),
            IncusPreconditionFailedException => ("ChangedMeanwhile", ErrorCategory.ResourceBusy),
            IncusForbiddenException => ("Forbidden", ErrorCategory.PermissionDenied),
            IncusExtensionMissingException => ("ApiExtensionMissing", ErrorCategory.NotImplemented),
            OperationLostException => ("OperationOutcomeUnknown", ErrorCategory.InvalidResult),
            IncusOperationException => ("OperationFailed", ErrorCategory.InvalidResult),
            _ => ByStatus(exception.StatusCode),
        };
        return new CmdletError(exception, id, category, target, exception.Problem, exception.Advice ?? ServerAdvice.For(exception.Problem));
    }

    private static string Advice(NotReadyException late) => late.Wanted.Contains("address", StringComparison.Ordinal)
        ? "See whether it has a network (Get-IncusInstance | Format-List) and whether a DHCP client runs in it"
        : "See what it is doing (Invoke-IncusCommand)";

    private static bool IsAboutProject(IncusException exception) =>
        exception.ServerMessage?.EndsWith("Project not found", StringComparison.Ordinal) == true;

    private static (string Id, ErrorCategory Category) Unreachable(UnreachableReason reason) => reason switch
    {
        UnreachableReason.NoDaemon => ("DaemonNotFound", ErrorCategory.ResourceUnavailable),
        UnreachableReason.NotRunning => ("DaemonNotRunning", ErrorCategory.ResourceUnavailable),
        UnreachableReason.NoPermission => ("SocketAccessDenied", ErrorCategory.PermissionDenied),
        UnreachableReason.Refused => ("ConnectionRefused", ErrorCategory.ConnectionError),
        UnreachableReason.CertificateRefused => ("ServerCertificateRefused", ErrorCategory.SecurityError),
        UnreachableReason.CertificateNotTrustedByServer => ("ClientCertificateNotTrusted", ErrorCategory.AuthenticationError),
        UnreachableReason.NameResolution => ("HostNameNotResolved", ErrorCategory.ConnectionError),
        UnreachableReason.Timeout => ("ConnectionTimedOut", ErrorCategory.OperationTimeout),
        UnreachableReason.ConnectionLost => ("ConnectionLost", ErrorCategory.ConnectionError),
        _ => ("ServerUnreachable", ErrorCategory.ConnectionError),
    };

    private static (string Id, ErrorCategory Category) ByStatus(HttpStatusCode? status) => status switch
    {
        HttpStatusCode.BadRequest => ("RequestRefused", ErrorCategory.InvalidArgument),
        HttpStatusCode.Unauthorized => ("NotTrusted", ErrorCategory.AuthenticationError),
        HttpStatusCode.ServiceUnavailable or HttpStatusCode.Locked => ("ServerBusy", ErrorCategory.ResourceUnavailable),
        >= HttpStatusCode.InternalServerError => ("ServerFailed", ErrorCategory.InvalidResult),
        _ => ("RequestFailed", ErrorCategory.InvalidOperation),
    };
}
