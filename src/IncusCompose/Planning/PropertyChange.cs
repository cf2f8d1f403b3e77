namespace IncusCompose.Planning;

/// <summary>Why a property differs, by comparing the file, what was last applied, and what is live.</summary>
public enum PropertyDifference
{
    /// <summary>In the file, not on the server, and never applied before.</summary>
    Added,

    /// <summary>The file says something else than what was last applied.</summary>
    Changed,

    /// <summary>Was applied before and is no longer in the file: it is removed from the server.</summary>
    Removed,

    /// <summary>Applied before and unchanged in the file, but somebody changed or removed it on the server: it is put back.</summary>
    Drifted,

    /// <summary>On the server only, set by somebody else: it is left alone.</summary>
    Unmanaged,

    /// <summary>The server already has what the file says; only the stack's record of it is written.</summary>
    Recorded,
}

/// <summary>How hard a change is on what runs. Ordered: the larger, the harder.</summary>
public enum ChangeImpact
{
    /// <summary>Takes effect while everything keeps running.</summary>
    Live,

    /// <summary>Takes effect when the instance is restarted.</summary>
    Restart,

    /// <summary>Needs the root disk to be made anew from an image; configuration, devices, addresses and volumes stay.</summary>
    Rebuild,

    /// <summary>Needs the resource to be deleted and created again.</summary>
    Replace,
}

/// <summary>One property that differs.</summary>
/// <param name="Path">The property as it is called on the server: <c>config.limits.memory</c>, <c>devices.eth0.network</c>, <c>description</c>.</param>
/// <param name="Difference">Why it differs.</param>
/// <param name="Impact">How hard the change is.</param>
/// <param name="Old">The live value; null where there is none. Secrets are masked.</param>
/// <param name="New">The value after the change; null where it is removed. Secrets are masked.</param>
public sealed record PropertyChange(string Path, PropertyDifference Difference, ChangeImpact Impact, string? Old, string? New)
{
    /// <summary>True where the values differ though they look the same, since what differs is not shown.</summary>
    public bool IsHidden => Difference is PropertyDifference.Changed or PropertyDifference.Drifted && Old is not null && Old == New;

    /// <summary>True for what is no property, but a step that is run once the change is made.</summary>
    public bool IsStep { get; init; }

    /// <summary>True for what is no property, but a file inside the instance.</summary>
    public bool IsFile { get; init; }

    /// <summary>What is written to the server; null where nothing is.</summary>
    internal PropertyStep? Step { get; init; }
}
