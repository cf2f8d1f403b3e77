using Incus.Client;
using IncusCompose.Connecting;
using IncusCompose.Loading;
using IncusCompose.Loading.Documents;

namespace IncusCompose;

/// <summary>
/// The engine as every front end uses it: load, connect, compare, apply. Each step is a call of its own; a front end only
/// chooses how far to go. It holds no state: what a stack owns is marked on the server.
/// </summary>
public sealed partial class ComposeEngine
{
    private readonly IDocumentFormat _format;
    private readonly StackLoader _loader;
    private readonly ServerConnector _connector;

    /// <summary>Makes an engine.</summary>
    /// <param name="format">Reads and writes stack files and the user's remotes file.</param>
    /// <param name="variables">Where the <c>INCUS_*</c> variables come from; null: the process's environment.</param>
    public ComposeEngine(IDocumentFormat format, Func<string, string?>? variables = null)
    {
        _format = format;
        _loader = new StackLoader(format);
        _connector = new ServerConnector(format, variables ?? Environment.GetEnvironmentVariable);
    }

    /// <summary>Loads a stack file and checks all that can be checked without a server. Never throws for what a file says.</summary>
    /// <param name="paths">The files; <c>-</c> is standard input; none: <c>stack.yaml</c> or <c>compose.yaml</c> here or in a parent folder.</param>
    /// <param name="options">How to load.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public LoadResult Load(IReadOnlyList<string> paths, LoadOptions? options = null, CancellationToken cancellationToken = default) =>
        _loader.Load(paths, options, cancellationToken);

    /// <summary>Connects to a server as Incus's own client would: the user's remotes and the <c>INCUS_*</c> variables count.</summary>
    /// <param name="remote">A remote's name; null: <c>INCUS_REMOTE</c>, else the default remote.</param>
    /// <param name="project">A project; null: <c>INCUS_PROJECT</c>, else the remote's.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="IncusUnreachableException">The server cannot be reached; the message says why and what to do.</exception>
    public Task<IncusClient> ConnectAsync(string? remote = null, string? project = null, CancellationToken cancellationToken = default) =>
        _connector.ConnectAsync(remote, project, cancellationToken);
}
