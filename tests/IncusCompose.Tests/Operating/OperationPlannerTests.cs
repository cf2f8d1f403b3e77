using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Operating;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Tests.Planning;

namespace IncusCompose.Tests.Operating;

public sealed class OperationPlannerTests
{
    // web needs app, app needs db; job stands alone.
    private static readonly StackDefinition s_stack = PlanningWorld.Stack(
        new InstanceDefinition { Name = "web", Image = "busybox", DependsOn = [new("app")] },
        new InstanceDefinition { Name = "app", Image = "busybox", DependsOn = [new("db", DependencyCondition.Healthy)] },
        new InstanceDefinition { Name = "db", Image = "busybox" },
        new InstanceDefinition { Name = "job", Image = "busybox" });

    [Fact]
    public void Starting_goes_from_what_is_needed_to_what_needs_it()
    {
        var plan = Plan(StackOperation.Start, StatusCode.Stopped);

        Assert.Equal(
            """
              > instance/db: start
              > instance/job: start
              > instance/app: start
              > instance/web: start
            shop: 4 to start, 0 unchanged

            """,
            PlanningWorld.Text(plan));
        Assert.Equal(["instance/app", "instance/db"], Needs(plan, "web"));
        Assert.Equal(["instance/db"], Needs(plan, "app"));
        Assert.Empty(Needs(plan, "job"));
    }

    [Fact]
    public void Starting_waits_for_the_conditions_that_were_recorded()
    {
        var plan = Plan(StackOperation.Start, StatusCode.Stopped);

        Assert.Equal([new InstanceDependency("db", DependencyCondition.Healthy)], plan.Resources.Single(change => change.Name == "app").Conditions);
    }

    [Theory]
    [InlineData(StackOperation.Stop, ChangeAction.Stop)]
    [InlineData(StackOperation.Pause, ChangeAction.Pause)]
    public void Stopping_and_pausing_go_the_other_way(StackOperation operation, ChangeAction action)
    {
        var plan = Plan(operation, StatusCode.Running);

        Assert.Equal(["job", "web", "app", "db"], plan.Resources.Select(change => change.Name));
        Assert.All(plan.Resources, change => Assert.Equal(action, change.Action));
        Assert.Equal(["instance/app", "instance/web"], Needs(plan, "db"));
        Assert.Empty(Needs(plan, "web"));
    }

    [Fact]
    public void Killing_waits_for_nothing()
    {
        var plan = Plan(StackOperation.Kill, StatusCode.Running);

        Assert.All(plan.Resources, change => Assert.Equal((ChangeAction.Kill, 0), (change.Action, change.DependsOn.Count)));
    }

    [Fact]
    public void What_lies_between_chosen_instances_still_orders_them()
    {
        var plan = Plan(StackOperation.Stop, StatusCode.Running, "db", "web");

        Assert.Equal(["web", "db"], plan.Resources.Select(change => change.Name));
        Assert.Equal(["instance/web"], Needs(plan, "db"));
    }

    [Fact]
    public void What_is_to_be_restarted_with_what_it_depends_on_is_where_it_runs()
    {
        var world = new PlanningWorld();
        var stack = PlanningWorld.Stack(
            new InstanceDefinition { Name = "db", Image = "busybox" },
            new InstanceDefinition { Name = "app", Image = "busybox", DependsOn = [new("db") { Restart = true }] },
            new InstanceDefinition { Name = "web", Image = "busybox", DependsOn = [new("app") { Restart = true }] },
            new InstanceDefinition { Name = "idle", Image = "busybox", DependsOn = [new("db") { Restart = true }] },
            new InstanceDefinition { Name = "job", Image = "busybox", DependsOn = [new("db")] });
        var live = stack.Instances.Keys.Select(name => Describe(world.Applied(stack, name) with { StatusCode = name == "idle" ? StatusCode.Stopped : StatusCode.Running })).ToList();
        var instances = StackInstances.Of("shop", "default", live);

        var plan = OperationPlanner.Plan(instances, StackOperation.Restart, ["db"], "test");

        Assert.Equal(
            ["db: ", "app: instance/db is restarted, which it depends on", "web: instance/app is restarted, which it depends on"],
            plan.Resources.Select(change => $"{change.Name}: {change.Reason}"));
        Assert.All(plan.Resources, change => Assert.Equal(ChangeAction.Restart, change.Action));
        Assert.Equal(["web"], OperationPlanner.Plan(instances, StackOperation.Restart, ["web"], "test").Resources.Select(change => change.Name));
        Assert.Equal(["db"], OperationPlanner.Plan(instances, StackOperation.Stop, ["db"], "test").Resources.Select(change => change.Name));
    }

