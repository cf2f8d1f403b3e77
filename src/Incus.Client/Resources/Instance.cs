using System.Text.Json;

namespace Incus.Client;

/// <summary>The values of <see cref="Instance.Type"/>.</summary>
public static class InstanceTypes
{
    /// <summary>A container (system or application).</summary>
    public const string Container = "container";

    /// <summary>A virtual machine.</summary>
    public const string VirtualMachine = "virtual-machine";
}

/// <summary>A container or virtual machine (<c>/1.0/instances/NAME</c>).</summary>
public record Instance : NamedResource
{
    /// <summary>State in words: <c>Running</c>, <c>Stopped</c>, <c>Frozen</c>, <c>Error</c>, ...</summary>
    public string Status { get => field ?? ""; init; }

    /// <summary>State as a code.</summary>
    public StatusCode StatusCode { get; init; }

    /// <summary><see cref="InstanceTypes.Container"/> or <see cref="InstanceTypes.VirtualMachine"/>.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Architecture, such as <c>x86_64</c>.</summary>
    public string Architecture { get => field ?? ""; init; }

    /// <summary>The instance's own devices, without those of its profiles.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Devices { get => field ?? NoDevices; init; }

    /// <summary>Configuration with that of the profiles mixed in. Read-only.</summary>
    public IReadOnlyDictionary<string, string> ExpandedConfig { get => field ?? NoConfig; init; }

    /// <summary>Devices with those of the profiles mixed in. Read-only.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> ExpandedDevices { get => field ?? NoDevices; init; }

    /// <summary>Profiles in order; a later one overrides an earlier one.</summary>
    public IReadOnlyList<string> Profiles { get => field ?? []; init; }

    /// <summary>Whether the instance is deleted when it stops.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>Whether the instance has a stored state to resume from.</summary>
    public bool Stateful { get; init; }

    /// <summary>Project it belongs to. Read-only.</summary>
    public string Project { get => field ?? ""; init; }

    /// <summary>Cluster member it lives on; <c>none</c> on a server that is not clustered. Read-only.</summary>
    public string Location { get => field ?? ""; init; }

    /// <summary>When it was created. Read-only.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last started; the year 1 or 1970 when never. Read-only.</summary>
    public DateTimeOffset LastUsedAt { get; init; }
}

/// <summary>An instance with its state, as recursion=2 gives it (extension <c>instance_get_full</c>).</summary>
public sealed record InstanceFull : Instance
{
    /// <summary>Live state; null when the server could not read it.</summary>
    public InstanceState? State { get; init; }

    /// <summary>Snapshots as the server describes them; null when there are none.</summary>
    public JsonElement? Snapshots { get; init; }
}

/// <summary>What to create an instance from and how (<c>POST /1.0/instances</c>).</summary>
public sealed record InstanceCreate
{
    /// <summary>Name; a valid host name of at most 63 characters.</summary>
    public required string Name { get; init; }

    /// <summary>Free text.</summary>
    public string? Description { get; init; }

    /// <summary><see cref="InstanceTypes.Container"/> (default) or <see cref="InstanceTypes.VirtualMachine"/>.</summary>
    public string? Type { get; init; }

    /// <summary>Where the root disk comes from.</summary>
    public required InstanceSource Source { get; init; }

    /// <summary>Architecture; null for the image's own.</summary>
    public string? Architecture { get; init; }

    /// <summary>Configuration.</summary>
    public IReadOnlyDictionary<string, string>? Config { get; init; }

    /// <summary>Devices.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? Devices { get; init; }

    /// <summary>Profiles; null for <c>default</c> alone, empty for none.</summary>
    public IReadOnlyList<string>? Profiles { get; init; }

    /// <summary>Delete when stopped.</summary>
    public bool Ephemeral { get; init; }

    /// <summary>Cloud instance type such as <c>t2.micro</c> or <c>c2-m4</c>, for limits.</summary>
    public string? InstanceType { get; init; }

