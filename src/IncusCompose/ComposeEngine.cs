using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Connecting;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.Loading.Documents;
using IncusCompose.Planning;
using IncusCompose.Resources;

namespace IncusCompose;

/// <summary>
/// The engine as every front end uses it: load, connect, compare, apply. Each step is a call of its own; a front end only
/// chooses how far to go. It holds no state: what a stack owns is marked on the server.
/// </summary>
public sealed class ComposeEngine
{
    private readonly StackLoader _loader;
    private readonly ServerConnector _connector;

    /// <summary>Makes an engine.</summary>
    /// <param name="format">Reads and writes stack files and the user's remotes file.</param>
    /// <param name="variables">Where the <c>INCUS_*</c> variables come from; null: the process's environment.</param>
    public ComposeEngine(IDocumentFormat format, Func<string, string?>? variables = null)
    {
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

    /// <summary>Compares a stack with what is live and says what applying it would do. Changes nothing.</summary>
    /// <param name="client">The server.</param>
    /// <param name="stack">The stack; its project, where it names one, wins over the client's.</param>
    /// <param name="options">What the plan may do.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="StackFileException">The stack cannot be planned against this server: names taken, images or networks missing.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<StackPlan> CompareAsync(
        IncusClient client, StackDefinition stack, PlanOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new PlanOptions();
        var view = ViewOf(client, stack);
        var remotes = _connector.Load();
        var opening = view.Events.EnsureOpenAsync(cancellationToken);
        var missingProject = await MissingProjectAsync(view, stack, cancellationToken).ConfigureAwait(false);
        var server = await StackObserver.ObserveAsync(view, missingProject, StoragePoolKind.NamesIn(stack), cancellationToken).ConfigureAwait(false);
        await opening.ConfigureAwait(false);

        StackPlan Plan(MetadataConfiguration? metadata) =>
            StackPlanner.Plan(new PlanningContext(stack, view.Project, server, remotes), options, metadata, client.Name);

        var plan = Plan(metadata: null);
        // Only a change of a running instance makes it worth asking which keys need a restart.
        if (!plan.Changes.Any(NeedsMetadata) || !client.HasExtension("metadata_configuration"))
            return plan;
        return Plan(await client.Metadata.GetConfigurationAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Says what taking a stack down would delete, from the marks on the server alone. Changes nothing.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name; one that is not there gives an empty plan.</param>
    /// <param name="options">What may go beyond instances, networks and profiles.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<StackPlan> CompareRemovalAsync(
        IncusClient client, string stack, RemovalOptions? options = null, CancellationToken cancellationToken = default)
    {
        var opening = client.Events.EnsureOpenAsync(cancellationToken);
        var exists = client.Project == "default" || await client.Projects.FindAsync(client.Project, cancellationToken).ConfigureAwait(false) is not null;
        var server = exists
            ? await StackObserver.ObserveAsync(client, missingProject: null, pools: [], cancellationToken).ConfigureAwait(false)
            : new ServerObservation([], []);
        await opening.ConfigureAwait(false);
        return StackPlanner.PlanRemoval(stack, client.Project, server, options ?? new RemovalOptions(), client.Name);
    }

    /// <summary>
    /// Carries a plan out. What fails is in the result, not thrown: other resources go on, dependants are skipped. When
    /// cancelled it begins nothing more and returns within two seconds with what was and was not done.
    /// </summary>
    /// <param name="client">The server that the plan was made for.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="options">How to apply it.</param>
    /// <param name="progress">Is told what happens, in order for each change; called on any thread.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="PlanRefusedException">The plan holds changes that were not allowed; nothing was done.</exception>
    /// <exception cref="PlanOutdatedException">With <see cref="ApplyOptions.Exact"/>: the server moved on; nothing was done.</exception>
    public async Task<ApplyResult> ApplyAsync(
        IncusClient client,
        StackPlan plan,
        ApplyOptions? options = null,
        IProgress<ApplyEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new ApplyOptions();
        var refused = plan.Resources.Where(resource => resource.Refused is not null).ToList();
        if (refused.Count > 0)
            throw new PlanRefusedException(refused);
        var view = client.ForProject(plan.Project);
        if (options.Exact)
            await RequireUnchangedAsync(view, plan, cancellationToken).ConfigureAwait(false);
        var applier = new StackApplier(new ApplyContext(view, plan, options, _connector.Load()), progress);
        return await applier.ApplyAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The stacks on a server, known by their marks.</summary>
    /// <param name="client">The server, in the project to look at.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<IReadOnlyList<StackSummary>> GetStacksAsync(IncusClient client, CancellationToken cancellationToken = default)
    {
        var server = await StackObserver.ObserveAsync(client, missingProject: null, pools: [], cancellationToken).ConfigureAwait(false);
        return
        [
            .. server.Resources
                .Where(live => live.Mark?.Project == client.Project)
                .GroupBy(live => live.Mark!.Stack)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => StackSummary.Of(group.Key, client.Project, group)),
        ];
    }

    /// <summary>
    /// Creates instances that belong to no stack, by the same rules as a stack's, and at once: each image is fetched once.
    /// What fails is in the result, not thrown.
    /// </summary>
    /// <param name="client">The server, in the project to use.</param>
    /// <param name="instances">What to create; no two of the same name.</param>
    /// <param name="start">False to leave them stopped.</param>
    /// <param name="throttleLimit">Most creations at work at one time.</param>
    /// <param name="progress">Is told what happens.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="StackFileException">
    /// One of them cannot be created on this server (the name is taken, an image or network is missing); nothing was done.
    /// </exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<ApplyResult> CreateInstancesAsync(
        IncusClient client,
        IReadOnlyCollection<InstanceDefinition> instances,
        bool start = true,
        int throttleLimit = ApplyOptions.DefaultThrottleLimit,
        IProgress<ApplyEvent>? progress = null,
        CancellationToken cancellationToken = default)
    {
        // A stack without a name leaves no marks.
        var stack = new StackDefinition { Name = "", Instances = instances.ToDictionary(instance => instance.Name, StringComparer.Ordinal) };
        var plan = await CompareAsync(client, stack, null, cancellationToken).ConfigureAwait(false);
        var options = new ApplyOptions { Start = start, ThrottleLimit = throttleLimit };
        var applier = new StackApplier(new ApplyContext(client, plan, options, _connector.Load()), progress);
        return await applier.ApplyAsync(cancellationToken).ConfigureAwait(false);
    }

