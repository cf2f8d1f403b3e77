using System.CommandLine;
using Incus.Client;
using IncusCompose.Cli.Exec;
using IncusCompose.Instances;

namespace IncusCompose.Cli.Commands;

/// <summary>How a command is run in an instance; <c>exec</c> and <c>run</c> have the same words.</summary>
internal sealed class GuestCommandOptions
{
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
        Description = "Give the command no terminal even where there is one, and pass standard input on.",
    };

    private readonly Option<bool> _detach = new("--detach", "-d")
    {
        Description = "Leave the command running, and do not wait for its end.",
    };

    public GuestCommandOptions()
    {
        _environment.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value is "" || token.Value[0] == '='))
                result.AddError($"--env \"{token.Value}\" has no name: write NAME=VALUE.");
        });
    }

    public void AddTo(Command command)
    {
        command.Add(_environment);
        command.Add(_user);
        command.Add(_directory);
        command.Add(_input);
        command.Add(_noTerminal);
        command.Add(_detach);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_detach) && result.GetValue(_input))
                result.AddError("What runs detached has no input: leave out --interactive or --detach.");
        });
    }

    /// <summary>True where the command is left running.</summary>
    public bool IsDetached(Invocation invocation) => invocation.Get(_detach);

    /// <summary>Runs a command; its streams are the program's own.</summary>
    /// <param name="invocation">The options as given.</param>
    /// <param name="client">The server.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="cancellationToken">Ends the command.</param>
    /// <param name="beginning">Is called when all has been checked and the server is asked to run the command.</param>
    /// <returns>The command's exit code; 0 where it was left running.</returns>
    public async Task<int> RunAsync(
        Invocation invocation, IncusClient client, string instance, IReadOnlyList<string> command, CancellationToken cancellationToken, Action? beginning = null)
    {
        var environment = Environment(invocation.Get(_environment) ?? []);
        var directory = invocation.Get(_directory);
        if (directory is not null)
            await client.Instances.RequireDirectoryAsync(instance, directory, cancellationToken);
        var user = await InstanceUser.ResolveAsync(client, instance, invocation.Get(_user), cancellationToken);
        foreach (var (key, value) in user.Environment)
            environment.TryAdd(key, value);
        var request = new ExecRequest
        {
            Command = command,
            Environment = environment,
            User = user.User,
            Group = user.Group,
            WorkingDirectory = directory ?? user.Home,
        };
        beginning?.Invoke();

        if (IsDetached(invocation))
        {
            await client.Instances.StartCommandAsync(instance, request, cancellationToken);
            return ExitCode.Success;
        }

        var noTerminal = invocation.Get(_noTerminal);
        using var terminal = noTerminal ? null : RawTerminal.Find();
        return terminal is null
            ? await StreamAsync(client, instance, request, noTerminal || invocation.Get(_input), cancellationToken)
            : await terminal.RunAsync(client, instance, request, cancellationToken);
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
            if (cut > 0)
                result[assignment[..cut]] = assignment[(cut + 1)..];
            else if (System.Environment.GetEnvironmentVariable(assignment) is { } own)
                result[assignment] = own;
        }
        return result;
    }
}
