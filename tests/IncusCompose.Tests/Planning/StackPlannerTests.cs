using System.Text.Json;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Planning;

public class StackPlannerTests
{
    private readonly PlanningWorld _world = new();

    [Fact]
    public void What_is_not_there_is_created_with_its_dependencies_first()
    {
        var stack = Stack(
            Web with { DependsOn = [new("db")], Networks = [new() { Network = "backend" }], Volumes = [new() { Source = "data", Target = "/srv" }] },
            Web with { Name = "db" }) with
        {
            Networks = new Dictionary<string, NetworkDefinition> { ["backend"] = new() { Name = "backend", Config = Map(("ipv4.address", "10.9.8.1/24")) } },
            Volumes = new Dictionary<string, VolumeDefinition> { ["data"] = new() { Name = "data" } },
        };

        Assert.Equal(
            """
              + network/backend: create
                  + config.ipv4.address: 10.9.8.1/24
                  + type: bridge
              + volume/default/data: create
                  + content_type: filesystem
              + instance/db: create
                  + config.limits.memory: 256MiB
                  + ephemeral: false
                  + image: busybox
                  + profiles: default
                  + type: container
              + instance/web: create
                  + config.limits.memory: 256MiB
                  + depends_on: db
                  + devices.eth0.name: eth0
                  + devices.eth0.network: backend
                  + devices.eth0.type: nic
                  + devices.mount-srv.path: /srv
                  + devices.mount-srv.pool: default
                  + devices.mount-srv.source: data
                  + devices.mount-srv.type: disk
                  + ephemeral: false
                  + image: busybox
                  + profiles: default
                  + type: container
            shop: 4 to create, 0 unchanged

            """,
            Text(_world.Plan(stack)));
    }

    [Fact]
    public void What_is_as_the_file_says_is_left_alone()
    {
        var stack = Stack(Web);
        _world.With(_world.Applied(stack, "web"));

        var plan = _world.Plan(stack);

        Assert.False(plan.HasChanges);
        Assert.Equal("shop: no changes (1 resource as wanted)\n", Text(plan));
    }

    [Fact]
    public void A_value_changed_in_the_file_is_changed_in_place()
    {
        _world.With(_world.Applied(Stack(Web), "web"));

        Assert.Contains("~ config.limits.memory: 256MiB -> 512MiB\n", Text(_world.Plan(Stack(Web with { Memory = "512MiB" }))));
    }

    [Fact]
    public void A_value_changed_on_the_server_is_drift_and_is_put_back()
    {
        var stack = Stack(Web);
        _world.With(Changed(_world.Applied(stack, "web"), ("limits.memory", "1GiB")));

        Assert.Contains("~ config.limits.memory: 1GiB -> 256MiB (drifted)\n", Text(_world.Plan(stack)));
    }

    [Fact]
    public void A_value_removed_on_the_server_is_drift_and_is_put_back()
    {
        var stack = Stack(Web);
        _world.With(Changed(_world.Applied(stack, "web"), ("limits.memory", null)));

        Assert.Contains("~ config.limits.memory: (unset) -> 256MiB (drifted)\n", Text(_world.Plan(stack)));
    }

    [Fact]
    public void A_key_dropped_from_the_file_is_removed_from_the_server()
    {
        _world.With(_world.Applied(Stack(Web with { Labels = Map(("tier", "front")) }), "web"));

        Assert.Contains("- config.user.label.tier: front\n", Text(_world.Plan(Stack(Web))));
    }

    [Fact]
    public void A_key_that_somebody_else_added_is_reported_and_left_alone()
    {
        var stack = Stack(Web);
        _world.With(Changed(_world.Applied(stack, "web"), ("user.owner", "ops")));

        var plan = _world.Plan(stack);

        Assert.False(plan.HasChanges);
        Assert.Contains("config.user.owner: ops (unmanaged, left alone)\n", Text(plan));
    }

    [Fact]
    public void A_value_that_the_server_has_already_is_only_recorded_as_the_stacks()
    {
        _world.With(Changed(_world.Applied(Stack(Web), "web"), ("user.label.tier", "front")));

        var change = Assert.Single(_world.Plan(Stack(Web with { Labels = Map(("tier", "front")) })).Changes);

        Assert.Equal(PropertyDifference.Recorded, Assert.Single(change.Properties).Difference);
        Assert.Empty(change.Steps);
    }

