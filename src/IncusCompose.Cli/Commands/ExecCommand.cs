using System.CommandLine;
using System.CommandLine.Parsing;
using Incus.Client;
using IncusCompose.Cli.Exec;

namespace IncusCompose.Cli.Commands;

/// <summary><c>exec</c>: run a command in an instance; its streams are the program's own, and so is its exit code.</summary>
internal sealed class ExecCommand : Verb
{
    private readonly Argument<string> _instance = new("instance")
    {
        Description = "Name of a running instance.",
    };

    private readonly Argument<string[]> _command = new("command")
    {
        Description = "Program and arguments, after --; no shell is involved.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string[]> _environment = new("--env", "-e")
    {
        Description = "An environment variable, NAME=VALUE; NAME alone passes on the own one.",
        HelpName = "name=value",
    };

    private readonly Option<string?> _user = new("--user", "-u")
    {
        Description = "User to run as: a name, or a number with or without :group number. Default: root.",
        HelpName = "user",
    };

    private readonly Option<string?> _directory = new("--workdir", "-w")
    {
        Description = "Directory to run in.",
        HelpName = "dir",
    };

    private readonly Option<bool> _input = new("--interactive", "-i")
    {
        Description = "Pass standard input on (with a terminal that is always so).",
    };

    private readonly Option<bool> _noTerminal = new("--no-tty", "-T")
    {
        Description = "Give the command no terminal even where there is one.",
    };

    public ExecCommand(Session session, NameCompletion names) : base("exec", "Run a command in an instance.", session)
    {
        _instance.CompletionSources.Add(names.Instances);
        Add(_instance);
        Add(_command);
        Add(_environment);
        Add(_user);
        Add(_directory);
        Add(_input);
        Add(_noTerminal);
        Validators.Add(RequireDashes);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var name = invocation.Get(_instance)!;
        var environment = Environment(invocation.Get(_environment) ?? []);
        var stack = invocation.LoadIfPresent(cancellationToken);
        if (stack is not null && !stack.Instances.ContainsKey(name))
        {
            throw new CommandException(
                $"stack {stack.Name} has no instance \"{name}\"; it has: {string.Join(", ", stack.Instances.Keys.Order(StringComparer.Ordinal))}");
        }

        await using var client = await invocation.ConnectAsync(stack, cancellationToken);
        var directory = invocation.Get(_directory);
        if (directory is not null)
            await client.Instances.RequireDirectoryAsync(name, directory, cancellationToken);
        var user = await InstanceUser.ResolveAsync(client, name, invocation.Get(_user), cancellationToken);
        foreach (var (key, value) in user.Environment)
            environment.TryAdd(key, value);
        var request = new ExecRequest
        {
            Command = invocation.Get(_command)!,
            Environment = environment,
            User = user.User,
            Group = user.Group,
            WorkingDirectory = directory ?? user.Home,
        };

        using var terminal = invocation.Get(_noTerminal) ? null : RawTerminal.Find();
        return terminal is null
            ? await StreamAsync(client, name, request, invocation.Get(_input), cancellationToken)
            : await terminal.RunAsync(client, name, request, cancellationToken);
    }

    private static async Task<int> StreamAsync(
        IncusClient client, string name, ExecRequest request, bool input, CancellationToken cancellationToken)
    {
        await using var standardInput = input ? StandardStream.OpenInput() : null;
        await using var standardOutput = StandardStream.OpenOutput();
        await using var standardError = StandardStream.OpenError();
        var streams = new ExecStreams
        {
            StandardInput = standardInput,
            StandardOutput = standardOutput,
            StandardError = standardError,
        };
        var result = await client.Instances.ExecAsync(name, request, streams, cancellationToken);
        return result.ExitCode;
    }

    private static Dictionary<string, string> Environment(string[] assignments)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var assignment in assignments)
        {
            var cut = assignment.IndexOf('=', StringComparison.Ordinal);
            if (cut == 0 || assignment.Length == 0)
                throw new UsageException($"--env \"{assignment}\" has no name: write NAME=VALUE.");
            if (cut > 0)
                result[assignment[..cut]] = assignment[(cut + 1)..];
            else if (System.Environment.GetEnvironmentVariable(assignment) is { } own)
                result[assignment] = own;
        }
        return result;
    }

    /// <summary>
    /// Without <c>--</c>, options of the command would be taken for options of <c>exec</c>: that is refused, not guessed.
    /// A command of plain words at the end of the line needs no <c>--</c>.
    /// </summary>
    private void RequireDashes(CommandResult result)
    {
        if (result.GetValue(_command) is not { Length: > 0 } command || Session.Arguments.Contains("--"))
            return;
        var tail = Session.Arguments.Skip(Session.Arguments.Count - command.Length - 1);
        if (!tail.SequenceEqual(command.Prepend(result.GetValue(_instance)!)) || command.Any(word => word.StartsWith('-')))
            result.AddError("Put -- before the command, so that its options are its own: exec NAME -- COMMAND.");
    }
}
