using System.CommandLine;

namespace IncusCompose.Cli.Commands;

/// <summary>The options that every verb has, before or after it.</summary>
internal sealed class GlobalOptions
{
    public Option<string[]> Files { get; } = new("--file", "-f")
    {
        Description = "Stack file; several are merged in order, - is standard input. Default: stack.yaml or compose.yaml here or in a parent folder.",
        HelpName = "path",
        Recursive = true,
    };

    public Option<string?> Name { get; } = new("--name")
    {
        Description = "The stack's name, instead of the file's.",
        HelpName = "name",
        Recursive = true,
    };

    public Option<string?> Project { get; } = new("--project")
    {
        Description = "The Incus project, instead of the file's.",
        HelpName = "project",
        Recursive = true,
    };

    public Option<string?> Remote { get; } = new("--remote")
    {
        Description = "The remote of the Incus client configuration, instead of the file's.",
        HelpName = "remote",
        Recursive = true,
    };

    public Option<string[]> EnvironmentFiles { get; } = new("--env-file")
    {
        Description = "A file with variables for the stack file, instead of the .env beside it; of several, the later win.",
        HelpName = "path",
        Recursive = true,
    };

    public Option<string[]> Activate { get; } = new("--activate")
    {
        Description = "A word whose instances are part of the stack too; * for all. Default: the words in INCUS_COMPOSE_ACTIVATE.",
        HelpName = "word",
        Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Write JSON for programs.",
        Recursive = true,
    };

    public Option<bool> Quiet { get; } = new("--quiet", "-q")
    {
        Description = "Write errors only (ps: names only).",
        Recursive = true,
    };

    public void AddTo(RootCommand root)
    {
        root.Add(Files);
        root.Add(Name);
        root.Add(Project);
        root.Add(Remote);
        root.Add(EnvironmentFiles);
        root.Add(Activate);
        root.Add(Json);
        root.Add(Quiet);
    }
}
