using IncusCompose.Definition;
using IncusCompose.Graphs;

namespace IncusCompose;

/// <content>Graphs.</content>
public sealed partial class ComposeEngine
{
    /// <summary>What a stack's resources depend on, as the definition says. Asks no server.</summary>
    /// <param name="stack">The stack.</param>
    public static StackGraph Graph(StackDefinition stack)
    {
        ArgumentNullException.ThrowIfNull(stack);
        return GraphBuilder.Build(stack);
    }
}
