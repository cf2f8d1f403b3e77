using System.CommandLine;
using System.Globalization;
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
        Description = "Make root disks anew where the image changed or moved on; everything else stays.",
    };

    private readonly Option<bool> _allowReplace = new("--allow-replace")
    {
        Description = "Delete and create again what cannot be changed otherwise.",
    };

    private readonly Option<bool> _allowHostHooks = HookOptions.AllowHost();

    private readonly Option<bool> _adopt = new("--adopt")
    {
        Description = "Take what is there and nobody's into the stack as it is: only marks are written.",
    };

    private readonly Option<bool> _prune = new("--prune")
    {
        Description = "Delete what the stack made and the file no longer has (volumes only with --remove-volumes).",
    };

    private readonly Option<bool> _removeVolumes = new("--remove-volumes")
    {
        Description = "With --prune: delete volumes too, with their data.",
    };

    private readonly Option<string[]> _scale = new("--scale")
    {
        Description = "How many replicas there are to be of a definition, whatever the file says: web=5. Higher numbers are deleted.",
        HelpName = "NAME=COUNT",
    };

    private readonly Option<string[]> _update = new("--update")
    {
        Description = "An instance or definition whose update is manual and that may be restarted or made anew now.",
        HelpName = "NAME",
    };

    public ChangeOptions(NameCompletion names)
    {
        _scale.CompletionSources.Add(names.Scales);
        _update.CompletionSources.Add(names.Definitions);
    }

    public void AddTo(Command command)
    {
        command.Add(_allowRestart);
        command.Add(_allowRebuild);
        command.Add(_allowReplace);
        command.Add(_allowHostHooks);
        command.Add(_adopt);
        command.Add(_prune);
        command.Add(_removeVolumes);
        command.Add(_scale);
        command.Add(_update);
    }

    /// <exception cref="UsageException"><c>--remove-volumes</c> without <c>--prune</c>, or a scale that is none.</exception>
    public PlanOptions Read(Invocation invocation)
    {
        var options = new PlanOptions
        {
            AllowRestart = invocation.Get(_allowRestart),
            AllowRebuild = invocation.Get(_allowRebuild),
            AllowReplace = invocation.Get(_allowReplace),
            AllowHostHooks = invocation.Get(_allowHostHooks),
            Adopt = invocation.Get(_adopt),
            Prune = invocation.Get(_prune),
            RemoveVolumes = invocation.Get(_removeVolumes),
            Scale = Scale(invocation.Get(_scale) ?? []),
            Update = invocation.Get(_update) ?? [],
        };
        return options is { RemoveVolumes: true, Prune: false }
            ? throw new UsageException("--remove-volumes says what --prune may delete: use both.")
            : options;
    }

    private static Dictionary<string, int> Scale(string[] texts)
    {
        var scale = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            if (text.Split('=') is not [{ Length: > 0 } name, var count] || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                throw new UsageException($"--scale {text}: write a name and a number, such as --scale web=5.");
            if (!scale.TryAdd(name, number))
                throw new UsageException($"--scale {text}: the number of replicas of {name} is said twice; say it once.");
        }
        return scale;
    }
}
