using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Building;
using IncusCompose.Checkpoints;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Guests;
using IncusCompose.Operating;
using IncusCompose.Persistence;
using IncusCompose.Planning;
using IncusCompose.Provision;
using IncusCompose.Requirements;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Storage;
using IncusCompose.Transactions;

namespace IncusCompose;

/// <content>Plans: made, applied, and instances without a stack.</content>
public sealed partial class ComposeEngine
{
    /// <summary>Compares a stack with what is live and says what applying it would do. Changes nothing.</summary>
    /// <param name="client">The server.</param>
    /// <param name="stack">The stack; its project, where it names one, wins over the client's.</param>
    /// <param name="options">What the plan may do.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="StackFileException">The stack cannot be planned against this server: names taken, images or networks missing.</exception>
    /// <exception cref="PlanOptionException"><see cref="PlanOptions.Scale"/> or <see cref="PlanOptions.Update"/> names what the stack does not have.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<StackPlan> CompareAsync(
        IncusClient client, StackDefinition stack, PlanOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new PlanOptions();
        Replicas.Require(stack, options);
        stack = Replicas.Expand(stack, options.Scale);
        var view = ViewOf(client, stack);
        var remotes = _connector.Load();
        var opening = view.Events.EnsureOpenAsync(cancellationToken);
        var missingProject = await MissingProjectAsync(view, stack, cancellationToken).ConfigureAwait(false);
        ServerObservation server;
        do
            server = await StackObserver.ObserveToPlanAsync(view, missingProject, stack, cancellationToken).ConfigureAwait(false);
        // Of what the server is just replacing by a copy, a part is not there.
        while (await RootDiskMove.SettleAsync(view, server, cancellationToken).ConfigureAwait(false));
        await opening.ConfigureAwait(false);
        if (options.Prune && missingProject is null)
            server = await ImageKind.LookElsewhereAsync(view, server, stack.Name, cancellationToken).ConfigureAwait(false);
        var uplink = stack.Instances.Values.Any(instance => instance.Macvlan is { Parent: null })
            // The host is the same for all projects, one that is not there yet included.
            ? await HostUplink.FindAsync(missingProject is null ? view : view.ForProject("default"), cancellationToken).ConfigureAwait(false)
            : null;

        var members = client.Server.Environment.ServerClustered ? await MembersAsync(client, stack, cancellationToken).ConfigureAwait(false) : null;

        var zones = await NetworkZoneKind.ListElsewhereAsync(client, stack, server, cancellationToken).ConfigureAwait(false);

        var restricted = await RestrictedClient.OfAsync(client, cancellationToken).ConfigureAwait(false);

        var unreadable = new List<Diagnostic>();
        stack = HostGateway.Resolve(stack, server, unreadable);
        var steps = PlannedStep.Of(stack, unreadable);
        using var registries = new RegistryImages(remotes, client.Server);
        stack = await PlannedBuilds.ResolveAsync(stack, view.Project, remotes, server, registries, unreadable, cancellationToken).ConfigureAwait(false);
        var reading = Apart(problems => PlannedBuilds.ReadAsync(stack, problems, cancellationToken));
        var following = Apart(problems => RemoteImages.AskAsync(stack, remotes, client.Server, registries, server.Images, problems, cancellationToken));
        await Task.WhenAll(reading, following).ConfigureAwait(false);
        var (builds, newest) = (Of(reading), Of(following));
        var basis = new PlanningContext(stack, view.Project, server, remotes) { About = client.Server, Members = members, NewestImages = newest.Fingerprints, ImageDigests = newest.Digests, Builds = builds };
        var asking = Apart(problems => ImageCommand.AskAsync(basis, registries, options, problems, cancellationToken));
        var renewing = Apart(problems => ImageEnvironment.AskAsync(basis, registries, options, problems, cancellationToken));
        // What registries have told the two is known here: that it is known may not depend on who was quicker.
        var checking = CheckAsync();
        var naming = Apart(problems => ProcessUsers.AskAsync(view, basis, problems, cancellationToken));
        var looking = Apart(problems => GuestContents.OfAsync(view, stack, server, options.AllowHostHooks, problems, cancellationToken));
        await Task.WhenAll(asking, renewing, checking, naming, looking).ConfigureAwait(false);
        async Task<(IReadOnlyDictionary<string, ImageHealthcheck> Answer, List<Diagnostic> Problems)> CheckAsync()
        {
            await Task.WhenAll(asking, renewing).ConfigureAwait(false);
            return await Apart(problems => ImageHealth.AskAsync(basis, registries, options, problems, cancellationToken)).ConfigureAwait(false);
        }

