using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Instances;
using IncusCompose.Readiness;
using IncusCompose.Resources;

namespace IncusCompose.Hooks;

/// <summary>
/// Runs the hooks of instances: those of the stack's file, or those that are recorded on an instance, which whoever has
/// only the stack's name knows too.
/// </summary>
public sealed class HookRunner
{
    private readonly IncusClient _client;
    private readonly string _stack;

    /// <summary>Makes a runner.</summary>
    /// <param name="client">The connection, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    public HookRunner(IncusClient client, string stack)
    {
        _client = client;
        _stack = stack;
    }

    /// <summary>True to run commands on this machine; without it a hook with one fails.</summary>
    public bool AllowHost { get; init; }

    /// <summary>True to run none.</summary>
    public bool Skip { get; init; }

    /// <summary>The folder that commands on this machine are run in; null: the process's current one.</summary>
    public string? HostFolder { get; init; }

    /// <summary>Receives each line that hooks write, and what is passed over, after the hook's word; called on any thread.</summary>
    public Action<string>? Output { get; init; }

    /// <summary>Runs the hooks that are recorded on an instance.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="point">The moment.</param>
    /// <param name="cancellationToken">Ends the work; the command at work is killed.</param>
    /// <exception cref="HookFailedException">A step failed whose file does not say <c>on_failure: continue</c>.</exception>
    /// <exception cref="IncusUnreachableException">The server is gone.</exception>
    public Task RunAsync(Instance instance, HookPoint point, CancellationToken cancellationToken = default) =>
        RunAsync(instance.Name, RecordedWords.ReadHooks(instance.Config), point, cancellationToken);

    /// <summary>The recorded hooks of an instance that run commands on the machine that runs the tool.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="points">The moments to look at.</param>
    public static IReadOnlyList<HookPoint> HostHooksOf(Instance instance, params IEnumerable<HookPoint> points) =>
        RecordedWords.ReadHooks(instance.Config) is { } hooks ? [.. points.Where(point => hooks.At(point).Any(step => step.OnHost))] : [];

    internal async Task RunAsync(string instance, HooksDefinition? hooks, HookPoint point, CancellationToken cancellationToken)
    {
        var steps = hooks?.At(point) ?? [];
        if (steps.Count == 0 || Skip)
            return;
        var word = HooksDefinition.WordOf(point);
        var (live, state) = await StateAsync(instance, cancellationToken).ConfigureAwait(false);
        var described = InstanceVariables.Describe(_stack, _client.Project, instance, live, state);
        described["INCUS_COMPOSE_HOOK"] = word;
        foreach (var (index, step) in steps.Index())
        {
            if (!step.OnHost && point is HookPoint.PreRemove or HookPoint.PreStop && (state is null || !GateCheck.IsRunning(state.StatusCode)))
            {
                Tell($"{step} is not run, since the instance does not run");
                continue;
            }

            if (step.OnHost && !AllowHost)
                throw Failed($"step {index + 1} ({step}) runs on this machine, which was not allowed; {HookRefusal.Advice}", index, null);
            var command = new StepCommand
            {
                Command = step.Command,
                Environment = step.Environment.With(described),
                Timeout = step.Timeout,
                User = step.User,
                Folder = HostFolder,
            };
            var (failure, exitCode) = step.OnHost
                ? await command.RunHereAsync(Tell, cancellationToken).ConfigureAwait(false)
                : await command.RunInAsync(_client, instance, Tell, cancellationToken).ConfigureAwait(false);
            if (failure is null)
                continue;
            if (step.OnFailure == HookFailure.Fail)
                throw Failed($"step {index + 1}: {failure}", index, exitCode);
            Tell($"{failure} (going on)");
        }

        void Tell(string line) => Output?.Invoke($"{word}: {line}");

        HookFailedException Failed(string what, int index, int? exitCode) =>
            new($"the hook {word} failed at {what}") { Instance = instance, Hook = point, Step = index + 1, ExitCode = exitCode };
    }

    private async Task<(Instance? Live, InstanceState? State)> StateAsync(string instance, CancellationToken cancellationToken)
    {
        try
        {
            return (
                (await _client.Instances.GetAsync(instance, cancellationToken).ConfigureAwait(false)).Value,
                await _client.Instances.GetStateAsync(instance, cancellationToken).ConfigureAwait(false));
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            // It does not exist yet or any more, or is just starting or stopping.
            return (null, null);
        }
    }
}
