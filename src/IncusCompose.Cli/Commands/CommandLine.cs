using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using IncusCompose.Cli.Rendering;
using IncusCompose.Diagnostics;
using IncusCompose.Operating;

namespace IncusCompose.Cli.Commands;

/// <summary>The command line as a whole: the verbs, and what happens where it cannot be understood.</summary>
internal static class CommandLine
{
    private static readonly (string Verb, StackOperation Operation, string Description)[] Operations =
    [
        ("start", StackOperation.Start, "Start instances that are stopped or paused, dependencies first."),
        ("stop", StackOperation.Stop, "Stop instances, dependants first; nothing is deleted."),
        ("restart", StackOperation.Restart, "Restart instances, dependencies first."),
        ("pause", StackOperation.Pause, "Pause all processes of instances, dependants first."),
        ("unpause", StackOperation.Resume, "Let paused instances go on, dependencies first."),
        ("kill", StackOperation.Kill, "End instances at once, without asking them to shut down."),
    ];

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
        options.Remote.CompletionSources.Add(names.Remotes);
        root.Add(new ConfigCommand(session));
        root.Add(new ConvertCommand(session));
        root.Add(new GraphCommand(session));
        root.Add(new ExportCommand(session, names));
        root.Add(new PlanCommand(session, names));
        root.Add(new UpCommand(session, names));
        root.Add(new DownCommand(session, names));
        root.Add(new PsCommand(session, names));
        root.Add(new ExecCommand(session, names));
        root.Add(new RunCommand(session, names));
        root.Add(new CpCommand(session, names));
        root.Add(new LogsCommand(session, names));
        root.Add(new LsCommand(session));
        root.Add(new TopCommand(session, names));
        root.Add(new PortCommand(session, names));
        root.Add(new EventsCommand(session, names));
        root.Add(new ImagesCommand(session, names));
        root.Add(new VolumesCommand(session, names));
        root.Add(new WatchCommand(session, names));
        foreach (var (name, operation, description) in Operations)
            root.Add(new OperatingCommand(name, description, operation, session, names));
        root.Add(new BackupCommand(session, names));
        root.Add(new RestoreCommand(session));
        root.Add(new SshCommand(session, names));
        root.Add(new SshConfigCommand(session));
        root.Add(new InventoryCommand(session, names));
        root.Add(new CloneCommand(session, names));
        root.Add(new PublishCommand(session, names));
        root.Add(new CheckpointCommand(session, names));
        root.Add(new VersionCommand(session));
        root.Add(new CompletionCommand(session));

        NameArguments(root);

        // A word that begins with @ is a word, not the name of a file with more words.
        var configuration = new ParserConfiguration { ResponseFileTokenReplacer = null };
        var parsed = root.Parse(arguments.Length == 0 ? ["--help"] : arguments, configuration);
        var verb = parsed.CommandResult.Command;
        if (parsed.Action is ParseErrorAction || (parsed.Action == verb.Action && UnknownOptions(parsed).Count > 0))
        {
            WriteUsageError(terminal.Error, Problems(parsed, root), verb == root ? null : PathOf(verb));
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

    /// <summary>Help would show what completion offers as an argument's name, and ask the server for it.</summary>
    private static void NameArguments(Command command)
    {
        foreach (var argument in command.Arguments)
            argument.HelpName ??= argument.Name;
        foreach (var verb in command.Subcommands)
            NameArguments(verb);
    }

    /// <summary>What is wrong with the command line. A wrong verb or option makes the parser stumble over all that follows: that is left out.</summary>
    private static List<string> Problems(ParseResult parsed, RootCommand root)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens.FirstOrDefault(word => !word.StartsWith('-')) is { } name)
            return [$"There is no verb \"{(command == root ? name : $"{PathOf(command)} {name}")}\"{DidYouMean(name, command.Subcommands.Select(known => known.Name))}"];
        if (UnknownOptions(parsed) is { Count: > 0 } unknown)
            return [.. unknown.Select(option => NoOption(option, command))];
        if (command == root)
            return ["Name a verb."];
        return command.Subcommands.Count > 0
            ? [$"Name what to do: {string.Join(", ", command.Subcommands.Select(known => known.Name))}."]
            : [.. parsed.Errors.Select(error => error.Message)];
    }

    /// <summary>
    /// The words that look like an option and are none. A verb that takes names would take them for names; one that is
    /// really meant so stands after <c>--</c>. Those that follow a command without <c>--</c> are the command's.
    /// </summary>
    private static List<string> UnknownOptions(ParseResult parsed)
    {
        var dashes = parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash);
        var others = new HashSet<Token>(ReferenceEqualityComparer.Instance);
        for (SymbolResult? result = parsed.CommandResult; result is not null; result = result.Parent)
        {
            if (result is not CommandResult { Children: var children })
                continue;
            others.UnionWith(children.OfType<OptionResult>().SelectMany(option => option.Tokens));
            if (!dashes)
                others.UnionWith(children.OfType<ArgumentResult>().Where(argument => argument.Argument is CommandWords).SelectMany(argument => argument.Tokens.SkipWhile(IsOption)));
        }

        return [.. parsed.Tokens.TakeWhile(token => token.Type != TokenType.DoubleDash)
            .Where(token => token.Type == TokenType.Argument && IsOption(token) && !others.Contains(token))
            .Select(token => token.Value)];
    }

    private static bool IsOption(Token token) => token.Value is ['-', _, ..];

    private static string NoOption(string word, Command command)
    {
        var known = command.Options.AsEnumerable();
        for (var parent = command; parent is not null; parent = parent.Parents.OfType<Command>().FirstOrDefault())
            known = known.Concat(parent.Options.Where(option => option.Recursive));
        var name = word.Split('=', ':')[0];
        var likely = DidYouMean(name, known.SelectMany(option => option.Aliases.Prepend(option.Name)));
        return $"There is no option \"{name}\"{(likely is "" ? "." : likely)}";
    }

    private static string DidYouMean(string word, IEnumerable<string> known) =>
        Suggestions.Nearest(word, known) is { } likely ? $"; did you mean \"{likely}\"?" : "";

    /// <summary>The words that lead to a verb: <c>checkpoint create</c>.</summary>
    public static string PathOf(Command verb) =>
        verb.Parents.OfType<Command>().FirstOrDefault() is { } parent and not RootCommand ? $"{PathOf(parent)} {verb.Name}" : verb.Name;

    /// <summary>Writes what could not be understood and where help is.</summary>
    public static void WriteUsageError(StyledWriter writer, IReadOnlyList<string> messages, string? verb)
    {
        foreach (var message in messages)
            writer.Write("error: ", Style.Error).Line(StyledWriter.Printable(string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))));
        writer.Line($"See '{ThisProgram.Name} {(verb is null ? "" : verb + " ")}--help'.");
    }
}
