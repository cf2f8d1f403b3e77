using System.Globalization;
using System.Text;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Hooks;
using IncusCompose.Instances;
using IncusCompose.Readiness;

namespace IncusCompose.Provision;

/// <summary>Runs the steps of an instance that its record does not have, one after the other, and records each once it is done.</summary>
internal sealed class ProvisionRunner
{
    private static readonly TimeSpan s_longestRemoval = TimeSpan.FromSeconds(10);

    private readonly IncusClient _client;
    private readonly string _stack;
    private readonly string _instance;

    /// <param name="client">The connection, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="instance">The instance, which runs.</param>
    public ProvisionRunner(IncusClient client, string stack, string instance)
    {
        _client = client;
        _stack = stack;
        _instance = instance;
    }

    /// <summary>True to run Ansible on this machine; without it such a step fails.</summary>
    public bool AllowHost { get; init; }

    /// <summary>The folder that Ansible is run in; null: the process's current one.</summary>
    public string? HostFolder { get; init; }

    /// <summary>The instances that this one depends on, which Ansible's inventory holds too.</summary>
    public IReadOnlyCollection<string> Dependencies { get; init; } = [];

    /// <summary>Receives each line that steps write, after the word and the step's name.</summary>
    public Action<string> Output { get; init; } = _ => { };

    /// <summary>Is told which step is run, as it stands after "waiting for".</summary>
    public Action<string> Tell { get; init; } = _ => { };

