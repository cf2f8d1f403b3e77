using System.Management.Automation;
using System.Net;
using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.PowerShell.Errors;

namespace IncusCompose.PowerShell.Tests;

public sealed class CmdletErrorTests
{
    public static TheoryData<Exception, string, ErrorCategory> Causes => new()
    {
        { new IncusNotFoundException("gone"), "NotFound", ErrorCategory.ObjectNotFound },
        { new IncusNotFoundException("gone") { ServerMessage = "Failed to load project \"x\": Project not found" }, "ProjectNotFound", ErrorCategory.ObjectNotFound },
        { new IncusConflictException("taken"), "Conflict", ErrorCategory.ResourceExists },
        { new IncusPreconditionFailedException("moved on"), "ChangedMeanwhile", ErrorCategory.ResourceBusy },
        { new IncusForbiddenException("no"), "Forbidden", ErrorCategory.PermissionDenied },
        { new IncusOperationException("failed"), "OperationFailed", ErrorCategory.InvalidResult },
        { new OperationLostException("lost"), "OperationOutcomeUnknown", ErrorCategory.InvalidResult },
        { new IncusException("bad") { StatusCode = HttpStatusCode.BadRequest }, "RequestRefused", ErrorCategory.InvalidArgument },
        { new IncusException("bad") { StatusCode = HttpStatusCode.ServiceUnavailable }, "ServerBusy", ErrorCategory.ResourceUnavailable },
        { new IncusException("bad") { StatusCode = HttpStatusCode.InternalServerError }, "ServerFailed", ErrorCategory.InvalidResult },
        { new IncusException("bad"), "RequestFailed", ErrorCategory.InvalidOperation },
        { new FileNotFoundException(), "FileNotFound", ErrorCategory.ObjectNotFound },
        { new UnauthorizedAccessException(), "FileAccessDenied", ErrorCategory.PermissionDenied },
        { new TimeoutException(), "TimedOut", ErrorCategory.OperationTimeout },
        { new OperationCanceledException(), "Cancelled", ErrorCategory.OperationStopped },
        { new ArgumentException("what"), "ArgumentInvalid", ErrorCategory.InvalidArgument },
        { new StackFileException([Diagnostic.Error("X", SourceLocation.None, "", "wrong")]), "StackFileInvalid", ErrorCategory.InvalidData },
        { new InvalidTimeZoneException(), "UnexpectedError", ErrorCategory.NotSpecified },
    };

    [Theory]
    [MemberData(nameof(Causes))]
    public void Every_cause_has_its_id_and_category_and_keeps_the_target(Exception cause, string id, ErrorCategory category)
    {
        var target = new object();

        var error = CmdletErrors.From(cause, target);

        Assert.Equal((id, category), (error.Id, error.Category));
        Assert.Same(target, error.Target);
        Assert.Same(cause, error.Exception);
    }

    [Fact]
    public void Every_way_of_not_reaching_a_server_has_an_id_of_its_own()
    {
        var ids = Enum.GetValues<UnreachableReason>()
            .Select(reason => CmdletErrors.From(new IncusUnreachableException(reason, "away"), null).Id)
            .ToList();

        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.DoesNotContain(ids, id => id.Contains(' ', StringComparison.Ordinal));
    }

    [Fact]
    public void The_advice_is_the_recommended_action_and_not_part_of_the_message()
    {
        var error = CmdletErrors.From(new IncusUnreachableException(UnreachableReason.NoDaemon, "There is no socket", "Start Incus"), null);

        Assert.Equal(("There is no socket", "Start Incus"), (error.Text, error.RecommendedAction));
    }

    [Fact]
    public void An_error_that_is_complete_already_passes_through()
    {
        var complete = CmdletErrors.StackNotFound("shop", "default", "local", "shop");

        Assert.Same(complete, CmdletErrors.From(new CmdletException(complete), "another target"));
    }
}