        var (entrypoints, health, users, variables, guests) = (Of(asking), Of(checking), Of(naming), Of(renewing), Of(looking));

        var described = client.HasExtension("metadata_configuration");
        // Keys that a newer server may have, and values that it may take: it says itself.
        var own = described && ServerRequirements.HasDoubtfulConfig(stack) ? await client.Metadata.GetConfigurationAsync(cancellationToken).ConfigureAwait(false) : null;

        // Side by side, and each with problems of its own: they come in one order.
        static async Task<(T Answer, List<Diagnostic> Problems)> Apart<T>(Func<ICollection<Diagnostic>, Task<T>> ask)
        {
            var problems = new List<Diagnostic>();
            return (await ask(problems).ConfigureAwait(false), problems);
        }

        T Of<T>(Task<(T Answer, List<Diagnostic> Problems)> asked)
        {
            unreadable.AddRange(asked.Result.Problems);
            return asked.Result.Answer;
        }

        StackPlan Plan(MetadataConfiguration? metadata)
        {
            // Each round reports its problems for itself.
            var context = new PlanningContext(stack, view.Project, server, remotes)
            {
                Uplink = uplink, Steps = steps, About = client.Server, Members = members, Zones = zones, Restricted = restricted, Guests = guests,
                NewestImages = newest.Fingerprints, ImageDigests = newest.Digests, Entrypoints = entrypoints, ImageHealth = health, Users = users, ImageEnvironment = variables, Builds = builds,
            };
            unreadable.ForEach(context.Report);
            if (own is not null)
                ServerRequirements.CheckConfig(context, own);
            return StackPlanner.Plan(context, options, metadata, client.Name);
        }