    [Fact]
    public void A_device_dropped_from_the_file_is_removed_with_all_its_options()
    {
        _world.With(_world.Applied(Stack(Web with { Ports = [new() { HostPort = 8080, InstancePort = 80 }] }), "web"));

        var change = Assert.Single(_world.Plan(Stack(Web)).Changes);

        Assert.Equal(
            ["devices.port-8080-tcp.connect", "devices.port-8080-tcp.listen", "devices.port-8080-tcp.type"],
            change.Properties.Select(property => property.Path));
        Assert.All(change.Properties, property => Assert.Equal(PropertyDifference.Removed, property.Difference));
    }

    [Fact]
    public void A_stopped_instance_is_started()
    {
        var stack = Stack(Web);
        _world.With(_world.Applied(stack, "web") with { Status = "Stopped", StatusCode = StatusCode.Stopped });

        Assert.Contains("> instance/web: start, it is stopped\n", Text(_world.Plan(stack)));
    }

    [Fact]
    public void A_change_that_needs_a_restart_stays_pending_until_restarting_is_allowed()
    {
        _world.With(_world.Applied(Stack(Web), "web"));
        var changed = Stack(Web with { Config = Map(("security.nesting", "true"), ("raw.lxc", "lxc.tty.max = 2")) });

        var refused = Assert.Single(_world.Plan(changed).Changes);
        Assert.True(refused.PendingRestart);
        Assert.False(refused.Restarts);
        Assert.Null(refused.Refused);

        var allowed = Assert.Single(_world.Plan(changed, new PlanOptions { AllowRestart = true }).Changes);
        Assert.False(allowed.PendingRestart);
        Assert.True(allowed.Restarts);
        Assert.Equal("restart needed for config.raw.lxc, config.security.nesting", allowed.Reason);
    }

    [Fact]
    public void The_environment_of_what_runs_already_needs_a_restart_and_a_label_does_not()
    {
        _world.With(_world.Applied(Stack(Web), "web"));

        Assert.True(Assert.Single(_world.Plan(Stack(Web with { Environment = Map(("MODE", "fast")) })).Changes).PendingRestart);
        Assert.False(Assert.Single(_world.Plan(Stack(Web with { Labels = Map(("tier", "front")) })).Changes).PendingRestart);
        Assert.False(Assert.Single(_world.Plan(Stack(Web with { Autostart = true })).Changes).PendingRestart);
    }

    [Fact]
    public void A_pending_restart_is_remembered_until_the_instance_has_started_again()
    {
        var stack = Stack(Web);
        var instance = _world.Applied(stack, "web");
        var pending = Changed(instance, ("user.incus-compose.pending-restart", "2026-01-02T03:04:05.0000000Z"));
        _world.With(pending);

        var waiting = _world.Plan(stack);
        Assert.False(waiting.HasChanges);
        Assert.True(waiting.Resources.Single(resource => resource.Name == "web").PendingRestart);
        Assert.Equal(ChangeAction.Restart, Assert.Single(_world.Plan(stack, new PlanOptions { AllowRestart = true }).Changes).Action);

        _world.With(pending with { LastUsedAt = instance.LastUsedAt.AddHours(1) });
        Assert.DoesNotContain(_world.Plan(stack).Resources, resource => resource.PendingRestart);
    }

    [Fact]
    public void A_changed_image_is_a_rebuild_and_refused_until_it_is_allowed()
    {
        _world.With(_world.Applied(Stack(Web), "web"));
        var changed = Stack(Web with { Image = "images:debian/12" });

        var plan = _world.Plan(changed);
        Assert.True(plan.IsRefused);
        Assert.Contains("@ instance/web: rebuild", Text(plan));
        Assert.Contains("-AllowRebuild (--allow-rebuild)", Text(plan));

        var allowed = _world.Plan(changed, new PlanOptions { AllowRebuild = true });
        Assert.False(allowed.IsRefused);
        Assert.Contains("+ image/images:debian/12: create", Text(allowed));
    }

    [Fact]
    public void A_changed_type_is_a_replacement_and_refused_until_it_is_allowed()
    {
        _world.With(_world.Applied(Stack(Web), "web"));
        var changed = Stack(Web with { Type = InstanceType.VirtualMachine, Image = "images:debian/12" });

        Assert.Contains("-AllowReplace (--allow-replace)", Assert.Single(_world.Plan(changed).Changes, change => change.Kind == "instance").Refused);
        Assert.False(_world.Plan(changed, new PlanOptions { AllowReplace = true }).IsRefused);
    }

