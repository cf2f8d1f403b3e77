using System.Management.Automation;
using IncusCompose.Definition;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Reads a stack file. Asks no server.</summary>
[Cmdlet(VerbsData.Import, "IncusStack", DefaultParameterSetName = PathSet)]
[OutputType(typeof(StackDefinition))]
public sealed class ImportIncusStackCommand : StackFileCmdlet
{
    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (await Files.LoadOrReportAsync(pipeline, NamedFiles, IsLiteral, LoadOptions, cancellationToken).ConfigureAwait(false) is { } stack)
            pipeline.WriteObject(stack);
    }
}