    private static IncusClient ViewOf(IncusClient client, StackDefinition stack) =>
        stack.Project is { } project && project.Name != client.Project ? client.ForProject(project.Name) : client;

    private static bool NeedsMetadata(ResourceChange change) =>
        change.Kind == InstanceKind.KindName
        && (change.PendingRestart || change.Restarts || change.Steps.Any(step => PropertyPath.IsConfig(step.Path, out _)));

    private static async Task<IReadOnlyDictionary<string, string>?> MissingProjectAsync(
        IncusClient view, StackDefinition stack, CancellationToken cancellationToken)
    {
        if (stack.Project is not { Create: true } project)
            return null;
        var found = await view.Projects.FindAsync(project.Name, cancellationToken).ConfigureAwait(false);
        return found is null ? project.Config : null;
    }

    private static async Task RequireUnchangedAsync(IncusClient view, StackPlan plan, CancellationToken cancellationToken)
    {
        var exists = plan.Project == "default" || await view.Projects.FindAsync(plan.Project, cancellationToken).ConfigureAwait(false) is not null;
        var server = await StackObserver.ObserveAsync(
            view, exists ? null : plan.ProjectConfig, StoragePoolKind.NamesIn(plan), cancellationToken).ConfigureAwait(false);
        var moved = plan.Changes
            .Where(change => !IsAsPlanned(change, server))
            .Select(change => change.Id)
            .ToList();
        if (moved.Count > 0)
            throw new PlanOutdatedException(moved);
    }

    private static bool IsAsPlanned(ResourceChange change, ServerObservation server)
    {
        var kind = ResourceKinds.Of(change.Id);
        var now = change.Desired is { } desired ? kind.Locate(desired, server) : server.Find(change.Id);
        if (now is null || change.Live is null)
            return now is null && change.Live is null;
        return now.Properties.SameAs(change.Live.Properties) && kind.StateOf(now) == kind.StateOf(change.Live);
    }
}
