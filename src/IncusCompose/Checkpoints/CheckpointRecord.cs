using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Incus.Client;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Checkpoints;

/// <summary>
/// What a checkpoint is, as it is kept on the server: one line of JSON in the configuration of a small empty volume, which
/// outlives every resource of the stack.
/// </summary>
internal sealed record CheckpointRecord
{
    /// <summary>The volume's key with the record.</summary>
    public const string Key = OwnershipMark.Prefix + "checkpoint";

    /// <summary>The volume's key that tells which checkpoint is live: the highest number of a stack.</summary>
    public const string LiveKey = OwnershipMark.Prefix + "checkpoint-live";

    /// <summary>The key of a kept copy that says which checkpoint it belongs to (<see cref="Id"/>).</summary>
    public const string CopyKey = OwnershipMark.Prefix + "checkpoint-copy";

    /// <summary>The key of an instance's kept copy with its definition.</summary>
    public const string DefinitionKey = OwnershipMark.Prefix + "checkpoint-definition";

    // A host name has at most so many characters.
    private const int LongestName = 63;

    /// <summary>Tells it from others of its name, before or after it.</summary>
    public required string Id { get; init; }

    public required string Name { get; init; }

    public required string Stack { get; init; }

    public required string Project { get; init; }

    public string Description { get; init; } = "";

    public bool Complete { get; init; }

    public bool Quiesced { get; init; }

    public bool Copies { get; init; }

    /// <summary>True where an apply took it for itself.</summary>
    public bool OfApply { get; init; }

    /// <summary>The ids of the checkpoints that it stands on, nearest first.</summary>
    public IReadOnlyList<string> Ancestors { get; init; } = [];

    /// <summary>All that the stack owned, taken in or not.</summary>
    public IReadOnlyList<string> Present { get; init; } = [];

    public IReadOnlyList<KeptInstance> Instances { get; init; } = [];

    public IReadOnlyList<KeptVolume> Volumes { get; init; } = [];

    public IReadOnlyList<KeptDefinition> Networks { get; init; } = [];

    public IReadOnlyList<KeptDefinition> Profiles { get; init; } = [];

    public IReadOnlyList<KeptDefinition> Projects { get; init; } = [];

    public IReadOnlyList<KeptDefinition> StoragePools { get; init; } = [];

    /// <summary>What there is no more to than its definition, such as network ACLs and zones; what others stand on comes first. Empty in records of earlier versions.</summary>
    public IReadOnlyList<KeptResource> Definitions { get; init; } = [];

    /// <summary>The name of the volume that holds the record: there is one for each name in a stack.</summary>
    public static string VolumeNameOf(string project, string stack, string name) => $"checkpoint-{Hash($"{project}/{stack}/{name}", 12)}";

    /// <summary>The name of the kept copy of an instance or volume.</summary>
    public static string CopyNameOf(string checkpointId, string name)
    {
        var end = $"-checkpoint-{Hash($"{checkpointId}/{name}", 8)}";
        return (name.Length + end.Length > LongestName ? name[..(LongestName - end.Length)] : name) + end;
    }

    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));

    /// <summary>Reads the text of <see cref="ToString"/>; null for what is none.</summary>
    public static CheckpointRecord? Parse(string? text) => CheckpointJson.Parse(text, CheckpointJson.Default.CheckpointRecord);

    public override string ToString() => JsonSerializer.Serialize(this, CheckpointJson.Default.CheckpointRecord);

    /// <summary>The instances of a name, which is an instance's or that of a definition: that stands for all of its replicas.</summary>
    public IReadOnlyList<KeptInstance> Named(string name) =>
        Instances.FirstOrDefault(instance => instance.Name == name) is { } only ? [only] : [.. Instances.Where(instance => instance.IsOf(name))];

    public IEnumerable<CheckpointMember> Members() =>
    [
        .. Projects.Select(project => new CheckpointMember(ProjectKind.IdOf(project.Name), "")),
        .. StoragePools.Select(pool => new CheckpointMember(StoragePoolKind.IdOf(pool.Name), "")),
        .. Definitions.Select(kept => new CheckpointMember(kept.Id, "")),
        .. Networks.Select(network => new CheckpointMember(NetworkKind.IdOf(network.Name), "")),
        .. Volumes.Select(volume => new CheckpointMember(volume.Id, "")),
        .. Profiles.Select(profile => new CheckpointMember(ProfileKind.IdOf(profile.Name), "")),
        .. Instances.Select(instance => new CheckpointMember(instance.Id, instance.Status)),
    ];

    private static string Hash(string text, int length) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..length];
}

/// <summary>An instance in a checkpoint.</summary>
internal sealed record KeptInstance
{
    public required string Name { get; init; }

    /// <summary>The name of its definition, which a replica shares with others; null in records of earlier versions.</summary>
    public string? Definition { get; init; }

    /// <summary>The server's word, such as <c>Running</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Container or virtual machine; null in records of earlier versions.</summary>
    public string? Type { get; init; }

    /// <summary>The pool of its root disk; null in records of earlier versions.</summary>
    public string? Pool { get; init; }

    /// <summary>Its profiles, which its snapshot does not bring back; null in records of earlier versions.</summary>
    public IReadOnlyList<string>? Profiles { get; init; }

    /// <summary>Its description, which its snapshot does not bring back; null in records of earlier versions.</summary>
    public string? Description { get; init; }

    /// <summary>The name of the copy that outlives it; null where none is kept.</summary>
    public string? Copy { get; init; }

