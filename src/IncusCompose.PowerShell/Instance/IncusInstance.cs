using Incus.Client;
using IncusCompose.Instances;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell;

/// <summary>A container or virtual machine as it is right now, with the way back to the server it lives on.</summary>
public sealed record IncusInstance
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The project it belongs to.</summary>
    public required string Project { get; init; }

    /// <summary>The server it lives on, as <see cref="IncusServer.Name"/> has it.</summary>
    public required string Server { get; init; }

    /// <summary>What the server says of it.</summary>
    public required Instance Info { get; init; }

    /// <summary>The live state; null where it was not asked for or the instance does not run.</summary>
    public InstanceState? State { get; init; }

    /// <summary><c>Running</c>, <c>Stopped</c>, <c>Frozen</c>, <c>Error</c>, …</summary>
    public string Status => State?.Status ?? Info.Status;

    /// <summary><c>container</c> or <c>virtual-machine</c>.</summary>
    public string Type => Info.Type;

    /// <summary>Free text about it.</summary>
    public string Description => Info.Description;

    /// <summary>The stack that owns it; null where none does.</summary>
    public string? Stack => InstanceFacts.StackOf(Info);

    /// <summary>What it was created from, in the image's own words; null where that is not known.</summary>
    public string? Image => InstanceFacts.ImageOf(Info);

    /// <summary>Its profiles in order.</summary>
    public IReadOnlyList<string> Profiles => Info.Profiles;

    /// <summary>Global IPv4 addresses, without prefix length.</summary>
    public IReadOnlyList<string> Ipv4 => InstanceFacts.AddressesOf(State, "inet");

    /// <summary>Global IPv6 addresses, without prefix length.</summary>
    public IReadOnlyList<string> Ipv6 => InstanceFacts.AddressesOf(State, "inet6");

    /// <summary>Published ports, such as <c>0.0.0.0:8080->80/tcp</c>.</summary>
    public IReadOnlyList<string> Ports => InstanceFacts.PortsOf(Info);

    /// <summary>Memory in use, in bytes; null where it does not run.</summary>
    public long? MemoryUsage => State?.Memory.Usage;

    /// <summary>Number of processes; null where it does not run.</summary>
    public long? Processes => State?.Processes;

    /// <summary>Whether it is deleted when it stops.</summary>
    public bool Ephemeral => Info.Ephemeral;

    /// <summary>Its architecture, such as <c>x86_64</c>.</summary>
    public string Architecture => Info.Architecture;

    /// <summary>The cluster member it lives on; <c>none</c> where there is no cluster.</summary>
    public string Location => Info.Location;

    /// <summary>When it was created.</summary>
    public DateTimeOffset CreatedAt => Info.CreatedAt;

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    internal static IncusInstance From(ServerConnection connection, Instance instance, InstanceState? state) => new()
    {
        Name = instance.Name,
        Project = instance.Project.Length > 0 ? instance.Project : connection.Project,
        Server = connection.Server,
        Info = instance,
        State = state,
    };
}
