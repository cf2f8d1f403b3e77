using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;

namespace IncusCompose.Planning;

/// <summary>
/// What bears a stack's mark that was written for another name, where nothing of that name is there any more: somebody renamed or
/// moved it, or copied the other one before that went. That cannot be told apart, and a copy is its maker's; so a plan says what
/// is there, and touches none of it.
/// </summary>
internal static class RenamedResources
{
    /// <summary>What of a stack there is under other names, where the stack is planned from its file.</summary>
    public static IEnumerable<Diagnostic> Notes(PlanningContext context, Dictionary<ResourceId, ResourceChange> changes)
    {
        foreach (var (live, name) in In(context.Server, context.Stack.Name, context.Project))
        {
            if (changes.ContainsKey(live.Id))
                continue;
            if (changes.Values.FirstOrDefault(change => change.Action == ChangeAction.Create && change.Id.ToString() == name) is not { Desired: { } desired })
            {
                yield return Left(live, name);
                continue;
            }

            yield return new Diagnostic(
                DiagnosticSeverity.Warning, "Renamed", context.Stack.Source.Find(desired.DefinitionPath), desired.DefinitionPath,
                $"{live.Id} bears the mark of {name}, which is not there: it was renamed, moved or copied, and another one is made beside it",
                $"where it is that one, {ResourceKinds.Of(live.Id).AdviceWhenRenamed(live.Id, desired.Id)}; or give it its new name in the file and take it into the stack with -Adopt (--adopt)");
        }
    }

    /// <summary>The same where a stack is taken down.</summary>
    public static IEnumerable<Diagnostic> Notes(ServerObservation server, string stack, string project) =>
        In(server, stack, project).Select(renamed => Left(renamed.Live, renamed.Name));

    /// <summary>What something was when it got a stack's mark, where it was called otherwise; null where it bears no such mark.</summary>
    public static string? NameIn(LiveResource live, string stack, string project) =>
        live is { Mark: null, Raw: ConfiguredResource { Config: var config } } && !config.ContainsKey(CheckpointRecord.Key) && !config.ContainsKey(CheckpointRecord.CopyKey)
            && OwnershipMark.Read(config)?.BelongsTo(stack, project) == true
            ? OwnershipMark.ResourceIn(config)
            : null;

    private static IEnumerable<(LiveResource Live, string Name)> In(ServerObservation server, string stack, string project)
    {
        var there = server.Resources.Select(live => live.Id.ToString()).ToHashSet(StringComparer.Ordinal);
        return server.Resources.Select(live => (Live: live, Name: NameIn(live, stack, project)))
            .Where(pair => pair.Name is not null && !there.Contains(pair.Name)).Select(pair => (pair.Live, pair.Name!))
            .OrderBy(pair => pair.Live.Id.ToString(), StringComparer.Ordinal);
    }

    private static Diagnostic Left(LiveResource live, string name) => Diagnostic.Warning(
        "Renamed", SourceLocation.None, "", $"{live.Id} bears the mark of {name}, which is not there: it was renamed, moved or copied, and stays", "delete it yourself where it is not needed");
}
