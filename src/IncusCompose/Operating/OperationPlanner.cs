using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Hooks;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Operating;

/// <summary>
/// Says what an operation would do to each instance of a stack, as a plan: it is shown, agreed to, carried out and reported
/// like every other plan, by the same scheduler. A function of what the server said.
/// </summary>
internal static class OperationPlanner
{
    /// <param name="instances">The stack's instances.</param>
    /// <param name="operation">What to do.</param>
    /// <param name="names">To which of them; all where none is named. Those between them still order them.</param>
    /// <param name="server">The server's name, for people.</param>
    /// <param name="hooks">Whether and where commands of hooks run on this machine.</param>
    /// <exception cref="StackInstanceNotFoundException">The stack has no instance of a name.</exception>
    public static StackPlan Plan(StackInstances instances, StackOperation operation, IReadOnlyCollection<string>? names, string server, HostHooks? hooks = null)
    {
        // What was made to run one command is nothing without it.
        var named = instances.Select(names).Where(live => names?.Count > 0 || !IsLeft(live, operation)).ToList();
        var causes = operation == StackOperation.Restart ? RestartedWith(named, instances) : [];
        var dependants = operation is StackOperation.Start or StackOperation.Restart ? StartedFor(named, instances, operation) : [];
        var selected = instances.All.Where(live => named.Contains(live) || causes.ContainsKey(live.Id) || dependants.ContainsKey(live.Id)).ToList();
        var needs = selected.ToDictionary(live => live.Id, instances.DependenciesOf);
        var order = selected
            .Select(live => new ResourceChange
            {
                Id = live.Id,
                Action = ActionOn((Instance)live.Raw, dependants.ContainsKey(live.Id) ? StackOperation.Start : operation),
                Reason = causes.TryGetValue(live.Id, out var cause) ? $"{cause} is restarted, which it depends on"
                    : dependants.TryGetValue(live.Id, out var dependant) ? $"{dependant} depends on it"
                    : ReasonOf((Instance)live.Raw, operation),
                Starts = operation is StackOperation.Start or StackOperation.Restart && ((Instance)live.Raw).StatusCode == StatusCode.Stopped,
                Conditions = ConditionsOf(live),
                DependsOn = [.. Before(live.Id).OrderBy(id => id.Name, StringComparer.Ordinal)],
                Live = live,
            })
            // What comes later has more before it: all that is before the other, and the other.
            .OrderBy(change => change.DependsOn.Count)
            .ThenBy(change => change.Name, StringComparer.Ordinal);
        return new StackPlan
        {
            Stack = instances.Stack,
            Project = instances.Project,
            Server = server,
            IsOperation = true,
            Resources = [.. order.Select(change => hooks is null ? change with { Refused = HookRefusal.Of(change) } : change)],
            AllowHostHooks = hooks is not null,
            HostFolder = hooks?.Folder,
        };

        IEnumerable<ResourceId> Before(ResourceId id) => operation switch
        {
            StackOperation.Kill => [],
            StackOperation.Stop or StackOperation.Pause => needs.Keys.Where(other => other != id && needs[other].Contains(id)),
            _ => needs.Keys.Where(needs[id].Contains),
        };
    }

    /// <summary>
    /// What does not run and is started since something is that depends on it, each with what that is. Without what is not
    /// required it goes on as well, and what had to run once and has is done.
    /// </summary>
    private static Dictionary<ResourceId, ResourceId> StartedFor(IReadOnlyList<LiveResource> named, StackInstances instances, StackOperation operation)
    {
        var all = instances.All.ToDictionary(live => live.Id);
        var dependants = new Dictionary<ResourceId, ResourceId>();
        var next = new Queue<LiveResource>(named.Where(live => ActionOn((Instance)live.Raw, operation) is ChangeAction.Start or ChangeAction.Resume));
        while (next.TryDequeue(out var starting))
        {
            foreach (var condition in ConditionsOf(starting).Where(condition => condition.Required))
            {
                if (!all.TryGetValue(InstanceKind.IdOf(condition.Instance), out var needed) || named.Contains(needed) || StateOf((Instance)needed.Raw) == State.Runs
                    || (condition.Condition == DependencyCondition.Completed && ((Instance)needed.Raw).LastUsedAt.Year > 1970))
                    continue;
                if (dependants.TryAdd(needed.Id, starting.Id))
                    next.Enqueue(needed);
            }
        }

        return dependants;
    }

