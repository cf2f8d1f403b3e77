using IncusCompose.Diagnostics;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>A plan: every resource, those that stay as they are included, dependencies first.</summary>
internal sealed record PlanDocument(
    string Stack,
    string Project,
    string Server,
    bool HasChanges,
    bool Refused,
    IReadOnlyList<ChangeDocument> Resources,
    IReadOnlyList<OrphanDocument> Orphans,
    IReadOnlyList<DiagnosticDocument> Diagnostics)
{
    public static PlanDocument From(StackPlan plan) => new(
        plan.Stack,
        plan.Project,
        plan.Server,
        plan.HasChanges,
        plan.IsRefused,
        [.. plan.Resources.Select(ChangeDocument.From)],
        [.. plan.Orphans.Select(orphan => new OrphanDocument(orphan.Id.ToString(), orphan.Id.Kind, orphan.Id.Name, orphan.Advice))],
        [.. plan.Diagnostics.Select(DiagnosticDocument.From)]);
}

/// <summary>One resource of a plan and what is to be done with it.</summary>
internal sealed record ChangeDocument(
    string Resource,
    string Kind,
    string Name,
    string? Scope,
    string Action,
    bool Restarts,
    bool PendingRestart,
    bool Postponed,
    string? Reason,
    string? Refused,
    IReadOnlyList<string> DependsOn,
    IReadOnlyList<PropertyDocument> Properties)
{
    public static ChangeDocument From(ResourceChange change) => new(
        change.Id.ToString(),
        change.Kind,
        change.Name,
        change.Id.Scope,
        Words.Name(change.Action),
        change.Restarts,
        change.PendingRestart,
        change.IsPostponed,
        change.Reason.Length == 0 ? null : change.Reason,
        change.Refused,
        [.. change.DependsOn.Select(id => id.ToString())],
        [.. change.Properties.Select(p => new PropertyDocument(p.Path, Words.Name(p.Difference), Words.Name(p.Impact), p.Old, p.New))]);
}

/// <summary>One property that differs; <c>old</c> or <c>new</c> is missing where there is no such value.</summary>
internal sealed record PropertyDocument(string Path, string Difference, string Impact, string? Old, string? New);

/// <summary>A resource of the stack that is no longer in the file and stays.</summary>
internal sealed record OrphanDocument(string Resource, string Kind, string Name, string Advice);

/// <summary>A problem of a stack file.</summary>
internal sealed record DiagnosticDocument(
    string Severity, string Id, string? File, int? Line, int? Column, string? Path, string Message, string? Advice)
{
    public static DiagnosticDocument From(Diagnostic diagnostic) => new(
        Words.Name(diagnostic.Severity),
        diagnostic.Id,
        NullIfEmpty(diagnostic.Location.File),
        diagnostic.Location.Line == 0 ? null : diagnostic.Location.Line,
        diagnostic.Location.Line == 0 ? null : diagnostic.Location.Column,
        NullIfEmpty(diagnostic.Path),
        diagnostic.Message,
        NullIfEmpty(diagnostic.Advice));

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
