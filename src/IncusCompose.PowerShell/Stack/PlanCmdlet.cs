using System.Management.Automation;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
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

    /// <summary>Make the root disk of instances anew whose image changed or moved on (its name leads to another image by now); configuration, devices, addresses and volumes stay.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    public SwitchParameter AllowRebuild { get; set; }

    /// <summary>Delete and create again what cannot be changed otherwise.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    public SwitchParameter AllowReplace { get; set; }

    /// <summary>Run the commands that hooks have for this machine, and Ansible for provision steps; without it changes that have some are refused.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    public SwitchParameter AllowHostHooks { get; set; }

    /// <summary>Take what is there already and nobody's into the stack, as it is: only marks are written. What differs from the file is a planned change afterwards.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    public SwitchParameter Adopt { get; set; }

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

    /// <summary>Instances or definitions whose update is manual and that may be restarted or made anew now.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UpdateCompleter))]
    public string[] Update { get; set; } = [];

    /// <summary>
    /// How many replicas there are to be of a definition, whatever the file says, such as <c>@{ web = 5 }</c>; those with
    /// higher numbers are deleted.
    /// </summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(ParameterSetName = StackSet)]
    [Scale]
    [ArgumentCompleter(typeof(ScaleCompleter))]
    public IReadOnlyDictionary<string, int> Scale { get; set; } = new Dictionary<string, int>();

    /// <inheritdoc/>
    private protected override IReadOnlyList<string> NamedInstances => [.. Update, .. Scale.Keys];

    /// <inheritdoc/>
    private protected override Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken) =>
        RemoveVolumes && !Prune
            ? throw CmdletErrors.Needs(nameof(RemoveVolumes), nameof(Prune), "only pruning deletes anything")
            : Task.CompletedTask;

    /// <summary>True where what is planned is applied and waited for.</summary>
    private protected virtual bool WillWait => false;

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
            AllowHostHooks = AllowHostHooks,
            Adopt = Adopt,
            Prune = Prune,
            RemoveVolumes = RemoveVolumes,
            Update = Update,
            Scale = Scale,
            WithImageHealth = WillWait,
        };
        try
        {
            var plan = await Session.Engine.CompareAsync(connection.Client, stack, options, cancellationToken).ConfigureAwait(false);
            // By this name a later command finds the way back to the same server.
            return (connection, plan with { Server = connection.Server });
        }
        catch (StackFileException exception)
        {
            foreach (var warning in exception.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Warning))
                pipeline.WriteWarning(ProblemList.Text(warning));
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
            : stack with { Project = (stack.Project ?? new ProjectDefinition { Name = project }) with { Name = project } };
    }
}