    /// <summary>Start it in the same operation (extension <c>instance_create_start</c>; where the server lacks it,
    /// <see cref="InstanceApi.CreateAsync"/> fails before anything is created).</summary>
    public bool Start { get; init; }
}

/// <summary>The values of <see cref="InstanceSource.Type"/>.</summary>
public static class InstanceSourceTypes
{
    /// <summary>From an image.</summary>
    public const string Image = "image";

    /// <summary>An empty root disk.</summary>
    public const string None = "none";

    /// <summary>A copy of another instance or snapshot.</summary>
    public const string Copy = "copy";
}

/// <summary>The source of a new or rebuilt instance.</summary>
public sealed record InstanceSource
{
    /// <summary>One of <see cref="InstanceSourceTypes"/>.</summary>
    public string Type { get => field ?? InstanceSourceTypes.Image; init; }

    /// <summary>Image alias, local or (with <see cref="Server"/>) on the image server.</summary>
    public string? Alias { get; init; }

    /// <summary>Image fingerprint (or an unambiguous beginning of it).</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Image properties to select the image by.</summary>
    public IReadOnlyDictionary<string, string>? Properties { get; init; }

    /// <summary>Address of the image server that the Incus server fetches from.</summary>
    public string? Server { get; init; }

    /// <summary><c>simplestreams</c>, <c>incus</c> or <c>oci</c> (extension <c>instance_oci</c>).</summary>
    public string? Protocol { get; init; }

    /// <summary><c>pull</c> for an image from another server.</summary>
    public string? Mode { get; init; }

    /// <summary>Certificate (PEM) of the image server where it is not signed by a known authority.</summary>
    public string? Certificate { get; init; }

    /// <summary>Name of the instance (or <c>instance/snapshot</c>) to copy.</summary>
    public string? Source { get; init; }

    /// <summary>Project of the source of a copy.</summary>
    public string? Project { get; init; }

    /// <summary>Copy without snapshots.</summary>
    public bool? InstanceOnly { get; init; }

    /// <summary>Give the source's root disk to an instance that exists and is stopped (extension
    /// <c>container_incremental_copy</c>); its configuration and devices stay.</summary>
    public bool? Refresh { get; init; }

    /// <summary>A local image by its alias.</summary>
    /// <param name="alias">The alias.</param>
    /// <returns>The source.</returns>
    public static InstanceSource FromAlias(string alias) => new() { Type = InstanceSourceTypes.Image, Alias = alias };

    /// <summary>A local image by its fingerprint.</summary>
    /// <param name="fingerprint">The fingerprint.</param>
    /// <returns>The source.</returns>
    public static InstanceSource FromFingerprint(string fingerprint) => new() { Type = InstanceSourceTypes.Image, Fingerprint = fingerprint };

    /// <summary>A copy of another instance of the project, without its snapshots.</summary>
    /// <param name="source">Its name, or <c>instance/snapshot</c>.</param>
    /// <param name="refresh">See <see cref="Refresh"/>.</param>
    /// <returns>The source.</returns>
    public static InstanceSource FromCopy(string source, bool refresh = false) =>
        new() { Type = InstanceSourceTypes.Copy, Source = source, InstanceOnly = true, Refresh = refresh ? true : null };

    /// <summary>Another instance of the same server (extension <c>container_copy_project</c> for one of another project).</summary>
    /// <param name="instance">Its name; <c>instance/snapshot</c> for one of its snapshots.</param>
    /// <param name="project">Its project; null for that of the request.</param>
    /// <param name="withoutSnapshots">True to leave its snapshots out.</param>
    /// <returns>The source.</returns>
    public static InstanceSource FromInstance(string instance, string? project = null, bool withoutSnapshots = false) => new()
    {
        Type = InstanceSourceTypes.Copy,
        Source = instance,
        Project = project,
        InstanceOnly = withoutSnapshots,
    };

    /// <summary>No image: an empty root disk.</summary>
    /// <returns>The source.</returns>
    public static InstanceSource Empty() => new() { Type = InstanceSourceTypes.None };
}
