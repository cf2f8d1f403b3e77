using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Hooks;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;

namespace IncusCompose.Tests.Planning;

/// <summary>Profiles that get another storage pool for the root disks that instances have from them, while the instances change too.</summary>
public class ProfileDiskPlanTests
{
    private static readonly PlanOptions s_restarting = new() { AllowRestart = true };

    private static InstanceDefinition Web => new() { Name = "web", Image = "busybox", Profiles = ["default", "p"] };

    [Fact]
    public void An_instance_that_leaves_the_profile_leaves_it_first_and_is_not_moved_with_it()
    {
        var plan = Plan(Stack(Web), Stack(Web with { Profiles = ["default", "r"] }, ("p", "fast"), ("r", "slow")));
        var profile = Profile(plan);
        Assert.Equal((ChangeAction.Update, null), (profile.Action, profile.Refused));
        Assert.Contains(InstanceKind.IdOf("web"), profile.DependsOn);
        Assert.Empty(((DesiredProfile)profile.Desired!).RootDisks);
        Assert.False(Change(plan, "web").Restarts);
    }

    [Theory]
    [InlineData("fast")]
    [InlineData(null)]
    public void An_instance_that_gets_a_root_disk_of_its_own_in_the_same_pool_stays_where_it_is(string? pool)
    {
        var plan = Plan(Stack(Web), Stack(Web with { Disk = new(null) { Pool = "slow" } }, ("p", pool)));
        var (profile, web) = (Profile(plan), Change(plan, "web"));
        Assert.Equal((null, null), (profile.Refused, web.Refused));
        Assert.Contains(web.Id, profile.DependsOn);
        Assert.DoesNotContain(profile.Id, web.DependsOn);
        Assert.Equal((ChangeAction.Update, false, ""), (web.Action, web.Restarts, web.Reason));
    }

    [Fact]
    public void Where_that_would_be_a_circle_it_is_refused_with_a_way_out()
    {
        var other = new InstanceDefinition { Name = "other", Image = "busybox", Profiles = ["default", "p"] };
        var plan = Plan(Stack([Web, other]), Stack([Web with { Disk = new(null) { Pool = "slow" }, DependsOn = [new InstanceDependency("other", DependencyCondition.Started)] }, other], ("p", "fast")));
        Assert.Equal("the instance web has its root disk from it and gets another one, which has to come first, and cannot in this plan; change the instance first and apply that, then the profile", Profile(plan).Refused);
    }

    [Fact]
    public void A_profile_does_not_lose_the_root_disk_that_instances_go_on_having_from_it() =>
        Assert.StartsWith("the instance web has its root disk from it, and the server takes that from nobody", Profile(Plan(Stack(Web), Stack(Web, ("p", null)))).Refused, StringComparison.Ordinal);

    [Fact]
    public void What_the_plan_deletes_is_deleted_first_and_what_stays_beside_the_file_stands_in_the_way()
    {
        var other = new InstanceDefinition { Name = "other", Image = "busybox", Profiles = ["default", "p"] };
        var (before, after) = (Stack([Web, other]), Stack(Web, ("p", "fast")));
        Assert.StartsWith("the instance other has its root disk from it, and is not in the file", Profile(Plan(before, after)).Refused, StringComparison.Ordinal);
        var profile = Profile(Plan(before, after, s_restarting with { Prune = true }));
        Assert.Null(profile.Refused);
        Assert.Contains(InstanceKind.IdOf("other"), profile.DependsOn);
        Assert.Equal(["web"], ((DesiredProfile)profile.Desired!).RootDisks.Select(disk => disk.Owner));
    }

    [Fact]
    public void An_instance_whose_move_was_interrupted_is_no_unfinished_one_and_has_something_to_be_put_back()
    {
        var world = Pools();
        var made = world.Applied(Stack(Web with { Profiles = null }), "web");
        var config = new Dictionary<string, string>(made.Config) { ["user.incus-compose.moved"] = "some-id" };
        world.With(made with { Config = config, StatusCode = StatusCode.Stopped, LastUsedAt = default });
        var web = Change(world.Plan(Stack(Web with { Profiles = null })), "web");
        Assert.Equal((ChangeAction.Update, true), (web.Action, web.Starts));
        Assert.StartsWith("a move of its root disk was interrupted", web.Reason, StringComparison.Ordinal);
        Assert.True(RootDiskMove.IsUnfinished((Instance)web.Live!.Raw));
        var started = new Dictionary<string, string>(config);
        RootDiskMove.End(started, StatusCode.Running);
        Assert.DoesNotContain("some-id", started.Values);
        RootDiskMove.End(config, StatusCode.Stopped);
        Assert.Equal(("some-id", false), (config["volatile.cloud-init.instance-id"], config.ContainsKey("user.incus-compose.moved")));
    }

