using System.CommandLine;
using Incus.Client;
using IncusCompose.Cli.Rendering;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.Loading.Documents;
using IncusCompose.Operating;
using IncusCompose.Yaml;

namespace IncusCompose.Cli.Commands;

/// <summary>One use of a verb: its arguments, the output they ask for, and the engine.</summary>
internal sealed class Invocation
{
    private readonly Session _session;
    private readonly ParseResult _arguments;

    public Invocation(Session session, ParseResult arguments)
    {
        _session = session;
        _arguments = arguments;
        Json = arguments.GetValue(session.Options.Json);
        Quiet = arguments.GetValue(session.Options.Quiet);
        Output = Json ? new JsonOutput(session.Terminal) : new TextOutput(session.Terminal, Quiet);
    }

    /// <summary>True where programs read the output.</summary>
    public bool Json { get; }

    /// <summary>True where only errors (and what was asked for by name) are to be written.</summary>
    public bool Quiet { get; }

    /// <summary>Where results go.</summary>
    public Output Output { get; }

    /// <summary>The stack files that were named; empty to search.</summary>
    public IReadOnlyList<string> Files => _arguments.GetValue(_session.Options.Files) ?? [];

    /// <summary><c>--name</c>.</summary>
    public string? Name => _arguments.GetValue(_session.Options.Name);

    /// <summary>The format of stack files.</summary>
    public IDocumentFormat Format { get; } = new YamlDocumentFormat();

    /// <summary>The engine.</summary>
    public ComposeEngine Engine => field ??= new ComposeEngine(Format);

    /// <summary>The value of one of the verb's own options or arguments.</summary>
    public T? Get<T>(Option<T> option) => _arguments.GetValue(option);

    /// <inheritdoc cref="Get{T}(Option{T})"/>
    public T? Get<T>(Argument<T> argument) => _arguments.GetValue(argument);

    /// <summary>
    /// The name of a stack that was given as an argument, so that no file is needed; else null. (<c>--name</c> replaces the
    /// name in the file, and nothing else that the file says.)
    /// </summary>
    /// <exception cref="UsageException">Two different names, or a name and a file.</exception>
    public string? StackName(Argument<string?> argument)
    {
        var named = Get(argument);
        if (named is not null && Name is { } other && other != named)
            throw new UsageException($"Two names for one stack: \"{named}\" and \"{other}\".");
        if (named is not null && Files.Count > 0)
            throw new UsageException("The stack is known by its file or by its name: leave out one of the two.");
        return named;
    }

    /// <summary>Loads the stack, shows its warnings, and stops at its errors.</summary>
    /// <exception cref="StackFileException">The files cannot be used.</exception>
    public StackDefinition Load(CancellationToken cancellationToken) => Load([], cancellationToken);

    /// <summary>Loads the stack with instances that are named, whatever activates them.</summary>
    /// <inheritdoc cref="Load(CancellationToken)"/>
    public StackDefinition Load(IReadOnlyList<string> named, CancellationToken cancellationToken) =>
        Require(Engine.Load(Files, LoadOptions with { ActivateInstances = named }, cancellationToken));

    /// <summary>Loads the stack, shows its warnings, stops at its errors, and keeps what was said of it.</summary>
    /// <exception cref="StackFileException">The files cannot be used.</exception>
    public LoadResult LoadWithNotes(CancellationToken cancellationToken)
    {
        var loaded = Engine.Load(Files, LoadOptions, cancellationToken);
        Require(loaded);
        return loaded;
    }

    /// <summary>Loads the stack where there is one; null where no file was named and none is found.</summary>
    /// <exception cref="StackFileException">The files cannot be used.</exception>
    public StackDefinition? LoadIfPresent(CancellationToken cancellationToken) => LoadIfPresent(Require, cancellationToken);

    /// <summary>Does as <see cref="LoadIfPresent(CancellationToken)"/> and shows nothing.</summary>
    /// <exception cref="StackFileException">The files cannot be used.</exception>
    public StackDefinition? FindStack(CancellationToken cancellationToken) => LoadIfPresent(loaded => loaded.Require(), cancellationToken);

    /// <summary>Connects to the server of the stack, or to the one that the options and the user's configuration say.</summary>
    /// <exception cref="IncusException">The server cannot be reached.</exception>
    public Task<IncusClient> ConnectAsync(StackDefinition? stack, CancellationToken cancellationToken) =>
        Engine.ConnectAsync(
            stack?.Remote ?? _arguments.GetValue(_session.Options.Remote),
            stack?.Project?.Name ?? _arguments.GetValue(_session.Options.Project),
            cancellationToken);

    /// <summary>
    /// Connects to the server of the stack that <c>--name</c> names, or of the file's: for verbs that need a stack's name and
    /// not what its file says.
    /// </summary>
    /// <exception cref="StackFileException">There is neither a name nor a file that can be used.</exception>
    /// <exception cref="IncusException">The server cannot be reached.</exception>
    public async Task<OpenStack> OpenStackAsync(CancellationToken cancellationToken)
    {
        var definition = Files.Count == 0 && Name is not null ? null : Load(cancellationToken);
        return new OpenStack(definition?.Name ?? Name!, await ConnectAsync(definition, cancellationToken));
    }