        var plan = Plan(own);
        // Only a change of a running instance makes it worth asking which keys need a restart.
        if (own is null && described && plan.Changes.Any(NeedsMetadata))
            plan = Plan(await client.Metadata.GetConfigurationAsync(cancellationToken).ConfigureAwait(false));
        return await RootDiskMove.WithBackupsAsync(view, plan, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The members of the cluster, where the stack has to do with single ones; null where it has not, or they may not be seen.</summary>
    private static async Task<IReadOnlyList<string>?> MembersAsync(IncusClient client, StackDefinition stack, CancellationToken cancellationToken)
    {
        var needed = stack.StoragePools.Values.Any(pool => !pool.External) || stack.Networks.Values.Any(network => !network.External);
        if (!needed && stack.Instances.Values.All(instance => instance.Target is null) && stack.Volumes.Values.All(volume => volume.Target is null))
            return null;
        try
        {
            return await client.Cluster.ListMemberNamesAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IncusForbiddenException)
        {
            return null;
        }
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
        // What the stack had outside a project that is gone may be left: pools, and what the project shared with the default one.
        var view = exists ? client : client.ForProject("default");
        var server = await StackObserver.ObserveToPlanAsync(view, missingProject: null, stack: null, cancellationToken).ConfigureAwait(false);
        await opening.ConfigureAwait(false);
        // An instance cannot have been outside its project: one of that name there was moved out of it, and is its mover's.
        if (!exists)
            server = server.Without(InstanceKind.KindName);
        if (options?.RemoveImages == true)
            server = await ImageKind.LookElsewhereAsync(client, server, stack, cancellationToken).ConfigureAwait(false);
        return StackPlanner.PlanRemoval(stack, client.Project, server, options ?? new RemovalOptions(), client.Name) with { View = view.Project };
    }

    /// <summary>
    /// Says what it takes to have other numbers of replicas, from the server alone: new ones are made like those that are
    /// there, those with the highest numbers go. Changes nothing.
    /// </summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="scale">How many there are to be of each definition.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="PlanOptionException">The stack has no replicas of a name, or their image is gone.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<StackPlan> CompareScaleAsync(
        IncusClient client, string stack, IReadOnlyDictionary<string, int> scale, CancellationToken cancellationToken = default)
    {
        var server = await StackObserver.ObserveAsync(client, missingProject: null, pools: [], cancellationToken).ConfigureAwait(false);
        GuestRefusal.OfScale(server, stack, client.Project, scale);
        return ScalePlanner.Plan(stack, client.Project, server, scale, client.Name);
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
    /// <exception cref="CheckpointException">What is to be put back on failure could not be kept; nothing was done.</exception>
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
        var view = client.ForProject(plan.View ?? plan.Project);
        if (options.Exact)
            await RequireUnchangedAsync(view, plan, cancellationToken).ConfigureAwait(false);
        var remotes = _connector.Load();
        if (TransactionScope.Of(plan, options) is { } scope)
            return await new StackTransaction(view, remotes, plan, scope, options, progress).RunAsync(cancellationToken).ConfigureAwait(false);
        var applier = new StackApplier(new ApplyContext(view, plan, options, remotes), progress);
        return await applier.ApplyAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// True where applying a plan keeps what is before it, and puts it back where it fails: results that are told while it
    /// is applied may be taken back then.
    /// </summary>
    /// <param name="plan">The plan.</param>
    /// <param name="options">How it is applied.</param>
    public static bool IsTransaction(StackPlan plan, ApplyOptions options) => TransactionScope.Of(plan, options) is not null;

    /// <summary>
    /// Creates instances that belong to no stack, by the same rules as a stack's, and at once: each image is fetched once.
    /// One that is there already and no stack's stays as it is, but for being started: its change in the result says what is
    /// different about it. What fails is in the result, not thrown.
    /// </summary>
    /// <param name="client">The server, in the project to use.</param>
    /// <param name="instances">What to create; no two of the same name.</param>
    /// <param name="start">False to leave them stopped.</param>
    /// <param name="throttleLimit">Most creations at work at one time.</param>
    /// <param name="progress">Is told what happens.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="StackFileException">
    /// One of them cannot be created on this server (the name is a stack's, an image or network is missing); nothing was done.
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
        var plan = ExistingInstances.Keep(await CompareAsync(client, stack, new PlanOptions { KeepExisting = true }, cancellationToken).ConfigureAwait(false), start);
        var options = new ApplyOptions { Start = start, ThrottleLimit = throttleLimit };
        var applier = new StackApplier(new ApplyContext(client, plan, options, _connector.Load()), progress);
        return await applier.ApplyAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Deletes what outlived an instance: its volumes and its folders of the host, with all that is in them. What something
    /// else uses, or belongs to somebody else, stays; so does what is on another machine.
    /// </summary>
    /// <param name="client">The server, in the instance's project.</param>
    /// <param name="instance">The instance as it was; it is deleted already.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What became of each volume and folder.</returns>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public Task<IReadOnlyList<DataRemoval>> RemoveDataAsync(IncusClient client, Instance instance, CancellationToken cancellationToken = default) =>
        DataRemover.RemoveAsync(client, instance, cancellationToken);

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
        var exists = plan.Project == "default" || plan.View is not null || await view.Projects.FindAsync(plan.Project, cancellationToken).ConfigureAwait(false) is not null;
        var server = (await StackObserver.ObserveAsync(
            view, exists ? null : plan.ProjectConfig, StoragePoolKind.NamesIn(plan), cancellationToken).ConfigureAwait(false)).SeenBy(plan.Stack, plan.Project);
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
