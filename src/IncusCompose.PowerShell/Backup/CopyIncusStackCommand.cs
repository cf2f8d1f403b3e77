using System.Collections;
using System.Management.Automation;
using Incus.Client;
using IncusCompose.Backups;
using IncusCompose.Checkpoints;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Makes a stack once more: under another name, in another project or on another server.</summary>
[Cmdlet(VerbsCommon.Copy, "IncusStack", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(StackCopyResult))]
public sealed class CopyIncusStackCommand : ServerCmdlet
{
    private const string NameSet = "Name";
    private const string InputObjectSet = "InputObject";

    /// <summary>The stack: its name, or an object of Get-IncusStack or Import-IncusStack.</summary>
    [Parameter(ParameterSetName = NameSet, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(StackCompleter))]
    public StackIdentity Name { get; set; } = null!;

    /// <summary>The state to copy, as Get-IncusStackCheckpoint returns it.</summary>
    [Parameter(ParameterSetName = InputObjectSet, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public StackCheckpoint? InputObject { get; set; }

    /// <summary>The clone's name. Without it: the stack's, which needs another project or server.</summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string? NewName { get; set; }

    /// <summary>The Incus project of the clone. Without it: the stack's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProjectCompleter))]
    public string? ToProject { get; set; }

    /// <summary>The server of the clone: a remote of the Incus client configuration, or the path of a Unix socket. Without it: the stack's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RemoteCompleter))]
    public string? ToRemote { get; set; }

    /// <summary>Names of resources, with those that they are to have in the clone.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Rename { get; set; } = [];

    /// <summary>Storage pools, with those to use instead.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable PoolMap { get; set; } = [];

    /// <summary>Networks of the stack, with the IPv4 addresses that they are to have in the clone, such as 10.1.2.1/24.</summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable Address { get; set; } = [];

    /// <summary>What to add to published ports, which the clone else leaves out on the same server.</summary>
    [Parameter]
    public int? PortOffset { get; set; }

    /// <summary>The state to copy: the name of a checkpoint of the stack. Without it: the stack as it is now.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CheckpointCompleter))]
    public string? Checkpoint { get; set; }

    /// <summary>
    /// Bring a copy that is there, and stopped, up to date: of the data only what differs is sent. What the copy wrote itself
    /// is lost. Its instances stay stopped. Where there is no copy yet, it is made.
    /// </summary>
    [Parameter]
    public SwitchParameter Refresh { get; set; }

    /// <summary>Leave the snapshots of instances and volumes out.</summary>
    [Parameter]
    public SwitchParameter NoSnapshot { get; set; }

    /// <summary>Leave the instances stopped; without it those are started that run in the stack.</summary>
    [Parameter]
    public SwitchParameter NoStart { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var (stack, server, source, original) = InputObject is { } piped
            ? (piped.Stack, piped.Server.Length > 0 ? piped.Server : null, piped.Project, (object)piped)
            : (Name.Name, Name.Server, Name.Project, Name.Original);
        var connection = await ConnectAsync(server, source, cancellationToken).ConfigureAwait(false);
        var project = ToProject ?? connection.Project;
        var target = await Session.ConnectAsync(ToRemote ?? connection.Server, project, cancellationToken).ConfigureAwait(false);
        var progress = new CopyProgress(pipeline, $"Copying stack {stack}");
        try
        {
            var options = new CloneOptions
            {
                Name = NewName,
                Names = StringMap.From(Rename),
                Pools = StringMap.From(PoolMap),
                Addresses = StringMap.From(Address),
                PortOffset = PortOffset,
                Checkpoint = (InputObject?.Name ?? Checkpoint) is { } checkpoint
                    ? await Session.Engine.GetCheckpointAsync(connection.Client, stack, checkpoint, cancellationToken).ConfigureAwait(false)
                    : null,
                Refresh = Refresh,
                Snapshots = !NoSnapshot,
            };
            var plan = await Session.Engine.PlanCloneAsync(connection.Client, stack, target.Client, options, cancellationToken).ConfigureAwait(false);
            foreach (var warning in plan.Warnings)
                pipeline.WriteWarning(warning);
            var text = $"Copy stack {stack} to stack {plan.Stack} in project {plan.Project} on {target.Server}: {string.Join(", ", plan.Resources.Where(resource => !resource.Exists))}";
            if (!await pipeline.ShouldProcessAsync(text, text + "?", "Copy-IncusStack").ConfigureAwait(false))
                return;
            var result = await Session.Engine.CopyAsync(target.Client, plan, new CopyOptions { Start = !NoStart }, progress, cancellationToken).ConfigureAwait(false);
            pipeline.WriteObject(result with { Server = target.Server });
            foreach (var (name, reason) in result.NotStarted)
                pipeline.WriteError(CmdletErrors.NotStarted(name, reason));
        }
        catch (Exception error) when (error is StackConflictException or IncusNotFoundException or CheckpointException)
        {
            pipeline.WriteError(CmdletErrors.From(error, original));
        }
        finally
        {
            progress.Complete();
        }
    }
}
