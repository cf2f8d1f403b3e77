using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Readiness;

namespace IncusCompose.Instances;

/// <summary>A command of a stack file, to be run to its end in bounded time.</summary>
internal sealed record StepCommand
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Variables; never shown.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>How long it may take before it is killed.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>The user in the instance; null: root.</summary>
    public string? User { get; init; }

    /// <summary>What must not be shown of its output beside the values of <see cref="Environment"/>, by what it is called.</summary>
    public IEnumerable<KeyValuePair<string, string>> Hidden { get; init; } = [];

    /// <summary>The folder in the instance to run it in; null: the user's home.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The folder on this machine to run it in.</summary>
    public string? Folder { get; init; }

    private string Program => CommandWords.ProgramOf(Command);

    /// <summary>Runs it in an instance, through the API.</summary>
    /// <returns>How it failed, with the last of its output; null where it succeeded. And its exit status where it had one.</returns>
    public async Task<(string? Failure, int? ExitCode)> RunInAsync(IncusClient client, string instance, Action<string>? tell, CancellationToken cancellationToken)
    {
        var output = new CommandOutput(tell, Environment.Concat(Hidden));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Duration.Bounded(Timeout));
        try
        {
            // A virtual machine runs commands once its agent does; a container at once.
            await new InstanceWaiter(client, instance) { MustRun = true }.WaitForAsync(new AgentGate(), Timeout, limit.Token).ConfigureAwait(false);
            var user = await InstanceUser.ResolveAsync(client, instance, User, limit.Token).ConfigureAwait(false);
            if (WorkingDirectory is not null)
                await client.Instances.RequireDirectoryAsync(instance, WorkingDirectory, limit.Token).ConfigureAwait(false);
            var request = new ExecRequest
            {
                Command = Command,
                User = user.User,
                Group = user.Group,
                WorkingDirectory = WorkingDirectory ?? user.Home,
                Environment = user.Environment.With(Environment),
            };
            using var lines = new LineStream(output.Take);
            using var errors = new LineStream(output.Take);
            var result = await client.Instances.ExecAsync(instance, request, new ExecStreams { StandardOutput = lines, StandardError = errors }, limit.Token).ConfigureAwait(false);
            return (result.ExitCode == 0 ? null : output.After($"{Program} ended with exit status {result.ExitCode}"), result.ExitCode);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (output.After(TooLong), null);
        }
        catch (Exception error) when (error is NotReadyException or (IncusException and not IncusUnreachableException))
        {
            return (error.Message, null);
        }
    }

    /// <summary>Runs it on this machine, with the variables beside those of this process.</summary>
    /// <returns>As for <see cref="RunInAsync"/>.</returns>
    public async Task<(string? Failure, int? ExitCode)> RunHereAsync(Action<string>? tell, CancellationToken cancellationToken)
    {
        var output = new CommandOutput(tell, Environment.Concat(Hidden));
        using var lines = new LineStream(output.Take);
        using var errors = new LineStream(output.Take);
        var program = new HostProgram { Command = Command, Folder = Folder, Environment = Environment, Timeout = Timeout, LeavesOthers = true };
        var end = await program.RunAsync(lines, errors, cancellationToken).ConfigureAwait(false);
        return (end.FailureWith(output), end.ExitCode);
    }

    private string TooLong => $"{Program} did not end within {Duration.Format(Timeout)}";
}
