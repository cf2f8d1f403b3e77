using System.Management.Automation;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Connects to a server and makes it the one that this runspace's commands use.</summary>
[Cmdlet(VerbsCommunications.Connect, "IncusServer", SupportsShouldProcess = true, DefaultParameterSetName = RemoteSet)]
[OutputType(typeof(IncusServer))]
public sealed class ConnectIncusServerCommand : IncusCmdlet
{
    private const string RemoteSet = "Remote";
    private const string SocketSet = "Socket";
    private const string TokenSet = "Token";

    /// <summary>
    /// A remote of the Incus client configuration; without it, INCUS_REMOTE or the default remote. With a token: what to
    /// call the new remote.
    /// </summary>
    [Parameter(ParameterSetName = RemoteSet, Position = 0)]
    [Parameter(ParameterSetName = TokenSet, Position = 0, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RemoteCompleter))]
    public string? Remote { get; set; }

    /// <summary>The path of a Unix socket.</summary>
    [Parameter(ParameterSetName = SocketSet, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string? Socket { get; set; }

    /// <summary>
    /// A trust token of the server (incus config trust add NAME prints one). It gets this user's certificate trusted, once,
    /// and the server is added to the remotes of the Incus client configuration.
    /// </summary>
    [Parameter(ParameterSetName = TokenSet, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string? Token { get; set; }

    /// <summary>The address of the new remote, host:port; without it, those that the token names.</summary>
    [Parameter(ParameterSetName = TokenSet)]
    [ValidateNotNullOrEmpty]
    public string? Address { get; set; }

    /// <summary>The project that commands work in where they name none; without it, INCUS_PROJECT or the remote's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProjectCompleter))]
    public string? Project { get; set; }

    private ServerSession _session = null!;
    private string? _server;

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        _session = Host.Session;
        _server = Socket is null ? Remote : Host.ResolvePath(Socket, literal: true)[0];
    }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var what = Token is null
            ? $"Use {_server ?? "the default remote"} in this session"
            : $"Have this user's certificate trusted, add the remote {Remote} and use it in this session";
        if (!await pipeline.ShouldProcessAsync(what, what + "?", "Connect-IncusServer").ConfigureAwait(false))
            return;
        if (Token is not null)
        {
            await _session.Connector.AddRemoteAsync(Remote!, Token, Address, Project, cancellationToken).ConfigureAwait(false);
        }

        var connection = await _session.ChooseAsync(_server, Project, cancellationToken).ConfigureAwait(false);
        pipeline.WriteObject(IncusServer.From(connection, isDefault: true));
    }
}