    [Fact]
    public void What_is_started_has_what_it_depends_on_started_before_it()
    {
        // opt can be done without, init has run, and of what runs nothing more is looked at.
        var stack = PlanningWorld.Stack(
            new InstanceDefinition { Name = "web", Image = "busybox", DependsOn = [new("app"), new("opt") { Required = false }, new("init", DependencyCondition.Completed), new("runs")] },
            new InstanceDefinition { Name = "app", Image = "busybox", DependsOn = [new("db", DependencyCondition.Healthy)] },
            new InstanceDefinition { Name = "db", Image = "busybox" },
            new InstanceDefinition { Name = "opt", Image = "busybox" },
            new InstanceDefinition { Name = "init", Image = "busybox" },
            new InstanceDefinition { Name = "runs", Image = "busybox", DependsOn = [new("opt")] });
        string[] Planned(StackOperation operation, StatusCode web, StatusCode db, string[] names, DateTimeOffset? initRan = null)
        {
            var world = new PlanningWorld();
            var live = stack.Instances.Keys.Select(name => Describe(world.Applied(stack, name) with
            {
                StatusCode = name switch { "web" => web, "db" => db, "runs" => StatusCode.Running, _ => StatusCode.Stopped },
                LastUsedAt = name == "init" ? initRan ?? new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) : DateTimeOffset.UnixEpoch,
            }));
            var plan = OperationPlanner.Plan(StackInstances.Of("shop", "default", [.. live]), operation, names, "test");
            return [.. plan.Resources.Select(change => $"{change.Action} {change.Name} {change.Reason}".TrimEnd())];
        }

