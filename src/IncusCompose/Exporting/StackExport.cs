using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Exporting;

/// <summary>What to write as a stack file.</summary>
public sealed record ExportOptions
{
    /// <summary>An existing stack, by its name; null: not one.</summary>
    public string? Stack { get; init; }

    /// <summary>These instances with all that they use; empty: the whole project, or the stack that is named.</summary>
    public IReadOnlyCollection<string> Instances { get; init; } = [];

    /// <summary>The name for the stack in the file; null: the existing stack's, else the project's or the only instance's.</summary>
    public string? Name { get; init; }
}

/// <summary>A stack file made from what is live, or from other files.</summary>
public sealed record StackExport
{
    /// <summary>What the file says. Secrets are in it as they are: it is not to be shown.</summary>
    public required StackDefinition Stack { get; init; }

    /// <summary>The file as a tree of nodes: variables stand where secrets were.</summary>
    public required DocumentNode Document { get; init; }

    /// <summary>The file's text, with the notes as comments at its beginning.</summary>
    public required string Text { get; init; }

    /// <summary>The variables that stand in the file for secrets.</summary>
    public required IReadOnlyList<SecretVariable> Variables { get; init; }

    /// <summary>What whoever uses the file should know.</summary>
    public required IReadOnlyList<Diagnostic> Notes { get; init; }
}

/// <summary>A variable that stands in a file for a secret.</summary>
/// <param name="Name">The variable's name.</param>
/// <param name="Path">Where it stands, such as <c>instances.web.environment.API_TOKEN</c>.</param>
/// <param name="Command">A command that prints the value, from the server; null where no single key of it does.</param>
public sealed record SecretVariable(string Name, string Path, string? Command);
