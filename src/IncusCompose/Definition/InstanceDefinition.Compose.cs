namespace IncusCompose.Definition;

/// <content>Words of compose that are more than another way to write configuration.</content>
public sealed partial record InstanceDefinition
{
    /// <summary>What the instance calls itself; null: its name.</summary>
    public string? Hostname { get; init; }

    /// <summary>Name servers that it asks, instead of its networks' own.</summary>
    public IReadOnlyList<string> Dns { get; init; } = [];

    /// <summary>Domains that it looks for short names in, instead of its networks' own.</summary>
    public IReadOnlyList<string> DnsSearch { get; init; } = [];

    /// <summary>Options of its resolver (<c>resolv.conf(5)</c>).</summary>
    public IReadOnlyList<string> DnsOptions { get; init; } = [];

    /// <summary>Names that it knows beside those of its networks.</summary>
    public IReadOnlyList<ExtraHost> ExtraHosts { get; init; } = [];

    /// <summary>A fixed MAC address of its first interface; null: the server's choice.</summary>
    public string? MacAddress { get; init; }

    /// <summary>True where it is on no network, whatever its profiles say.</summary>
    public bool NoNetwork { get; init; }

    /// <summary>True where it has the host's own network interfaces in the place of its own.</summary>
    public bool HostNetwork { get; init; }

    /// <summary>True where it has the host's own shared memory and message queues in the place of its own.</summary>
    public bool HostIpc { get; init; }

    /// <summary>True where it is called what the host is called.</summary>
    public bool HostUts { get; init; }

    /// <summary>Numbers of groups that its process has beside its own.</summary>
    public IReadOnlyList<string> ExtraGroups { get; init; } = [];

    /// <summary>True where it may not write to its root disk.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>The signal that asks it to stop, such as <c>SIGQUIT</c>; null: the image's, or Incus's own.</summary>
    public string? StopSignal { get; init; }

    /// <summary>Capabilities that it is given, as the kernel names them without <c>CAP_</c>, in small letters; <c>all</c>.</summary>
    public IReadOnlyList<string> CapAdd { get; init; } = [];

    /// <summary>Capabilities that are taken from it, likewise.</summary>
    public IReadOnlyList<string> CapDrop { get; init; } = [];

    /// <summary>True where nothing that it runs can gain privileges (<c>no_new_privs</c>).</summary>
    public bool NoNewPrivileges { get; init; }

    /// <summary>True where AppArmor does not confine it.</summary>
    public bool AppArmorUnconfined { get; init; }

    /// <summary>
    /// The arguments that its image's own entry point is started with, in place of the image's own ones; null: what the image
    /// says. Where <c>oci.entrypoint</c> is said, that is all.
    /// </summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>
    /// The user that its image's program runs as, and the group if one is said, by names that the image knows:
    /// <c>app</c>, <c>app:www</c>; null: as the image, or <c>oci.uid</c> and <c>oci.gid</c>, say.
    /// </summary>
    public string? ProcessUser { get; init; }

    /// <summary>What its words of compose said until all of them were known; null once they were made into the rest.</summary>
    internal Loading.Keys.ComposeDraft? Draft { get; init; }
}

/// <summary>A name that an instance knows an address of.</summary>
/// <param name="Name">The name.</param>
/// <param name="Address">An IP address.</param>
public sealed record ExtraHost(string Name, string Address);
