using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Loading;

/// <summary>What became of loading stack files.</summary>
/// <param name="Definition">The stack; null where errors stood in the way.</param>
/// <param name="Diagnostics">Every problem found, in file order.</param>
public sealed record LoadResult(StackDefinition? Definition, IReadOnlyList<Diagnostic> Diagnostics)
{
    /// <summary>True where there is a definition and no error.</summary>
    public bool Succeeded => Definition is not null && Diagnostics.All(d => d.Severity != DiagnosticSeverity.Error);

    /// <summary>The definition.</summary>
    /// <exception cref="StackFileException">There were errors.</exception>
    public StackDefinition Require() => Succeeded ? Definition! : throw new StackFileException(Diagnostics);
}

/// <summary>How stack files are loaded.</summary>
public sealed record LoadOptions
{
    /// <summary>A name that replaces the file's; null: the file's, else its folder's.</summary>
    public string? Name { get; init; }

    /// <summary>A project that replaces the file's; null: the file's.</summary>
    public string? Project { get; init; }

    /// <summary>A remote that replaces the file's; null: the file's.</summary>
    public string? Remote { get; init; }

    /// <summary>Variables for interpolation; null: the process's environment. A <c>.env</c> beside the file fills what is missing.</summary>
    public IReadOnlyDictionary<string, string>? Variables { get; init; }

    /// <summary>Files with variables, instead of the <c>.env</c> beside the first stack file; the later win, and the environment wins over all.</summary>
    public IReadOnlyList<string> EnvironmentFiles { get; init; } = [];

    /// <summary>The words that activate instances, <c>*</c> for all; empty: those of the variable <c>INCUS_COMPOSE_ACTIVATE</c>.</summary>
    public IReadOnlyList<string> Activate { get; init; } = [];

    /// <summary>Instances that exist because they are named, whatever activates them.</summary>
    public IReadOnlyList<string> ActivateInstances { get; init; } = [];

    /// <summary>Where relative paths and the search for a file start; null: the current directory.</summary>
    public string? WorkingDirectory { get; init; }
}
