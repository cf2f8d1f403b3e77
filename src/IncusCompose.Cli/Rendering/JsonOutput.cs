using IncusCompose.Applying;
using IncusCompose.Checkpoints;
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

    public override void ShowOperation(StackPlan plan) => ShowPlanToApply(plan);

    public override IApplyProgress BeginProgress(StackPlan plan, bool verbose) => new JsonProgress(_out);

    public override void ShowResult(ApplyResult result) =>
        JsonLines.Write(_out, EventDocument.From(result), JsonDocuments.Lines.EventDocument);

    public override IWatchDisplay BeginWatch() => new WatchJson(_out);

    public override void ShowInstances(IReadOnlyList<InstanceDocument> instances) =>
        JsonLines.Write(_out, instances, JsonDocuments.Indented.IReadOnlyListInstanceDocument);

    public override void ShowCheckpoint(CheckpointDocument checkpoint) =>
        JsonLines.Write(_out, checkpoint, JsonDocuments.Indented.CheckpointDocument);

    public override void ShowCheckpoints(IReadOnlyList<CheckpointDocument> checkpoints) =>
        JsonLines.Write(_out, checkpoints, JsonDocuments.Indented.IReadOnlyListCheckpointDocument);

    public override void ShowRemoved(IReadOnlyList<CheckpointDocument> checkpoints) => ShowCheckpoints(checkpoints);

    public override void ShowRestorePlan(RestorePlan plan) =>
        JsonLines.Write(_out, RestoreDocument.From(plan), JsonDocuments.Lines.RestoreDocument);

    public override void ShowRestoreResult(RestoreResult result) =>
        JsonLines.Write(_out, RestoreDocument.From(result), JsonDocuments.Lines.RestoreDocument);

    public override void ShowDiagnostic(Diagnostic diagnostic) =>
        JsonLines.Write(terminal.Error.Inner, DiagnosticDocument.From(diagnostic), JsonDocuments.Lines.DiagnosticDocument);

    public override void ShowError(Exception error)
    {
        terminal.Out.Flush();
        JsonLines.Write(terminal.Error.Inner, ErrorDocument.From(error), JsonDocuments.Lines.ErrorDocument);
    }
}
