using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Backups;

/// <summary>One resource of a stack that is to be made somewhere else.</summary>
public sealed record PlacedResource
{
    /// <summary>What it will be called.</summary>
    public required ResourceId Id { get; init; }

    /// <summary>What it was taken from.</summary>
    public required ResourceId From { get; init; }

    /// <summary>The kind of both.</summary>
    public string Kind => Id.Kind;

    /// <summary>The new name.</summary>
    public string Name => Id.Name;

    /// <summary>True for a project or storage pool that is there already, and is used as it is.</summary>
    public bool Exists { get; init; }

    /// <summary>True for what an earlier copy made, and that is brought up to date.</summary>
    public bool IsRenewed { get; init; }

    /// <summary>True for an instance that ran and will be started.</summary>
    public bool Starts { get; init; }

    /// <summary>The name of the stack there.</summary>
    internal string Stack { get; init; } = "";

    internal DesiredResource Desired { get; init; } = null!;

    internal LiveResource Origin { get; init; } = null!;

    /// <summary>The pool of an instance's root disk; null for the server's choice.</summary>
    internal string? RootPool { get; init; }

    /// <summary>The resource as a person names it.</summary>
    public override string ToString() => (Id == From ? Id.ToString() : $"{Id} (from {From})") + (IsRenewed ? " again" : "");
}

/// <summary>What restoring a backup or cloning a stack would make, found out without changing anything.</summary>
public sealed record StackCopyPlan
{
    /// <summary>The name of the stack there.</summary>
    public required string Stack { get; init; }

    /// <summary>The Incus project there.</summary>
    public required string Project { get; init; }

    /// <summary>Every resource, what others stand on first.</summary>
    public required IReadOnlyList<PlacedResource> Resources { get; init; }

    /// <summary>What will not be as it was, and why.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    internal IStackSource Source { get; init; } = null!;
}

/// <summary>What became of restoring or cloning a stack.</summary>
public sealed record StackCopyResult
{
    /// <summary>The name of the stack.</summary>
    public required string Stack { get; init; }

    /// <summary>The Incus project that it is in.</summary>
    public required string Project { get; init; }

    /// <summary>The server that it is on, as the front end names it; empty where nobody named it.</summary>
    public string Server { get; init; } = "";

    /// <summary>What was made or brought up to date.</summary>
    public required IReadOnlyList<PlacedResource> Resources { get; init; }

    /// <summary>The instances' names.</summary>
    public IReadOnlyList<string> Instances => NamesOf(InstanceKind.KindName);

    /// <summary>The volumes' names.</summary>
    public IReadOnlyList<string> Volumes => NamesOf(VolumeKind.KindName);

    /// <summary>Instances that ran and could not be started here, each with the reason. They are there, stopped.</summary>
    public required IReadOnlyDictionary<string, string> NotStarted { get; init; }

    /// <summary>Bytes of data that passed from one server to the other; 0 where nothing had to.</summary>
    public long Transferred { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Duration { get; init; }

    private IReadOnlyList<string> NamesOf(string kind) =>
        [.. Resources.Where(resource => resource.Kind == kind).Select(resource => resource.Name)];
}

/// <summary>How a backup is restored.</summary>
public sealed record BackupRestoreOptions
{
    /// <summary>Storage pools by their names in the backup, with the names of those to use instead.</summary>
    public IReadOnlyDictionary<string, string> Pools { get; init; } = new Dictionary<string, string>();
}

/// <summary>How a planned copy is made.</summary>
public sealed record CopyOptions
{
    /// <summary>False to leave all instances stopped; else those are started that ran.</summary>
    public bool Start { get; init; } = true;

    /// <summary>Most instances or volumes at work at one time.</summary>
    public int ThrottleLimit { get; init; } = 4;
}

/// <summary>A stack cannot be put where it was to be: names are taken, or what it needs is not there. Nothing was done.</summary>
public sealed class StackConflictException : Exception
{
    internal StackConflictException(string stack, IReadOnlyList<string> problems)
        : base($"Stack {stack} cannot be made there, and nothing was done: {string.Join("; ", problems)}")
    {
        Problems = problems;
    }

    /// <summary>Everything that is in the way.</summary>
    public IReadOnlyList<string> Problems { get; }
}
