using Incus.Client;
using IncusCompose.Connecting;
using IncusCompose.PowerShell.Documents;

namespace IncusCompose.PowerShell.Sessions;

/// <summary>The connections of one runspace, each opened when it is first needed and kept.</summary>
internal sealed class ServerSession : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, (string Meaning, IncusClient Client)> _clients = new(StringComparer.Ordinal);
    private bool _disposed;

    /// <summary>Finds servers in the user's configuration.</summary>
    public ServerConnector Connector { get; } = new(new YamlDocumentFormat());

    /// <summary>The engine that the runspace's cmdlets use.</summary>
    public ComposeEngine Engine { get; } = new(new YamlDocumentFormat());

    /// <summary>The server that <c>Connect-IncusServer</c> chose; null for the user's default remote.</summary>
    public string? DefaultServer { get; private set; }

    /// <summary>The project that <c>Connect-IncusServer</c> chose on it; null for the remote's own.</summary>
    public string? DefaultProject { get; private set; }

    /// <summary>The user's remotes as they are right now.</summary>
    public ClientConfiguration LoadConfiguration() => Connector.Load();

    /// <summary>Connects, and makes the server and the project the ones that are used where a command names none.</summary>
    /// <param name="server">As for <see cref="ConnectAsync"/>; null for the user's default remote.</param>
    /// <param name="project">The project; null for the remote's own.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<ServerConnection> ChooseAsync(string? server, string? project, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(server, project, cancellationToken).ConfigureAwait(false);
        DefaultServer = connection.Server;
        DefaultProject = project;
        return connection;
    }

    /// <summary>Connects, or uses the connection that there is.</summary>
    /// <param name="server">A remote's name, a socket's path or <c>unix://</c> address; null for the default.</param>
    /// <param name="project">The project; null for the default one of the server.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="IncusNotFoundException">There is no such remote.</exception>
    /// <exception cref="IncusUnreachableException">The server does not answer.</exception>
    public Task<ServerConnection> ConnectAsync(string? server, string? project, CancellationToken cancellationToken)
    {
        server ??= DefaultServer;
        if (server == DefaultServer)
            project ??= DefaultProject;
        return OpenAsync(server, project, cancellationToken);
    }

    /// <summary>Whether a connection is the one that is used where a command names none.</summary>
    public bool IsDefault(ServerConnection connection) =>
        connection.Server == (DefaultServer ?? LoadConfiguration().DefaultRemote);

    /// <summary>Closes every connection. What is under way ends with an error.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var (_, client) in _clients.Values)
            _ = client.DisposeAsync().AsTask();
        _clients.Clear();
        _gate.Dispose();
    }

    private (string Name, ConnectionOptions Options) Find(string? server)
    {
        if (server is not null && (server.StartsWith('/') || server.StartsWith("unix://", StringComparison.Ordinal)))
        {
            var path = server.StartsWith('/') ? server : server["unix://".Length..];
            return (path, ConnectionOptions.Unix(path));
        }

        var configuration = LoadConfiguration();
        server ??= configuration.DefaultRemote;
        return (server, configuration.OptionsFor(server));
    }

    private async Task<ServerConnection> OpenAsync(string? server, string? project, CancellationToken cancellationToken)
    {
        var (name, options) = Find(server);
        var client = await ReuseAsync(name, options, cancellationToken).ConfigureAwait(false);
        project ??= options.Project;
        return new ServerConnection(name, project is null ? client : client.ForProject(project));
    }

    private async Task<IncusClient> ReuseAsync(string name, ConnectionOptions options, CancellationToken cancellationToken)
    {
        // The user may change the environment or the remotes while the runspace lives: what was connected to before
        // is used again only where it is still what the name means, and closed where it is not.
        var meaning = string.Join('\n', [.. options.Addresses, new IncusEnvironment().FindSocket().Path, options.ServerCertificate?.Thumbprint ?? ""]);
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var isKnown = _clients.TryGetValue(name, out var known);
            if (isKnown && known.Meaning == meaning)
                return known.Client;
            var client = await IncusClient.ConnectAsync(options, cancellationToken).ConfigureAwait(false);
            _clients[name] = (meaning, client);
            if (isKnown)
                await known.Client.DisposeAsync().ConfigureAwait(false);
            return client;
        }
        finally
        {
            _gate.Release();
        }
    }
}
