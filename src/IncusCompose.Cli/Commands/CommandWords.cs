using System.CommandLine;
using System.CommandLine.Parsing;

namespace IncusCompose.Cli.Commands;

/// <summary>The words of a command that is run elsewhere; whatever stands after <c>--</c> is its own.</summary>
internal sealed class CommandWords : Argument<string[]>
{
    private readonly Session _session;

    public CommandWords(Session session) : base("command") => _session = session;

    /// <summary>
    /// Without <c>--</c>, options of the command would be taken for options of the verb: that is refused, not guessed.
    /// A command of plain words at the end of the line needs no <c>--</c>.
    /// </summary>
    public void RequireDashes(CommandResult result, Argument<string> instance)
    {
        if (result.GetValue(this) is not { Length: > 0 } words || _session.Arguments.Contains("--"))
            return;
        var tail = _session.Arguments.Skip(_session.Arguments.Count - words.Length - 1);
        if (!tail.SequenceEqual(words.Prepend(result.GetValue(instance)!)) || words.Any(word => word.StartsWith('-')))
            result.AddError($"Put -- before the command, so that its options are its own: {result.Command.Name} NAME -- COMMAND.");
    }
}
