using System.Management.Automation;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell;

/// <summary>A cmdlet that works with a server.</summary>
public abstract class ServerCmdlet : IncusCmdlet
{
    /// <summary>
    /// The server: a remote of the Incus client configuration, or the path of a Unix socket. Without it: the one of
    /// Connect-IncusServer, else INCUS_REMOTE, else the default remote.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RemoteCompleter))]
    public string? Remote { get; set; }

    /// <summary>The Incus project. Without it: the one of Connect-IncusServer, else INCUS_PROJECT, else the remote's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProjectCompleter))]
    public string? Project { get; set; }

    /// <summary>The server, as Connect-IncusServer and Get-IncusServer return it.</summary>
    [Parameter(ValueFromPipeline = true)]
    public IncusServer? Server { get; set; }

    /// <summary>The connections of the runspace.</summary>
    private protected ServerSession Session { get; private set; } = null!;

    /// <inheritdoc/>
    private protected override void OnBegin() => Session = Host.Session;

    /// <summary>Connects to the server that the command works with.</summary>
    /// <param name="server">The server that an object names; <c>-Remote</c> and <c>-Server</c> win over it.</param>
    /// <param name="project">The project that an object names; <c>-Project</c> and <c>-Server</c> win over it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    private protected Task<ServerConnection> ConnectAsync(string? server, string? project, CancellationToken cancellationToken) =>
        Session.ConnectAsync(Remote ?? Server?.Name ?? server, Project ?? Server?.Project ?? project, cancellationToken);
}
