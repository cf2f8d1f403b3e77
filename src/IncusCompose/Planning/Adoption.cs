using IncusCompose.Resources;

namespace IncusCompose.Planning;

/// <summary>What becomes the stack's own where it was nobody's: which resources, and what is recorded of them.</summary>
internal static class Adoption
{
    /// <summary>True for what a plan takes into the stack.</summary>
    public static bool IsWanted(ResourceKind kind, DesiredResource desired, LiveResource? live, PlanningContext context, PlanOptions options) =>
        options.Adopt && !desired.External && !kind.IsShared && live is { Mark: null } && kind.CanAdopt(live)
        // What came with the stack's own project is the stack's already.
        && !(context.LiveProject is { } project && kind.ComesWith(project, desired.Id) && project.Mark?.BelongsTo(context.Stack.Name, context.Project) == true);

    /// <summary>
    /// What counts as applied to a resource that was somebody's work: what it has as the file says, and what only the record
    /// knows. The rest is different, as a plan will say.
    /// </summary>
    public static AppliedRecord RecordOf(ResourceKind kind, DesiredResource desired, LiveResource live) => AppliedRecord.Of(new PropertyBag(
        desired.Properties.Where(property => PropertyPath.IsEngineOnly(property.Key) || IsNote(property.Key)
            || (live.Properties[property.Key] is { } now && kind.IsSame(property.Key, desired, now)))));

    /// <summary>
    /// True for a word of the file that stands beside the mark and means nothing to the resource itself. Who may log in and
    /// what is mounted does.
    /// </summary>
    public static bool IsNote(string path) =>
        PropertyPath.IsConfig(path, out var key) && RecordedWords.Contains(key) && key is not (RecordedWords.Ssh or RecordedWords.Persist);
}
