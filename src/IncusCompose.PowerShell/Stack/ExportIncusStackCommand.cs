using System.Management.Automation;
using IncusCompose.Exporting;
using IncusCompose.Operating;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Writes a stack file from what is live: a whole project, single instances with all that they use, or an existing stack.</summary>
[Cmdlet(VerbsData.Export, "IncusStack", SupportsShouldProcess = true, DefaultParameterSetName = ProjectSet)]
[OutputType(typeof(string), typeof(StackExport))]
public sealed class ExportIncusStackCommand : ServerCmdlet
{
    private const string ProjectSet = "Project", StackSet = "Stack", InstanceSet = "Instance";

    /// <summary>An existing stack: its name, or an object of Get-IncusStack or Import-IncusStack.</summary>
    [Parameter(ParameterSetName = StackSet, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNull]
    [ArgumentCompleter(typeof(StackCompleter))]
    public StackIdentity? Name { get; set; }

    /// <summary>Instances, wildcards allowed; they are written with all that they use.</summary>
    [Parameter(ParameterSetName = InstanceSet, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    public string[] Instance { get; set; } = [];

    /// <summary>The name for the stack in the file. Without it: the existing stack's, else the project's or the only instance's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? StackName { get; set; }

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
        var connection = await ConnectAsync(Name?.Server, Name?.Project, cancellationToken).ConfigureAwait(false);
        var instances = await MatchAsync(pipeline, connection, cancellationToken).ConfigureAwait(false);
        if (Instance.Length > 0 && instances.Count == 0)
            return;
        StackExport export;
        try
        {
            var options = new ExportOptions { Stack = Name?.Name, Instances = instances, Name = StackName };
            export = await Session.Engine.ExportAsync(connection.Client, options, cancellationToken).ConfigureAwait(false);
        }
        catch (StackNotFoundException error)
        {
            pipeline.WriteError(CmdletErrors.StackNotFound(error.Stack, connection.Project, connection.Server, Name!.Original));
            return;
        }

        foreach (var note in export.Notes)
            pipeline.WriteWarning(ProblemList.Text(note));
        await StackFileOutput.WriteAsync(pipeline, export, OutFile, AsObject, $" from project {connection.Project} on {connection.Server}", "Export-IncusStack", cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyCollection<string>> MatchAsync(Pipeline pipeline, ServerConnection connection, CancellationToken cancellationToken)
    {
        if (Instance.Length == 0)
            return [];
        var known = (await connection.Client.Instances.ListAsync(cancellationToken).ConfigureAwait(false)).Select(instance => instance.Name).ToList();
        var found = new List<string>();
        foreach (var name in Instance)
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var matching = known.Where(pattern.IsMatch).ToList();
            if (matching.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                pipeline.WriteError(CmdletErrors.InstanceNotFound(name, connection.Project, connection.Server, name));
            found.AddRange(matching);
        }

        return [.. found.Distinct()];
    }
}
