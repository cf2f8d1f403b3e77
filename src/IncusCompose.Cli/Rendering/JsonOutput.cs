using IncusCompose.Applying;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Cli.Rendering.Progress;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Rendering;

/// <summary>Output for programs: one document, or one event on a line where things take time. Never any colour.</summary>
internal sealed class JsonOutput(Terminal terminal) : Output
{
    private readonly TextWriter _out = terminal.Out.Inner;

    public override void ShowPlan(StackPlan plan) =>
        JsonLines.Write(_out, PlanDocument.From(plan), JsonDocuments.Indented.PlanDocument);

    public override void ShowPlanToApply(StackPlan plan) =>
        JsonLines.Write(_out, EventDocument.From(plan), JsonDocuments.Lines.EventDocument);

    public override IApplyProgress BeginProgress(StackPlan plan) => new JsonProgress(_out);

    public override void ShowResult(ApplyResult result) =>
        JsonLines.Write(_out, EventDocument.From(result), JsonDocuments.Lines.EventDocument);

    public override void ShowInstances(IReadOnlyList<InstanceDocument> instances) =>
        JsonLines.Write(_out, instances, JsonDocuments.Indented.IReadOnlyListInstanceDocument);

    public override void ShowDiagnostic(Diagnostic diagnostic) =>
        JsonLines.Write(terminal.Error.Inner, DiagnosticDocument.From(diagnostic), JsonDocuments.Lines.DiagnosticDocument);

    public override void ShowError(Exception error)
    {
        terminal.Out.Flush();
        JsonLines.Write(terminal.Error.Inner, ErrorDocument.From(error), JsonDocuments.Lines.ErrorDocument);
    }
}
