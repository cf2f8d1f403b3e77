using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Hooks;
using IncusCompose.Operating;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Commands;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell;

/// <summary>
/// A cmdlet that starts, stops or pauses the instances of stacks in the order of their dependencies, known from the server
/// alone. An instance that is already so is left alone, and its result says why.
/// </summary>
public abstract class OperatingCmdlet : StackTargetCmdlet
{
    /// <summary>Only these instances, wildcards allowed. Without it: all of the stack.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    public string[] Instance { get; set; } = [];

    /// <summary>Most instances to work on at one time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = ApplyOptions.DefaultThrottleLimit;

    /// <summary>What is done.</summary>
    private protected abstract StackOperation Operation { get; }

    /// <summary>True where commands of hooks may run on this machine.</summary>
    private protected virtual bool HostHooksAllowed => false;

    /// <summary>How it is done.</summary>
    private protected virtual ApplyOptions Options => new() { ThrottleLimit = ThrottleLimit };

    /// <inheritdoc/>
    private protected sealed override async Task ProcessStackAsync(
        Pipeline pipeline, ServerConnection connection, string name, StackIdentity identity, CancellationToken cancellationToken)
    {
        StackPlan plan;
        try
        {
            plan = await PlanAsync(connection, name, cancellationToken).ConfigureAwait(false);
        }
        catch (StackTargetException exception)
        {
            pipeline.WriteError(CmdletErrors.From(exception, identity.Original));
            return;
        }

        await new PlanRunner(pipeline, Session.Engine, MyInvocation.MyCommand.Name, IsWhatIf)
            .RunAsync(connection, plan with { Server = connection.Server }, Options, identity.Original, cancellationToken).ConfigureAwait(false);
    }

    private HostHooks? Hooks => HostHooksAllowed ? new HostHooks(Folder) : null;

    private async Task<StackPlan> PlanAsync(ServerConnection connection, string name, CancellationToken cancellationToken)
    {
        IReadOnlyCollection<string> selected = Instance;
        if (InstancePatterns.Any(Instance))
        {
            var all = await Session.Engine.PlanOperationAsync(connection.Client, name, Operation, null, Hooks, cancellationToken).ConfigureAwait(false);
            selected = InstancePatterns.Expand(Instance, all.Resources.Select(change => change.Name));
            // To name nothing would be to name all.
            if (selected.Count == 0)
                return all with { Resources = [] };
        }

        return await Session.Engine.PlanOperationAsync(connection.Client, name, Operation, selected, Hooks, cancellationToken).ConfigureAwait(false);
    }
}
