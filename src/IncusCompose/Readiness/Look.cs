namespace IncusCompose.Readiness;

/// <summary>When to look again at something that is not as wanted yet.</summary>
internal enum NextLook
{
    /// <summary>No more: it is as wanted.</summary>
    Met,

    /// <summary>Soon: the server has no event for it.</summary>
    Soon,

    /// <summary>Soon, and often: the server has no event for it, and the look costs it next to nothing.</summary>
    Often,

    /// <summary>At once: it is as wanted if it still is so then.</summary>
    AtOnce,

    /// <summary>Once an event says that the instance has changed.</summary>
    AfterEvent,

    /// <summary>No more: it can never be as wanted.</summary>
    Never,

    /// <summary>No more: as it is defined it can never be as wanted, whatever happens in it.</summary>
    Undefined,
}

/// <summary>What was seen of an instance at one look.</summary>
/// <param name="Next">When to look again.</param>
/// <param name="Reason">Why it is not as wanted; empty where it is.</param>
internal readonly record struct Look(NextLook Next, string Reason = "")
{
    /// <summary>True where there is no next look.</summary>
    public bool IsLast => Next is NextLook.Met or NextLook.Never or NextLook.Undefined;

    public static Look Met { get; } = new(NextLook.Met);

    public static Look Soon(string reason) => new(NextLook.Soon, reason);

    public static Look Often(string reason) => new(NextLook.Often, reason);

    public static Look AtOnce(string reason) => new(NextLook.AtOnce, reason);

    public static Look AfterEvent(string reason) => new(NextLook.AfterEvent, reason);

    public static Look Never(string reason) => new(NextLook.Never, reason);

    public static Look Undefined(string reason) => new(NextLook.Undefined, reason);
}
