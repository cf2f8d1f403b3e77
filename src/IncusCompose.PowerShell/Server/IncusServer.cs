using Incus.Client;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell;

/// <summary>A server that can be worked with; what <c>Connect-IncusServer</c> and <c>Get-IncusServer</c> return.</summary>
public sealed record IncusServer
{
    // PowerShell would make a server of any record that has one of the properties.
    internal IncusServer()
    {
    }

    /// <summary>What it is called here: a remote's name or a socket's path. The value for <c>-Remote</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The project that commands work in.</summary>
    public required string Project { get; init; }

    /// <summary>The address in use: <c>unix:///path</c> or <c>https://host:port</c>.</summary>
    public required string Address { get; init; }

    /// <summary>Incus's version, such as <c>6.0.4</c>.</summary>
    public required string Version { get; init; }

    /// <summary>The server's own name (on a cluster: of the member that answered).</summary>
    public required string ServerName { get; init; }

    /// <summary>Whether it is a cluster.</summary>
    public required bool Clustered { get; init; }

    /// <summary>How the client was authenticated: <c>unix</c>, <c>tls</c> or <c>oidc</c>.</summary>
    public required string AuthMethod { get; init; }

    /// <summary>Instance drivers: <c>lxc</c>, <c>qemu</c> or both.</summary>
    public required IReadOnlyList<string> Drivers { get; init; }

    /// <summary>Storage drivers in use.</summary>
    public required IReadOnlyList<string> StorageDrivers { get; init; }

    /// <summary>The host's system and kernel, such as <c>Debian GNU/Linux 12, Linux 6.1.0</c>.</summary>
    public required string Host { get; init; }

    /// <summary>Whether commands that name no server use this one.</summary>
    public required bool IsDefault { get; init; }

    /// <summary>Everything that the server says of itself.</summary>
    public required ServerInfo Info { get; init; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    internal static IncusServer From(ServerConnection connection, bool isDefault)
    {
        var info = connection.Client.Server;
        var host = info.Environment;
        return new IncusServer
        {
            Name = connection.Server,
            Project = connection.Project,
            Address = connection.Client.Address,
            Version = host.ServerVersion,
            ServerName = host.ServerName,
            Clustered = host.ServerClustered,
            AuthMethod = info.AuthUserMethod,
            Drivers = Split(host.Driver),
            StorageDrivers = Split(host.Storage),
            Host = string.Join(", ", new[] { $"{host.OsName} {host.OsVersion}".Trim(), $"{host.Kernel} {host.KernelVersion}".Trim() }.Where(part => part.Length > 0)),
            IsDefault = isDefault,
            Info = info,
        };
    }

    /// <summary>Incus writes several drivers as <c>lxc | qemu</c>.</summary>
    private static string[] Split(string drivers) =>
        drivers.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