    [Fact]
    public void An_instance_whose_creation_never_finished_is_made_anew()
    {
        var stack = Stack(Web);
        _world.With(_world.Applied(stack, "web", lastUsed: DateTimeOffset.UnixEpoch) with { Status = "Stopped", StatusCode = StatusCode.Stopped });

        var change = Assert.Single(_world.Plan(stack).Changes);

        Assert.Equal(ChangeAction.Replace, change.Action);
        Assert.Null(change.Refused);
        Assert.Equal("its creation did not finish and it never ran", change.Reason);
    }

    [Fact]
    public void An_instance_that_was_created_but_never_started_is_started_and_keeps_its_disk()
    {
        var stack = Stack(Web);
        _world.With(Changed(_world.Applied(stack, "web", lastUsed: DateTimeOffset.UnixEpoch), ("volatile.apply_template", "create"))
            with { Status = "Stopped", StatusCode = StatusCode.Stopped });

        Assert.Equal(ChangeAction.Start, Assert.Single(_world.Plan(stack).Changes).Action);
    }

    [Fact]
    public void A_name_that_is_taken_by_something_else_is_an_error()
    {
        _world.With(new Instance { Name = "web", Status = "Running", StatusCode = StatusCode.Running, Type = "container" });

        var error = Assert.Single(Assert.Throws<StackFileException>(() => _world.Plan(Stack(Web))).Diagnostics);

        Assert.Equal("NameTaken", error.Id);
        Assert.Equal(
            "instances.web: there is already an instance \"web\" on the server, and it was not made by this stack; rename one of the two, or delete the other",
            error.ToString());
    }

    [Fact]
    public void A_name_that_is_taken_by_another_stack_names_that_stack()
    {
        _world.With(_world.Applied(Stack(Web) with { Name = "blog" }, "web"));

        var error = Assert.Single(Assert.Throws<StackFileException>(() => _world.Plan(Stack(Web))).Diagnostics);

        Assert.Contains("it belongs to the stack \"blog\"", error.Message);
    }

    [Fact]
    public void A_network_that_is_not_there_is_answered_with_those_that_a_nic_can_be_attached_to()
    {
        _world.With(new Network { Name = "eth0", Type = "physical" })
            .With(new Network { Name = "br0", Type = "bridge" })
            .With(new Network { Name = "lo", Type = "loopback" })
            .With(new Network { Name = "lan", Type = "bridge", Managed = true });

        var error = Assert.Single(Assert.Throws<StackFileException>(() => _world.Plan(Stack(Web with { Networks = [new() { Network = "lna" }] }))).Diagnostics);

        Assert.EndsWith("name one of: lan, br0, eth0", error.Advice);
    }

    [Fact]
    public void The_default_profile_of_a_project_that_is_still_to_be_made_is_external_and_empty()
    {
        var stack = Stack(Web) with
        {
            Project = new ProjectDefinition { Name = "shop", Create = true },
            Profiles = new Dictionary<string, ProfileDefinition> { ["default"] = new() { Name = "default", External = true } },
        };

        var plan = new PlanningWorld(profiles: []).Plan(stack);

        Assert.Equal(ChangeAction.None, plan.Resources.Single(resource => resource.Kind == "profile").Action);
        Assert.Contains("+ devices.root.pool: default\n", Text(plan));
    }

    [Fact]
    public void External_things_are_looked_up_and_never_changed()
    {
        var stack = Stack(Web with { Networks = [new() { Network = "lan" }] }) with
        {
            Networks = new Dictionary<string, NetworkDefinition> { ["lan"] = new() { Name = "lan", External = true } },
        };

        Assert.Equal("MissingExternal", Assert.Single(Assert.Throws<StackFileException>(() => _world.Plan(stack)).Diagnostics).Id);

        _world.With(new Network { Name = "lan", Type = "bridge", Managed = true, Config = Map(("ipv4.address", "10.0.0.1/24")) });
        var change = _world.Plan(stack).Resources.Single(resource => resource.Name == "lan");
        Assert.Equal(ChangeAction.None, change.Action);
        Assert.Empty(change.Properties);
    }

