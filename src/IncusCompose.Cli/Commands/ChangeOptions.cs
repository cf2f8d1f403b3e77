using System.CommandLine;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Commands;

/// <summary>What <c>up</c> may do beyond changes in place; <c>plan</c> has the same words, to show what they would do.</summary>
internal sealed class ChangeOptions
{
    private readonly Option<bool> _allowRestart = new("--allow-restart")
    {
        Description = "Restart instances whose changes need it.",
    };

    private readonly Option<bool> _allowRebuild = new("--allow-rebuild")
    {
        Description = "Make root disks anew where the image changed; everything else stays.",
    };

    private readonly Option<bool> _allowReplace = new("--allow-replace")
    {
        Description = "Delete and create again what cannot be changed otherwise.",
    };

    private readonly Option<bool> _prune = new("--prune")
    {
        Description = "Delete what the stack made and the file no longer has (volumes only with --remove-volumes).",
    };

    private readonly Option<bool> _removeVolumes = new("--remove-volumes")
    {
        Description = "With --prune: delete volumes too, with their data.",
    };

    public void AddTo(Command command)
    {
        command.Add(_allowRestart);
        command.Add(_allowRebuild);
        command.Add(_allowReplace);
        command.Add(_prune);
        command.Add(_removeVolumes);
    }

    /// <exception cref="UsageException"><c>--remove-volumes</c> without <c>--prune</c>.</exception>
    public PlanOptions Read(Invocation invocation)
    {
        var options = new PlanOptions
        {
            AllowRestart = invocation.Get(_allowRestart),
            AllowRebuild = invocation.Get(_allowRebuild),
            AllowReplace = invocation.Get(_allowReplace),
            Prune = invocation.Get(_prune),
            RemoveVolumes = invocation.Get(_removeVolumes),
        };
        return options is { RemoveVolumes: true, Prune: false }
            ? throw new UsageException("--remove-volumes says what --prune may delete: use both.")
            : options;
    }
}
