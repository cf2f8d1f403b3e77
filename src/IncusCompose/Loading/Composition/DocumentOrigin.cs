using IncusCompose.Loading.Interpolation;

namespace IncusCompose.Loading.Composition;

/// <summary>What the values of a document go by; those of an included file by other things than those of the main file.</summary>
/// <param name="folder">The absolute folder that relative paths start from.</param>
/// <param name="variables">The variables that can be named.</param>
internal sealed class DocumentOrigin(string folder, VariableScope variables)
{
    public string Folder { get; } = folder;

    public VariableScope Variables { get; } = variables;
}
