using System.Globalization;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Cli.Rendering.Progress;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Rendering;

/// <summary>Output for people: with colour and live progress on a terminal, plain lines elsewhere.</summary>
internal sealed class TextOutput(Terminal terminal, bool quiet) : Output
{
    public override void ShowPlan(StackPlan plan) => ShowPlan(plan, detailed: true);

    public override void ShowPlanToApply(StackPlan plan) => ShowPlan(plan, detailed: false);

    public override void ShowOperation(StackPlan plan)
    {
        if (quiet)
            return;
        foreach (var change in plan.Resources.Where(change => change.Action == ChangeAction.None))
            PlanRenderer.WriteHead(change, terminal.Out);
    }

    public override IApplyProgress BeginProgress(StackPlan plan, bool verbose)
    {
        terminal.Flush();
        if (quiet)
            return new QuietProgress();
        if (!terminal.IsLive)
            return new PlainProgress(terminal.Out, verbose);
        var live = new LiveProgress(plan, terminal.Out, verbose);
        terminal.Display = live.Note;
        return live;
    }

    public override void ShowResult(ApplyResult result)
    {
        // Where there was nothing to do, the plan has said so.
        if (!quiet && (result.Plan.HasChanges || result.Resources.Any(resource => resource.PendingRestart)))
            ResultRenderer.WriteSums(result, terminal.Out);
        terminal.Out.Flush();
        ResultRenderer.WriteFailures(result, terminal.Error);
    }

    public override IWatchDisplay BeginWatch()
    {
        terminal.Flush();
        return terminal.IsLive ? new WatchTable(terminal.Out) : new WatchLines(terminal.Out);
    }

    public override void ShowInstances(IReadOnlyList<InstanceDocument> instances)
    {
        if (quiet)
        {
            foreach (var instance in instances)
                terminal.Out.Line(StyledWriter.Printable(instance.Name));
            return;
        }
        var table = new TextTable("NAME", "STATUS", "IMAGE", "IPV4", "IPV6", "PORTS", "STACK");
        foreach (var instance in instances)
        {
            var status = instance.Status switch
            {
                "Running" => Style.Added,
                "Error" => Style.Error,
                _ => Style.Warning,
            };
            table.Add(
                (instance.Name, Style.None),
                (instance.Status, status),
                (instance.Image, Style.None),
                (string.Join(",", instance.Ipv4), Style.None),
                (string.Join(",", instance.Ipv6), Style.None),
                (string.Join(",", instance.Ports), Style.None),
                (instance.Stack, Style.None));
        }
        table.Write(terminal.Out);
    }

    public override IProgress<CheckpointEvent> CheckpointSteps { get; } = new CheckpointLines(terminal);

    public override void ShowCheckpoint(CheckpointDocument checkpoint)
    {
        if (!quiet)
            terminal.Out.Line($"Checkpoint {StyledWriter.Printable(checkpoint.Name)} of stack {checkpoint.Stack}: {Count(checkpoint.Instances.Count, "instance")}, {Count(checkpoint.Volumes.Count, "volume")}.");

        static string Count(int count, string noun) => $"{count} {noun}{(count == 1 ? "" : "s")}";
    }

    public override void ShowCheckpoints(IReadOnlyList<CheckpointDocument> checkpoints)
    {
        if (quiet)
        {
            foreach (var checkpoint in checkpoints)
                terminal.Out.Line(StyledWriter.Printable(checkpoint.Name));
            return;
        }
        var table = new TextTable("CHECKPOINT", "TAKEN", "INSTANCES", "VOLUMES", "STACK", "DESCRIPTION");
        foreach (var checkpoint in checkpoints)
        {
            var state = checkpoint.Live ? " *" : checkpoint.Complete ? "" : " (incomplete)";
            table.Add(
                (checkpoint.Branch + checkpoint.Name + state, checkpoint.Live ? Style.Added : checkpoint.Complete ? Style.None : Style.Warning),
                (checkpoint.CreatedAt.LocalDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), Style.None),
                (string.Join(",", checkpoint.Instances.Select(instance => instance.Name)), Style.None),
                (string.Join(",", checkpoint.Volumes), Style.None),
                (checkpoint.Stack, Style.None),
                (checkpoint.Description, Style.None));
        }
        table.Write(terminal.Out);
    }

    public override void ShowRemoved(IReadOnlyList<CheckpointDocument> checkpoints)
    {
        if (quiet)
            return;
        foreach (var checkpoint in checkpoints)
            terminal.Out.Line($"Removed checkpoint {StyledWriter.Printable(checkpoint.Name)} of stack {checkpoint.Stack}.");
        if (checkpoints.Count == 0)
            terminal.Out.Line("No checkpoint to remove.");
    }

    public override void ShowRestorePlan(RestorePlan plan)
    {
        if (quiet)
            return;
        terminal.Out.Line($"Stack {plan.Checkpoint.Stack}, checkpoint {StyledWriter.Printable(plan.Checkpoint.Name)}", Style.Heading).Line();
        foreach (var step in plan.Steps)
        {
            terminal.Out.Line($"  {step}", step.Action == RestoreAction.None ? Style.Faint : step.Action == RestoreAction.Delete ? Style.Removed : Style.Changed);
            if (step.Refused is not null)
                terminal.Out.Line($"      refused: {StyledWriter.Printable(step.Refused)}", Style.Error);
        }
        foreach (var added in plan.Added)
            terminal.Out.Line($"  {added}: made since, left alone ({(added.Kind == "volume" ? "--prune --remove-volumes deletes it with its data" : "--prune deletes it")})", Style.Warning);
        foreach (var shared in plan.Shared)
            terminal.Out.Line($"  {shared}: left as it is, other instances use it too", Style.Warning);
        terminal.Out.Line().Flush();
    }

    public override void ShowRestoreResult(RestoreResult result)
    {
        if (!quiet)
        {
            // One that only stands still meanwhile is not restored.
            var steps = result.Steps.Where(step => step.Action is not (RestoreAction.None or RestoreAction.Pause)).ToList();
            terminal.Out.Line($"{steps.Count(step => step.Outcome == ChangeOutcome.Done)} of {steps.Count} restored in {Words.Duration(result.Duration)}.");
        }
        terminal.Out.Flush();
        foreach (var step in result.Steps.Where(step => step.Message is not null))
            terminal.Error.Write("error: ", Style.Error).Line(ErrorRenderer.Lines($"{step.Id}: {step.Message}"));
        if (!result.Succeeded)
            terminal.Error.Line("What was done stays; run the same command again to carry on from there.");
    }

    public override void ShowDiagnostic(Diagnostic diagnostic)
    {
        if (!quiet)
            ErrorRenderer.Write(diagnostic, terminal.Error);
    }

    public override void ShowError(Exception error)
    {
        terminal.Out.Flush();
        ErrorRenderer.Write(error, terminal.Error);
    }

    private void ShowPlan(StackPlan plan, bool detailed)
    {
        if (!quiet)
            PlanRenderer.Write(plan, terminal.Out, detailed);
    }
}
