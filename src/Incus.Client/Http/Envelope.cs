using System.Text.Json;

namespace Incus.Client;

/// <summary>What every answer of the API is wrapped in (rest-api.md, "Return values").</summary>
internal sealed record Envelope<T>
{
    public string? Type { get; init; }
    public int StatusCode { get; init; }
    public string? Operation { get; init; }
    public string? Error { get; init; }
    public int ErrorCode { get; init; }
    public T? Metadata { get; init; }
}

/// <summary>An answer to a request that changes something: done, or an operation.</summary>
internal sealed record ChangeAnswer(OperationInfo? Operation, JsonElement? Metadata, string? Location);
