using System.Management.Automation;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;
using IncusCompose.Readiness;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Waits until every instance of stacks is ready, and healthy where it has a health check.</summary>
[Cmdlet(VerbsLifecycle.Wait, "IncusStack", DefaultParameterSetName = NameSet)]
[OutputType(typeof(InstanceHealth))]
public sealed class WaitIncusStackCommand : StackTargetCmdlet
{
    /// <summary>How long to wait for each instance; a number is seconds. Without it: as long as its gates and its health check say.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessStackAsync(
        Pipeline pipeline, ServerConnection connection, string name, StackIdentity identity, CancellationToken cancellationToken)
    {
        var bars = new List<string>();
        var results = await Session.Engine.WaitForStackAsync(connection.Client, name, Timeout, Tell, cancellationToken).ConfigureAwait(false);
        for (var bar = 0; bar < bars.Count; bar++)
            pipeline.WriteProgress(new ProgressUpdate(bar, $"Instance {bars[bar]}", "done") { Completed = true });
        if (results.Count == 0)
        {
            pipeline.WriteError(CmdletErrors.StackNotFound(name, connection.Project, connection.Server, identity.Original));
            return;
        }

        foreach (var health in await Session.Engine.GetHealthAsync(connection.Client, name, cancellationToken).ConfigureAwait(false))
            pipeline.WriteObject(health with { Server = connection.Server });
        foreach (var failed in results.Where(result => result.Failure is not null))
            pipeline.WriteError(CmdletErrors.From(failed.Failure!, identity.Original));

        void Tell(string instance, string text)
        {
            int bar;
            lock (bars)
            {
                bar = bars.IndexOf(instance);
                if (bar < 0)
                {
                    bar = bars.Count;
                    bars.Add(instance);
                }
            }

            pipeline.WriteVerbose($"Waiting for {text} of instance {instance}.");
            pipeline.WriteProgress(new ProgressUpdate(bar, $"Instance {instance}", $"waiting for {text}"));
        }
    }
}
