using System.Diagnostics;
using System.Net;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Readiness;

/// <summary>The readiness and health of a whole stack, from what is recorded on its instances alone.</summary>
internal static class StackReadiness
{
    // What does not answer at once is not so now: a look is not a wait.
    private static readonly TimeSpan s_longestLook = TimeSpan.FromSeconds(5);

    // Beyond this, asking more at once makes each answer later.
    private const int Parallelism = 16;

    /// <summary>How every instance of a stack is right now, in the order of their names.</summary>
    public static async Task<IReadOnlyList<InstanceHealth>> ReadAsync(IncusClient client, string stack, CancellationToken cancellationToken)
    {
        var instances = await InstancesAsync(client, stack, cancellationToken).ConfigureAwait(false);
        var jobs = JobsAmong(instances);
        using var places = new SemaphoreSlim(Parallelism);
        return await Task.WhenAll(instances.Select(async instance =>
        {
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await ReadAsync(client, stack, instance, jobs.Contains(instance.Name), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                places.Release();
            }
        })).ConfigureAwait(false);
    }

    /// <summary>Waits until every instance of a stack is ready. What does not come is in the results, not thrown.</summary>
    /// <param name="client">The connection, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="timeout">How long for each; null: as long as its gates say.</param>
    /// <param name="tell">Is told an instance's name and what is being waited for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<IReadOnlyList<InstanceWaitResult>> WaitAsync(
        IncusClient client, string stack, TimeSpan? timeout, Action<string, string>? tell, CancellationToken cancellationToken)
    {
        var instances = await InstancesAsync(client, stack, cancellationToken).ConfigureAwait(false);
        var jobs = JobsAmong(instances);
        return await Task.WhenAll(instances.Select(async instance =>
        {
            var clock = Stopwatch.StartNew();
            var waiter = new InstanceWaiter(client, instance.Name) { Progress = tell is null ? null : new Relay<string>(text => tell(instance.Name, text)) };
            try
            {
                await (jobs.Contains(instance.Name)
                    ? waiter.WaitForCompletionAsync(timeout, cancellationToken)
                    : waiter.WaitForReadyAsync(timeout, cancellationToken)).ConfigureAwait(false);
                return new InstanceWaitResult(instance.Name, null, clock.Elapsed);
            }
            catch (Exception failure) when (failure is NotReadyException or IncusException)
            {
                return new InstanceWaitResult(instance.Name, failure, clock.Elapsed);
            }
        })).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyList<Instance>> InstancesAsync(IncusClient client, string stack, CancellationToken cancellationToken) =>
    [
        .. (await client.Instances.ListAsync(cancellationToken).ConfigureAwait(false))
            .Where(instance => MarkOf(instance)?.BelongsTo(stack, client.Project) == true)
            .OrderBy(instance => instance.Name, StringComparer.Ordinal),
    ];

    /// <summary>The instances that others wait for to end.</summary>
    public static HashSet<string> JobsAmong(IEnumerable<Instance> instances) =>
    [
        .. instances.SelectMany(instance => DependencyText.Read(MarkOf(instance)?.Applied.Plain(PropertyPath.DependsOn)))
            .Where(dependency => dependency.Condition == DependencyCondition.Completed)
            .Select(dependency => dependency.Instance),
    ];

    /// <summary>True for an instance that has run and does not run any more.</summary>
    public static bool HasEnded(Instance instance) => instance.StatusCode is StatusCode.Stopped && instance.LastUsedAt.Year > 1970;

    private static OwnershipMark? MarkOf(Instance instance) => OwnershipMark.Read(InstanceKind.IdOf(instance.Name), instance.Config);

    private static async Task<InstanceHealth> ReadAsync(IncusClient client, string stack, Instance instance, bool isJob, CancellationToken cancellationToken)
    {
        var hasRun = instance.LastUsedAt.Year > 1970;
        var health = new InstanceHealth
        {
            Name = instance.Name,
            Stack = stack,
            Project = client.Project,
            Status = instance.Status,
            Health = HealthState.Stopped,
            IsReady = false,
            Message = $"its status is {instance.Status}",
            StartedAt = hasRun ? instance.LastUsedAt : null,
        };
        if (!GateCheck.IsRunning(instance.StatusCode))
            return isJob && HasEnded(instance) ? health with { Health = HealthState.Completed, IsReady = true, Message = "" } : health;
        if (isJob)
            return health with { Health = HealthState.Unchecked, Message = "it has not come to its end yet" };
        try
        {
            var state = await client.Instances.GetStateAsync(instance.Name, cancellationToken).ConfigureAwait(false);
            health = health with { Addresses = NicAddresses.Of(instance, state) };
        }
        catch (IncusException error) when (error is IncusNotFoundException || error.StatusCode is HttpStatusCode.InternalServerError)
        {
            return health with { Message = "it is starting or stopping" };
        }

        var check = RecordedWords.ReadHealthcheck(instance.ExpandedConfig);
        var gates = RecordedWords.ReadReady(instance.ExpandedConfig)?.Gates.Where(gate => gate is not HealthGate) ?? [];
        var open = gates.Select(gate => WhyClosedAsync(client, instance.Name, gate, cancellationToken)).ToList();
        var failure = check is null ? "" : await Probes.CheckHealthAsync(client, instance.Name, check, null, cancellationToken).ConfigureAwait(false);
        var closed = (await Task.WhenAll(open).ConfigureAwait(false)).Where(why => why.Length > 0).ToList();
        return health with
        {
            Health = check is null ? HealthState.Unchecked
                : failure.Length == 0 ? HealthState.Healthy
                : DateTimeOffset.UtcNow - instance.LastUsedAt < check.Patience ? HealthState.Starting
                : HealthState.Unhealthy,
            IsReady = failure.Length == 0 && closed.Count == 0,
            Message = string.Join("; ", closed.Append(failure).Where(why => why.Length > 0)),
        };
    }

    private static async Task<string> WhyClosedAsync(IncusClient client, string name, ReadinessGate gate, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_longestLook);
        var check = new GateCheck(client, name, gate, null);
        try
        {
            var look = await check.LookAsync(limit.Token).ConfigureAwait(false);
            // An address has to be seen twice.
            if (gate is AddressGate && look.Next is not NextLook.Met)
                look = await check.LookAsync(limit.Token).ConfigureAwait(false);
            return look.Next is NextLook.Met ? "" : $"not {gate.Wanted}: {look.Reason}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"not yet {gate.Wanted}";
        }
        catch (IncusNotFoundException)
        {
            return "it is gone";
        }
    }
}
