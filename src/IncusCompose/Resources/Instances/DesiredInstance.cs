using IncusCompose.Definition;
using IncusCompose.Guests;
using IncusCompose.Provision;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources.Instances;

/// <summary>An instance as it should be, with what depends on its profiles.</summary>
internal sealed record DesiredInstance : DesiredResource
{
    /// <summary>The storage pool of the root disk, wherever the word for it stands; null where there is no telling.</summary>
    public string? RootPool { get; init; }

    /// <summary>Its root disk as it is; null where it is not there yet.</summary>
    public RootDisk? RootDisk { get; init; }

    /// <summary>The file's own word for its image: a reference, or a key of <c>images:</c>.</summary>
    public required string ImageWord { get; init; }

    /// <summary>The fingerprint that the word leads to on the server now; null where the image is not there.</summary>
    public string? ImageFingerprint { get; init; }

    /// <summary>The digest of that image in its registry; null where it comes from none, or is not followed.</summary>
    public string? ImageDigest { get; init; }

    /// <summary>Variables that become its new image's where it is rebuilt; null: it has none of it.</summary>
    public IReadOnlyDictionary<string, string?> ImageEnvironment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Where the file says the user that it runs as; null where it does not.</summary>
    public string? UserPlace { get; init; }

    /// <summary>The configuration that comes from its profiles.</summary>
    public required IReadOnlyDictionary<string, string> ProfileConfig { get; init; }

    /// <summary>Folders of the host that it mounts, and that are made where they are not there.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>New volumes that get what its image has where they are mounted.</summary>
    public IReadOnlyList<VolumeFill> Fills { get; init; } = [];

    /// <summary>What is made of it once it is ready.</summary>
    public IReadOnlyList<PlannedStep> Steps { get; init; } = [];

    /// <summary>The files that it is to have.</summary>
    public IReadOnlyList<GuestFile> Files { get; init; } = [];

    /// <summary>What was seen of its files; null where it could not be looked into.</summary>
    public GuestLook? Look { get; init; }

    /// <summary>Its own configuration, but for what is added for SSH.</summary>
    public required IReadOnlyDictionary<string, string> OwnConfig { get; init; }

    /// <summary>Where in a cluster it is to be; null where the server chooses.</summary>
    public Place? Place { get; init; }

    /// <summary>The definition that it is a replica of; null where it is the only one.</summary>
    public string? Group { get; init; }

    /// <summary>How it is changed where a change restarts it or makes it anew.</summary>
    public UpdateDefinition Update { get; init; } = new();
}

