using System.Text.RegularExpressions;

namespace IncusCompose.Resources;

/// <summary>
/// The stack's mark on what has no configuration to keep it in: at the end of its description, where people see it too. What
/// was last applied is not in it; such a resource is compared with its file alone.
/// </summary>
internal static partial class DescribedMark
{
    /// <summary>A description as it is kept.</summary>
    public static string Write(string description, OwnershipMark? mark) =>
        mark is null ? description : $"{description} [incus-compose stack={mark.Stack} project={mark.Project} key={mark.Key}]".TrimStart();

    /// <summary>A description without its mark, and the mark; null where nobody's is in it.</summary>
    public static (string Description, OwnershipMark? Mark) Read(string text) => Mark().Match(text) is { Success: true } match
        ? (text[..match.Index].TrimEnd(), new OwnershipMark(match.Groups["stack"].Value, match.Groups["project"].Value, match.Groups["key"].Value, AppliedRecord.Empty))
        : (text, null);

    /// <summary>What is live, as if all of it had been applied: what differs is a change.</summary>
    public static LiveResource Describe(ResourceId id, PropertyBag properties, OwnershipMark? mark, object raw) => new()
    {
        Id = id,
        Properties = properties,
        Mark = mark is null ? null : mark with { Applied = AppliedRecord.Of(properties) },
        Raw = raw,
    };

    [GeneratedRegex(@"\[incus-compose stack=(?<stack>[^ \]]+) project=(?<project>[^ \]]+) key=(?<key>[^ \]]+)\]\s*\z")]
    private static partial Regex Mark();
}
