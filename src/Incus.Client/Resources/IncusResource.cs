using System.Text.Json;
using System.Text.Json.Serialization;

namespace Incus.Client;

/// <summary>What every object that the server describes has in common.</summary>
public abstract record IncusResource
{
    /// <summary>
    /// Fields that the server sent and this library has no property for (a newer Incus has more).
    /// They travel with the object through <c>with</c> expressions and back in an update, so that a
    /// read-modify-write loses nothing. Null when there are none.
    /// </summary>
    [JsonExtensionData, JsonInclude]
    public IDictionary<string, JsonElement>? UnknownFields { get; internal set; }

    /// <summary>An empty map, for the maps that Incus leaves out or sends as null.</summary>
    internal static readonly IReadOnlyDictionary<string, string> NoConfig = new Dictionary<string, string>();

    /// <summary>An empty device map.</summary>
    internal static readonly IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> NoDevices =
        new Dictionary<string, IReadOnlyDictionary<string, string>>();
}

/// <summary>A resource with a description and a configuration, whatever it is addressed by.</summary>
public abstract record ConfiguredResource : IncusResource
{
    /// <summary>Free text about the resource.</summary>
    public string Description { get => field ?? ""; init; }

    /// <summary>Configuration keys and values, all text; <c>user.*</c> keys are free to use.</summary>
    public IReadOnlyDictionary<string, string> Config { get => field ?? NoConfig; init; }
}

/// <summary>A resource that is addressed by its name.</summary>
public abstract record NamedResource : ConfiguredResource
{
    /// <summary>Name, unique within its project (or the server, where it belongs to no project).</summary>
    public string Name { get => field ?? ""; init; }
}

/// <summary>A value together with the ETag that the server gave for it.</summary>
/// <typeparam name="T">The resource type.</typeparam>
/// <param name="Value">The resource as read.</param>
/// <param name="ETag">Opaque version; hand it back in an update, which then fails with
/// <see cref="IncusPreconditionFailedException"/> when somebody else changed the resource meanwhile.
/// Empty when the server gives none.</param>
public sealed record Versioned<T>(T Value, string ETag);
