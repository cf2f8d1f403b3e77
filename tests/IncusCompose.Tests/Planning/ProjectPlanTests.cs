using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Projects;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Planning;

/// <summary>Plans of the project that a stack lives in.</summary>
public class ProjectPlanTests
{
    [Fact]
    public void A_limit_that_falls_waits_for_all_else_and_one_that_rises_goes_before_it()
    {
        var before = Stack(("limits.memory", "4GiB"), ("limits.instances", "2"));
        var world = new PlanningWorld().With(Applied(before));

        Assert.Equal(["profile/small", "project/default"], Order(world.Plan(Stack(("limits.memory", "2GiB"), ("limits.instances", "2")))));
        Assert.Equal(["profile/small", "project/default"], Order(world.Plan(Stack(("limits.memory", "4GiB"), ("limits.instances", "2"), ("restricted", "true")))));
        Assert.Equal(["project/default", "profile/small"], Order(world.Plan(Stack(("limits.memory", "8GiB"), ("limits.instances", "2")))));
        Assert.Equal(["project/default", "profile/small"], Order(world.Plan(Stack(("limits.memory", "4GiB")))));
        Assert.Equal(["project/default", "profile/small"], Order(world.Plan(Stack(("limits.memory", "2GiB"), ("limits.instances", "3")))));
    }

    [Theory]
    [InlineData("restricted.networks.access", null, "br0", true)]
    [InlineData("restricted.networks.access", "br0", null, false)]
    [InlineData("restricted.devices.nic", "allow", "managed", true)]
    [InlineData("restricted.devices.nic", "block", "managed", false)]
    [InlineData("restricted.containers.nesting", "allow", null, true)]
    public void What_a_restriction_allows_less_of_waits_for_all_else(string key, string? before, string? after, bool waits)
    {
        StackDefinition Of(string? value) => value is null ? Stack(("restricted", "true")) : Stack(("restricted", "true"), (key, value));
        var plan = new PlanningWorld().With(Applied(Of(before))).Plan(Of(after));

        Assert.Equal(waits, plan.Changes[^1].Kind == "project");
    }

    [Fact]
    public void Features_of_a_project_that_holds_something_cannot_be_changed_and_the_plan_says_so()
    {
        var before = Stack(("features.networks", "true"));
        string? Refused(IReadOnlyList<string> holds, params (string, string)[] config) =>
            new PlanningWorld().With(Applied(before) with { UsedBy = holds }).Plan(Stack(config)).Changes.Single(change => change.Kind == "project").Refused;

        Assert.Equal(
            "Incus changes features.networks of an empty project only, and this one holds instances/web; take that down first, or give the stack another project",
            Refused(["/1.0/profiles/default?project=default", "/1.0/instances/web?project=default"], ("features.networks", "false")));
        Assert.Null(Refused(["/1.0/profiles/default?project=default"], ("features.networks", "false")));
        // What was never said, Incus takes at any time.
        Assert.Null(Refused(["/1.0/instances/web?project=default"], ("features.networks", "true"), ("features.images", "false")));
        // The one that Incus turns on at any time.
        Assert.Null(Refused(["/1.0/instances/web?project=default"], ("features.networks", "true"), ("features.networks.zones", "true")));
    }

    private static IEnumerable<string> Order(StackPlan plan)
    {
        foreach (var change in plan.Changes)
            Assert.All(change.DependsOn, id => Assert.Contains(id, plan.Changes.TakeWhile(other => other != change).Select(other => other.Id)));
        Assert.Equal(plan.Changes[0].Id, Assert.Single(plan.Changes[1].DependsOn));
        return plan.Changes.Select(change => change.Id.ToString());
    }

    private static StackDefinition Stack(params (string, string)[] config) => new()
    {
        Name = "shop",
        Project = new ProjectDefinition { Name = "default", Create = true, Config = Map(config) },
        Profiles = new Dictionary<string, ProfileDefinition> { ["small"] = new() { Name = "small" } },
    };

    private static Project Applied(StackDefinition stack)
    {
        var desired = new ProjectKind().Desire(new PlanningContext(stack, "default", new ServerObservation([], []), new ClientConfiguration())).Single();
        var config = ResourceFields.From(desired.Properties).Config;
        new OwnershipMark("shop", "default", "project", AppliedRecord.Of(desired.Properties)).Write(desired.Id, config);
        return new Project { Name = "default", Config = config.ToDictionary() };
    }
}