    /// <exception cref="ProvisionFailedException">A step failed; those before it are recorded.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task RunAsync(IReadOnlyList<PlannedStep> steps, CancellationToken cancellationToken)
    {
        foreach (var (index, step) in steps.Index())
        {
            // Read each time: another apply may be at it too.
            var instance = (await _client.Instances.GetAsync(_instance, cancellationToken).ConfigureAwait(false)).Value;
            if (ProvisionRecord.Read(instance.Config).IsDone(step))
                continue;
            Tell(string.Create(CultureInfo.InvariantCulture, $"step {index + 1} of {steps.Count}{(step.Step.Name is null ? "" : $", {step.Label}")}: {step.Step}"));
            await RunAsync(step, cancellationToken).ConfigureAwait(false);
            await _client.Instances.UpdateAsync(_instance, now => now with
            {
                Config = new Dictionary<string, string>(now.Config) { [ProvisionRecord.Key] = ProvisionRecord.Read(now.Config).With(step, steps).ToString() },
            }, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(PlannedStep step, CancellationToken cancellationToken)
    {
        try
        {
            if (!step.IsCurrent())
                throw Failed("its content has changed since the plan was made; apply again");
            var (failure, exitCode) = step.Step switch
            {
                { Exec: { } command } => await RunCommandAsync(step, command, cancellationToken).ConfigureAwait(false),
                { Script: { } script } => await RunScriptAsync(step, script, cancellationToken).ConfigureAwait(false),
                { Files: { } files } => await PlaceFilesAsync(step, files, cancellationToken).ConfigureAwait(false),
                { Ansible: { } ansible } => await RunAnsibleAsync(step, ansible, cancellationToken).ConfigureAwait(false),
                _ => throw new InvalidOperationException("A step says nothing to do."),
            };
            if (failure is not null)
                throw Failed(failure, exitCode);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotReadyException or (IncusException and not IncusUnreachableException))
        {
            throw Failed(error.Message, cause: error);
        }

        ProvisionFailedException Failed(string what, int? exitCode = null, Exception? cause = null) =>
            new($"the step {step.Label} ({step.Step}) failed: {what}", cause) { Instance = _instance, Step = step.Label, ExitCode = exitCode };
    }

    private async Task<(string? Failure, int? ExitCode)> RunCommandAsync(PlannedStep step, IReadOnlyList<string> command, CancellationToken cancellationToken) =>
        await (await CommandAsync(step, command, cancellationToken).ConfigureAwait(false)).RunInAsync(_client, _instance, Say(step), cancellationToken).ConfigureAwait(false);

    /// <summary>Brings the script in under a name that nobody can know before, readable by the one who runs it alone, and takes it away again.</summary>
    private async Task<(string? Failure, int? ExitCode)> RunScriptAsync(PlannedStep step, ScriptDefinition script, CancellationToken cancellationToken)
    {
        var text = StepContent.TextOf(script);
        await WaitForAgentAsync(step, cancellationToken).ConfigureAwait(false);
        var user = await InstanceUser.ResolveAsync(_client, _instance, step.Step.User, cancellationToken).ConfigureAwait(false);
        var path = $"/tmp/incus-compose-{Guid.NewGuid():N}";
        var attributes = new Incus.Client.FileAttributes { Uid = (int)user.User, Gid = (int)user.Group, Mode = Convert.ToInt32("0700", 8) };
        try
        {
            try
            {
                await PushAsync().ConfigureAwait(false);
            }
            catch (IncusNotFoundException)
            {
                // It has no /tmp.
                path = path["/tmp".Length..];
                await PushAsync().ConfigureAwait(false);
            }

            string[] command = [.. script.Interpreter ?? InterpreterOf(text), path, .. script.Arguments];
            return await RunCommandAsync(step, command, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await RemoveAsync(path).ConfigureAwait(false);
        }

        async Task PushAsync()
        {
            using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
            await _client.Instances.PushFileAsync(_instance, path, content, attributes, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What a script's first line names by <c>#!</c>, as the kernel reads it: a program and at most one argument.</summary>
    internal static IReadOnlyList<string> InterpreterOf(string text)
    {
        var line = text.Split('\n', 2)[0].TrimEnd('\r', ' ', '\t');
        return line.StartsWith("#!", StringComparison.Ordinal) && line[2..].Trim().Split((char[])[' ', '\t'], 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } words
            ? words
            : ["/bin/sh"];
    }

    private async Task RemoveAsync(string path)
    {
        // Also where the step was cancelled.
        using var limit = new CancellationTokenSource(s_longestRemoval);
        try
        {
            await _client.Instances.DeleteFileAsync(_instance, path, limit.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IncusException or OperationCanceledException)
        {
            // It removed itself, or the instance is gone or stopped; the way it ended says more.
        }
    }

    private async Task<(string? Failure, int? ExitCode)> PlaceFilesAsync(PlannedStep step, IReadOnlyList<FileDefinition> files, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Duration.Bounded(step.Step.Timeout));
        try
        {
            await WaitForAgentAsync(step, limit.Token).ConfigureAwait(false);
            await new FilePlacer(_client, _instance, Say(step)).PlaceAsync(files, limit.Token).ConfigureAwait(false);
            return (null, null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ($"the files were not all in place within {Duration.Format(step.Step.Timeout)}", null);
        }
    }

    private async Task<(string? Failure, int? ExitCode)> RunAnsibleAsync(PlannedStep step, AnsibleDefinition ansible, CancellationToken cancellationToken)
    {
        if (!AllowHost)
            return ($"it runs Ansible on this machine, which was not allowed; {HookRefusal.Advice}", null);
        var run = new AnsibleRun(_client, _instance, ansible) { Dependencies = Dependencies, Folder = HostFolder };
        return await run.RunAsync(await CommandAsync(step, ["ansible-playbook"], cancellationToken).ConfigureAwait(false), Say(step), cancellationToken).ConfigureAwait(false);
    }

    private async Task<StepCommand> CommandAsync(PlannedStep step, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var live = (await _client.Instances.GetAsync(_instance, cancellationToken).ConfigureAwait(false)).Value;
        var state = await _client.Instances.GetStateAsync(_instance, cancellationToken).ConfigureAwait(false);
        var described = InstanceVariables.Describe(_stack, _client.Project, _instance, live, state);
        described["INCUS_COMPOSE_STEP"] = step.Label;
        return new StepCommand
        {
            Command = command,
            Environment = step.Step.Environment.With(described),
            Timeout = step.Step.Timeout,
            User = step.Step.User,
            WorkingDirectory = step.Step.WorkingDirectory,
            Folder = HostFolder,
        };
    }

    /// <summary>Files of a virtual machine are its agent's to read and write; a container's need none.</summary>
    private Task WaitForAgentAsync(PlannedStep step, CancellationToken cancellationToken) =>
        new InstanceWaiter(_client, _instance) { MustRun = true }.WaitForAsync(new AgentGate(), step.Step.Timeout, cancellationToken);

    private Action<string> Say(PlannedStep step) => line => Output($"step {step.Label}: {line}");
}
