using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Connecting;

/// <summary>
/// Connects to servers as Incus's own client would: the user's remotes and certificates (<c>INCUS_CONF</c>, else
/// <c>~/.config/incus</c>), <c>INCUS_REMOTE</c>, <c>INCUS_PROJECT</c>, <c>INCUS_SOCKET</c> and <c>INCUS_DIR</c>.
/// Source: Incus doc/remotes.md, doc/environment.md and shared/cliconfig/file.go.
/// </summary>
public sealed class ServerConnector
{
    private readonly IDocumentFormat _format;
    private readonly Func<string, string?> _variables;

    /// <summary>Makes a connector that looks in the process's own environment.</summary>
    /// <param name="format">Reads the user's remotes file.</param>
    public ServerConnector(IDocumentFormat format)
        : this(format, Environment.GetEnvironmentVariable)
    {
    }

    /// <summary>Makes a connector that looks in another environment.</summary>
    internal ServerConnector(IDocumentFormat format, Func<string, string?> variables)
    {
        _format = format;
        _variables = variables;
    }

    /// <summary>The user's remotes, read anew at each call.</summary>
    /// <exception cref="IncusException">A remotes file cannot be read or is not what Incus's client writes.</exception>
    public ClientConfiguration Load()
    {
        var environment = new IncusEnvironment(_variables);
        var user = environment.ConfigDirectory is { } directory ? RemotesFile.Read(Path.Combine(directory, "config.yml"), _format) : null;
        // Without a file of the user's own, Incus's client leaves the machine's remotes out too.
        var machine = user is null ? null : RemotesFile.Read(Path.Combine(environment.GlobalDirectory, "config.yml"), _format);
        return ClientConfiguration.Combine(environment, user?.Remotes, user?.DefaultRemote, machine?.Remotes);
    }

    /// <summary>Connects to a remote.</summary>
    /// <param name="remote">Its name; null for <c>INCUS_REMOTE</c>, else the user's default remote.</param>
    /// <param name="project">A project; null for <c>INCUS_PROJECT</c>, else the remote's own.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="IncusNotFoundException">There is no such remote; the message names those that there are.</exception>
    /// <exception cref="IncusUnreachableException">The server cannot be reached; the message says why and what to do.</exception>
    /// <exception cref="IncusException">The remotes file is broken, or the remote is an image server.</exception>
    public async Task<IncusClient> ConnectAsync(string? remote = null, string? project = null, CancellationToken cancellationToken = default)
    {
        var configuration = Load();
        var name = remote ?? configuration.DefaultRemote;
        if (!configuration.Remotes.ContainsKey(name))
        {
            var known = configuration.Remotes.Keys.Order(StringComparer.Ordinal).ToList();
            var meant = Suggestions.Nearest(name, known) is { } nearest ? $"Did you mean \"{nearest}\"? " : "";
            throw new IncusNotFoundException(
                $"There is no remote named \"{name}\"",
                $"{meant}There are: {string.Join(", ", known)}. Add one with: incus remote add {name} TOKEN-OR-ADDRESS");
        }

        var options = configuration.OptionsFor(name);
        return await IncusClient.ConnectAsync(project is null ? options : options with { Project = project }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Gets this user trusted by a server that issued a trust token, and adds it to the user's remotes, where Incus's own
    /// client finds it too. The client certificate is made where the user has none; the server's is pinned.
    /// </summary>
    /// <param name="name">What to call the remote.</param>
    /// <param name="token">The token's text, a secret: what <c>incus config trust add</c> prints.</param>
    /// <param name="address">The server's address, <c>host[:port]</c> or <c>https://host:port</c>; null: those that the token names.</param>
    /// <param name="project">The remote's project; null for <c>default</c>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The remote.</returns>
    /// <exception cref="FormatException">It is not a trust token.</exception>
    /// <exception cref="IncusConflictException">There is a remote of that name.</exception>
    /// <exception cref="IncusUnreachableException">No address answers with the certificate that the token names.</exception>
    /// <exception cref="IncusException">The server does not accept the token, or the user's files cannot be written.</exception>
    public async Task<IncusRemote> AddRemoteAsync(
        string name, string token, string? address = null, string? project = null, CancellationToken cancellationToken = default)
    {
        var configuration = Load();
        if (configuration.Remotes.ContainsKey(name))
            throw new IncusConflictException($"There is a remote named \"{name}\" already", $"Choose another name, or remove it with: incus remote remove {name}");
        using var certificate = configuration.GetOrCreateClientCertificate();
        var trust = await IncusClient.TrustAsync(token, certificate, address, cancellationToken).ConfigureAwait(false);
        configuration.StoreServerCertificate(name, trust.ServerCertificate);
        var remote = new IncusRemote { Name = name, Addresses = [trust.Address], AuthType = "tls", Project = project };
        RemotesFile.Add(Path.Combine(configuration.ConfigDirectory!, "config.yml"), _format, remote);
        return remote;
    }
}
