using System.Text.Json;
using System.Text.Json.Serialization;

namespace Incus.Client;

/// <summary>The values of <see cref="IncusEvent.Type"/>.</summary>
public static class EventTypes
{
    /// <summary>An operation changed; the metadata is an <see cref="OperationInfo"/>.</summary>
    public const string Operation = "operation";

    /// <summary>A resource changed; the metadata is a <see cref="LifecycleEvent"/>.</summary>
    public const string Lifecycle = "lifecycle";

    /// <summary>Not from the server: the websocket was away and is back, events may have been missed.</summary>
    public const string Reconnected = "reconnected";
}

/// <summary>Something the server reported on the events websocket (doc/events.md).</summary>
public sealed record IncusEvent : IncusResource
{
    /// <summary>One of <see cref="EventTypes"/>.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>When.</summary>
    public DateTimeOffset Timestamp { get; init; }

    /// <summary>Cluster member it came from; empty on a server that is not clustered.</summary>
    public string Location { get => field ?? ""; init; }

    /// <summary>Project (extension <c>event_project</c>); empty for the server itself.</summary>
    public string Project { get => field ?? ""; init; }

    /// <summary>The content, by type.</summary>
    public JsonElement Metadata { get; init; }

    /// <summary>The content of a lifecycle event; null for other types.</summary>
    [JsonIgnore]
    public LifecycleEvent? Lifecycle => Type == EventTypes.Lifecycle ? Metadata.Deserialize(IncusJson.Default.LifecycleEvent) : null;

    /// <summary>The content of an operation event; null for other types.</summary>
    [JsonIgnore]
    public OperationInfo? Operation => Type == EventTypes.Operation ? Metadata.Deserialize(IncusJson.Default.OperationInfo) : null;

    /// <summary>A short description; the content, which may hold secrets, is left out.</summary>
    /// <returns>Type, project and time.</returns>
    public override string ToString() => $"{Type} event in project \"{Project}\" at {Timestamp:O}";
}

/// <summary>A change of a resource, such as <c>instance-started</c>.</summary>
public sealed record LifecycleEvent : IncusResource
{
    /// <summary>What happened, such as <c>instance-started</c>, <c>instance-ready</c>, <c>image-created</c>.</summary>
    public string Action { get => field ?? ""; init; }

    /// <summary>API address of the resource.</summary>
    public string Source { get => field ?? ""; init; }

    /// <summary>Name of the resource (extension <c>event_lifecycle_name_and_project</c>; empty before).</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Its project; empty where it has none.</summary>
    public string Project { get => field ?? ""; init; }

    /// <summary>More facts, by action; null when there are none.</summary>
    public JsonElement? Context { get; init; }

    /// <summary>
    /// False where something was only read, or a command was run or a console opened in an instance: the resource itself is
    /// as it was. Source: Incus doc/events.md, "Supported life-cycle events".
    /// </summary>
    [JsonIgnore]
    public bool IsChange => Action is not ("instance-exec" or "instance-console") && !Action.EndsWith("-retrieved", StringComparison.Ordinal);
}
