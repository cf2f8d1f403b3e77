using System.Management.Automation;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Compares a stack with what is live and returns a plan of what applying it would do. Changes nothing.</summary>
[Cmdlet(VerbsData.Compare, "IncusStack", DefaultParameterSetName = PathSet)]
[OutputType(typeof(StackPlan))]
public sealed class CompareIncusStackCommand : PlanCmdlet
{
    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (await CompareAsync(pipeline, cancellationToken).ConfigureAwait(false) is { } compared)
            pipeline.WriteObject(compared.Plan);
    }
}
