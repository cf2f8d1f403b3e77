using System.Text.Json;
using System.Text.Json.Serialization;

namespace Incus.Client;

/// <summary>An operation as the server describes it (<c>/1.0/operations/ID</c>).</summary>
public sealed record OperationInfo : IncusResource
{
    /// <summary>UUID.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary><c>task</c>, <c>websocket</c> or <c>token</c>.</summary>
    public string Class { get => field ?? ""; init; }

    /// <summary>What it does, in words.</summary>
    public string Description { get => field ?? ""; init; }

    /// <summary>State in words.</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>State as a code.</summary>
    public StatusCode StatusCode { get; init; }

    /// <summary>API addresses of the resources it works on, by kind (<c>instances</c>, <c>images</c>, ...).</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Resources
    {
        get => field ?? NoResources;
        // The server writes an empty list as null.
        init => field = value?.Where(kind => kind.Value is not null).ToDictionary();
    }

    /// <summary>What the operation says of itself: results and progress; null when nothing. May hold secrets of websockets.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Whether the server can cancel it.</summary>
    public bool MayCancel { get; init; }

    /// <summary>Error text of a failed operation; empty otherwise.</summary>
    public string Err { get => field ?? ""; init; }

    /// <summary>Cluster member it runs on.</summary>
    public string Location { get => field ?? ""; init; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Whether it has ended, one way or another.</summary>
    [JsonIgnore]
    public bool IsFinal => (int)StatusCode >= 200;

    /// <summary>A short description; the metadata, which may hold secrets, is left out.</summary>
    /// <returns>Id, description and status.</returns>
    public override string ToString() => $"operation {Id} ({Description}): {Status}";

    private static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> NoResources = new Dictionary<string, IReadOnlyList<string>>();
}
