using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Operating;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Changes how many replicas there are of a stack's instances: adds to the highest number, or removes from it.</summary>
[Cmdlet(VerbsCommon.Set, "IncusStackScale", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(ResourceResult))]
public sealed class SetIncusStackScaleCommand : StackTargetCmdlet
{
    /// <summary>The numbers of replicas, such as <c>web=5</c> or <c>@{ web = 5; worker = 2 }</c>.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [Scale]
    [ArgumentCompleter(typeof(ScaleCompleter))]
    public IReadOnlyDictionary<string, int> Scale { get; set; } = new Dictionary<string, int>();

    /// <summary>How long an instance may take to stop by itself before it is stopped by force; a number is seconds. Without it: as long as the instance says itself (stop_grace_period), else 30 seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan? StopTimeout { get; set; }

    /// <summary>Wait until every instance is ready, and healthy where it has a health check.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessStackAsync(
        Pipeline pipeline, ServerConnection connection, string name, StackIdentity identity, CancellationToken cancellationToken)
    {
        try
        {
            var plan = identity.Original is StackDefinition definition
                ? await Session.Engine.CompareAsync(connection.Client, definition, new PlanOptions { Scale = Scale }, cancellationToken).ConfigureAwait(false)
                : await Session.Engine.CompareScaleAsync(connection.Client, name, Scale, cancellationToken).ConfigureAwait(false);
            var options = new ApplyOptions { StopTimeout = StopTimeout, Wait = Wait };
            await new PlanRunner(pipeline, Session.Engine, "Set-IncusStackScale", IsWhatIf)
                .RunAsync(connection, plan with { Server = connection.Server }, options, identity.Original, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is PlanOptionException or Diagnostics.StackFileException or StackTargetException)
        {
            pipeline.WriteError(CmdletErrors.From(exception, identity.Original));
        }
    }
}
