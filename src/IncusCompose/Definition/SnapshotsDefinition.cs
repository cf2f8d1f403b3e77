namespace IncusCompose.Definition;

/// <summary>
/// Snapshots that the server takes of one instance or volume by itself.
/// Source: Incus doc/reference/instance_options.md, "Snapshot scheduling and configuration".
/// </summary>
public sealed record SnapshotsDefinition
{
    /// <summary>
    /// The usual <see cref="Pattern"/>: all that is taken within one minute has the same name, so that what the server
    /// took of a stack at one time can be told.
    /// </summary>
    public const string DefaultPattern = "snapshot-{{ creation_date|date:'20060102-1504' }}";

    internal const string ManualExpiryKey = "snapshots.expiry.manual";

    /// <summary>The schedule that takes back the profiles' one.</summary>
    internal const string NeverWord = "@never";

    /// <summary>When: five fields as in crontab(5), or words such as <c>@daily</c>; null: never.</summary>
    public string? Schedule { get; init; }

    /// <summary>How long each is kept, such as <c>14d</c>; null: until it is deleted.</summary>
    public string? Expiry { get; init; }

    /// <summary>How long those are kept that somebody takes by hand; null: until they are deleted.</summary>
    public string? ManualExpiry { get; init; }

    /// <summary>What each is called: a Pongo2 template, with <c>%d</c> for a number.</summary>
    public string Pattern { get; init; } = DefaultPattern;

    /// <summary>Of an instance: true to take them while it is stopped, too.</summary>
    public bool Stopped { get; init; }

    /// <summary>The configuration of the instance or volume that says so.</summary>
    internal IEnumerable<(string Key, string Value)> Config()
    {
        if (Schedule is not null)
            yield return ("snapshots.schedule", Schedule);
        if (Expiry is not null)
            yield return ("snapshots.expiry", Expiry);
        if (ManualExpiry is not null)
            yield return (ManualExpiryKey, ManualExpiry);
        if ((Schedule is not null && Schedule != NeverWord) || Pattern != DefaultPattern)
            yield return ("snapshots.pattern", Pattern);
        if (Stopped)
            yield return ("snapshots.schedule.stopped", "true");
    }
}
