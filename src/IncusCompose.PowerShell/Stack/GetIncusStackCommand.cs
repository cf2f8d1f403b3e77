using System.Management.Automation;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Lists the stacks on a server, known by the marks on what they own.</summary>
[Cmdlet(VerbsCommon.Get, "IncusStack")]
[OutputType(typeof(StackSummary))]
public sealed class GetIncusStackCommand : ServerCmdlet
{
    /// <summary>Names, wildcards allowed. Without it: every stack.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(StackCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Every project that the client may see.</summary>
    [Parameter]
    public SwitchParameter AllProjects { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(null, null, cancellationToken).ConfigureAwait(false);
        var stacks = await StackLookup.ListAsync(Session.Engine, connection, AllProjects, cancellationToken).ConfigureAwait(false);
        foreach (var name in Name)
        {
            var wanted = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var found = stacks.Where(stack => wanted.IsMatch(stack.Name)).ToList();
            foreach (var stack in found)
                pipeline.WriteObject(stack);
            if (found.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                pipeline.WriteError(CmdletErrors.StackNotFound(name, connection.Project, connection.Server, name));
        }
    }
}
