using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Planning;

/// <summary>What is to be done with a resource.</summary>
public enum ChangeAction
{
    /// <summary>Nothing; it is as the file says.</summary>
    None,

    /// <summary>Make it (an instance is started in the same step).</summary>
    Create,

    /// <summary>Change it in place.</summary>
    Update,

    /// <summary>Start an instance that is stopped.</summary>
    Start,

    /// <summary>Restart an instance, for changes that were applied before and wait for it or because it was asked for.</summary>
    Restart,

    /// <summary>Make an instance's root disk anew from its image; everything else stays.</summary>
    Rebuild,

    /// <summary>Delete it and create it again.</summary>
    Replace,

    /// <summary>Delete it.</summary>
    Delete,

    /// <summary>Stop an instance.</summary>
    Stop,

    /// <summary>End an instance at once, without asking it to shut down.</summary>
    Kill,

    /// <summary>Pause all processes of an instance.</summary>
    Pause,

    /// <summary>Let a paused instance go on.</summary>
    Resume,

    /// <summary>Take what is there and nobody's into the stack: its mark is written, nothing else is touched.</summary>
    Adopt,
}

/// <summary>One resource of a plan and what is to be done with it. One node of the plan's graph.</summary>
public sealed record ResourceChange
{
    /// <summary>The resource.</summary>
    public required ResourceId Id { get; init; }

    /// <summary>The resource's kind, as a word: <c>instance</c>.</summary>
    public string Kind => Id.Kind;

    /// <summary>The resource's name.</summary>
    public string Name => Id.Name;

    /// <summary>What is to be done.</summary>
    public required ChangeAction Action { get; init; }

    /// <summary>
    /// The properties that differ, in path order; those that are left alone
    /// (<see cref="PropertyDifference.Unmanaged"/>) are listed too.
    /// </summary>
    public IReadOnlyList<PropertyChange> Properties { get; init; } = [];

    /// <summary>True where the change restarts the instance (or stops it on the way).</summary>
    public bool Restarts { get; init; }

    /// <summary>True where the change starts an instance that is stopped.</summary>
    public bool Starts { get; init; }

    /// <summary>True where the change is applied but takes effect only at a restart that was not allowed.</summary>
    public bool PendingRestart { get; init; }

    /// <summary>True where a change that would disturb an instance waits as a whole: its update is manual, and nobody named it.</summary>
    public bool IsPostponed { get; init; }

    /// <summary>True for an instance that is restarted or made anew only where it is named: its update is manual.</summary>
    public bool IsUpdateManual => Desired is DesiredInstance { Update.Strategy: UpdateStrategy.Manual };

    /// <summary>Why, in a few words; empty where the properties say it all.</summary>
    public string Reason { get; init; } = "";

    /// <summary>What stands in the way, with what to do; null where nothing does. A plan with a refused change is not applied.</summary>
    public string? Refused { get; init; }

    /// <summary>True for what must exist and is never changed.</summary>
    public bool IsExternal => Desired?.External == true;

    /// <summary>The changes of the same plan that must have been made before this one.</summary>
    public IReadOnlyList<ResourceId> DependsOn { get; init; } = [];

    /// <summary>What must be true of other instances before this one is started; only of an instance.</summary>
    public IReadOnlyList<InstanceDependency> Conditions { get => field ?? Desired?.Conditions ?? []; init; }

    /// <summary>True for an instance that others wait for to end: it stays stopped once it has run.</summary>
    public bool RunsToCompletion => Desired?.RunsToCompletion == true;

    /// <summary>True where the resource was there when the plan was made.</summary>
    public bool Exists => Live is not null;

    /// <summary>What is written to the server, values unmasked.</summary>
    internal IEnumerable<PropertyStep> Steps => Properties.Where(property => property.Step is not null).Select(property => property.Step!.Value);

    /// <summary>What the resource should be; null where it is deleted.</summary>
    internal DesiredResource? Desired { get; init; }

    /// <summary>What the resource was when the plan was made; null where it did not exist.</summary>
    internal LiveResource? Live { get; init; }
}

/// <summary>A marked resource that is no longer in the file and stays, because pruning was not asked for.</summary>
/// <param name="Id">The resource.</param>
/// <param name="Advice">What would remove it.</param>
public sealed record OrphanedResource(ResourceId Id, string Advice);

/// <summary>
/// Everything that applying a stack (or taking it down) would do, compared with what is live on the server.
/// A plan is data: it can be kept, shown, and applied later; applying stops if the server has moved on meanwhile.
/// </summary>
public sealed record StackPlan
{
    /// <summary>The stack's name.</summary>
    public required string Stack { get; init; }

    /// <summary>The Incus project.</summary>
    public required string Project { get; init; }

    /// <summary>The server that was compared with, as a person would name it (a remote's name or a socket's path).</summary>
    public string Server { get; init; } = "";

    /// <summary>True for a plan that takes the stack down.</summary>
    public bool IsRemoval { get; init; }

    /// <summary>True for a plan that only starts, stops, restarts, kills, pauses or resumes instances.</summary>
    public bool IsOperation { get; init; }

