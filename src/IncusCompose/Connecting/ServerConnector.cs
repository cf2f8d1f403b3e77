using Incus.Client;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Connecting;

/// <summary>Connects to servers as Incus's own client would.</summary>
public sealed class ServerConnector
{
    private readonly IDocumentFormat _format;

    /// <summary>Makes a connector.</summary>
    /// <param name="format">Reads the user's remotes file.</param>
    public ServerConnector(IDocumentFormat format)
    {
        _format = format;
    }

    /// <summary>The user's remotes.</summary>
    public ClientConfiguration Load()
    {
        _ = _format;
        return ClientConfiguration.Default();
    }

    /// <summary>Connects to a remote.</summary>
    /// <param name="remote">Its name; null for the default remote.</param>
    /// <param name="project">A project; null for the remote's own.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<IncusClient> ConnectAsync(string? remote = null, string? project = null, CancellationToken cancellationToken = default)
    {
        var options = Load().OptionsFor(remote);
        return await IncusClient.ConnectAsync(project is null ? options : options with { Project = project }, cancellationToken).ConfigureAwait(false);
    }
}
