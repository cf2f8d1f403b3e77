using System.Text.Json;
using System.Text.Json.Serialization;
using IncusCompose.Resources;

namespace IncusCompose.Provision;

/// <summary>
/// What has been done to an instance: the digests of the steps that ran, each with what the step was called, recorded on the
/// instance as one line of JSON. An instance that is made anew, or whose disk is, has no such record.
/// </summary>
internal sealed partial class ProvisionRecord
{
    /// <summary>The configuration key that holds it.</summary>
    public const string Key = OwnershipMark.Prefix + "provisioned";

    private readonly SortedDictionary<string, string> _done;

    private ProvisionRecord(SortedDictionary<string, string> done) => _done = done;

    public static ProvisionRecord Empty { get; } = new([]);

    /// <summary>The record of an instance; text that somebody spoilt counts as nothing done.</summary>
    public static ProvisionRecord Read(IReadOnlyDictionary<string, string> config)
    {
        try
        {
            return config.GetValueOrDefault(Key) is { Length: > 0 } text && JsonSerializer.Deserialize(text, RecordJson.Default.SortedDictionaryStringString) is { } done
                ? new ProvisionRecord(done)
                : Empty;
        }
        catch (JsonException)
        {
            return Empty;
        }
    }

    public bool IsDone(PlannedStep step) => _done.ContainsKey(step.Digest);

    /// <summary>True where a step of this name ran with a content that no step has any more.</summary>
    public bool RanDifferently(PlannedStep step, IReadOnlyList<PlannedStep> steps) =>
        !IsDone(step) && _done.Any(done => done.Value == step.Label && steps.All(other => other.Digest != done.Key));

    /// <summary>The record once a step has run: of contents that no step has any more nothing stays, so that they run again where they come back.</summary>
    public ProvisionRecord With(PlannedStep step, IReadOnlyList<PlannedStep> steps)
    {
        var done = new SortedDictionary<string, string>(StringComparer.Ordinal) { [step.Digest] = step.Label };
        foreach (var other in steps.Where(IsDone))
            done[other.Digest] = other.Label;
        return new ProvisionRecord(done);
    }

    public override string ToString() => JsonSerializer.Serialize(_done, RecordJson.Default.SortedDictionaryStringString);

    [JsonSerializable(typeof(SortedDictionary<string, string>))]
    private sealed partial class RecordJson : JsonSerializerContext;
}
