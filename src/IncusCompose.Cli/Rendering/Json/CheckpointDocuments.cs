using System.Text.Json.Serialization;
using IncusCompose.Checkpoints;
using IncusCompose.Resources;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>One checkpoint, as <c>checkpoint create</c>, <c>list</c> and <c>remove --json</c> write it.</summary>
internal sealed record CheckpointDocument(
    string Name,
    string Stack,
    string Project,
    string? Description,
    DateTimeOffset CreatedAt,
    string? Parent,
    bool Live,
    bool Complete,
    bool Quiesced,
    bool Copies,
    bool OfApply,
    IReadOnlyList<KeptInstanceDocument> Instances,
    IReadOnlyList<string> Volumes,
    IReadOnlyList<string> Networks,
    IReadOnlyList<string> Profiles)
{
    /// <summary>The lines of the tree, for people.</summary>
    [JsonIgnore]
    public string Branch { get; init; } = "";

    public static CheckpointDocument From(StackCheckpoint checkpoint)
    {
        IReadOnlyList<string> Names(string kind) => [.. checkpoint.Members.Where(member => member.Id.Kind == kind).Select(member => Label(member.Id))];
        return new CheckpointDocument(
            checkpoint.Name,
            checkpoint.Stack,
            checkpoint.Project,
            checkpoint.Description.Length == 0 ? null : checkpoint.Description,
            checkpoint.CreatedAt,
            checkpoint.Parent,
            checkpoint.IsLive,
            checkpoint.IsComplete,
            checkpoint.IsQuiesced,
            checkpoint.KeepsCopies,
            checkpoint.IsOfApply,
            [.. checkpoint.Members.Where(member => member.Id.Kind == "instance").Select(member => new KeptInstanceDocument(member.Id.Name, member.Status))],
            Names("volume"),
            Names("network"),
            Names("profile"))
        {
            Branch = checkpoint.Branch,
        };
    }

    private static string Label(ResourceId id) => id.Scope is null ? id.Name : $"{id.Scope}/{id.Name}";
}

/// <summary>An instance in a checkpoint, with the status that it had.</summary>
internal sealed record KeptInstanceDocument(string Name, string Status);

/// <summary>One line of <c>checkpoint restore --json</c>: first what will be done (<c>plan</c>), then what became of it (<c>result</c>).</summary>
internal sealed record RestoreDocument(string Event, string Checkpoint, string Stack, bool Part)
{
    public bool? Succeeded { get; init; }

    public long? DurationMs { get; init; }

    public IReadOnlyList<string>? Added { get; init; }

    public IReadOnlyList<string>? Shared { get; init; }

    public required IReadOnlyList<RestoreStepDocument> Resources { get; init; }

    public static RestoreDocument From(RestorePlan plan) => new("plan", plan.Checkpoint.Name, plan.Checkpoint.Stack, plan.IsPart)
    {
        Added = [.. plan.Added.Select(id => id.ToString())],
        Shared = [.. plan.Shared.Select(id => id.ToString())],
        Resources = [.. plan.Steps.Select(step => new RestoreStepDocument(step.Id.ToString(), Words.Name(step.Action), NullIfEmpty(step.Status), step.Refused, null, null))],
    };

    public static RestoreDocument From(RestoreResult result) => new("result", result.Plan.Checkpoint.Name, result.Plan.Checkpoint.Stack, result.Plan.IsPart)
    {
        Succeeded = result.Succeeded,
        DurationMs = (long)result.Duration.TotalMilliseconds,
        Resources =
        [
            .. result.Steps.Select(RestoreStepDocument.From),
        ],
    };

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}

/// <summary>One resource of a restore.</summary>
internal sealed record RestoreStepDocument(string Resource, string Action, string? Status, string? Refused, string? Outcome, string? Message)
{
    public static RestoreStepDocument From(RestoreStepResult step) => new(
        step.Id.ToString(), Words.Name(step.Action), step.Step.Status.Length == 0 ? null : step.Step.Status, null, Words.Name(step.Outcome), step.Message);
}
