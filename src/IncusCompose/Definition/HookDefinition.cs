using System.Text.Json;
using System.Text.Json.Serialization;

namespace IncusCompose.Definition;

/// <summary>A moment in an instance's life at which hooks run.</summary>
public enum HookPoint
{
    /// <summary>Before it is made.</summary>
    [JsonStringEnumMemberName("pre_create")]
    PreCreate,

    /// <summary>Once it was made and has started for the first time.</summary>
    [JsonStringEnumMemberName("post_create")]
    PostCreate,

    /// <summary>Each time that it has started.</summary>
    [JsonStringEnumMemberName("post_start")]
    PostStart,

    /// <summary>Each time that it has become ready after a start.</summary>
    [JsonStringEnumMemberName("post_ready")]
    PostReady,

    /// <summary>Before it is stopped.</summary>
    [JsonStringEnumMemberName("pre_stop")]
    PreStop,

    /// <summary>Once it has stopped.</summary>
    [JsonStringEnumMemberName("post_stop")]
    PostStop,

    /// <summary>Before it is deleted, and stopped for that.</summary>
    [JsonStringEnumMemberName("pre_remove")]
    PreRemove,

    /// <summary>Once it was deleted.</summary>
    [JsonStringEnumMemberName("post_remove")]
    PostRemove,

    /// <summary>Before its stack's checkpoint freezes it and takes its snapshot.</summary>
    [JsonStringEnumMemberName("pre_checkpoint")]
    PreCheckpoint,

    /// <summary>Once the snapshots of that checkpoint are there and it goes on.</summary>
    [JsonStringEnumMemberName("post_checkpoint")]
    PostCheckpoint,
}

/// <summary>What follows where a step of a hook fails.</summary>
public enum HookFailure
{
    /// <summary>What was under way ends there, as failed.</summary>
    [JsonStringEnumMemberName("fail")]
    Fail,

    /// <summary>The next step follows, and the failure is told.</summary>
    [JsonStringEnumMemberName("continue")]
    Continue,
}

/// <summary>What is run around the changes of an instance.</summary>
public sealed record HooksDefinition
{
    /// <summary>The steps by their moment; a moment without steps is not in it.</summary>
    public required IReadOnlyDictionary<HookPoint, IReadOnlyList<HookStep>> Points { get; init; }

    /// <summary>The steps at a moment, in order; none where there are none.</summary>
    /// <param name="point">The moment.</param>
    public IReadOnlyList<HookStep> At(HookPoint point) => Points.GetValueOrDefault(point) ?? [];

    /// <summary>A moment as stack files write it: <c>post_start</c>.</summary>
    /// <param name="point">The moment.</param>
    public static string WordOf(HookPoint point) => JsonNamingPolicy.SnakeCaseLower.ConvertName(point.ToString());
}

/// <summary>One command of a hook.</summary>
public sealed record HookStep
{
    /// <summary>How long a step may take that does not say so itself: 5 minutes.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(5);

    /// <summary>The program and its arguments. A shell line is <c>/bin/sh -c LINE</c>.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>True to run it on the machine that runs the tool; false to run it in the instance, through the API.</summary>
    public bool OnHost { get; init; }

    /// <summary>How long it may take before it is killed and has failed.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>What follows where it fails.</summary>
    public HookFailure OnFailure { get; init; }

    /// <summary>The instance's user to run it as: a name, <c>UID</c> or <c>UID:GID</c>; null: root.</summary>
    public string? User { get; init; }

    /// <summary>Variables beside those that describe the instance.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = Maps.Empty;

    /// <summary>The program alone: arguments and variables may be secrets.</summary>
    public override string ToString() => CommandWords.ProgramOf(Command);
}
