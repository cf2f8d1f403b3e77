using System.Collections.Concurrent;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Hooks;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Applying;

/// <summary>What the kinds are handed while a plan is applied. One for each change: progress has a place to go to.</summary>
/// <param name="Client">The project's view of the server.</param>
/// <param name="Plan">The whole plan.</param>
/// <param name="Options">How it is applied.</param>
/// <param name="Remotes">The user's remotes.</param>
internal sealed record ApplyContext(IncusClient Client, StackPlan Plan, ApplyOptions Options, ClientConfiguration Remotes)
{
    // Fingerprints of the images that this apply brought to the server; shared by all changes.
    private readonly ConcurrentDictionary<ResourceId, string> _images = new();

    /// <summary>Whose turn it is among replicas that turn out to have to stop; shared by all changes.</summary>
    public UpdateTurns Turns { get; } = new();

    /// <summary>How long the instance of the change says itself that it may take to stop; null where it does not.</summary>
    public TimeSpan? OwnStopTimeout { get; init; }

    /// <summary>How long the instance of the change may take to stop before it is stopped by force.</summary>
    public TimeSpan StopTimeout => Options.StopTimeout ?? OwnStopTimeout ?? ApplyOptions.DefaultStopTimeout;

    /// <summary>Whose turn it is among the changes of what lies on one network; shared by all changes.</summary>
    public NamedTurns Networks { get; } = new();

    /// <summary>Whose turn it is among instances that fill a new volume; shared by all changes.</summary>
    public NamedTurns Volumes { get; } = new();

    /// <summary>Whose turn it is among the instances for which the server chooses a cluster member; shared by all changes.</summary>
    public PlacementTurns Placements { get; } = new();

    /// <summary>What has begun that cannot be left half done; shared by all changes.</summary>
    public Commitments Commitments { get; } = new();

    /// <summary>What is stopped while disks of it are moved; shared by all changes.</summary>
    public MoveStops Stops { get; } = new();

    /// <summary>Where the server's progress goes; null for nowhere.</summary>
    public IProgress<OperationProgress>? Progress { get; init; }

    /// <summary>Says what is going on in a word or two.</summary>
    public Action<string> Say { get; init; } = _ => { };

    /// <summary>Receives what the hooks write, line by line.</summary>
    public Action<string> Output { get; init; } = _ => { };

    /// <summary>Is told each folder of this machine that was made for an instance, the outer ones first.</summary>
    public Action<string> FolderMade { get; init; } = _ => { };

    /// <summary>The hooks around the change; of what has none, nothing runs.</summary>
    public ChangeHooks? Hooks { get; init; }

    /// <summary>Runs the change's hook of a moment, where it has one.</summary>
    /// <exception cref="HookFailedException">It failed.</exception>
    public Task HookAsync(HookPoint point, CancellationToken cancellationToken) => Hooks?.RunAsync(point, cancellationToken) ?? Task.CompletedTask;

    /// <summary>What runs hooks, and tells what they write.</summary>
    public HookRunner HookRunner() => new(Client, Plan.Stack) { Skip = Plan.SkipHooks, AllowHost = Plan.AllowHostHooks, HostFolder = Plan.HostFolder, Output = Output };

    public void ImageReady(ResourceId image, string fingerprint) => _images[image] = fingerprint;

    /// <summary>The fingerprint of an instance's image, which its dependencies have seen to.</summary>
    public string ImageFor(DesiredResource instance)
    {
        var id = instance.DependsOn.First(dependency => dependency.Kind == ImageKind.KindName);
        if (_images.TryGetValue(id, out var fingerprint))
            return fingerprint;
        return Plan.Resources.FirstOrDefault(resource => resource.Id == id)?.Live?.Raw is Image image
            ? image.Fingerprint
            : throw new PlanOutdatedException([id]);
    }

    /// <summary>The mark to leave on a resource; null where there is no stack (a single instance).</summary>
    /// <param name="desired">The resource.</param>
    /// <param name="key">What it is known by in the file where that is not the path of its definition.</param>
    public OwnershipMark? MarkOf(DesiredResource desired, string? key = null) =>
        Plan.Stack.Length == 0
            ? null
            : new OwnershipMark(Plan.Stack, Plan.Project, key ?? desired.DefinitionPath, desired.Applied ?? AppliedRecord.Of(desired.Properties));

    /// <summary>Plans a change again for what the resource is now.</summary>
    /// <exception cref="PlanOutdatedException">It may not be planned again, or only something harder than was planned would do.</exception>
    public ResourceChange PlanAgain(ResourceChange change, LiveResource now)
    {
        if (Options.Exact && change.Live is { } planned && !planned.Properties.SameAs(now.Properties) && !VolumePoolMove.Expected(Plan, planned.Properties).SameAs(now.Properties))
            throw new PlanOutdatedException([change.Id]);
        var again = Plan.Planner.Plan(ResourceKinds.Of(change.Id), change.Desired!, now);
        if (again.Refused is not null || (again.Action is ChangeAction.Replace or ChangeAction.Rebuild && again.Action != change.Action))
            throw new PlanOutdatedException([change.Id]);
        return again;
    }
}
