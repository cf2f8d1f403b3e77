using System.Net;
using System.Text.RegularExpressions;

namespace Incus.Client;

/// <summary>Turns the server's refusals into exceptions.</summary>
internal static partial class ErrorMapping
{
    /// <summary>The exception for an answer that is not a success.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="message">The server's words; null when it sent none.</param>
    /// <param name="request">Method and path.</param>
    /// <param name="server">What the user calls the server.</param>
    public static IncusException FromAnswer(HttpStatusCode status, string? message, string request, string server)
    {
        var said = string.IsNullOrWhiteSpace(message) ? $"HTTP status {(int)status}" : message.Trim();
        var problem = $"{request}: {said}";
        return status switch
        {
            // Of a few collections Incus says so with status 500.
            HttpStatusCode.NotFound or HttpStatusCode.InternalServerError when MissingProject(message) is { } project => new IncusNotFoundException(
                $"There is no project \"{project}\" on {server}", $"Create it (incus project create {project}), or name another one")
            {
                StatusCode = status,
                ServerMessage = message,
                Request = request,
            },
            HttpStatusCode.NotFound => new IncusNotFoundException(problem)
            {
                StatusCode = status,
                ServerMessage = message,
                Request = request,
            },
            HttpStatusCode.PreconditionFailed => new IncusPreconditionFailedException(
                problem, "Somebody else changed it since it was read: read it again and repeat the change")
            {
                StatusCode = status,
                ServerMessage = message,
                Request = request,
            },
            _ when message?.Contains("allow cluster member targeting", StringComparison.Ordinal) == true => new IncusForbiddenException(
                problem, $"The project does not let restricted clients say which member of the cluster something is on: have the administrator of {server} allow it with restricted.cluster.target=allow")
            {
                StatusCode = status,
                ServerMessage = message,
                Request = request,
            },
            _ when status is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized || IsPermissionDenied(message) => new IncusForbiddenException(
                problem, $"{server} does not allow this client to do so: use a project it may use, or ask the server's administrator")
            {
                StatusCode = status,
                ServerMessage = message,
                Request = request,
            },
            _ when status == HttpStatusCode.Conflict || IsNameTaken(message) => new IncusConflictException(problem)
            {
                StatusCode = status,
                ServerMessage = message,
                Request = request,
            },
            _ when message == "Instance is frozen" && InstancePath().Match(request) is { Success: true } path => new IncusException(
                $"{path.Groups[1].Value} is paused", $"Let it go on: unpause its stack (Resume-IncusStack), or this one (incus resume {path.Groups[1].Value})")
            {
                StatusCode = status,
                ServerMessage = message,
                Request = request,
            },
            _ => new IncusException(problem) { StatusCode = status, ServerMessage = message, Request = request },
        };
    }

    /// <summary>The project that a message says is missing; null where it says something else.</summary>
    private static string? MissingProject(string? message) =>
        message is not null && ProjectNotFound().Match(message) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex("/instances/([^/?]+)/")]
    private static partial Regex InstancePath();

    [GeneratedRegex("project \"([^\"]+)\": Project not found")]
    private static partial Regex ProjectNotFound();

    /// <summary>Whether a message says that the client may not do this; Incus 6.0 sends some of these with status 500.</summary>
    private static bool IsPermissionDenied(string? message) =>
        message is not null
        && (message.Contains("User does not have permission", StringComparison.OrdinalIgnoreCase)
            || message.Contains("Certificate is restricted", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the daemon answers but is not ready yet: its first seconds.</summary>
    public static bool IsStartingUp(IncusException exception) => exception.StatusCode == HttpStatusCode.ServiceUnavailable;

    /// <summary>Whether a message says that a name is taken; Incus sends some of these with status 400 or 500.</summary>
    public static bool IsNameTaken(string? message) =>
        message is not null
        && (message.Contains("already exists", StringComparison.OrdinalIgnoreCase)
            || message.Contains("UNIQUE constraint", StringComparison.OrdinalIgnoreCase)
            || (message.Contains("already in use", StringComparison.OrdinalIgnoreCase) && message.Contains("name", StringComparison.OrdinalIgnoreCase)));
}
