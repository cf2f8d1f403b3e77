using System.CommandLine;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Graphs;

namespace IncusCompose.Cli.Commands;

/// <summary><c>graph</c>: what the stack's resources depend on, as a text that programs draw; touches no server.</summary>
internal sealed class GraphCommand : Verb
{
    private readonly Option<GraphFormat> _format = new("--format")
    {
        Description = "mermaid (for Markdown) or dot (for Graphviz).",
        HelpName = "language",
        DefaultValueFactory = _ => GraphFormat.Mermaid,
    };

    private readonly Option<string?> _output = OutputFile.Option();

    public GraphCommand(Session session) : base("graph", "Draw what the resources of the stack depend on, from its file alone.", session)
    {
        _format.CustomParser = result =>
        {
            switch (result.Tokens[0].Value)
            {
                case "mermaid":
                    return GraphFormat.Mermaid;
                case "dot":
                    return GraphFormat.Dot;
                default:
                    result.AddError("--format must be mermaid or dot.");
                    return default;
            }
        };
        _format.CompletionSources.Add("mermaid", "dot");
        Add(_format);
        Add(_output);
    }

    protected override Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var graph = ComposeEngine.Graph(invocation.Load(cancellationToken));
        OutputFile.Write(Session, invocation.Get(_output), text =>
        {
            if (invocation.Json)
                JsonLines.Write(text, GraphDocument.From(graph), JsonDocuments.Indented.GraphDocument);
            else
                text.Write(graph.ToText(invocation.Get(_format)));
        });
        return Task.FromResult(ExitCode.Success);
    }
}