    [Fact]
    public void A_copy_that_a_failed_move_left_is_told_of()
    {
        var world = Pools();
        var made = world.Applied(Stack(Web with { Profiles = null }), "web");
        made = made with { Config = new Dictionary<string, string>(made.Config) { ["volatile.uuid"] = "one" } };
        world.With(made).With(made with { Name = "move-of-1", Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>(), Config = new Dictionary<string, string> { ["volatile.uuid"] = "one" } });
        var note = Assert.Single(world.Plan(Stack(Web with { Profiles = null })).Diagnostics, note => note.Id == "LeftCopy");
        Assert.Equal(("instance/move-of-1 is what a move of the root disk of web left that failed", "delete it where nobody moves web any more: incus delete move-of-1"), (note.Message, note.Advice));
    }

    [Fact]
    public void A_stop_hook_that_the_file_no_longer_has_does_not_run_before_it_is_taken_out()
    {
        static HooksDefinition Hooks(params HookPoint[] points) =>
            new() { Points = points.ToDictionary(point => point, _ => (IReadOnlyList<HookStep>)[new HookStep { Command = ["/bin/false"] }]) };

        var before = Stack(Web with { Hooks = Hooks(HookPoint.PreStop, HookPoint.PostStop, HookPoint.PreRemove) });
        var without = ChangeHooks.WithoutDropped(Change(Plan(before, Stack(Web with { Hooks = Hooks(HookPoint.PostStop) }, ("p", "fast"))), "web"));
        Assert.Empty(ChangeHooks.HooksAt(without, HookPoint.PreStop)!.At(HookPoint.PreStop));
        Assert.Single(ChangeHooks.HooksAt(without, HookPoint.PostStop)!.At(HookPoint.PostStop));
        Assert.Single(ChangeHooks.HooksAt(without, HookPoint.PreRemove)!.At(HookPoint.PreRemove));
    }

    private static PlanningWorld Pools() => new PlanningWorld().With(new StoragePool { Name = "fast", Driver = "dir" }).With(new StoragePool { Name = "slow", Driver = "dir" });

    private static ResourceChange Change(StackPlan plan, string name) => plan.Resources.Single(resource => resource.Id == InstanceKind.IdOf(name));

    private static ResourceChange Profile(StackPlan plan) => plan.Resources.Single(resource => resource.Id == ProfileKind.IdOf("p"));

    private static StackPlan Plan(StackDefinition before, StackDefinition after, PlanOptions? options = null)
    {
        var world = Pools();
        foreach (var profile in before.Profiles.Keys)
        {
            var change = world.Plan(before).Resources.Single(resource => resource.Id == ProfileKind.IdOf(profile));
            var fields = ResourceFields.From(change.Desired!.Properties);
            new OwnershipMark(before.Name, "default", change.Desired.DefinitionPath, AppliedRecord.Of(change.Desired.Properties)).Write(change.Id, fields.Config);
            world.With(new Profile { Name = profile, Config = fields.Config.ToDictionary(), Devices = fields.DeviceMap() });
        }

        foreach (var name in before.Instances.Keys)
        {
            world.With(world.Applied(before, name) with
            {
                Profiles = before.Instances[name].Profiles!,
                ExpandedDevices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["root"] = new Dictionary<string, string> { ["type"] = "disk", ["path"] = "/", ["pool"] = "slow" } },
            });
        }

        return world.Plan(after, options ?? s_restarting);
    }

    private static StackDefinition Stack(InstanceDefinition web, params (string Name, string? Pool)[] profiles) => Stack([web], profiles);

    private static StackDefinition Stack(InstanceDefinition[] instances, params (string Name, string? Pool)[] profiles) => new()
    {
        Name = "shop",
        Profiles = (profiles.Length == 0 ? [("p", "slow")] : profiles).ToDictionary(profile => profile.Name, profile => new ProfileDefinition { Name = profile.Name, Disk = profile.Pool is { } pool ? new(null) { Pool = pool } : null }),
        Instances = instances.ToDictionary(instance => instance.Name),
    };
}
