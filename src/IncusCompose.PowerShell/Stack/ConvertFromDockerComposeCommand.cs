using System.Management.Automation;
using IncusCompose.Exporting;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Writes a docker compose file, or a file of another tool, as a stack file that plans the same. Asks no server.</summary>
[Cmdlet(VerbsData.ConvertFrom, "DockerCompose", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[Alias(OtherName)]
[OutputType(typeof(string), typeof(StackExport))]
public sealed class ConvertFromDockerComposeCommand : StackFileCmdlet
{
    // Not all that is read is docker's.
    private const string OtherName = "ConvertTo-IncusStack";

    /// <summary>The file to write. Without it the text is returned.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>Return the definition, the text, the variables and the notes as an object instead of the text alone.</summary>
    [Parameter]
    public SwitchParameter AsObject { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (await Files.LoadWithNotesAsync(pipeline, NamedFiles, IsLiteral, LoadOptions, cancellationToken).ConfigureAwait(false) is not { } loaded)
            return;
        var converted = Session.Engine.Convert(loaded);
        await StackFileOutput.WriteAsync(pipeline, converted, OutFile, AsObject, "", "ConvertFrom-DockerCompose", cancellationToken).ConfigureAwait(false);
    }
}
