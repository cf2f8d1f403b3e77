using System.CommandLine;

namespace IncusCompose.Cli.Commands;

/// <summary>The options of every verb that may run hooks.</summary>
internal static class HookOptions
{
    /// <summary>Whether commands on this machine may be run.</summary>
    public static Option<bool> AllowHost() => new("--allow-host-hooks")
    {
        Description = "Run the commands that hooks have for this machine, and Ansible for provision steps.",
    };

    /// <summary>Whether none is to run.</summary>
    public static Option<bool> Skip() => new("--skip-hooks")
    {
        Description = "Run no hooks: the way out where one of them fails.",
    };

    /// <summary>Whether what hooks write is shown.</summary>
    public static Option<bool> Verbose(params string[] aliases) => new("--verbose", aliases)
    {
        Description = "Show what hooks and provision steps write.",
    };
}
