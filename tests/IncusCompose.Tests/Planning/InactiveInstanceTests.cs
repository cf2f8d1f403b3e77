using IncusCompose.Definition;
using IncusCompose.Planning;

namespace IncusCompose.Tests.Planning;

public class InactiveInstanceTests
{
    private readonly PlanningWorld _world = new();

    private static readonly InstanceDefinition s_debug = PlanningWorld.Web with { Name = "debug", Activate = ["debug"] };

    private static StackDefinition Inactive { get; } = PlanningWorld.Stack(PlanningWorld.Web) with { InactiveInstances = new Dictionary<string, InstanceDefinition> { ["debug"] = s_debug } };

    [Fact]
    public void What_was_active_once_stays_as_it_is_and_is_not_pruned()
    {
        var active = PlanningWorld.Stack(PlanningWorld.Web, s_debug);
        _world.With(_world.Applied(active, "web")).With(_world.Applied(active, "debug"));

        var plan = _world.Plan(Inactive, new PlanOptions { Prune = true });
        Assert.False(plan.HasChanges);
        Assert.Empty(plan.Orphans);
        Assert.Contains("note: instance/debug is not active and stays as it is; activate it with -Activate debug (--activate debug), or delete it with Remove-IncusInstance", PlanningWorld.Text(plan));
    }

    [Fact]
    public void Replicas_of_what_was_active_stay_too()
    {
        var active = Replicas.Expand(PlanningWorld.Stack(PlanningWorld.Web, s_debug with { Replicas = 2 }));
        _world.With(_world.Applied(active, "web")).With(_world.Applied(active, "debug-1")).With(_world.Applied(active, "debug-2"));

        Assert.False(_world.Plan(Inactive, new PlanOptions { Prune = true }).HasChanges);
        Assert.True(InactiveInstances.Include(Inactive with { InactiveInstances = new Dictionary<string, InstanceDefinition> { ["debug"] = s_debug with { Replicas = 2 } } }, "debug-2"));
        Assert.False(InactiveInstances.Include(Inactive, "debug-2"));
    }

    [Fact]
    public void What_was_never_active_is_not_spoken_of() =>
        Assert.DoesNotContain("debug", PlanningWorld.Text(_world.Plan(Inactive)));
}
