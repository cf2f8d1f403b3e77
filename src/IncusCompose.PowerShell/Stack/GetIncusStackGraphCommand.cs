using System.Management.Automation;
using IncusCompose.Definition;
using IncusCompose.Graphs;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Draws what a stack's resources depend on, as text for Mermaid or Graphviz. Asks no server.</summary>
[Cmdlet(VerbsCommon.Get, "IncusStackGraph", DefaultParameterSetName = PathSet)]
[OutputType(typeof(string), typeof(StackGraph))]
public sealed class GetIncusStackGraphCommand : StackFileCmdlet
{
    private const string StackSet = "Stack";

    /// <summary>A stack of Import-IncusStack.</summary>
    [Parameter(ParameterSetName = StackSet, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public StackDefinition? Stack { get; set; }

    /// <summary>The language of the text.</summary>
    [Parameter]
    public GraphFormat Format { get; set; }

    /// <summary>Return the resources and dependencies as an object instead of a text.</summary>
    [Parameter]
    public SwitchParameter AsObject { get; set; }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var stack = Stack ?? await Files.LoadOrReportAsync(pipeline, NamedFiles, IsLiteral, LoadOptions, cancellationToken).ConfigureAwait(false);
        if (stack is null)
            return;
        var graph = ComposeEngine.Graph(stack);
        if (AsObject)
            pipeline.WriteObject(graph);
        else
            pipeline.WriteObject(graph.ToText(Format).TrimEnd('\n'));
    }
}