    [Fact]
    public void An_image_that_is_nowhere_is_an_error_that_says_what_to_do()
    {
        var error = Assert.Single(Assert.Throws<StackFileException>(() => _world.Plan(Stack(Web with { Image = "nope" }))).Diagnostics);

        Assert.Equal("MissingImage", error.Id);
        Assert.Equal("there is no image \"nope\" for containers on the server in project \"default\"", error.Message);
    }

    [Fact]
    public void One_image_is_staged_once_for_all_its_instances_and_before_any_of_them()
    {
        var plan = _world.Plan(Stack(
            Web with { Image = "images:debian/12" }, Web with { Name = "api", Image = "images:debian/12" }, Web with { Name = "db", Image = "images:debian/12" }));

        var image = Assert.Single(plan.Changes, change => change.Kind == "image");
        Assert.All(plan.Changes.Where(change => change.Kind == "instance"), change => Assert.Contains(image.Id, change.DependsOn));
    }

    [Fact]
    public void An_image_that_nothing_is_created_from_is_not_fetched_again()
    {
        var stack = Stack(Web with { Image = "images:debian/12" });
        _world.With(_world.Applied(stack, "web"));

        Assert.False(_world.Plan(stack).HasChanges);
    }

    [Fact]
    public void Orphans_are_listed_and_deleted_only_when_pruning()
    {
        var stack = Stack(Web, Web with { Name = "old" });
        _world.With(_world.Applied(stack, "web")).With(_world.Applied(stack, "old"));

        var listed = _world.Plan(Stack(Web));
        Assert.False(listed.HasChanges);
        Assert.Equal("instance/old", Assert.Single(listed.Orphans).Id.ToString());

        var pruned = _world.Plan(Stack(Web), new PlanOptions { Prune = true });
        Assert.Empty(pruned.Orphans);
        Assert.Contains("- instance/old: delete, no longer in the file\n", Text(pruned));
    }

    [Fact]
    public void An_orphaned_volume_is_deleted_only_by_its_own_word()
    {
        var config = new Dictionary<string, string>();
        new OwnershipMark("shop", "default", "volumes.data", AppliedRecord.Empty).Write(VolumeKind.IdOf("default", "data"), config);
        _world.With(new StorageVolume { Name = "data", Type = "custom", ContentType = "filesystem", Config = config });

        var pruned = _world.Plan(Stack(Web), new PlanOptions { Prune = true });
        Assert.Equal("volume/default/data", Assert.Single(pruned.Orphans).Id.ToString());
        Assert.Contains("-RemoveVolumes", pruned.Orphans[0].Advice);

        Assert.Contains(
            "- volume/default/data: delete",
            Text(_world.Plan(Stack(Web), new PlanOptions { Prune = true, RemoveVolumes = true })));
    }

    [Fact]
    public void What_an_orphan_uses_is_deleted_after_it()
    {
        var network = new NetworkDefinition { Name = "back", Config = Map(("ipv4.address", "10.1.2.1/24")) };
        var old = Web with { Name = "old", Networks = [new() { Network = "back" }] };
        var stack = Stack(old) with { Networks = new Dictionary<string, NetworkDefinition> { ["back"] = network } };
        _world.With(_world.Applied(stack, "old"));
        var config = new Dictionary<string, string>();
        new OwnershipMark("shop", "default", "networks.back", AppliedRecord.Empty).Write(NetworkKind.IdOf("back"), config);
        _world.With(new Network { Name = "back", Type = "bridge", Managed = true, Config = config });

        var plan = _world.Plan(Stack(), new PlanOptions { Prune = true });

        Assert.Equal(["instance/old", "network/back"], plan.Changes.Select(change => change.Id.ToString()));
        Assert.Contains(plan.Changes[0].Id, plan.Changes[1].DependsOn);
    }

    [Fact]
    public void Taking_down_keeps_volumes_and_stops_dependants_first()
    {
        var stack = Stack(Web with { DependsOn = [new("db")] }, Web with { Name = "db" });
        _world.With(_world.Applied(stack, "web")).With(_world.Applied(stack, "db"));
        var config = new Dictionary<string, string>();
        new OwnershipMark("shop", "default", "volumes.data", AppliedRecord.Empty).Write(VolumeKind.IdOf("default", "data"), config);
        _world.With(new StorageVolume { Name = "data", Type = "custom", ContentType = "filesystem", Config = config });

        var plan = _world.PlanRemoval("shop");

        Assert.Equal(["instance/web", "instance/db"], plan.Changes.Select(change => change.Id.ToString()));
        Assert.Equal(ChangeAction.None, plan.Resources.Single(resource => resource.Kind == "volume").Action);
        Assert.Single(_world.PlanRemoval("shop", new RemovalOptions { RemoveVolumes = true }).Changes, change => change.Kind == "volume");
        Assert.False(_world.PlanRemoval("nothing").HasChanges);
    }

