using Incus.Client;

namespace IncusCompose.PowerShell.Sessions;

/// <summary>A server that a cmdlet works with, and the project on it.</summary>
/// <param name="Server">What the user calls it: a remote's name, a socket's path or an address. Objects carry it, so that
/// a later command finds the way back to the same server.</param>
/// <param name="Client">The connection, in the project.</param>
internal sealed record ServerConnection(string Server, IncusClient Client)
{
    /// <summary>The project.</summary>
    public string Project => Client.Project;
}
