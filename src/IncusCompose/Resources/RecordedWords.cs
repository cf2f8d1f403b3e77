using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using IncusCompose.Definition;
using IncusCompose.Loading.Keys;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Ssh;

namespace IncusCompose.Resources;

/// <summary>
/// Words of the file that must be known without the file, by whoever has only the stack's name: how to tell that an
/// instance is healthy, how to log in, what outlives it. Each is recorded on its instance as a configuration key with one line of JSON, and
/// goes through the plan like every other property.
/// </summary>
internal static partial class RecordedWords
{
    /// <summary>What must be true of the instance before it counts as ready.</summary>
    public const string Ready = OwnershipMark.Prefix + "ready";

    /// <summary>How to tell that it is healthy.</summary>
    public const string Healthcheck = OwnershipMark.Prefix + "healthcheck";

    /// <summary>Who may log in by SSH.</summary>
    public const string Ssh = OwnershipMark.Prefix + "ssh";

    /// <summary>What is run around its changes.</summary>
    public const string Hooks = OwnershipMark.Prefix + "hooks";

    /// <summary>The folders of the host that outlive it.</summary>
    public const string Persist = OwnershipMark.Prefix + "persist";

    /// <summary>What it calls itself, and the names that it knows.</summary>
    public const string Names = OwnershipMark.Prefix + "names";

    /// <summary>What its image runs by itself, where the file says only its arguments.</summary>
    public const string Entrypoint = OwnershipMark.Prefix + "entrypoint";

    /// <summary>The user that it runs as, where the file says a name.</summary>
    public const string User = OwnershipMark.Prefix + "user";

    /// <summary>How its image says that it is healthy, where the file does not.</summary>
    public const string ImageHealthcheck = OwnershipMark.Prefix + "image-healthcheck";

    /// <summary>Which of the runs of a command an instance was made for: a random word, so that no other run takes it for its own.</summary>
    public const string Run = OwnershipMark.Prefix + "run";

    private static readonly HashSet<string> s_keys = [Ready, Healthcheck, Ssh, Hooks, Persist, Names, Entrypoint, User, ImageHealthcheck, Run];

    /// <summary>True for a configuration key that records a word of the file.</summary>
    public static bool Contains(string key) => s_keys.Contains(key);

    /// <summary>The words of an instance as configuration.</summary>
    public static IEnumerable<(string Key, string Value)> Of(InstanceDefinition instance)
    {
        if (instance.Ready is { } ready)
            yield return (Ready, JsonSerializer.Serialize(ready, WordsJson.Default.ReadinessDefinition));
        if (instance.Healthcheck is { } check)
            yield return (Healthcheck, JsonSerializer.Serialize(check, WordsJson.Default.HealthCheckDefinition));
        if (instance.Ssh is { } ssh)
            yield return (Ssh, JsonSerializer.Serialize(ssh, WordsJson.Default.SshDefinition));
        if (instance.Hooks is { } hooks)
            yield return (Hooks, Write(hooks));
        if (instance.Persist.Count > 0)
            yield return (Persist, JsonSerializer.Serialize(instance.Persist, WordsJson.Default.IReadOnlyListPersistedFolder));
        if (NamesDefinition.Of(instance) is { } names)
            yield return (Names, JsonSerializer.Serialize(names, WordsJson.Default.NamesDefinition));
    }

    /// <summary>Hooks as the value of their key.</summary>
    public static string Write(HooksDefinition hooks) => JsonSerializer.Serialize(hooks, WordsJson.Default.HooksDefinition);

    /// <summary>The run that an instance was made for; null for every other one.</summary>
    public static string? ReadRun(LiveResource? live) => (live?.Raw as Incus.Client.Instance)?.Config.GetValueOrDefault(Run);

    /// <summary>The run that an instance is made for; null for every other one.</summary>
    public static string? ReadRun(PropertyBag properties) => ResourceFields.From(properties).Config.GetValueOrDefault(Run);

    public static ReadinessDefinition? ReadReady(IReadOnlyDictionary<string, string> config) =>
        Read(config, Ready, WordsJson.Default.ReadinessDefinition);

    /// <summary>How to tell that an instance is healthy: as its file says, else as its image does.</summary>
    public static HealthCheckDefinition? ReadHealthcheck(IReadOnlyDictionary<string, string> config) =>
        ReadOwnHealthcheck(config) ?? ReadImageHealthcheck(config)?.Effective;

    public static HealthCheckDefinition? ReadOwnHealthcheck(IReadOnlyDictionary<string, string> config) =>
        Read(config, Healthcheck, WordsJson.Default.HealthCheckDefinition);

    /// <summary>The check of the image that an instance was made from; null where it was not asked for.</summary>
    public static ImageHealthcheck? ReadImageHealthcheck(IReadOnlyDictionary<string, string> config) =>
        Read(config, ImageHealthcheck, WordsJson.Default.ImageHealthcheck) is { Image: not null, Check: null or { Probe: not null } } check ? check : null;

