using System.CommandLine;
using System.Globalization;
using IncusCompose.Checkpoints;
using IncusCompose.Cli.Rendering.Json;

namespace IncusCompose.Cli.Commands;

/// <summary><c>checkpoint remove</c>: checkpoints by name, or those that no rule keeps.</summary>
internal sealed class CheckpointRemoveCommand : CheckpointVerb
{
    private readonly Argument<string[]> _checkpoints = new("name")
    {
        Description = "Names of the checkpoints.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<int?> _keepLast = new("--keep-last")
    {
        Description = "Instead of names: all but the newest so many. The live one always stays.",
        HelpName = "count",
    };

    private readonly Option<TimeSpan?> _olderThan = new("--older-than")
    {
        Description = "Instead of names: those that are older, such as 36h or 30d. The live one always stays.",
        HelpName = "age",
    };

    private readonly Option<bool> _yes = new("--yes", "-y")
    {
        Description = "Do not ask for confirmation.",
    };

    public CheckpointRemoveCommand(Session session, NameCompletion names) : base("remove", "Delete checkpoints; the stack stays as it is.", session)
    {
        _checkpoints.CompletionSources.Add(names.Checkpoints);
        AtLeast(_keepLast, 0);
        _olderThan.CustomParser = result =>
        {
            if (Age(result.Tokens[0].Value) is { } age)
                return age;
            result.AddError("--older-than must be a number with s, m, h, d or w, such as 30d.");
            return null;
        };
        Add(_checkpoints);
        Add(_keepLast);
        Add(_olderThan);
        Add(_yes);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var names = invocation.Get(_checkpoints) ?? [];
        var rule = new CheckpointRetention { KeepLast = invocation.Get(_keepLast), OlderThan = invocation.Get(_olderThan) };
        var byRule = rule is not { KeepLast: null, OlderThan: null };
        if (byRule == names.Length > 0)
            throw new UsageException("Say which checkpoints to remove: by name, or by --keep-last and --older-than.");
        await using var stack = await invocation.OpenStackAsync(cancellationToken);
        var all = await invocation.Engine.GetCheckpointsAsync(stack.Client, stack.Name, cancellationToken);
        var chosen = byRule ? rule.Select(all, DateTimeOffset.UtcNow) : Find(all, stack.Name, names.Distinct());
        var list = string.Join(", ", chosen.Select(checkpoint => checkpoint.Name));
        if (chosen.Count > 0 && !await invocation.ConfirmAsync($"Remove {(chosen.Count == 1 ? "checkpoint" : $"{chosen.Count} checkpoints")} of stack {stack.Name}: {list}?", invocation.Get(_yes), cancellationToken))
            throw new CommandException("nothing was done");
        foreach (var checkpoint in chosen)
            await invocation.Engine.RemoveCheckpointAsync(stack.Client, checkpoint, progress: null, cancellationToken);
        invocation.Output.ShowRemoved([.. chosen.Select(CheckpointDocument.From)]);
        return ExitCode.Success;
    }

    private static TimeSpan? Age(string text)
    {
        if (text.Length < 2 || !double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return null;
        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMinutes(number),
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            'w' => TimeSpan.FromDays(7 * number),
            _ => null,
        };
    }
}
