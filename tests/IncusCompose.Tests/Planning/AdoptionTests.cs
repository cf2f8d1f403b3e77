using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Tests.Planning;

public sealed class AdoptionTests
{
    private static readonly PlanOptions s_adopt = new() { Adopt = true };

    private static Instance Found(params (string Key, string Value)[] config) => new()
    {
        Name = "web",
        Type = InstanceTypes.Container,
        Status = "Running",
        StatusCode = StatusCode.Running,
        Profiles = ["default"],
        Config = PlanningWorld.Map([.. config, ("volatile.base_image", "fedcba9876543210")]),
        LastUsedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };

    [Fact]
    public void What_is_there_and_nobodys_is_taken_as_it_is()
    {
        var plan = new PlanningWorld().With(Found(("limits.memory", "256MiB"))).Plan(PlanningWorld.Stack(PlanningWorld.Web), s_adopt);

        Assert.Equal("  < instance/web: adopt, as it is\nshop: 1 to adopt, 0 unchanged\n", PlanningWorld.Text(plan));
    }

    [Fact]
    public void What_differs_is_said_and_written_by_a_later_apply_only()
    {
        var plan = new PlanningWorld().With(Found(("limits.memory", "128MiB"), ("user.note", "theirs"))).Plan(PlanningWorld.Stack(PlanningWorld.Web), s_adopt);

        Assert.Equal(
            "  < instance/web: adopt, as it is; what differs is for the next apply\n"
            + "      ~ config.limits.memory: 128MiB -> 256MiB\n"
            + "        config.user.note: theirs (unmanaged, left alone)\n"
            + "shop: 1 to adopt, 0 unchanged\n",
            PlanningWorld.Text(plan));
        Assert.Empty(plan.Changes.Single().Steps);
    }

    [Fact]
    public void Once_it_is_the_stacks_what_differed_is_a_change_and_what_was_so_is_none()
    {
        var world = new PlanningWorld();
        var stack = PlanningWorld.Stack(PlanningWorld.Web with { Autostart = true });
        var change = world.With(Found(("limits.memory", "128MiB"), ("boot.autostart", "true"), ("user.note", "theirs"))).Plan(stack, s_adopt).Changes.Single();
        var config = ((Instance)change.Live!.Raw).Config.ToDictionary();
        new OwnershipMark("shop", "default", "instances.web", Adoption.RecordOf(new InstanceKind(), change.Desired!, change.Live)).Write(change.Id, config);

        var plan = world.With(Found() with { Config = config }).Plan(stack);

        Assert.Equal(["config.limits.memory Changed", "config.user.note Unmanaged"], plan.Changes.Single().Properties.Select(property => $"{property.Path} {property.Difference}"));
    }

    [Fact]
    public void Words_that_stand_beside_the_mark_are_written_with_it()
    {
        var stack = PlanningWorld.Stack(PlanningWorld.Web with { Healthcheck = new HealthCheckDefinition { Probe = new TcpProbe { Port = 80 } } });

        var plan = new PlanningWorld().With(Found(("limits.memory", "256MiB"))).Plan(stack, s_adopt);

        Assert.Equal(["config/user.incus-compose.healthcheck"], plan.Changes.Single().Steps.Select(step => step.Path));
    }

    [Fact]
    public void What_belongs_to_another_stack_is_refused()
    {
        var world = new PlanningWorld();
        var theirs = world.Applied(PlanningWorld.Stack(PlanningWorld.Web) with { Name = "other" }, "web");

        var error = Assert.Throws<StackFileException>(() => world.With(theirs).Plan(PlanningWorld.Stack(PlanningWorld.Web), s_adopt));

        Assert.Contains("belongs to the stack \"other\"", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("--adopt", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_in_the_way_can_be_adopted_says_the_refusal()
    {
        var error = Assert.Throws<StackFileException>(() => new PlanningWorld().With(Found()).Plan(PlanningWorld.Stack(PlanningWorld.Web)));

        Assert.Contains("or take it into the stack as it is with -Adopt (--adopt)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bridge_of_the_host_is_not_adopted()
    {
        var stack = PlanningWorld.Stack(PlanningWorld.Web) with { Networks = new Dictionary<string, NetworkDefinition> { ["br0"] = new() { Name = "br0" } } };

        var error = Assert.Throws<StackFileException>(() => new PlanningWorld().With(new Network { Name = "br0", Type = "bridge" }).Plan(stack, s_adopt));

        Assert.Contains("there is already a network \"br0\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_there_is_made_in_the_same_plan()
    {
        var plan = new PlanningWorld().With(Found(("limits.memory", "256MiB"))).Plan(PlanningWorld.Stack(PlanningWorld.Web, PlanningWorld.Web with { Name = "api" }), s_adopt);

        Assert.Equal(["instance/api Create", "instance/web Adopt"], plan.Changes.Select(change => $"{change.Id} {change.Action}").Order(StringComparer.Ordinal));
    }
}
