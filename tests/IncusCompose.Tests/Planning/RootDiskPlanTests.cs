using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Tests.Planning;

/// <summary>Root disks that the file has in another storage pool.</summary>
public class RootDiskPlanTests
{
    private static readonly PlanOptions s_restarting = new() { AllowRestart = true };

    private static InstanceDefinition Web => new() { Name = "web", Image = "busybox" };

    private static InstanceDefinition InFast => Web with { Disk = new(null) { Pool = "fast" } };

    [Theory]
    [InlineData(StatusCode.Running, false, null)]
    [InlineData(StatusCode.Running, true, "moves the root disk from default to fast, with its data and snapshots; it is stopped meanwhile")]
    [InlineData(StatusCode.Stopped, false, "moves the root disk from default to fast, with its data and snapshots")]
    public void It_is_moved_in_place_and_what_runs_is_stopped_only_where_that_is_allowed(StatusCode status, bool allowed, string? reason)
    {
        var change = Plan(status, InFast, allowed ? s_restarting : new PlanOptions());
        Assert.Equal(ChangeAction.Update, change.Action);
        if (reason is null)
            Assert.Equal("it runs, and is stopped while its root disk is moved to the pool fast; allow that with -AllowRestart (--allow-restart)", change.Refused);
        else
            Assert.Equal((reason, null, allowed, !allowed), (change.Reason, change.Refused, change.Restarts, change.Starts));
    }

    [Fact]
    public void One_that_would_be_gone_once_it_is_stopped_is_made_anew_where_that_is_allowed()
    {
        var change = Plan(StatusCode.Running, InFast with { Ephemeral = true }, s_restarting, instance => instance with { Ephemeral = true });
        Assert.Equal((ChangeAction.Replace, "it is ephemeral and cannot be moved, only made anew in the pool fast; allow it with -AllowReplace (--allow-replace)"), (change.Action, change.Refused));
    }

    [Theory]
    [InlineData(null, "moves the root disk from default to fast, with its data and snapshots; its update is manual: name it with -Update web (--update web)")]
    [InlineData("other", "moves the root disk from default to fast, with its data and snapshots; its update is manual: name it with -Update web (--update web)")]
    public void One_whose_update_is_manual_stays_in_its_pool_until_it_is_named_and_is_changed_in_all_else(string? description, string reason)
    {
        var manual = InFast with { Update = new UpdateDefinition { Strategy = UpdateStrategy.Manual }, Description = description };
        var change = Plan(StatusCode.Running, manual, s_restarting);
        Assert.Equal((description is null ? ChangeAction.None : ChangeAction.Update, description is null, reason, false), (change.Action, change.IsPostponed, change.Reason, change.PendingRestart));
        // What waits is shown, and neither written nor recorded.
        Assert.Contains(change.Properties, property => property is { Path: "devices.root.pool", New: "fast", Step: null });
        Assert.Equal(description is null ? [] : ["description"], change.Steps.Select(step => step.Path));
        Assert.DoesNotContain("devices.root.pool", change.Desired!.Applied!.Paths);
        Assert.Equal(description is not null, change.Desired.Applied.Contains("description"));
        Assert.True(Plan(StatusCode.Running, manual, s_restarting with { Update = ["web"] }).Restarts);
    }

    [Fact]
    public void A_root_device_that_somebody_wrote_into_an_instance_is_theirs_and_nothing_is_moved()
    {
        var change = Plan(StatusCode.Running, Web, s_restarting, instance => WithRoot(instance, "fast", isOwn: true));
        Assert.Equal(ChangeAction.None, change.Action);
        Assert.All(change.Properties, property => Assert.Equal(PropertyDifference.Unmanaged, property.Difference));
    }

    [Fact]
    public void One_that_comes_from_other_profiles_is_moved_with_the_list_of_them()
    {
        var change = Plan(StatusCode.Stopped, Web with { Profiles = ["default", "quick"] }, s_restarting);
        Assert.StartsWith("moves the root disk from default to fast", change.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_project_that_may_have_no_more_instances_has_no_room_for_the_copy_that_a_move_makes()
    {
        var limited = new Project { Name = "default", Config = new Dictionary<string, string> { ["limits.instances"] = "1" } };
        var problem = Assert.Single(Assert.Throws<StackFileException>(() => Plan(StatusCode.Stopped, InFast, s_restarting, project: limited)).Diagnostics);
        Assert.Equal(("ProjectLimit", "there may be 1 instances in the project \"default\" (limits.instances), and there is one more while the root disk of instance/web is moved to another pool"), (problem.Id, problem.Message));
        Assert.Equal(ChangeAction.Update, Plan(StatusCode.Stopped, InFast, s_restarting, project: limited with { Config = new Dictionary<string, string> { ["limits.instances"] = "2" } }).Action);
    }

    private static ResourceChange Plan(StatusCode status, InstanceDefinition after, PlanOptions options, Func<Instance, Instance>? with = null, Project? project = null)
    {
        var world = new PlanningWorld().With(new StoragePool { Name = "fast", Driver = "dir" });
        if (project is not null)
            world.With(project);
        world.With(new Profile { Name = "quick", Devices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["root"] = Root("fast") } });
        var before = WithRoot(world.Applied(Stack(Web with { Ephemeral = after.Ephemeral }), "web"), "default", isOwn: false) with { StatusCode = status, Status = status.ToString() };
        world.With(with?.Invoke(before) ?? before);
        return world.Plan(Stack(after), options).Resources.Single(resource => resource.Id == InstanceKind.IdOf("web"));
    }

    private static Instance WithRoot(Instance instance, string pool, bool isOwn)
    {
        var root = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["root"] = Root(pool) };
        return instance with { Devices = isOwn ? root : instance.Devices, ExpandedDevices = root };
    }

    private static Dictionary<string, string> Root(string pool) => new() { ["type"] = "disk", ["path"] = "/", ["pool"] = pool };

    private static StackDefinition Stack(InstanceDefinition web) => new() { Name = "shop", Instances = new Dictionary<string, InstanceDefinition> { ["web"] = web } };
}
