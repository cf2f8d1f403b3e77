using System.Security.Cryptography;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Hooks;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Validation;

namespace IncusCompose.Operating;

/// <summary>
/// Plans instances that are made from a definition of a stack for one command. They belong to the stack, under a name that
/// is not in its file; what is there already is started where it has to run, and never changed.
/// </summary>
internal static class OneOffPlanner
{
    private const int LongestName = 63;

    /// <summary>The stack as far as it is needed, with the one-off instance in it.</summary>
    /// <exception cref="PlanOptionException">There is no such definition, or the name cannot be one.</exception>
    public static (StackDefinition Stack, string Name, string Run) Define(StackDefinition stack, string definition, OneOffOptions options)
    {
        if (!stack.Instances.TryGetValue(definition, out var model))
            throw new PlanOptionException($"There is no instance {Excerpts.Quote(definition)} in stack {stack.Name}; {Suggestions.DidYouMean(definition, stack.Instances.Keys, $"it has: {string.Join(", ", stack.Instances.Keys)}")}");
        var name = options.Name ?? NameFor(definition);
        if (NameRules.Instance(name) is { } problem)
            throw new PlanOptionException($"{Excerpts.Quote(name)} cannot be an instance's name: it {problem.Message}; {problem.Advice}");
        if (stack.Instances.ContainsKey(name))
            throw new PlanOptionException($"{Excerpts.Quote(name)} is the name of an instance of the file; choose another one");

        var run = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var instances = new Dictionary<string, InstanceDefinition>(StringComparer.Ordinal) { [name] = OneOffOf(model, name, run, options) };
        if (options.WithDependencies)
            AddDependencies(model);
        return (stack with { Instances = instances }, name, run);

        void AddDependencies(InstanceDefinition instance)
        {
            foreach (var needed in instance.DependsOn.Select(dependency => dependency.Instance))
            {
                if (stack.Instances.TryGetValue(needed, out var other) && instances.TryAdd(needed, other))
                    AddDependencies(other);
            }
        }
    }

    /// <summary>Of a plan for such a stack what the one-off instance needs, without changes of what is there.</summary>
    /// <exception cref="PlanOptionException">The name is taken.</exception>
    public static StackPlan Narrow(StackPlan plan, string name)
    {
        var changes = plan.Resources.ToDictionary(change => change.Id);
        var own = changes[InstanceKind.IdOf(name)];
        if (own.Live is not null)
            throw new PlanOptionException($"There is already an instance {Excerpts.Quote(name)}; choose another name");
        // What is made is stopped or deleted again, which must be allowed too.
        if (!plan.AllowHostHooks && own.Refused is null)
            changes[own.Id] = own with { Refused = HookRefusal.OfEnd(own) };
        var needed = new HashSet<ResourceId>();
        Need(own.Id);
        return plan with { Resources = [.. plan.Resources.Where(change => needed.Contains(change.Id)).Select(change => Unchanging(changes[change.Id]))], Orphans = [] };

        void Need(ResourceId id)
        {
            if (!needed.Add(id))
                return;
            foreach (var other in changes[id].DependsOn.Where(changes.ContainsKey))
                Need(other);
        }
    }

    /// <summary>Makes sure that what is there under a one-off instance's name is that instance.</summary>
    /// <exception cref="StackInstanceNotFoundException">It is not, or nothing is.</exception>
    public static void Require(StackInstances found, OneOff oneOff)
    {
        if (RecordedWords.ReadRun(found.Pick(oneOff.Name, index: null)) != oneOff.Run)
            throw new StackInstanceNotFoundException(found.Stack, oneOff.Name, []);
    }

    /// <summary>A plan that deletes a one-off instance.</summary>
    public static StackPlan PlanRemoval(StackInstances found, string name, string serverName, HostHooks? hooks)
    {
        var live = found.Pick(name, index: null);
        var changes = new Dictionary<ResourceId, ResourceChange>
        {
            [live.Id] = new() { Id = live.Id, Action = ChangeAction.Delete, Live = live, Refused = ResourceKinds.Of(live.Id).DeletionRefusal(live) },
        };
        if (hooks is null)
            HookRefusal.Apply(changes);
        return new StackPlan
        {
            Stack = found.Stack, Project = found.Project, Server = serverName, Resources = [.. changes.Values],
            AllowHostHooks = hooks is not null, HostFolder = hooks?.Folder,
        };
    }

    private static string NameFor(string definition)
    {
        var end = "-run-" + RandomNumberGenerator.GetHexString(6, lowercase: true);
        return (definition.Length + end.Length > LongestName ? definition[..(LongestName - end.Length)].TrimEnd('-') : definition) + end;
    }

    /// <summary>The definition without what only one instance can have, and what keeps an instance going.</summary>
    private static InstanceDefinition OneOffOf(InstanceDefinition model, string name, string run, OneOffOptions options)
    {
        var gates = (model.Ready?.Gates ?? []).Where(gate => gate is not HealthGate).ToList();
        // Nothing can be run in a virtual machine before.
        if (model.Type == InstanceType.VirtualMachine && !gates.Exists(gate => gate is AgentGate))
            gates.Add(new AgentGate());
        var targets = options.Volumes.Select(volume => volume.Target).ToHashSet();
        return model with
        {
            Name = name,
            Replicas = null,
            DependsOn = options.WithDependencies ? model.DependsOn : [],
            Ports = [.. options.ServicePorts ? model.Ports : [], .. options.Ports],
            Volumes = [.. model.Volumes.Where(volume => !targets.Contains(volume.Target)), .. options.Volumes],
            Networks = [.. model.Networks.Select(attachment => attachment with { Ipv4 = null, Ipv6 = null, Mac = null })],
            Devices = model.Devices
                .Where(device => options.ServicePorts || device.Value.GetValueOrDefault("type") != "proxy")
                .ToDictionary(device => device.Key, device => device.Value.GetValueOrDefault("type") == "nic" ? WithoutFixed(device.Value) : device.Value),
            Config = model.Config.Where(pair => pair.Key != "boot.autorestart")
                .Append(KeyValuePair.Create(RecordedWords.Run, run)).ToDictionary(),
            Ready = gates.Count == 0 ? null : new ReadinessDefinition { Gates = gates, Timeout = model.Ready?.Timeout },
            Healthcheck = null,
            NoHealthcheck = true,
            HealthTiming = null,
            Autostart = false,
        };
    }

    private static IReadOnlyDictionary<string, string> WithoutFixed(IReadOnlyDictionary<string, string> nic) =>
        nic.Where(pair => !NicOptions.Addresses.Contains(pair.Key)).ToDictionary();

    private static ResourceChange Unchanging(ResourceChange change) => change.Action switch
    {
        ChangeAction.None or ChangeAction.Create or ChangeAction.Start => change,
        _ => change with
        {
            Action = change.Starts ? ChangeAction.Start : ChangeAction.None,
            Properties = [], Restarts = false, PendingRestart = false, Reason = "", Refused = null,
        },
    };
}
