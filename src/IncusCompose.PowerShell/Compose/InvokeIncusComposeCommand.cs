using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Makes a server as a stack file says, or applies a plan; what is as it should be is left alone.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "IncusCompose", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(ResourceResult))]
public sealed class InvokeIncusComposeCommand : PlanCmdlet
{
    private const string PlanSet = "Plan";

    /// <summary>A plan of Compare-IncusStack. Exactly this plan is applied, or nothing where the server has moved on since.</summary>
    [Parameter(ParameterSetName = PlanSet, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public StackPlan? Plan { get; set; }

    /// <summary>Most changes at work at one time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = ApplyOptions.DefaultThrottleLimit;

    /// <summary>How long an instance may take to stop by itself before it is stopped by force; a number is seconds. Without it: as long as the instance says itself (stop_grace_period), else 30 seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan? StopTimeout { get; set; }

    /// <summary>Keep what is there before changing it; where anything fails or does not become ready, put everything back as it was.</summary>
    [Parameter]
    public SwitchParameter Checkpoint { get; set; }

    /// <summary>Wait until every instance is ready: its gates are open, and it is healthy where it has a health check.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long to wait for each instance; a number is seconds. Without it: as long as its gates and its health check say.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan? WaitTimeout { get; set; }

    /// <inheritdoc/>
    private protected override bool WillWait => Wait || WaitTimeout is not null;

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var options = new ApplyOptions { ThrottleLimit = ThrottleLimit, StopTimeout = StopTimeout, Exact = Plan is not null, Checkpoint = Checkpoint, Wait = WillWait, WaitTimeout = WaitTimeout };
        var runner = new PlanRunner(pipeline, Session.Engine, "Invoke-IncusCompose", IsWhatIf);
        if (Plan is not null)
        {
            var connection = await ConnectAsync(Plan.Server, Plan.Project, cancellationToken).ConfigureAwait(false);
            await runner.RunAsync(connection, Plan, options, Plan, cancellationToken).ConfigureAwait(false);
        }
        else if (await CompareAsync(pipeline, cancellationToken).ConfigureAwait(false) is { } compared)
        {
            await runner.RunAsync(compared.Connection, compared.Plan, options, compared.Plan, cancellationToken).ConfigureAwait(false);
        }
    }
}
