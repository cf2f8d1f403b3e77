using IncusCompose.Diagnostics;

namespace IncusCompose.Resources;

/// <summary>
/// The paths of a <see cref="PropertyBag"/>: <c>config/KEY</c>, <c>devices/NAME/KEY</c>, or a bare word.
/// Slashes, since configuration keys and device names hold dots. A device name may hold a slash; its options' names do not.
/// </summary>
internal static class PropertyPath
{
    public const string Description = "description";
    public const string Type = "type";
    public const string Ephemeral = "ephemeral";
    public const string Profiles = "profiles";
    public const string Driver = "driver";
    public const string ContentType = "content_type";
    public const string Status = "status";

    /// <summary>The member of the cluster that an instance or a volume is on, or <c>@</c> and a group of members.</summary>
    public const string Target = "target";

    /// <summary>The image reference of an instance: the server knows only the fingerprint that it led to.</summary>
    public const string Image = "image";

    /// <summary>The instances that an instance waits for.</summary>
    public const string DependsOn = "depends_on";

    private const string ConfigPrefix = "config/";
    private const string DevicesPrefix = "devices/";
    private const string BucketKeysPrefix = "keys/";

    /// <summary>The lists of <see cref="Item"/>, whose items' names may hold anything.</summary>
    private static readonly string[] s_itemLists = ["ingress", "egress", "addresses", "ports", "backends", "entries"];

    public static string Config(string key) => ConfigPrefix + key;

    public static string Device(string device, string key) => $"{DevicesPrefix}{device}/{key}";

    public static bool IsConfig(string path, out string key)
    {
        var found = path.StartsWith(ConfigPrefix, StringComparison.Ordinal);
        key = found ? path[ConfigPrefix.Length..] : "";
        return found;
    }

    public static bool IsDevice(string path, out string device, out string key)
    {
        device = key = "";
        if (!path.StartsWith(DevicesPrefix, StringComparison.Ordinal))
            return false;
        var rest = path[DevicesPrefix.Length..];
        var cut = rest.LastIndexOf('/');
        device = rest[..cut];
        key = rest[(cut + 1)..];
        return true;
    }

    /// <summary>What a key of a bucket is made of. Neither its name nor that of what it is made of holds a slash.</summary>
    public static string BucketKey(string key, string field) => $"{BucketKeysPrefix}{key}/{field}";

    /// <summary>True for a part of a bucket's key.</summary>
    public static bool IsBucketKey(string path, out string key, out string field)
    {
        key = field = "";
        if (!path.StartsWith(BucketKeysPrefix, StringComparison.Ordinal))
            return false;
        var cut = path.LastIndexOf('/');
        key = path[BucketKeysPrefix.Length..Math.Max(cut, BucketKeysPrefix.Length)];
        field = path[(cut + 1)..];
        return true;
    }

    /// <summary>An item of a list that Incus keeps in no order, by what it is known by.</summary>
    public static string Item(string list, string key) => $"{list}/{key}";

    /// <summary>True for an item of the list.</summary>
    public static bool IsItem(string path, string list, out string key)
    {
        var found = path.Length > list.Length && path[list.Length] == '/' && path.StartsWith(list, StringComparison.Ordinal);
        key = found ? path[(list.Length + 1)..] : "";
        return found;
    }

    /// <summary>True for what only the stack's own record knows, not the server.</summary>
    public static bool IsEngineOnly(string path) => path is Image or DependsOn;

    /// <summary>True where the value is a secret or holds one.</summary>
    public static bool IsSecret(string path, string value) => Secrets.Mask(KeyOf(path), value) != value;

    /// <summary>The path as people write it: <c>config.limits.memory</c>; an item of a list as <c>ingress[protocol=tcp]</c>.</summary>
    public static string Display(string path) => s_itemLists.FirstOrDefault(list => IsItem(path, list, out _)) is { } list
        ? $"{list}[{path[(list.Length + 1)..]}]"
        : path.Replace('/', '.');

    /// <summary>The value as it may be shown: secrets masked, cloud-init data described by its size.</summary>
    public static string? Show(string path, string? value)
    {
        if (value is null)
            return null;
        var key = KeyOf(path);
        if (RecordedWords.Contains(key))
            return RecordedWords.Show(key, value);
        return Secrets.IsCloudInit(key) ? $"({value.Length} characters)" : Secrets.Mask(key, value);
    }

    private static string KeyOf(string path) => IsConfig(path, out var key) || IsDevice(path, out _, out key) || IsBucketKey(path, out _, out key) ? key : path;
}