        string[] all = ["Start db instance/app depends on it", "Start app instance/web depends on it", "Start web"];
        Assert.Equal(all, Planned(StackOperation.Start, StatusCode.Stopped, StatusCode.Stopped, ["web"]));
        Assert.Equal(["Resume db instance/app depends on it", .. all[1..]], Planned(StackOperation.Start, StatusCode.Stopped, StatusCode.Frozen, ["web"]));
        Assert.Equal(["Resume db instance/app depends on it", all[1], "Start web it is stopped"], Planned(StackOperation.Restart, StatusCode.Stopped, StatusCode.Frozen, ["web"]));
        Assert.Equal(["Start db", "Start app instance/web depends on it", "Start web"], Planned(StackOperation.Start, StatusCode.Stopped, StatusCode.Stopped, ["web", "db"]));
        Assert.Contains("Start init instance/web depends on it", Planned(StackOperation.Start, StatusCode.Stopped, StatusCode.Stopped, ["web"], DateTimeOffset.UnixEpoch));
        Assert.Equal(["None web it runs already"], Planned(StackOperation.Start, StatusCode.Running, StatusCode.Stopped, ["web"]));
        Assert.Equal(["Start db"], Planned(StackOperation.Start, StatusCode.Stopped, StatusCode.Stopped, ["db"]));
        Assert.Equal(["None web it is stopped"], Planned(StackOperation.Resume, StatusCode.Stopped, StatusCode.Stopped, ["web"]));
    }

    [Fact]
    public void What_was_made_for_one_command_is_not_started_with_its_stack()
    {
        var world = new PlanningWorld();
        StackPlan Planned(StackOperation operation, StatusCode status, params string[] names)
        {
            var run = world.Applied(s_stack, "job") with { StatusCode = status };
            run = run with { Config = new Dictionary<string, string>(run.Config) { [RecordedWords.Run] = "3f2a9c" } };
            return OperationPlanner.Plan(StackInstances.Of("shop", "default", [Live(world, "db", status), Describe(run)]), operation, names, "test");
        }

        Assert.Equal(["db"], Planned(StackOperation.Start, StatusCode.Stopped).Resources.Select(change => change.Name));
        Assert.Equal(["db"], Planned(StackOperation.Restart, StatusCode.Stopped).Resources.Select(change => change.Name));
        Assert.Equal(["db"], Planned(StackOperation.Restart, StatusCode.Running).Resources.Select(change => change.Name));
        // What stands still or goes on with its stack does so with all of it.
        Assert.Equal(["db", "job"], Planned(StackOperation.Stop, StatusCode.Running).Resources.Select(change => change.Name));
        Assert.Equal(["db", "job"], Planned(StackOperation.Start, StatusCode.Frozen).Resources.Select(change => change.Name));
        Assert.Equal("job", Assert.Single(Planned(StackOperation.Start, StatusCode.Stopped, "job").Changes).Name);
    }

    [Theory]
    [InlineData(StackOperation.Start, StatusCode.Running, "it runs already")]
    [InlineData(StackOperation.Start, StatusCode.Ready, "it runs already")]
    [InlineData(StackOperation.Stop, StatusCode.Stopped, "it is stopped already")]
    [InlineData(StackOperation.Kill, StatusCode.Stopped, "it is stopped already")]
    [InlineData(StackOperation.Pause, StatusCode.Frozen, "it is paused already")]
    [InlineData(StackOperation.Pause, StatusCode.Stopped, "it is stopped")]
    [InlineData(StackOperation.Resume, StatusCode.Running, "it runs already")]
    [InlineData(StackOperation.Resume, StatusCode.Stopped, "it is stopped")]
    public void What_is_already_so_is_left_and_said(StackOperation operation, StatusCode status, string why)
    {
        var plan = Plan(operation, status);

        Assert.False(plan.HasChanges);
        Assert.All(plan.Resources, change => Assert.Equal(why, change.Reason));
        Assert.Contains($"= instance/db: keep, {why}", PlanningWorld.Text(plan), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StackOperation.Start, StatusCode.Frozen, ChangeAction.Resume)]
    [InlineData(StackOperation.Resume, StatusCode.Frozen, ChangeAction.Resume)]
    [InlineData(StackOperation.Stop, StatusCode.Frozen, ChangeAction.Stop)]
    [InlineData(StackOperation.Kill, StatusCode.Frozen, ChangeAction.Kill)]
    [InlineData(StackOperation.Restart, StatusCode.Frozen, ChangeAction.Restart)]
    [InlineData(StackOperation.Restart, StatusCode.Running, ChangeAction.Restart)]
    [InlineData(StackOperation.Restart, StatusCode.Stopped, ChangeAction.Start)]
    [InlineData(StackOperation.Stop, StatusCode.Error, ChangeAction.Stop)]
    public void What_is_done_depends_on_what_the_instance_does_now(StackOperation operation, StatusCode status, ChangeAction action) =>
        Assert.All(Plan(operation, status).Resources, change => Assert.Equal(action, change.Action));

    [Fact]
    public void Stopping_what_is_ephemeral_says_that_it_is_deleted()
    {
        var world = new PlanningWorld();
        var instances = StackInstances.Of("shop", "default", [Live(world, "job", StatusCode.Running, ephemeral: true)]);

        var change = Assert.Single(OperationPlanner.Plan(instances, StackOperation.Stop, null, "test").Resources);

        Assert.Equal("it is ephemeral: it is deleted when it stops", change.Reason);
    }

    [Fact]
    public void Marks_that_go_in_a_circle_stop_nothing()
    {
        var world = new PlanningWorld();
        var circle = PlanningWorld.Stack(
            new InstanceDefinition { Name = "a", Image = "busybox", DependsOn = [new("b")] },
            new InstanceDefinition { Name = "b", Image = "busybox", DependsOn = [new("a")] });
        var live = circle.Instances.Keys.Select(name => Describe(world.Applied(circle, name) with { StatusCode = StatusCode.Stopped })).ToList();

        var plan = OperationPlanner.Plan(StackInstances.Of("shop", "default", live), StackOperation.Start, null, "test");

        Assert.Equal(["a", "b"], plan.Resources.Select(change => change.Name));
    }

    [Fact]
    public void An_instance_that_the_stack_does_not_have_is_an_error_that_names_the_likely_one()
    {
        var error = Assert.Throws<StackInstanceNotFoundException>(() => Plan(StackOperation.Start, StatusCode.Stopped, "wbe"));

        Assert.Equal("stack shop has no instance \"wbe\" on the server; did you mean \"web\"?", error.Message);
    }

    [Fact]
    public void A_stack_that_is_not_there_is_an_error_that_names_those_that_are()
    {
        var world = new PlanningWorld();

        var error = Assert.Throws<StackNotFoundException>(() => StackInstances.Of("other", "default", [Live(world, "web", StatusCode.Running)]));

        Assert.Equal("there is no instance of a stack \"other\" in project default; there is: shop", error.Message);
    }

    private static StackPlan Plan(StackOperation operation, StatusCode status, params string[] names)
    {
        var world = new PlanningWorld();
        var live = s_stack.Instances.Keys.Select(name => Live(world, name, status)).ToList();
        return OperationPlanner.Plan(StackInstances.Of("shop", "default", live), operation, names, "test");
    }

    private static LiveResource Live(PlanningWorld world, string name, StatusCode status, bool ephemeral = false) =>
        Describe(world.Applied(s_stack, name) with { StatusCode = status, Ephemeral = ephemeral });

    private static LiveResource Describe(Instance instance) => new InstanceKind().Describe(InstanceKind.IdOf(instance.Name), instance);

    private static IEnumerable<string> Needs(StackPlan plan, string name) =>
        plan.Resources.Single(change => change.Name == name).DependsOn.Select(id => id.ToString());
}
