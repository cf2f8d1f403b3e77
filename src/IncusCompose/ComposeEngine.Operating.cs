using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Hooks;
using IncusCompose.Instances;
using IncusCompose.Operating;
using IncusCompose.Planning;

namespace IncusCompose;

/// <content>Stacks and instances that are there: found, started and stopped.</content>
public sealed partial class ComposeEngine
{
    /// <summary>
    /// Says what starting, stopping, restarting, pausing, resuming or killing a stack's instances would do, and in which
    /// order, from the marks on the server alone. Changes nothing; <see cref="ApplyAsync"/> carries it out.
    /// </summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="operation">What to do.</param>
    /// <param name="instances">To which instances, by name; null or empty for all.</param>
    /// <param name="hooks">That commands of hooks may run on this machine; null: an operation that would run some is refused.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="StackNotFoundException">The project has no instance of such a stack.</exception>
    /// <exception cref="StackInstanceNotFoundException">The stack has no instance of a name.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<StackPlan> PlanOperationAsync(
        IncusClient client, string stack, StackOperation operation, IReadOnlyCollection<string>? instances = null, HostHooks? hooks = null, CancellationToken cancellationToken = default)
    {
        var opening = client.Events.EnsureOpenAsync(cancellationToken);
        var found = await StackInstances.FindAsync(client, stack, cancellationToken).ConfigureAwait(false);
        await opening.ConfigureAwait(false);
        return OperationPlanner.Plan(found, operation, instances, client.Name, hooks);
    }

    /// <summary>
    /// Says what it takes to make an instance like one of the file's for a single command: the instance, what it depends on
    /// where that does not run, and what both need where it is missing. Nothing that is there is changed.
    /// <see cref="ApplyAsync"/> carries it out. The instance belongs to the stack, and goes with it.
    /// </summary>
    /// <param name="client">The server.</param>
    /// <param name="stack">The stack; its project, where it names one, wins over the client's.</param>
    /// <param name="definition">The instance to make another one like.</param>
    /// <param name="options">What is different about it.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="PlanOptionException">The stack has no such instance, or the new one cannot have its name.</exception>
    /// <exception cref="StackFileException">It cannot be made on this server: images or networks are missing.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<OneOff> PlanOneOffAsync(
        IncusClient client, StackDefinition stack, string definition, OneOffOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new OneOffOptions();
        var (needed, name, run) = OneOffPlanner.Define(stack, definition, options);
        var plan = await CompareAsync(client, needed, new PlanOptions { AllowHostHooks = options.AllowHostHooks }, cancellationToken).ConfigureAwait(false);
        return new OneOff(name, OneOffPlanner.Narrow(plan, name)) { Run = run };
    }

    /// <summary>Says what it takes to stop or delete an instance of <see cref="PlanOneOffAsync"/>; <see cref="ApplyAsync"/> does it.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="oneOff">The instance; another one that has got its name is left alone.</param>
    /// <param name="delete">Delete it, instead of stopping it.</param>
    /// <param name="hooks">That commands of hooks may run on this machine; null: what that would run some is refused.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="StackTargetException">It is not there.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<StackPlan> PlanOneOffEndAsync(
        IncusClient client, string stack, OneOff oneOff, bool delete, HostHooks? hooks = null, CancellationToken cancellationToken = default)
    {
        var found = await StackInstances.FindAsync(client, stack, cancellationToken).ConfigureAwait(false);
        OneOffPlanner.Require(found, oneOff);
        return delete
            ? OneOffPlanner.PlanRemoval(found, oneOff.Name, client.Name, hooks)
            : OperationPlanner.Plan(found, StackOperation.Stop, [oneOff.Name], client.Name, hooks);
    }

    /// <summary>The instances of a stack, by their marks: one request.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="instances">Only those of these names; null or empty for all.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The instances by name.</returns>
    /// <exception cref="StackNotFoundException">The project has no instance of such a stack.</exception>
    /// <exception cref="StackInstanceNotFoundException">The stack has no instance of a name.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<IReadOnlyList<Instance>> GetInstancesAsync(
        IncusClient client, string stack, IReadOnlyCollection<string>? instances = null, CancellationToken cancellationToken = default)
    {
        var found = await StackInstances.FindAsync(client, stack, cancellationToken).ConfigureAwait(false);
        return [.. found.Select(instances).Select(live => (Instance)live.Raw)];
    }

    /// <summary>One instance of a stack, by its name or by that of its definition.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="name">The instance's name, or its definition's where that has replicas.</param>
    /// <param name="index">Which of the replicas, counted from 1; null: the first that is there.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="StackNotFoundException">The project has no instance of such a stack.</exception>
    /// <exception cref="StackInstanceNotFoundException">The stack has no such instance.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<Instance> FindInstanceAsync(
        IncusClient client, string stack, string name, int? index = null, CancellationToken cancellationToken = default)
    {
        // The usual case takes one small request, however many instances there are.
        if (index is null && await client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false) is { } known
            && InstanceFacts.StackOf(known.Value) == stack)
            return known.Value;
        var found = await StackInstances.FindAsync(client, stack, cancellationToken).ConfigureAwait(false);
        return (Instance)found.Pick(name, index).Raw;
    }

    /// <summary>The stacks on a server, known by their marks.</summary>
    /// <param name="client">The server, in the project to look at.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public async Task<IReadOnlyList<StackSummary>> GetStacksAsync(IncusClient client, CancellationToken cancellationToken = default)
    {
        var server = await StackObserver.ObserveAsync(client, missingProject: null, pools: [], cancellationToken).ConfigureAwait(false);
        return
        [
            .. server.Resources
                .Where(live => live.Mark?.Project == client.Project)
                .GroupBy(live => live.Mark!.Stack)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => StackSummary.Of(group.Key, client.Project, group)),
        ];
    }
}