    [Fact]
    public void A_copy_that_carries_the_mark_along_is_not_the_stacks()
    {
        var stack = Stack(Web);
        var web = _world.Applied(stack, "web");
        _world.With(web).With(web with { Name = "web-backup" });

        Assert.Empty(_world.Plan(stack, new PlanOptions { Prune = true }).Changes);
        Assert.Equal("instance/web", Assert.Single(_world.PlanRemoval("shop").Changes).Id.ToString());
    }

    [Fact]
    public void A_copy_of_a_volume_in_another_pool_does_not_take_the_volumes_place()
    {
        var config = new Dictionary<string, string>();
        new OwnershipMark("shop", "default", "volumes.data", AppliedRecord.Empty).Write(VolumeKind.IdOf("default", "data"), config);
        var volume = new StorageVolume { Name = "data", Type = "custom", ContentType = "filesystem", Config = config };
        _world.With(new StoragePool { Name = "backup", Driver = "dir" }).With(volume, "backup").With(volume);
        var stack = Stack(Web with { Volumes = [new() { Source = "data", Target = "/srv" }] }) with
        {
            Volumes = new Dictionary<string, VolumeDefinition> { ["data"] = new() { Name = "data" } },
        };

        Assert.Contains("devices.mount-srv.pool: default", Text(_world.Plan(stack)));
    }

    [Fact]
    public void An_empty_value_is_no_value()
    {
        var stack = Stack(Web with { Environment = Map(("EMPTY", "")), Config = Map(("user.note", "")) });
        _world.With(_world.Applied(stack, "web"));

        Assert.Empty(_world.Plan(stack).Changes);
        Assert.DoesNotContain("EMPTY", Text(_world.Plan(Stack(Web with { Name = "other", Environment = Map(("EMPTY", "")) }))));
    }

    [Fact]
    public void A_root_disk_word_that_is_dropped_is_no_replacement_where_the_profiles_pool_is_the_same()
    {
        _world.With(_world.Applied(Stack(Web with { Disk = new("1GiB") }), "web"));

        var change = Assert.Single(_world.Plan(Stack(Web)).Changes);

        Assert.Equal(ChangeAction.Update, change.Action);
        Assert.Null(change.Refused);
    }

    [Fact]
    public void Another_list_of_profiles_needs_a_restart_where_what_comes_from_them_does()
    {
        _world.With(new Profile { Name = "nested", Config = Map(("raw.lxc", "lxc.tty.max = 2")) });
        _world.With(_world.Applied(Stack(Web), "web"));

        var change = Assert.Single(_world.Plan(Stack(Web with { Profiles = ["default", "nested"] })).Changes);

        Assert.True(change.PendingRestart);
        Assert.Equal("restart needed for config.raw.lxc of its profiles", change.Reason);
    }

    [Fact]
    public void An_image_that_is_gone_does_not_matter_to_what_was_made_from_it()
    {
        var stack = Stack(Web with { Image = "vanished" });
        var web = _world.Applied(Stack(Web), "web");
        var config = web.Config.ToDictionary();
        new OwnershipMark("shop", "default", "instances.web", AppliedRecord.Parse(
            config["user.incus-compose.applied"].Replace("busybox", "vanished", StringComparison.Ordinal))).Write(InstanceKind.IdOf("web"), config);
        _world.With(web with { Config = config });

        Assert.Empty(_world.Plan(stack).Changes);
    }

    [Fact]
    public void An_ephemeral_instance_is_never_rebuilt_since_it_would_be_gone()
    {
        _world.With(_world.Applied(Stack(Web with { Ephemeral = true }), "web") with { Ephemeral = true });
        var changed = Stack(Web with { Ephemeral = true, Image = "images:debian/12" });

        var change = Assert.Single(_world.Plan(changed, new PlanOptions { AllowRebuild = true }).Changes, change => change.Kind == "instance");

        Assert.Equal(ChangeAction.Replace, change.Action);
        Assert.Contains("--allow-replace", change.Refused);
    }

