using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;

namespace IncusCompose.Tests.Planning;

/// <summary>What becomes of the stack's own where somebody renamed it.</summary>
public class RenamedResourceTests
{
    private static readonly StackDefinition s_stack = StackOf("web");

    [Fact]
    public void A_renamed_instance_is_named_by_the_plan_that_makes_another_one_and_is_pruned_by_none()
    {
        var world = World();
        var plan = world.Plan(s_stack, new PlanOptions { Prune = true });

        Assert.Equal(("instance/web", ChangeAction.Create), (plan.Changes.Single(change => change.Kind == "instance").Id.ToString(), plan.Changes.Single(change => change.Kind == "instance").Action));
        var note = Assert.Single(plan.Diagnostics);
        Assert.Equal(("Renamed", "instances.web"), (note.Id, note.Path));
        Assert.StartsWith("instance/web2 bears the mark of instance/web, which is not there", note.Message, StringComparison.Ordinal);
        Assert.Contains("incus rename web2 web", note.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void A_renamed_instance_that_neither_the_file_nor_a_removal_knows_is_named_and_stays()
    {
        var world = World();
        Assert.All([world.Plan(StackOf(), new PlanOptions { Prune = true }), world.PlanRemoval("shop")], plan =>
        {
            Assert.DoesNotContain(plan.Changes, change => change.Name == "web2");
            Assert.EndsWith("it was renamed, moved or copied, and stays", Assert.Single(plan.Diagnostics).Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void A_renamed_instance_is_taken_into_the_stack_under_its_new_name_where_that_is_allowed()
    {
        var (world, renamed) = (World(), StackOf("web2"));
        var taken = Assert.Single(Assert.Throws<StackFileException>(() => world.Plan(renamed)).Diagnostics);
        Assert.Contains("bears the mark of instance/web", taken.Message, StringComparison.Ordinal);
        Assert.Contains("--adopt", taken.Advice, StringComparison.Ordinal);

        var plan = world.Plan(renamed, new PlanOptions { Adopt = true });
        Assert.Equal(ChangeAction.Adopt, Assert.Single(plan.Changes, change => change.Name == "web2").Action);
        Assert.Empty(plan.Diagnostics);
    }

    private static PlanningWorld World()
    {
        var world = new PlanningWorld();
        return world.With(world.Applied(s_stack, "web") with { Name = "web2" });
    }

    private static StackDefinition StackOf(params string[] names) =>
        new() { Name = "shop", Instances = names.ToDictionary(name => name, name => new InstanceDefinition { Name = name, Image = "busybox" }) };
}
