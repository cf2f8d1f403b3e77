using System.Text.Json;
using Incus.Client;

namespace IncusCompose.Requirements;

/// <summary>A configuration key as Incus documents it.</summary>
/// <param name="Type"><c>string</c>, <c>bool</c> or <c>integer</c>.</param>
/// <param name="Condition"><c>container</c> or <c>virtual machine</c> where it means something for those only; else empty.</param>
internal sealed record CatalogKey(string Type, string Condition);

/// <summary>
/// The configuration keys that Incus had when this was made, for checks without a server: taken from what a server of that
/// release says of itself (<c>GET /1.0/metadata/configuration</c>). Whether a server has one of them yet, <see cref="Extensions"/> knows.
/// </summary>
internal sealed class ConfigCatalog
{
    /// <summary>The release that the keys are from; those that the long-term release 7.0.2 has before it are there, too.</summary>
    public const string Release = "7.3";

    private static readonly Lazy<Dictionary<string, ConfigCatalog>> s_entities = new(Read);

    private readonly Dictionary<string, CatalogKey> _exact;
    private readonly (string[] Segments, CatalogKey Key)[] _patterns;

    private ConfigCatalog(Dictionary<string, CatalogKey> keys)
    {
        _exact = keys.Where(key => !IsPattern(key.Key)).ToDictionary(StringComparer.Ordinal);
        _patterns = [.. keys.Where(key => IsPattern(key.Key)).Select(key => (key.Key.Split('.'), key.Value))];
    }

    /// <summary>
    /// What can be said to a kind of thing: <c>instance</c>, <c>project</c>, <c>network_bridge</c>, <c>storage_volume_zfs</c>,
    /// and <c>storage_volume</c> where the driver is not known; null where nothing is known of it.
    /// </summary>
    public static ConfigCatalog? Of(string entity) => s_entities.Value.GetValueOrDefault(entity);

    /// <summary>The same of what a server says of itself; null where it says nothing of the entity.</summary>
    public static ConfigCatalog? Of(string entity, MetadataConfiguration metadata) =>
        metadata.Entities.TryGetValue(entity, out var groups)
            ? new ConfigCatalog(groups.Values.SelectMany(group => group).DistinctBy(key => key.Key.Trim()).ToDictionary(key => key.Key.Trim(), key => new CatalogKey(key.Value.Type, ""), StringComparer.Ordinal))
            : null;

    /// <summary>The names of the keys that have one.</summary>
    public IReadOnlyCollection<string> Names => _exact.Keys;

    /// <summary>What is known of a key; null where there is none of that name.</summary>
    public CatalogKey? Find(string key)
    {
        if (_exact.TryGetValue(key, out var exact))
            return exact;
        var segments = key.Split('.');
        foreach (var (pattern, found) in _patterns)
        {
            if (Matches(pattern, segments))
                return found;
        }

        return null;
    }

    /// <summary>True where a pattern such as <c>user.*</c> or <c>tunnel.NAME.id</c> takes a key.</summary>
    public static bool Matches(string[] pattern, string[] key)
    {
        var open = pattern[^1] == "*";
        if (open ? key.Length < pattern.Length : key.Length != pattern.Length)
            return false;
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != key[i] && pattern[i] != "*" && !IsPlaceholder(pattern[i]))
                return false;
        }

        return true;
    }

    private static bool IsPattern(string key) => key.Split('.').Any(segment => segment == "*" || IsPlaceholder(segment));

    // NAME, POOL_NAME, <name>; not 1GB.
    private static bool IsPlaceholder(string segment) =>
        segment.Length > 1 && (segment.All(c => c is (>= 'A' and <= 'Z') or '_') || (segment[0] == '<' && segment[^1] == '>'));

    private static Dictionary<string, ConfigCatalog> Read()
    {
        using var stream = typeof(ConfigCatalog).Assembly.GetManifestResourceStream("IncusCompose.Requirements.incus-7.3.json")!;
        using var document = JsonDocument.Parse(stream);
        var entities = document.RootElement.EnumerateObject().ToDictionary(
            entity => entity.Name,
            entity => entity.Value.EnumerateObject().ToDictionary(key => key.Name, key => Parse(key.Value.GetString()!), StringComparer.Ordinal),
            StringComparer.Ordinal);
        foreach (var ofAnyDriver in (string[])["storage_volume", "storage_bucket"])
        {
            entities[ofAnyDriver] = entities.Where(entity => entity.Key.StartsWith(ofAnyDriver + "_", StringComparison.Ordinal))
                .SelectMany(entity => entity.Value).DistinctBy(key => key.Key).ToDictionary(StringComparer.Ordinal);
        }

        return entities.ToDictionary(entity => entity.Key, entity => new ConfigCatalog(entity.Value), StringComparer.Ordinal);
    }

    private static CatalogKey Parse(string text)
    {
        var parts = text.Split("; ");
        return new CatalogKey(parts[0], parts.Length > 1 ? parts[1] : "");
    }
}