    /// <summary>
    /// Finds one instance: of the stack that <c>--name</c> or a file names; where there is neither, any of the project.
    /// </summary>
    /// <param name="name">Its name, or that of its definition.</param>
    /// <param name="index">Which replica of a definition; null: the first.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="StackTargetException">The stack has none of that name.</exception>
    /// <exception cref="StackFileException">The files cannot be used.</exception>
    /// <exception cref="IncusException">The server cannot be asked.</exception>
    public async Task<OpenInstance> OpenInstanceAsync(string name, int? index, CancellationToken cancellationToken)
    {
        var definition = Files.Count == 0 && Name is not null ? null : LoadIfPresent(cancellationToken);
        var stack = definition?.Name ?? Name;
        var client = await ConnectAsync(definition, cancellationToken);
        try
        {
            if (stack is null && index is not null)
                throw new UsageException("--index counts the replicas of a stack: name its file or, with --name, the stack.");
            return new OpenInstance(stack is null ? name : (await Engine.FindInstanceAsync(client, stack, name, index, cancellationToken)).Name, stack, client);
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes sure, where nothing of a stack was found, that it is on the server all the same.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name, as it was given.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="StackNotFoundException">There is no such stack.</exception>
    /// <exception cref="IncusException">The server cannot be asked.</exception>
    public async Task RequireStackAsync(IncusClient client, string stack, CancellationToken cancellationToken)
    {
        var known = (await Engine.GetStacksAsync(client, cancellationToken)).Select(one => one.Name).ToList();
        if (!known.Contains(stack))
            throw new StackNotFoundException(stack, client.Project, known);
    }

    /// <summary>Connects to the server that the options and the user's configuration say, in the named project where no option says another.</summary>
    /// <exception cref="IncusException">The server cannot be reached.</exception>
    public Task<IncusClient> ConnectToProjectAsync(string project, CancellationToken cancellationToken) =>
        Engine.ConnectAsync(_arguments.GetValue(_session.Options.Remote), _arguments.GetValue(_session.Options.Project) ?? project, cancellationToken);

    /// <summary>Asks a person to agree to something that destroys.</summary>
    /// <param name="question">The question; answered by yes or no.</param>
    /// <param name="agreed">True where <c>--yes</c> was given.</param>
    /// <param name="cancellationToken">Ends the wait for an answer.</param>
    /// <returns>False where the person declined.</returns>
    /// <exception cref="CommandException">There is nobody to ask.</exception>
    public async Task<bool> ConfirmAsync(string question, bool agreed, CancellationToken cancellationToken)
    {
        if (agreed)
            return true;
        if (!_session.Terminal.CanAsk)
            throw new CommandException("there is nobody to ask for confirmation: add --yes to go ahead");
        return await _session.Terminal.AskAsync(question, cancellationToken);
    }

    /// <summary>True where a person can be asked.</summary>
    public bool CanAsk => _session.Terminal.CanAsk;

    private StackDefinition? LoadIfPresent(Func<LoadResult, StackDefinition> require, CancellationToken cancellationToken)
    {
        var loaded = Engine.Load(Files, LoadOptions, cancellationToken);
        return Files.Count == 0 && loaded.Diagnostics.Any(diagnostic => diagnostic.Id == "NoStackFile") ? null : require(loaded);
    }

    private StackDefinition Require(LoadResult loaded)
    {
        var definition = loaded.Require();
        foreach (var diagnostic in loaded.Diagnostics)
            Output.ShowDiagnostic(diagnostic);
        return definition;
    }

    private LoadOptions LoadOptions => new()
    {
        Name = Name,
        Project = _arguments.GetValue(_session.Options.Project),
        Remote = _arguments.GetValue(_session.Options.Remote),
        EnvironmentFiles = _arguments.GetValue(_session.Options.EnvironmentFiles) ?? [],
        // As in the variable, commas stand between words.
        Activate = [.. (_arguments.GetValue(_session.Options.Activate) ?? []).SelectMany(words => words.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))],
    };
}

/// <summary>A stack by its name, and a connection to the server that it is on; closed when disposed.</summary>
/// <param name="Name">The stack's name.</param>
/// <param name="Client">The server, in the stack's project.</param>
internal sealed record OpenStack(string Name, IncusClient Client) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Client.DisposeAsync();
}

/// <summary>An instance by its name, and a connection to the server that it is on; closed when disposed.</summary>
/// <param name="Name">The instance's name.</param>
/// <param name="Stack">The stack that it is one of; null where none was named.</param>
/// <param name="Client">The server, in the instance's project.</param>
internal sealed record OpenInstance(string Name, string? Stack, IncusClient Client) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Client.DisposeAsync();
}
