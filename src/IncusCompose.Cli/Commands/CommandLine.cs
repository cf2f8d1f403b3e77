using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using IncusCompose.Cli.Rendering;
using IncusCompose.Diagnostics;

namespace IncusCompose.Cli.Commands;

/// <summary>The command line as a whole: the verbs, and what happens where it cannot be understood.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments, Terminal terminal, CancellationToken cancellationToken)
    {
        var options = new GlobalOptions();
        var session = new Session(terminal, options, arguments);
        var root = new RootCommand("Stacks of containers, virtual machines, networks and volumes on Incus.");
        options.AddTo(root);
        // The parser brings spellings of --help from other systems, which a shell would offer or take for a pattern.
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            foreach (var alias in help.Aliases.Where(alias => alias.Contains('/') || alias.Contains('?')).ToList())
                help.Aliases.Remove(alias);
        }
        var names = new NameCompletion(session);
        options.Name.CompletionSources.Add(names.Stacks);
        root.Add(new ConfigCommand(session));
        root.Add(new PlanCommand(session));
        root.Add(new UpCommand(session));
        root.Add(new DownCommand(session, names));
        root.Add(new PsCommand(session, names));
        root.Add(new ExecCommand(session, names));
        root.Add(new VersionCommand(session));
        root.Add(new CompletionCommand(session));

        // A word that begins with @ is a word, not the name of a file with more words.
        var configuration = new ParserConfiguration { ResponseFileTokenReplacer = null };
        var parsed = root.Parse(arguments.Length == 0 ? ["--help"] : arguments, configuration);
        if (parsed.Action is ParseErrorAction)
        {
            var verb = parsed.CommandResult.Command;
            WriteUsageError(terminal.Error, Problems(parsed, root), verb == root ? null : verb.Name);
            return ExitCode.Usage;
        }
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = terminal.Out.Inner,
                Error = terminal.Error.Inner,
                EnableDefaultExceptionHandler = false,
                // Signals are this program's own business.
                ProcessTerminationTimeout = null,
            },
            cancellationToken);
    }

    /// <summary>What is wrong with the command line. A wrong verb makes the parser stumble over all that follows: that is left out.</summary>
    private static List<string> Problems(ParseResult parsed, RootCommand root)
    {
        if (parsed.CommandResult.Command != root)
            return [.. parsed.Errors.Select(error => error.Message)];
        var verb = parsed.UnmatchedTokens.FirstOrDefault(word => !word.StartsWith('-'));
        if (verb is null)
        {
            return parsed.UnmatchedTokens.Count > 0
                ? [.. parsed.UnmatchedTokens.Select(word => $"There is no option \"{word}\".")]
                : [$"Name a verb: {string.Join(", ", root.Subcommands.Select(command => command.Name))}."];
        }
        var likely = Suggestions.Nearest(verb, root.Subcommands.Select(command => command.Name));
        return [$"There is no verb \"{verb}\"{(likely is null ? "" : $"; did you mean \"{likely}\"?")}"];
    }

    /// <summary>Writes what could not be understood and where help is.</summary>
    public static void WriteUsageError(StyledWriter writer, IReadOnlyList<string> messages, string? verb)
    {
        foreach (var message in messages)
            writer.Write("error: ", Style.Error).Line(StyledWriter.Printable(string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))));
        writer.Line($"See '{ThisProgram.Name} {(verb is null ? "" : verb + " ")}--help'.");
    }
}