    /// <summary>When its snapshot was taken: one of the same name with another time is somebody else's.</summary>
    public DateTimeOffset? Taken { get; init; }

    /// <summary>The resources that it used, as <see cref="ResourceId"/>s.</summary>
    public IReadOnlyList<string> Uses { get; init; } = [];

    [JsonIgnore]
    public ResourceId Id => InstanceKind.IdOf(Name);

    /// <summary>True where this is the name of its definition.</summary>
    public bool IsOf(string definition) => Definition is null ? Replicas.NumberOf(definition, Name) is not null : Definition == definition;

    /// <summary>True for one that cannot take this one's content: another type, or a root disk elsewhere.</summary>
    public bool IsUnlike(Instance other) => (Type is not null && Type != other.Type) || (Pool is not null && Pool != PoolOf(other));

    /// <summary>The pool of an instance's root disk.</summary>
    public static string? PoolOf(Instance instance) =>
        instance.ExpandedDevices.Values.FirstOrDefault(IsRootDisk)?.GetValueOrDefault("pool");

    public static bool IsRootDisk(IReadOnlyDictionary<string, string> device) =>
        device.GetValueOrDefault("type") == "disk" && device.GetValueOrDefault("path") == "/";
}

/// <summary>A custom volume in a checkpoint.</summary>
internal sealed record KeptVolume
{
    public required string Pool { get; init; }

    public required string Name { get; init; }

    /// <inheritdoc cref="KeptInstance.Copy"/>
    public string? Copy { get; init; }

    /// <inheritdoc cref="KeptInstance.Taken"/>
    public DateTimeOffset? Taken { get; init; }

    public string ContentType { get; init; } = "";

    public string Description { get; init; } = "";

    public IReadOnlyDictionary<string, string> Config { get; init; } = new Dictionary<string, string>();

    [JsonIgnore]
    public ResourceId Id => VolumeKind.IdOf(Pool, Name);
}

/// <summary>What a network, a profile, a project, a pool or an instance was.</summary>
internal sealed record KeptDefinition
{
    public required string Name { get; init; }

    /// <summary>A network's type.</summary>
    public string? Type { get; init; }

    public string Description { get; init; } = "";

    public IReadOnlyDictionary<string, string> Config { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? Devices { get; init; }

    /// <summary>What each member of a cluster has of its own of a network or pool; null where nothing is known of that.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? Members { get; init; }

    public IReadOnlyList<string>? Profiles { get; init; }

    public bool? Ephemeral { get; init; }

    public static KeptDefinition Of(Network network) =>
        new() { Name = network.Name, Type = network.Type, Description = network.Description, Config = network.Config, Members = network.Members.Count == 0 ? null : network.Members };

    /// <summary>The network that it was.</summary>
    public Network ToNetwork() => new() { Name = Name, Type = Type ?? "", Description = Description, Config = Config, Members = Members ?? new Dictionary<string, IReadOnlyDictionary<string, string>>() };

    public static KeptDefinition Of(Profile profile) =>
        new() { Name = profile.Name, Description = profile.Description, Config = profile.Config, Devices = profile.Devices };

    public static KeptDefinition Of(Project project) => new() { Name = project.Name, Description = project.Description, Config = project.Config };

    public static KeptDefinition Of(StoragePool pool) => new() { Name = pool.Name, Description = pool.Description, Config = pool.Config };

    public static KeptDefinition Of(Instance instance) => new()
    {
        Name = instance.Name,
        Description = instance.Description,
        Config = instance.Config,
        Devices = instance.Devices,
        Profiles = instance.Profiles,
        Ephemeral = instance.Ephemeral,
    };

    /// <summary>Reads the text of <see cref="ToString"/>; null for what is none.</summary>
    public static KeptDefinition? Parse(string? text) => CheckpointJson.Parse(text, CheckpointJson.Default.KeptDefinition);

    public override string ToString() => JsonSerializer.Serialize(this, CheckpointJson.Default.KeptDefinition);

    /// <summary>True where it was the stack's own. (The default profile of a project that the stack made bears no mark until it is changed.)</summary>
    [JsonIgnore]
    public bool IsMarked => OwnershipMark.Read(Config) is not null;

    /// <summary>True where a network, profile, project or pool is as it was; what the server notes by itself does not count.</summary>
    public bool SameAs(KeptDefinition other) =>
        Type == other.Type && Description == other.Description && SameMap(Settings(Config), Settings(other.Config)) && SameDevices(Devices, other.Devices)
        && (Members is null || other.Members is null || SameDevices(Members, other.Members));

    public static bool SameMap(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) =>
        one.Count == other.Count && !one.Except(other).Any();

    private static bool SameDevices(
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? one, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? other) =>
        (one?.Count ?? 0) == (other?.Count ?? 0)
        && (one is null || one.All(device => other!.TryGetValue(device.Key, out var same) && SameMap(device.Value, same)));

    private static Dictionary<string, string> Settings(IReadOnlyDictionary<string, string> config) =>
        config.Where(entry => !entry.Key.StartsWith("volatile.", StringComparison.Ordinal)).ToDictionary();
}

[JsonSerializable(typeof(CheckpointRecord))]
[JsonSerializable(typeof(KeptDefinition))]
[JsonSourceGenerationOptions(
    WriteIndented = false, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class CheckpointJson : JsonSerializerContext
{
    public static T? Parse<T>(string? text, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return string.IsNullOrEmpty(text) ? null : JsonSerializer.Deserialize(text, type);
        }
        catch (JsonException)
        {
            // Somebody spoilt it.
            return null;
        }
    }
}
