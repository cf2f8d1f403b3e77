using System.Management.Automation;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell;

/// <summary>A cmdlet that compares a stack, from a file or from the pipeline, with what is live.</summary>
public abstract class PlanCmdlet : StackFileCmdlet
{
    private protected const string StackSet = "Stack";

    /// <summary>A stack of Import-IncusStack.</summary>
    [Parameter(ParameterSetName = StackSet, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public StackDefinition? Stack { get; set; }

    /// <summary>Restart instances whose changes need it; without it they are applied and stay pending.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    public SwitchParameter AllowRestart { get; set; }

    /// <summary>Make the root disk of instances anew whose image changed; configuration, devices, addresses and volumes stay.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    public SwitchParameter AllowRebuild { get; set; }

    /// <summary>Delete and create again what cannot be changed otherwise.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    public SwitchParameter AllowReplace { get; set; }

    /// <summary>Delete what the stack owns and its file no longer has; volumes only with RemoveVolumes.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    public SwitchParameter Prune { get; set; }

    /// <summary>Let Prune delete volumes, with their data.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    public SwitchParameter RemoveVolumes { get; set; }

    /// <inheritdoc/>
    private protected override Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken) =>
        RemoveVolumes && !Prune
            ? throw CmdletErrors.Needs(nameof(RemoveVolumes), nameof(Prune), "only pruning deletes anything")
            : Task.CompletedTask;

    /// <summary>Plans the stack of the current pipeline object; says what is wrong with it.</summary>
    /// <returns>The server and the plan; null where there is none.</returns>
    private protected async Task<(ServerConnection Connection, StackPlan Plan)?> CompareAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var stack = Stack is null
            ? await Files.LoadOrReportAsync(pipeline, NamedFiles, IsLiteral, LoadOptions, cancellationToken).ConfigureAwait(false)
            : InProject(Stack);
        if (stack is null)
            return null;
        var connection = await ConnectAsync(stack.Remote, stack.Project?.Name, cancellationToken).ConfigureAwait(false);
        pipeline.WriteVerbose($"Comparing stack {stack.Name} with project {connection.Project} on {connection.Server}.");
        var options = new PlanOptions
        {
            AllowRestart = AllowRestart,
            AllowRebuild = AllowRebuild,
            AllowReplace = AllowReplace,
            Prune = Prune,
            RemoveVolumes = RemoveVolumes,
        };
        try
        {
            var plan = await Session.Engine.CompareAsync(connection.Client, stack, options, cancellationToken).ConfigureAwait(false);
            // By this name a later command finds the way back to the same server.
            return (connection, plan with { Server = connection.Server });
        }
        catch (StackFileException exception)
        {
            pipeline.WriteError(CmdletErrors.From(exception, Stack is null && NamedFiles.Length > 0 ? NamedFiles : stack));
            return null;
        }
    }

    /// <summary>The stack in the project that the command line names, where it names one.</summary>
    private StackDefinition InProject(StackDefinition stack)
    {
        var project = Project ?? Server?.Project;
        return project is null || project == stack.Project?.Name
            ? stack
            : stack with { Project = new ProjectDefinition { Name = project } };
    }
}