    /// <summary>True for what stays as it is where its stack is started or restarted: an instance that was made for one command.</summary>
    private static bool IsLeft(LiveResource live, StackOperation operation) =>
        RecordedWords.ReadRun(live) is not null
        && (operation == StackOperation.Restart || (operation == StackOperation.Start && StateOf((Instance)live.Raw) == State.Stopped));

    /// <summary>What runs and is restarted with what it depends on, as its file says, each with the instance that is the cause; and in turn whatever depends on it.</summary>
    private static Dictionary<ResourceId, ResourceId> RestartedWith(IReadOnlyList<LiveResource> named, StackInstances instances)
    {
        var restarted = named.Where(live => ActionOn((Instance)live.Raw, StackOperation.Restart) == ChangeAction.Restart).Select(live => live.Id).ToHashSet();
        var causes = new Dictionary<ResourceId, ResourceId>();
        for (var more = true; more;)
        {
            more = false;
            foreach (var live in instances.All.Where(live => !named.Contains(live) && !causes.ContainsKey(live.Id) && !IsLeft(live, StackOperation.Restart) && StateOf((Instance)live.Raw) == State.Runs))
            {
                var cause = ConditionsOf(live).Where(condition => condition.Restart).Select(condition => InstanceKind.IdOf(condition.Instance)).FirstOrDefault(restarted.Contains);
                if (cause is null)
                    continue;
                causes[live.Id] = cause;
                more = restarted.Add(live.Id);
            }
        }

        return causes;
    }

    private static IReadOnlyList<InstanceDependency> ConditionsOf(LiveResource live) => DependencyText.Read(live.Mark!.Applied.Plain(PropertyPath.DependsOn));

    private static ChangeAction ActionOn(Instance instance, StackOperation operation) => (operation, StateOf(instance)) switch
    {
        (StackOperation.Start, State.Stopped) => ChangeAction.Start,
        (StackOperation.Start or StackOperation.Resume, State.Paused) => ChangeAction.Resume,
        (StackOperation.Stop, State.Runs or State.Paused) => ChangeAction.Stop,
        (StackOperation.Kill, State.Runs or State.Paused) => ChangeAction.Kill,
        (StackOperation.Restart, State.Stopped) => ChangeAction.Start,
        (StackOperation.Restart, _) => ChangeAction.Restart,
        (StackOperation.Pause, State.Runs) => ChangeAction.Pause,
        _ => ChangeAction.None,
    };

    private static string ReasonOf(Instance instance, StackOperation operation) => (ActionOn(instance, operation), StateOf(instance)) switch
    {
        (ChangeAction.None, State.Stopped) when operation is StackOperation.Pause or StackOperation.Resume => "it is stopped",
        (ChangeAction.None, State.Stopped) => "it is stopped already",
        (ChangeAction.None, State.Paused) => "it is paused already",
        (ChangeAction.None, _) => "it runs already",
        (ChangeAction.Stop or ChangeAction.Kill, _) when instance.Ephemeral => "it is ephemeral: it is deleted when it stops",
        (ChangeAction.Start, _) when operation is StackOperation.Restart => "it is stopped",
        (ChangeAction.Restart, State.Paused) => "it is paused",
        _ => "",
    };

    private static State StateOf(Instance instance) => instance.StatusCode switch
    {
        StatusCode.Frozen or StatusCode.Freezing => State.Paused,
        StatusCode.Stopped => State.Stopped,
        // One in an error runs as far as anybody can tell: the server says what it makes of the request.
        _ => State.Runs,
    };

    private enum State
    {
        Runs,
        Paused,
        Stopped,
    }
}
