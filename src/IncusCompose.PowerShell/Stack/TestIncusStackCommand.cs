using System.Management.Automation;
using IncusCompose.Diagnostics;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Checks stack files and returns every problem found. Asks no server.</summary>
[Cmdlet(VerbsDiagnostic.Test, "IncusStack", DefaultParameterSetName = PathSet)]
[OutputType(typeof(Diagnostic), typeof(bool))]
public sealed class TestIncusStackCommand : StackFileCmdlet
{
    /// <summary>Return true where there is no error, false where there is one, and nothing else.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var result = await Files.LoadAsync(pipeline, NamedFiles, IsLiteral, LoadOptions, cancellationToken).ConfigureAwait(false);
        if (Quiet)
        {
            pipeline.WriteObject(result is { Succeeded: true });
            return;
        }

        foreach (var diagnostic in result?.Diagnostics ?? [])
            pipeline.WriteObject(diagnostic);
    }
}