    /// <summary>
    /// The configuration of the project that the stack makes; null where it makes none. (Of the definition no more is kept:
    /// a plan can be shown and stored, and a definition holds secrets.)
    /// </summary>
    internal IReadOnlyDictionary<string, string>? ProjectConfig { get; init; }

    /// <summary>The project through which the server was looked at where it is not the stack's own, which is gone; else null.</summary>
    internal string? View { get; init; }

    /// <summary>Every resource of the stack, those that stay as they are included, dependencies first.</summary>
    public IReadOnlyList<ResourceChange> Resources { get; init; } = [];

    /// <summary>The resources with something to do, dependencies first.</summary>
    public IReadOnlyList<ResourceChange> Changes => [.. Resources.Where(r => r.Action != ChangeAction.None)];

    /// <summary>How many of the stack's resources stay as they are; what is only looked up is nobody's to keep and does not count.</summary>
    public int Unchanged => Resources.Count(resource => resource is { Action: ChangeAction.None, IsExternal: false, IsPostponed: false });

    /// <summary>Marked resources that are no longer in the file and are left alone.</summary>
    public IReadOnlyList<OrphanedResource> Orphans { get; init; } = [];

    /// <summary>Warnings and notes that go with the plan.</summary>
    public IReadOnlyList<Diagnostic> Diagnostics { get; init; } = [];

    /// <summary>The stack's name and what applying it would do, in one line.</summary>
    public override string ToString() => PlanText.Summary(this);

    /// <summary>True where commands on this machine were allowed.</summary>
    internal bool AllowHostHooks { get; init; }

    /// <summary>True where no hook is to run.</summary>
    internal bool SkipHooks { get; init; }

    /// <summary>The folder that commands on this machine are run in; null: the process's current one.</summary>
    internal string? HostFolder { get; init; }

    /// <summary>How each resource was planned, to plan one again where the server moved on.</summary>
    internal ResourcePlanner Planner { get; init; } = new(new PlanOptions(), null);

    /// <summary>True where there is anything to do.</summary>
    public bool HasChanges => Resources.Any(r => r.Action != ChangeAction.None);

    /// <summary>True where a change is refused until it is allowed by its own word.</summary>
    public bool IsRefused => Resources.Any(r => r.Refused is not null);
}

/// <summary>What a plan may do.</summary>
public sealed record PlanOptions
{
    /// <summary>Restart instances whose changes need it.</summary>
    public bool AllowRestart { get; init; }

    /// <summary>Rebuild instances whose image changed, or moved on: its name leads to another one by now.</summary>
    public bool AllowRebuild { get; init; }

    /// <summary>Delete and create again what cannot be changed otherwise.</summary>
    public bool AllowReplace { get; init; }

    /// <summary>Delete marked resources that are no longer in the file (volumes only with <see cref="RemoveVolumes"/>).</summary>
    public bool Prune { get; init; }

    /// <summary>Let pruning delete volumes, with their data.</summary>
    public bool RemoveVolumes { get; init; }

    /// <summary>Run the hooks' commands on this machine, and Ansible for steps; without it changes that have some are refused.</summary>
    public bool AllowHostHooks { get; init; }

    /// <summary>
    /// How many replicas there are to be of a definition, whatever the file says. Those with higher numbers are deleted,
    /// pruning or not: this says so.
    /// </summary>
    public IReadOnlyDictionary<string, int> Scale { get; init; } = new Dictionary<string, int>();

    /// <summary>Instances or definitions whose update is manual and that may be restarted or made anew now.</summary>
    public IReadOnlyCollection<string> Update { get; init; } = [];

    /// <summary>
    /// Take what is there already and nobody's into the stack, as it is: only marks are written. What differs from the file
    /// is a planned change like every other once it is the stack's.
    /// </summary>
    public bool Adopt { get; init; }

    /// <summary>
    /// Ask the registries of OCI images for the health checks that these bring along, as for an apply that is to wait; where
    /// an instance waits for the health of another, they are asked in any case.
    /// </summary>
    public bool WithImageHealth { get; init; }

    /// <summary>Leave what is there already and no stack's own as it is, whatever is different about it.</summary>
    internal bool KeepExisting { get; init; }
}

/// <summary>What taking a stack down may delete beyond instances, networks and profiles.</summary>
public sealed record RemovalOptions
{
    /// <summary>Delete the stack's volumes, with their data.</summary>
    public bool RemoveVolumes { get; init; }

    /// <summary>Delete the images that the stack brought to the server and that nothing else uses.</summary>
    public bool RemoveImages { get; init; }

    /// <summary>Delete the stack's storage pools (and its volumes: needs <see cref="RemoveVolumes"/>).</summary>
    public bool RemovePools { get; init; }

    /// <summary>Run the hooks' commands on this machine; without it changes that have some are refused.</summary>
    public bool AllowHostHooks { get; init; }

    /// <summary>Run no hooks: the way out where one of them fails.</summary>
    public bool SkipHooks { get; init; }

    /// <summary>The folder that the hooks' commands on this machine are run in; null: the process's current one.</summary>
    public string? HostFolder { get; init; }
}
