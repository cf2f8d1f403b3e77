using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Provision;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Planning;

/// <summary>Which steps a plan runs: those whose content has not run on the instance as it is.</summary>
public class ProvisionPlanTests
{
    private readonly PlanningWorld _world = new();

    [Fact]
    public void A_new_instance_runs_all_its_steps_in_the_order_of_the_file()
    {
        var text = Text(_world.Plan(Of(Exec("first", "z"), Exec(null, "b"), Exec("last", "a"))));
        Assert.Contains("      + provision.first: exec z\n      + provision.2: exec b\n      + provision.last: exec a\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_has_run_does_not_run_again_and_a_step_that_failed_is_still_to_run()
    {
        var stack = Of(Exec("first", "a"), Exec(null, "b"), Exec("last", "c"));
        Done(stack, 3);
        Assert.Empty(_world.Plan(stack).Changes);

        Done(stack, 1);
        var plan = _world.Plan(stack);
        Assert.Equal("  ~ instance/web: change\n      + provision.2: exec b\n      + provision.last: exec c\nshop: 1 to change, 0 unchanged\n", Text(plan));
        Assert.All(plan.Changes.Single().Properties, property => Assert.True(property.IsStep));
    }

    [Fact]
    public void Only_the_step_whose_content_changed_runs_and_what_moved_or_is_called_differently_does_not()
    {
        Done(Of(Exec("first", "a"), Exec(null, "b"), Exec("last", "c")), 3);
        Assert.Equal(
            "  ~ instance/web: change\n      ~ provision.last: ran with another content -> exec d\n      + provision.4: exec e\nshop: 1 to change, 0 unchanged\n",
            Text(_world.Plan(Of(Exec(null, "b"), Exec("renamed", "a"), Exec("last", "d"), Exec(null, "e")))));
        // A step that the file drops is not undone.
        Assert.Empty(_world.Plan(Of(Exec("last", "c"))).Changes);
        Assert.Empty(_world.Plan(Of()).Changes);
    }

    [Fact]
    public void Two_steps_of_the_same_content_both_run()
    {
        var stack = Of(Exec(null, "restart"), Exec(null, "configure"), Exec(null, "restart"));
        Assert.Equal(3, Steps(_world.Plan(stack)).Length);
        Done(stack, 2);
        Assert.Equal(["provision.3"], Steps(_world.Plan(stack)));
        Done(stack, 3);
        Assert.Empty(_world.Plan(stack).Changes);
    }

    [Fact]
    public void A_content_that_comes_back_runs_again()
    {
        var (one, two) = (Of(Exec("conf", "one")), Of(Exec("conf", "two")));
        var (before, after) = (PlannedStep.Of(one, [])["web"], PlannedStep.Of(two, [])["web"]);
        var record = ProvisionRecord.Empty.With(before[0], before).With(after[0], after);
        Assert.True(record.IsDone(after[0]));
        Assert.False(record.IsDone(before[0]));
    }

    [Fact]
    public void An_instance_that_is_made_anew_or_whose_disk_is_runs_all_its_steps()
    {
        var stack = Of(Exec("first", "a"), Exec(null, "b"));
        Done(stack, 2);
        var other = stack with { Instances = stack.Instances.ToDictionary(pair => pair.Key, pair => pair.Value with { Image = "images:debian/12" }) };
        var plan = _world.Plan(other, new PlanOptions { AllowRebuild = true });
        Assert.Equal(ChangeAction.Rebuild, plan.Changes.Single(change => change.Name == "web").Action);
        Assert.Equal(["provision.first", "provision.2"], Steps(plan));
    }

    [Fact]
    public void A_stopped_instance_is_started_without_running_what_has_run()
    {
        var stack = Of(Exec("first", "a"), Exec(null, "b"));
        Done(stack, 2, StatusCode.Stopped);
        Assert.Equal((ChangeAction.Start, 0), (_world.Plan(stack).Changes.Single().Action, Steps(_world.Plan(stack)).Length));
        Done(stack, 1, StatusCode.Stopped);
        Assert.Equal((ChangeAction.Start, "provision.2"), (_world.Plan(stack).Changes.Single().Action, Assert.Single(Steps(_world.Plan(stack)))));
    }

    [Fact]
    public void A_spoilt_record_counts_as_nothing_done()
    {
        var stack = Of(Exec("first", "a"));
        foreach (var text in (string[])["", "{", "[]", "null", "{\"a\":1}"])
        {
            _world.With(Recorded(stack, text));
            Assert.Equal(["provision.first"], Steps(_world.Plan(stack)));
        }
    }

    [Fact]
    public void Ansible_runs_on_this_machine_and_is_refused_where_nobody_allowed_it_and_it_would_run()
    {
        var stack = Of(Exec("first", "a"), new ProvisionStep { Name = "site", Ansible = new AnsibleDefinition { Role = "a.b" } }, new ProvisionStep { Ansible = new AnsibleDefinition { Role = "c.d" } });
        var hooked = stack with { Instances = stack.Instances.ToDictionary(pair => pair.Key, pair => pair.Value with { Hooks = new HooksDefinition { Points = new Dictionary<HookPoint, IReadOnlyList<HookStep>> { [HookPoint.PreCreate] = [new HookStep { Command = ["a"], OnHost = true }] } } }) };
        Assert.Equal("its hook pre_create and its steps site, 3 with Ansible would run commands on this machine; allow it with -AllowHostHooks (--allow-host-hooks)", Refused(_world.Plan(hooked)));
        Assert.Null(Refused(_world.Plan(hooked, new PlanOptions { AllowHostHooks = true })));
        Done(stack, 2);
        Assert.Equal("its step 3 with Ansible would run commands on this machine; allow it with -AllowHostHooks (--allow-host-hooks)", Refused(_world.Plan(stack)));
        Done(stack, 3);
        Assert.Empty(_world.Plan(stack).Changes);

        static string? Refused(StackPlan plan) => plan.Changes.Single(change => change.Name == "web").Refused;
    }

    private static StackDefinition Of(params ProvisionStep[] steps) => Stack(Web with { Provision = steps });

    private static ProvisionStep Exec(string? name, string program) => new() { Name = name, Exec = [program, "--password", "hunter2"], Environment = Map(("DB_PASSWORD", "hunter2")) };

    private static string[] Steps(StackPlan plan) => [.. plan.Changes.SelectMany(change => change.Properties).Where(property => property.IsStep).Select(property => property.Path)];

    /// <summary>The instance as it is once its first steps have run.</summary>
    private void Done(StackDefinition stack, int count, StatusCode status = StatusCode.Running)
    {
        var steps = PlannedStep.Of(stack, [])["web"];
        var record = steps.Take(count).Aggregate(ProvisionRecord.Empty, (record, step) => record.With(step, steps));
        var instance = Recorded(stack, record.ToString());
        _world.With(instance with { StatusCode = status, Status = status.ToString(), Config = new Dictionary<string, string>(instance.Config) { ["volatile.apply_template"] = "create" } });
    }

    private Instance Recorded(StackDefinition stack, string record)
    {
        var instance = new PlanningWorld().Applied(stack, "web");
        return instance with { Config = new Dictionary<string, string>(instance.Config) { [ProvisionRecord.Key] = record } };
    }
}