    [Fact]
    public void A_frozen_instance_is_not_running_as_wanted()
    {
        var stack = Stack(Web);
        _world.With(_world.Applied(stack, "web") with { Status = "Frozen", StatusCode = StatusCode.Frozen });

        Assert.Contains("> instance/web: start, it is frozen\n", Text(_world.Plan(stack)));
    }

    [Fact]
    public void What_is_protected_from_deletion_is_refused_before_it_is_stopped()
    {
        var stack = Stack(Web with { Config = Map(("security.protection.delete", "true")) });
        _world.With(_world.Applied(stack, "web"));

        Assert.Contains("security.protection.delete", Assert.Single(_world.PlanRemoval("shop").Changes).Refused);
    }

    [Fact]
    public void What_somebody_else_still_uses_is_kept_when_taking_down_and_when_pruning()
    {
        var config = new Dictionary<string, string>();
        new OwnershipMark("shop", "default", "networks.back", AppliedRecord.Empty).Write(NetworkKind.IdOf("back"), config);
        _world.With(new Network { Name = "back", Type = "bridge", Managed = true, Config = config });
        _world.With(new Instance
        {
            Name = "guest",
            Type = "container",
            StatusCode = StatusCode.Running,
            ExpandedDevices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["eth0"] = Map(("type", "nic"), ("network", "back")) },
        });

        var kept = Assert.Single(_world.PlanRemoval("shop").Resources);
        Assert.Equal((ChangeAction.None, "kept, since instance/guest uses it"), (kept.Action, kept.Reason));
        Assert.Equal("it stays, since instance/guest uses it", Assert.Single(_world.Plan(Stack(), new PlanOptions { Prune = true }).Orphans).Advice);
    }

    [Fact]
    public void A_record_that_somebody_spoilt_counts_as_nothing_applied()
    {
        var stack = Stack(Web);
        var web = _world.Applied(stack, "web");
        _world.With(Changed(web, ("user.incus-compose.applied", "{\"image\":null}")));
        _ = _world.Plan(stack);
        _world.With(Changed(web, ("user.incus-compose.applied", "[1")));
        _ = _world.Plan(stack);
    }

    [Fact]
    public void Secrets_never_stand_in_a_plan()
    {
        var stack = Stack(Web with { Environment = Map(("DB_PASSWORD", "hunter2")), CloudInit = new(UserData: "#cloud-config\npassword: hunter3\n") });

        var plan = _world.Plan(stack);
        // As a person sees it, as a program may store it, and as a log may print it.
        var text = Text(plan) + JsonSerializer.Serialize(plan) + plan + stack.Instances["web"].CloudInit;

        Assert.DoesNotContain("hunter2", text);
        Assert.DoesNotContain("hunter3", text);
        Assert.DoesNotContain("hunter2", AppliedRecord.Of(new PropertyBag { { "config/environment.DB_PASSWORD", "hunter2" } }).ToString());
    }

    [Fact]
    public void Addresses_that_the_server_chose_are_not_drift()
    {
        var stack = Stack() with
        {
            Networks = new Dictionary<string, NetworkDefinition> { ["back"] = new() { Name = "back", Config = Map(("ipv4.address", "auto")) } },
        };
        var desired = new PropertyBag { { "type", "bridge" }, { "config/ipv4.address", "auto" } };
        var config = new Dictionary<string, string> { ["ipv4.address"] = "10.7.7.1/24", ["ipv6.address"] = "fd42::1/64", ["ipv4.nat"] = "true" };
        new OwnershipMark("shop", "default", "networks.back", AppliedRecord.Of(desired)).Write(NetworkKind.IdOf("back"), config);
        _world.With(new Network { Name = "back", Type = "bridge", Managed = true, Config = config });

        var plan = _world.Plan(stack);

        Assert.False(plan.HasChanges);
        Assert.Equal("shop: no changes (1 resource as wanted)\n", Text(plan));
    }

    private static Instance Changed(Instance instance, params (string Key, string? Value)[] changes)
    {
        var config = instance.Config.ToDictionary();
        foreach (var (key, value) in changes)
        {
            if (value is null)
                config.Remove(key);
            else
                config[key] = value;
        }

        return instance with { Config = config, ExpandedConfig = config };
    }
}