    /// <summary>Who may log in; null too where the user's name could be none, as whoever may edit the instance can write.</summary>
    public static SshDefinition? ReadSsh(IReadOnlyDictionary<string, string> config) =>
        Read(config, Ssh, WordsJson.Default.SshDefinition) is { User: { } user } ssh && SshShapes.User.Accepts(user) ? ssh : null;

    public static HooksDefinition? ReadHooks(IReadOnlyDictionary<string, string> config) =>
        Read(config, Hooks, WordsJson.Default.HooksDefinition);

    public static IReadOnlyList<PersistedFolder> ReadPersist(IReadOnlyDictionary<string, string> config) =>
        [.. (Read(config, Persist, WordsJson.Default.IReadOnlyListPersistedFolder) ?? []).Where(folder => folder is { Source: not null, Target: not null })];

    public static NamesDefinition? ReadNames(IReadOnlyDictionary<string, string> config) =>
        Read(config, Names, WordsJson.Default.NamesDefinition) is { Servers: not null, Search: not null, Options: not null, Hosts: not null } names ? names : null;

    /// <summary>The entry point of the image that an instance was made from; null where it was not asked for.</summary>
    public static ImageEntrypoint? ReadEntrypoint(IReadOnlyDictionary<string, string> config) =>
        Read(config, Entrypoint, WordsJson.Default.ImageEntrypoint) is { Image: not null, Words: not null } entrypoint ? entrypoint : null;

    /// <summary>The user that an instance runs as, where its file says a name.</summary>
    public static ProcessUser? ReadUser(IReadOnlyDictionary<string, string> config) =>
        Read(config, User, WordsJson.Default.ProcessUser) is { Name.Length: > 0 } user ? user : null;

    public static string Write(ProcessUser user) => JsonSerializer.Serialize(user, WordsJson.Default.ProcessUser);

    public static string Write(ImageHealthcheck check) => JsonSerializer.Serialize(check, WordsJson.Default.ImageHealthcheck);

    public static string Write(ImageEntrypoint entrypoint) => JsonSerializer.Serialize(entrypoint, WordsJson.Default.ImageEntrypoint);

    /// <summary>The hooks of an instance as it should be.</summary>
    public static HooksDefinition? ReadHooks(PropertyBag properties) => ReadHooks(ResourceFields.From(properties).Config);

    /// <summary>A recorded value as people read it; no secret that may stand in a command is in it.</summary>
    public static string Show(string key, string value)
    {
        var config = new Dictionary<string, string> { [key] = value };
        return key switch
        {
            Ready when ReadReady(config) is { } ready => string.Join(", ", ready.Gates.Select(gate => gate.Wanted)),
            Healthcheck when ReadOwnHealthcheck(config) is { } check => Describe(check),
            User when ReadUser(config) is { } user => user.Name,
            ImageHealthcheck when ReadImageHealthcheck(config) is { } image => image.Effective is { } own ? Describe(own) : "none",
            Ssh when ReadSsh(config) is { } ssh => $"{ssh.User} by {string.Join(", ", ssh.Keys.Select(PublicKeys.Describe))}",
            Hooks when ReadHooks(config) is { } hooks => string.Join(", ", hooks.Points.Select(point => $"{HooksDefinition.WordOf(point.Key)}: {string.Join(" ", point.Value)}")),
            Persist when ReadPersist(config) is { Count: > 0 } folders => string.Join(", ", folders.Select(folder => $"{folder.Source} at {folder.Target}")),
            Entrypoint when ReadEntrypoint(config) is { } entrypoint => entrypoint.ToString(),
            Names when ReadNames(config) is { } names => names.ToString(),
            _ => $"({value.Length} characters)",
        };
    }

    private static string Describe(HealthCheckDefinition check) =>
        $"{check.Probe.Wanted} every {Duration.Format(check.Interval)}, {check.Retries} time{(check.Retries == 1 ? "" : "s")}";

    /// <summary>A recorded value; null where there is none, and where somebody spoilt it: the next apply writes it anew.</summary>
    private static T? Read<T>(IReadOnlyDictionary<string, string> config, string key, JsonTypeInfo<T> type)
        where T : class
    {
        if (!config.TryGetValue(key, out var text) || text.Length == 0)
            return null;
        try
        {
            return JsonSerializer.Deserialize(text, type);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    [JsonSerializable(typeof(ReadinessDefinition))]
    [JsonSerializable(typeof(HealthCheckDefinition))]
    [JsonSerializable(typeof(SshDefinition))]
    [JsonSerializable(typeof(HooksDefinition))]
    [JsonSerializable(typeof(IReadOnlyList<PersistedFolder>))]
    [JsonSerializable(typeof(NamesDefinition))]
    [JsonSerializable(typeof(ImageEntrypoint))]
    [JsonSerializable(typeof(ImageHealthcheck))]
    [JsonSerializable(typeof(ProcessUser))]
    [JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
    private sealed partial class WordsJson : JsonSerializerContext;
}
