namespace IncusCompose.Logs;

/// <summary>Where an instance leaves what it has to say.</summary>
public enum LogSource
{
    /// <summary>The console, of which the server keeps the newest part. Its lines carry no times.</summary>
    Console,

    /// <summary>The journal of systemd in the guest. It is read while the instance runs.</summary>
    Journal,
}

/// <summary>One line of an instance's console or journal.</summary>
/// <param name="Instance">The instance's name.</param>
/// <param name="Source">Where it was found.</param>
/// <param name="Time">When it was written; null for a line of a console that was written before anybody followed it.</param>
/// <param name="Text">The line, without its end and without what steers a terminal.</param>
public sealed record LogLine(string Instance, LogSource Source, DateTimeOffset? Time, string Text)
{
    /// <summary>Who wrote it, as the journal has it (<c>sshd</c>, <c>kernel</c>); null where that is not known.</summary>
    public string? Identifier { get; init; }

    /// <summary>How grave it is, 0 (emergency) to 7 (debug), as the journal has it; null where that is not known.</summary>
    public int? Priority { get; init; }

    /// <summary>Who wrote it and what.</summary>
    public override string ToString() => Identifier is null ? Text : $"{Identifier}: {Text}";
}

/// <summary>Which lines to read.</summary>
public sealed record LogOptions
{
    /// <summary>Only lines since then; null for no limit.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only lines until then; null for no limit. Goes ill with <see cref="Follow"/>.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>No more than the last so many lines of each console and each journal; null for all.</summary>
    public int? Tail { get; init; }

    /// <summary>Where to look; null for console and journal.</summary>
    public IReadOnlyCollection<LogSource>? Sources { get; init; }

    /// <summary>Go on with what is written from now on, over restarts of instances, until cancelled.</summary>
    public bool Follow { get; init; }
}
