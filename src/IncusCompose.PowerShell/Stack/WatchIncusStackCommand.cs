using System.Management.Automation;
using IncusCompose.Definition;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;
using IncusCompose.Watching;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Follows stacks: writes each instance when it changes, until it is stopped; repairs what is broken where it is told to.</summary>
[Cmdlet(VerbsCommon.Watch, "IncusStack", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(InstanceStatus))]
public sealed class WatchIncusStackCommand : StackTargetCmdlet
{
    /// <summary>Restart what is unhealthy; with Path, apply the file again where an instance drifted, stopped or is gone.</summary>
    [Parameter]
    public SwitchParameter Repair { get; set; }

    /// <summary>How long after a restart the next one of the same instance may come, doubled each time; a number is seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan BackOff { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often an instance is restarted that does not become healthy in between.</summary>
    [Parameter]
    [ValidateRange(0, 1000)]
    public int MaxRestarts { get; set; } = 5;

    /// <summary>Write every instance each time that usage is read, not only those that changed.</summary>
    [Parameter]
    public SwitchParameter Usage { get; set; }

    /// <summary>How long to watch; a number is seconds. Without it: until the pipeline is stopped.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan? For { get; set; }

    /// <inheritdoc/>
    private protected override bool GoesOn => true;

    /// <inheritdoc/>
    private protected override async Task ProcessStackAsync(
        Pipeline pipeline, ServerConnection connection, string name, StackIdentity identity, CancellationToken cancellationToken)
    {
        var repair = Repair && await pipeline.ShouldProcessAsync($"Restarting and repairing what is broken in stack {name}", $"Repair stack {name} while it is watched?", "Watch-IncusStack").ConfigureAwait(false);
        var options = new WatchOptions { Repair = repair, BackOff = BackOff, MostRestarts = MaxRestarts };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (For is { } time)
            limit.CancelAfter(time);
        var isFirst = true;
        try
        {
            await foreach (var status in Session.Engine.WatchAsync(connection.Client, name, identity.Original as StackDefinition, options, limit.Token).ConfigureAwait(false))
            {
                if (isFirst && status.Instances.Count == 0)
                {
                    pipeline.WriteError(CmdletErrors.StackNotFound(name, connection.Project, connection.Server, identity.Original));
                    return;
                }

                isFirst = false;
                foreach (var instance in Usage ? status.Instances : status.Changed)
                    pipeline.WriteObject(instance with { Server = connection.Server });
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over.
        }
    }
}
