using IncusCompose.Hooks;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Checkpoints;

/// <summary>
/// A state of a stack that can be gone back to: one snapshot of the same name of each instance and volume, and the
/// definitions of everything else that the stack owns in its project. Everything of it is on the server.
/// </summary>
public sealed record StackCheckpoint
{
    /// <summary>Its name, which each snapshot has too.</summary>
    public required string Name { get; init; }

    /// <summary>The stack's name.</summary>
    public required string Stack { get; init; }

    /// <summary>The Incus project that the stack lives in.</summary>
    public required string Project { get; init; }

    /// <summary>The server that it is on, as the front end names it; empty where nobody named it.</summary>
    public string Server { get; init; } = "";

    /// <summary>What somebody noted about it; empty where nobody did.</summary>
    public string Description { get; init; } = "";

    /// <summary>When it was taken, by the server's clock.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// The checkpoint that the stack was last taken or restored to when this one was taken, or the nearest before that
    /// which is still there; null for the first of all.
    /// </summary>
    public string? Parent { get; init; }

    /// <summary>The lines that lead to it in a drawing of the tree, such as <c>│  └─ </c>; empty for a root.</summary>
    public string Branch { get; init; } = "";

    /// <summary>True for the one that the stack was last taken or restored to: the parent of the next.</summary>
    public bool IsLive { get; init; }

    /// <summary>False where whoever took or removed it was cut off: it can be removed, not restored.</summary>
    public bool IsComplete { get; init; }

    /// <summary>True where all instances were frozen while it was taken.</summary>
    public bool IsQuiesced { get; init; }

    /// <summary>True where instances and volumes come back even after they were deleted.</summary>
    public bool KeepsCopies { get; init; }

    /// <summary>True for one that an apply took by itself: it goes back to it where it fails, and removes it at its end.</summary>
    public bool IsOfApply { get; init; }

    /// <summary>What is in it, by kind and name; an instance with the status that it had, such as <c>Running</c>.</summary>
    public IReadOnlyList<CheckpointMember> Members { get; init; } = [];

    /// <summary>The instances' names.</summary>
    public IReadOnlyList<string> Instances => NamesOf(InstanceKind.KindName);

    /// <summary>The volumes' names.</summary>
    public IReadOnlyList<string> Volumes => NamesOf(VolumeKind.KindName);

    /// <summary>The stack's and its own name.</summary>
    public override string ToString() => $"{Stack}/{Name}";

    internal CheckpointRecord Record { get; init; } = null!;

    /// <summary>The pool of the volume that holds the record.</summary>
    internal string Pool { get; init; } = "";

    /// <summary>Counts up with each taking and restoring of the stack; 0 where it was handed on.</summary>
    internal long LiveSince { get; init; }

    private IReadOnlyList<string> NamesOf(string kind) => [.. Members.Where(member => member.Id.Kind == kind).Select(member => member.Id.Name)];
}

/// <summary>One resource in a checkpoint.</summary>
/// <param name="Id">The resource.</param>
/// <param name="Status">An instance's status when the checkpoint was taken, such as <c>Running</c>; empty for other kinds.</param>
public sealed record CheckpointMember(ResourceId Id, string Status);

/// <summary>How a checkpoint is taken.</summary>
public sealed record CheckpointOptions
{
    /// <summary>The usual <see cref="ThrottleLimit"/>.</summary>
    public const int DefaultThrottleLimit = 16;

    /// <summary>Its name; null for one made of the time (UTC).</summary>
    public string? Name { get; init; }

    /// <summary>What to note about it.</summary>
    public string Description { get; init; } = "";

    /// <summary>
    /// Run the <c>pre_checkpoint</c> hooks of all running instances and freeze them until every snapshot is there, so that
    /// all are of the same moment; then run <c>post_checkpoint</c>.
    /// </summary>
    public bool Quiesce { get; init; }

    /// <summary>That hooks may run commands on this machine, and where; null: a checkpoint that would run one is refused.</summary>
    public HostHooks? HostHooks { get; init; }

    /// <summary>
    /// Keep a copy of each instance and volume beside its snapshot, from which one that was deleted comes back: with it the
    /// server deletes its snapshots. Nearly free where the pool copies on write (btrfs, zfs), as large as the original on dir.
    /// </summary>
    public bool KeepCopies { get; init; } = true;

    /// <summary>The instances, volumes, networks and profiles to take in; null: all that the stack owns.</summary>
    public IReadOnlySet<ResourceId>? Only { get; init; }

    /// <summary>Most snapshots and copies at work at one time; at least 1.</summary>
    public int ThrottleLimit { get; init; } = DefaultThrottleLimit;

    /// <summary>
    /// True where an apply takes it for itself: of what <see cref="Only"/> names, all is taken in, pools and projects too,
    /// and it may hold nothing, which says that there was nothing before.
    /// </summary>
    internal bool OfApply { get; init; }

    /// <summary>What to keep copies of; null: everything.</summary>
    internal IReadOnlySet<ResourceId>? CopiesOf { get; init; }

    /// <summary>Instances whose snapshot goes once it is copied: the server rebuilds none that has snapshots.</summary>
    internal IReadOnlySet<ResourceId> WithoutSnapshot { get; init; } = new HashSet<ResourceId>();
}

/// <summary>Something begun or ended while a checkpoint is taken, restored or removed.</summary>
/// <param name="Id">The resource that is worked on.</param>
/// <param name="Text">What is being done, such as <c>snapshot</c>.</param>
public sealed record CheckpointEvent(ResourceId Id, string Text);

/// <summary>A checkpoint cannot be taken, found or restored; the message says why and what to do.</summary>
public sealed class CheckpointException : Exception
{
    /// <summary>A stack has no checkpoint of a name.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="name">The name.</param>
    /// <param name="known">Those that it has.</param>
    public static CheckpointException NotFound(string stack, string name, IEnumerable<StackCheckpoint> known)
    {
        var names = known.Select(checkpoint => checkpoint.Name).ToList();
        return new CheckpointException(
            $"Stack \"{stack}\" has no checkpoint \"{name}\"; {(names.Count == 0 ? "it has none at all" : $"its checkpoints: {string.Join(", ", names)}")}.");
    }

    /// <summary>Builds the exception.</summary>
    /// <param name="message">What is wrong, and what to do.</param>
    /// <param name="inner">The cause, or null.</param>
    public CheckpointException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
