using System.Net;

namespace Incus.Client.Tests;

/// <summary>The server's refusals become exceptions that a program can tell apart.</summary>
public sealed class ErrorMappingTests
{
    [Theory]
    [InlineData(404, "Instance not found", typeof(IncusNotFoundException))]
    [InlineData(409, "Conflict", typeof(IncusConflictException))]
    [InlineData(400, "The profile already exists", typeof(IncusConflictException))]
    [InlineData(500, "UNIQUE constraint failed: instances.project_id, instances.name", typeof(IncusConflictException))]
    [InlineData(412, "Precondition failed", typeof(IncusPreconditionFailedException))]
    [InlineData(403, "not authorized", typeof(IncusForbiddenException))]
    [InlineData(401, null, typeof(IncusForbiddenException))]
    [InlineData(500, "User does not have permissions for project \"x\"", typeof(IncusForbiddenException))]
    [InlineData(400, "Invalid devices", typeof(IncusException))]
    [InlineData(500, null, typeof(IncusException))]
    public void Each_refusal_has_its_type(int status, string? message, Type expected)
    {
        var exception = ErrorMapping.FromAnswer((HttpStatusCode)status, message, "PUT /1.0/instances/web", "lab");
        Assert.IsType(expected, exception);
        Assert.Equal((HttpStatusCode)status, exception.StatusCode);
        Assert.Equal(message, exception.ServerMessage);
        Assert.Equal("PUT /1.0/instances/web", exception.Request);
        Assert.StartsWith($"PUT /1.0/instances/web: {message ?? $"HTTP status {status}"}", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_project_is_named_with_what_to_do()
    {
        var exception = ErrorMapping.FromAnswer(
            HttpStatusCode.NotFound, "Failed to load project \"shop\": Project not found", "GET /1.0/networks", "lab");
        Assert.IsType<IncusNotFoundException>(exception);
        Assert.Equal("There is no project \"shop\" on lab", exception.Problem);
        Assert.Contains("incus project create shop", exception.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void A_paused_instance_is_named_with_what_to_do()
    {
        var exception = ErrorMapping.FromAnswer(HttpStatusCode.BadRequest, "Instance is frozen", "POST /1.0/instances/web-2/exec", "lab");
        Assert.Equal("web-2 is paused. Let it go on: unpause its stack (Resume-IncusStack), or this one (incus resume web-2)", exception.Message);
        Assert.Equal("Instance is frozen", exception.ServerMessage);
    }

    [Fact]
    public void A_message_is_the_problem_and_then_the_advice()
    {
        var exception = new IncusException("It broke.", "Mend it");
        Assert.Equal("It broke. Mend it", exception.Message);
        Assert.Equal(("It broke.", "Mend it"), (exception.Problem, exception.Advice));
    }

    [Fact]
    public void A_request_is_described_without_its_query()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/1.0/operations/1/websocket?secret=s3cret");
        Assert.Equal("GET /1.0/operations/1/websocket", IncusConnection.Describe(request));
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "Failed to load project \"x\": Project not found")]
    [InlineData(HttpStatusCode.InternalServerError, "Failed to load network restrictions from project \"x\": Project not found")]
    public void A_project_that_is_missing_is_not_found_whatever_the_status(HttpStatusCode status, string message)
    {
        var exception = Assert.IsType<IncusNotFoundException>(ErrorMapping.FromAnswer(status, message, "GET /1.0/network-integrations", "lab"));
        Assert.StartsWith("There is no project \"x\" on lab", exception.Message, StringComparison.Ordinal);
    }
}
