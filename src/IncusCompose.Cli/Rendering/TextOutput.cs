using IncusCompose.Applying;
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

    public override IApplyProgress BeginProgress(StackPlan plan)
    {
        terminal.Flush();
        if (quiet)
            return new QuietProgress();
        if (!terminal.IsLive)
            return new PlainProgress(terminal.Out);
        var live = new LiveProgress(plan, terminal.Out);
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
