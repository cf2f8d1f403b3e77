using System.Text.Json;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Storage;
using IncusCompose.Tests.Loading;
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
    public void What_a_file_says_of_readiness_and_health_is_recorded_on_the_instance_in_words_without_secrets()
    {
        var stack = Stack(Web with
        {
            Ready = new ReadinessDefinition { Gates = [new AddressGate(), new TcpGate { Port = 80 }] },
            Healthcheck = new HealthCheckDefinition { Probe = new ExecProbe { Command = ["mysqladmin", "ping", "-phunter2"] } },
        });
        var text = Text(_world.Plan(stack));
        Assert.Contains("+ config.user.incus-compose.ready: an address, an open TCP port 80", text, StringComparison.Ordinal);
        Assert.Contains("+ config.user.incus-compose.healthcheck: success of mysqladmin every 30s, 3 times", text, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);

        _world.With(_world.Applied(stack, "web"));
        Assert.Empty(_world.Plan(stack).Changes);
        var changed = _world.Plan(Stack(Web with { Healthcheck = new HealthCheckDefinition { Probe = new TcpProbe { Port = 80 } } }));
        Assert.Equal((ChangeAction.Update, false), (changed.Changes[0].Action, changed.Changes[0].PendingRestart));
        Assert.Equal(
            ["Changed config.user.incus-compose.healthcheck", "Removed config.user.incus-compose.ready"],
            changed.Changes[0].Properties.Select(property => $"{property.Difference} {property.Path}"));
    }

    [Fact]
    public void Hooks_are_recorded_on_the_instance_and_shown_without_what_may_be_secret()
    {
        var stack = Stack(Web with { Hooks = Hooks((HookPoint.PostStart, false), (HookPoint.PreStop, false)) });
        var text = Text(_world.Plan(stack));
        Assert.Contains("+ config.user.incus-compose.hooks: post_start: app, pre_stop: app\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);

        _world.With(_world.Applied(stack, "web"));
        Assert.Empty(_world.Plan(stack).Changes);
        Assert.Equal(
            (ChangeAction.Update, false, "Removed config.user.incus-compose.hooks"),
            _world.Plan(Stack(Web)).Changes.Select(change => (change.Action, change.PendingRestart, string.Join("; ", change.Properties.Select(property => $"{property.Difference} {property.Path}")))).Single());
    }

    [Fact]
    public void Commands_on_this_machine_are_refused_where_a_change_would_run_them_and_nobody_allowed_it()
    {
        const string allow = "on this machine; allow it with -AllowHostHooks (--allow-host-hooks)";
        var stack = Stack(Web with { Hooks = Hooks((HookPoint.PreCreate, true), (HookPoint.PostReady, true), (HookPoint.PreStop, true), (HookPoint.PostRemove, true), (HookPoint.PreRemove, false)) });
        var plan = _world.Plan(stack);
        Assert.True(plan.IsRefused);
        Assert.Equal($"its hooks pre_create, post_ready would run commands {allow}", plan.Changes.Single(change => change.Name == "web").Refused);
        Assert.False(_world.Plan(stack, new PlanOptions { AllowHostHooks = true }).IsRefused);

        // What would not run them is not refused.
        _world.With(_world.Applied(stack, "web"));
        Assert.Empty(_world.Plan(stack).Changes);
        var relabelled = stack with { Instances = stack.Instances.ToDictionary(pair => pair.Key, pair => pair.Value with { Labels = Map(("tier", "front")) }) };
        Assert.Null(_world.Plan(relabelled).Changes.Single().Refused);
        var restarted = stack with { Instances = stack.Instances.ToDictionary(pair => pair.Key, pair => pair.Value with { Environment = Map(("A", "b")) }) };
        Assert.Null(_world.Plan(restarted).Changes.Single().Refused);
        Assert.Equal(
            $"its hooks pre_stop, post_ready would run commands {allow}",
            _world.Plan(restarted, new PlanOptions { AllowRestart = true }).Changes.Single().Refused);

        // Known without the file.
        Assert.Equal($"its hooks pre_stop, post_remove would run commands {allow}", _world.PlanRemoval("shop").Changes.Single().Refused);
        Assert.False(_world.PlanRemoval("shop", new RemovalOptions { AllowHostHooks = true }).IsRefused);
    }

    private static HooksDefinition Hooks(params (HookPoint Point, bool OnHost)[] points) => new()
    {
        Points = points.ToDictionary(
            point => point.Point,
            IReadOnlyList<HookStep> (point) => [new HookStep { Command = ["app", "--password", "hunter2"], OnHost = point.OnHost, Environment = Map(("DB_PASSWORD", "hunter2")) }]),
    };

    [Fact]
    public void A_job_that_has_run_stays_stopped()
    {
        var stack = Stack(Web with { Name = "job" }, Web with { DependsOn = [new("job", DependencyCondition.Completed)] });
        var job = _world.Applied(stack, "job") with { Status = "Stopped", StatusCode = StatusCode.Stopped };
        job = job with { Config = new Dictionary<string, string>(job.Config) { ["volatile.apply_template"] = "create" } };
        _world.With(_world.Applied(stack, "web"));

        Assert.Empty(_world.With(job).Plan(stack).Changes);
        // Until it has run, and once its definition changes, it is started.
        Assert.Equal(ChangeAction.Start, _world.With(job with { LastUsedAt = DateTimeOffset.UnixEpoch }).Plan(stack).Changes.Single().Action);
        var changed = Stack(Web with { Name = "job", Memory = "1GiB" }, Web with { DependsOn = [new("job", DependencyCondition.Completed)] });
        Assert.True(_world.With(job).Plan(changed).Changes.Single().Starts);
    }

    [Fact]
    public void What_depends_on_another_with_restart_is_restarted_with_it_and_in_turn_what_depends_on_that()
    {
        static StackDefinition Of(string image) => Stack(
            Web with { Name = "db", Image = image },
            Web with { Name = "app", DependsOn = [new("db") { Restart = true }] },
            Web with { DependsOn = [new("app") { Restart = true }] },
            Web with { Name = "other", DependsOn = [new("db")] });
        foreach (var name in (string[])["db", "app", "web", "other"])
            _world.With(_world.Applied(Of("busybox"), name));

        var plan = _world.Plan(Of("images:debian/12"), new PlanOptions { AllowRebuild = true });
        Assert.Equal(
            ["Rebuild db ", "Restart app instance/db is restarted, which it depends on", "Restart web instance/app is restarted, which it depends on"],
            plan.Changes.Where(change => change.Kind == "instance").Select(change => $"{change.Action} {change.Name} {change.Reason}"));
    }

    private StackDefinition Replicated(int replicas, UpdateDefinition update, string image = "busybox", string mode = "one")
    {
        var stack = Replicas.Expand(Stack(Web with { Image = image, Replicas = replicas, Update = update, Environment = Map(("MODE", mode)) }));
        return stack;
    }

    private void WithReplicas(int replicas)
    {
        var stack = Replicated(replicas, new UpdateDefinition());
        foreach (var name in stack.Instances.Keys)
            _world.With(_world.Applied(stack, name));
    }

    [Theory]
    [InlineData(1, "web-1: | web-2: web-1 | web-3: web-2 | web-4: web-3")]
    [InlineData(2, "web-1: | web-2: | web-3: web-1 | web-4: web-2")]
    [InlineData(4, "web-1: | web-2: | web-3: | web-4:")]
    public void A_rolling_update_changes_a_replica_once_the_one_before_is_ready(int parallel, string wanted)
    {
        WithReplicas(4);
        var update = new UpdateDefinition { Parallel = parallel };
        foreach (var plan in new[]
        {
            _world.Plan(Replicated(4, update, image: "images:debian/12"), new PlanOptions { AllowRebuild = true }),
            _world.Plan(Replicated(4, update, mode: "two"), new PlanOptions { AllowRestart = true }),
        })
        {
            var instances = plan.Changes.Where(change => change.Kind == "instance").ToList();
            Assert.Equal(wanted, string.Join(" | ", instances.Select(change => $"{change.Name}: {string.Join(",", change.Conditions.Where(condition => condition.Condition == DependencyCondition.Ready).Select(condition => condition.Instance))}".TrimEnd())));
            Assert.All(instances, change => Assert.All(change.Conditions, condition => Assert.Contains(InstanceKind.IdOf(condition.Instance), change.DependsOn)));
        }
    }

    [Fact]
    public void What_disturbs_nothing_is_changed_at_once()
    {
        WithReplicas(3);
        var stack = Replicas.Expand(Stack(Web with { Replicas = 3, Memory = "1GiB", Environment = Map(("MODE", "one")) }));
        Assert.All(_world.Plan(stack).Changes, change => Assert.Empty(change.Conditions));
    }

    [Fact]
    public void A_manual_update_waits_until_an_instance_is_named()
    {
        WithReplicas(2);
        var manual = new UpdateDefinition { Strategy = UpdateStrategy.Manual };
        string[] Show(StackPlan plan) => [.. plan.Resources.Where(change => change.Kind == "instance").Select(change => $"{change.Action} {change.Name} {change.Reason}")];

        var rebuild = Replicated(2, manual, image: "images:debian/12");
        Assert.Equal(
            ["None web-1 rebuild needed; its update is manual: name it with -Update web-1 (--update web-1)", "None web-2 rebuild needed; its update is manual: name it with -Update web-2 (--update web-2)"],
            Show(_world.Plan(rebuild, new PlanOptions { AllowRebuild = true })));
        Assert.Equal(
            ["None web-1 rebuild needed; its update is manual: name it with -Update web-1 (--update web-1)", "Rebuild web-2 "],
            Show(_world.Plan(rebuild, new PlanOptions { AllowRebuild = true, Update = ["web-2"] })));
        Assert.Equal(["Rebuild web-1 ", "Rebuild web-2 "], Show(_world.Plan(rebuild, new PlanOptions { AllowRebuild = true, Update = ["web"] })));
        // What waits is no change of this plan, and not as the file has it either.
        var postponed = _world.Plan(rebuild, new PlanOptions { AllowRebuild = true });
        Assert.False(postponed.HasChanges);
        Assert.All(postponed.Resources.Where(change => change.Kind == "instance"), change => Assert.True(change.IsPostponed));
        var text = new StringWriter();
        PlanText.Write(postponed, text);
        Assert.Contains("  = instance/web-1: keep, rebuild needed; its update is manual", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("image: busybox -> images:debian/12", text.ToString(), StringComparison.Ordinal);
        Assert.Contains(": no changes now (", text.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(", 2 waiting to be named)\n", text.ToString(), StringComparison.Ordinal);

        var restart = _world.Plan(Replicated(2, manual, mode: "two"), new PlanOptions { AllowRestart = true, Update = ["web-1"] }).Changes;
        Assert.Equal([("web-1", true, false), ("web-2", false, true)], restart.Select(change => (change.Name, change.Restarts, change.PendingRestart)));

        // Its name alone restarts nothing, and a restart alone not it: each plan says so.
        var waiting = _world.Plan(Replicated(2, manual, mode: "two"), new PlanOptions { Update = ["web-1"] }).Changes;
        Assert.All(waiting, change => Assert.True(change is { Restarts: false, PendingRestart: true, IsUpdateManual: true }));
        Assert.Equal([false, true], waiting.Select(change => change.Reason.EndsWith("; its update is manual: name it with -Update web-2 (--update web-2)", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_depends_on_an_instance_whose_manual_update_waits_goes_on_running_and_nothing_is_fetched_for_it()
    {
        static StackDefinition Of(string image, UpdateStrategy app = UpdateStrategy.Rolling) => Stack(
            Web with { Name = "db", Image = image, Update = new UpdateDefinition { Strategy = UpdateStrategy.Manual } },
            Web with { Name = "app", Update = new UpdateDefinition { Strategy = app }, DependsOn = [new("db") { Restart = true }] },
            Web with { DependsOn = [new("app") { Restart = true }] });
        foreach (var name in (string[])["db", "app", "web"])
            _world.With(_world.Applied(Of("busybox"), name));
        var rebuild = new PlanOptions { AllowRebuild = true, AllowRestart = true };

        Assert.Empty(_world.Plan(Of("images:debian/12"), rebuild).Changes);
        Assert.Equal(
            ["Rebuild db", "Restart app", "Restart web"],
            Instances(_world.Plan(Of("images:debian/12"), rebuild with { Update = ["db"] })));
        // Nor is one restarted with another whose own update is manual, or what depends on it in turn.
        Assert.Equal(["Rebuild db"], Instances(_world.Plan(Of("images:debian/12", UpdateStrategy.Manual), rebuild with { Update = ["db"] })));

        static IEnumerable<string> Instances(StackPlan plan) => plan.Changes.Where(change => change.Kind == "instance").Select(change => $"{change.Action} {change.Name}");
    }

    [Fact]
    public void Fewer_replicas_in_the_file_are_orphans_and_a_scale_deletes_from_the_highest_number()
    {
        WithReplicas(3);
        var fewer = _world.Plan(Replicated(1, new UpdateDefinition()));
        Assert.Equal(["instance/web-2", "instance/web-3"], fewer.Orphans.Select(orphan => orphan.Id.ToString()).Order());
        Assert.Empty(fewer.Changes);

        var scaled = _world.Plan(Replicated(1, new UpdateDefinition()), new PlanOptions { Scale = new Dictionary<string, int> { ["web"] = 1 } });
        Assert.Empty(scaled.Orphans);
        Assert.Equal(["Delete web-2", "Delete web-3"], scaled.Changes.Select(change => $"{change.Action} {change.Name}").Order());
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
    public void A_device_dropped_from_the_file_goes_with_what_somebody_else_added_to_it()
    {
        var stack = Stack(Web with { Ports = [new() { HostPort = 8080, InstancePort = 80 }] });
        _world.With(WithOption(_world.Applied(stack, "web"), "port-8080-tcp", "user.note", "ops"));

        var kept = _world.Plan(stack);
        Assert.False(kept.HasChanges);
        Assert.Contains("devices.port-8080-tcp.user.note: ops (unmanaged, left alone)\n", Text(kept));

        var change = Assert.Single(_world.Plan(Stack(Web)).Changes);
        Assert.Contains("- devices.port-8080-tcp.user.note: ops\n", Text(_world.Plan(Stack(Web))));
        Assert.All(change.Properties, property => Assert.Equal(PropertyDifference.Removed, property.Difference));
    }

    [Fact]
    public void A_device_that_becomes_one_of_another_type_loses_what_somebody_else_added_to_it()
    {
        StackDefinition Having(params (string Key, string Value)[] options) =>
            Stack(Web with { Devices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["extra"] = Map(options) } });
        var disk = Having(("type", "disk"), ("source", "/tmp"), ("path", "/mnt"));
        _world.With(WithOption(_world.Applied(disk, "web"), "extra", "readonly", "true"));

        Assert.Contains("- devices.extra.readonly: true\n", Text(_world.Plan(Having(("type", "none")))));
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

    [Theory]
    [InlineData("container", "type: nic, nictype: ipvlan, parent: eth0", true)]
    [InlineData("container", "type: gpu, gputype: mig, pci: '0000:01:00.0', mig.uuid: 8a0c7b1e-7b9e-4f43-9f4f-0d5a0f8b6c2d", true)]
    [InlineData("container", "type: unix-char, source: /dev/fuse", false)]
    [InlineData("virtual-machine", "type: tpm", true)]
    [InlineData("virtual-machine", "type: nic, network: lan", false)]
    public void A_device_that_cannot_be_plugged_into_what_runs_is_planned_with_a_restart_or_refused(string type, string device, bool isCold)
    {
        var networks = "networks: {lan: {external: true}}\n";
        _world.With(new Network { Name = "lan", Type = "bridge", Managed = true });
        if (type == "virtual-machine")
            _world.With(new Image { Fingerprint = new string('1', 64), Type = type, Aliases = [new ImageAliasName { Name = "busybox" }] });
        _world.With(_world.Applied(StackText.Require($"name: shop\n{networks}instances: {{web: {{image: busybox, type: {type}}}}}"), "web") with { Type = type });
        var more = StackText.Require($"name: shop\n{networks}instances: {{web: {{image: busybox, type: {type}, devices: {{more: {{{device}}}}}}}}}");

        var asked = Assert.Single(_world.Plan(more).Changes);
        Assert.Equal(isCold ? "it runs, and the server changes devices.more only while it is stopped; allow that with -AllowRestart (--allow-restart)" : null, asked.Refused);
        var allowed = Assert.Single(_world.Plan(more, new PlanOptions { AllowRestart = true }).Changes);
        Assert.Equal((isCold, (string?)null), (allowed.Restarts, allowed.Refused));
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
    public void Another_source_of_a_declared_image_is_a_rebuild_and_another_key_for_the_same_source_is_not()
    {
        _world.With(_world.Applied(Declaring("debian", "images:debian/12"), "web"));

        Assert.Contains("~ image: images:debian/12 -> images:debian/13\n", Text(_world.Plan(Declaring("debian", "images:debian/13"))));
        Assert.True(_world.Plan(Declaring("debian", "images:debian/13")).IsRefused);
        Assert.Contains(
            "+ image/images:debian/13: create",
            Text(_world.Plan(Declaring("debian", "images:debian/13"), new PlanOptions { AllowRebuild = true })));
        Assert.False(_world.Plan(Declaring("base", "images:debian/12")).HasChanges);
        Assert.False(_world.Plan(Stack(Web with { Image = "images:debian/12" })).HasChanges);
    }

    [Fact]
    public void An_image_that_moved_on_is_a_note_and_with_leave_to_rebuild_a_rebuild()
    {
        var stack = Stack(Web);
        _world.With(_world.Applied(stack, "web"));
        Assert.Empty(_world.Plan(stack).Diagnostics);
        Assert.Empty(_world.Plan(stack, new PlanOptions { AllowRebuild = true }).Changes);
        _world.With(BusyboxNow);

        var plan = _world.Plan(stack);
        Assert.False(plan.HasChanges || plan.IsRefused);
        var note = Assert.Single(plan.Diagnostics);
        Assert.Equal((DiagnosticSeverity.Information, "ImageMovedOn", "instances.web.image"), (note.Severity, note.Id, note.Path));
        Assert.Equal("image busybox moved on: 0123456789ab -> ba9876543210 (web)", note.Message);
        Assert.Equal("rebuild it with -AllowRebuild (--allow-rebuild)", note.Advice);

        // What else is to be changed is changed as ever.
        var update = _world.Plan(Stack(Web with { Memory = "1GiB" }));
        Assert.Equal((ChangeAction.Update, false), (Assert.Single(update.Changes).Action, update.IsRefused));
        Assert.Single(update.Diagnostics);

        var allowed = _world.Plan(stack, new PlanOptions { AllowRebuild = true });
        var change = Assert.Single(allowed.Changes);
        Assert.Equal((ChangeAction.Rebuild, true, null, "image busybox moved on: 0123456789ab -> ba9876543210"), (change.Action, change.Restarts, change.Refused, change.Reason));
        Assert.Empty(allowed.Diagnostics);
    }

    [Fact]
    public void Replicas_whose_image_moved_on_have_one_note_and_are_rebuilt_in_turn()
    {
        WithReplicas(3);
        _world.With(BusyboxNow);
        var rolling = Replicated(3, new UpdateDefinition());

        Assert.Equal("image busybox moved on: 0123456789ab -> ba9876543210 (web-1, web-2, web-3)", Assert.Single(_world.Plan(rolling).Diagnostics).Message);
        var plan = _world.Plan(rolling, new PlanOptions { AllowRebuild = true });
        Assert.Equal(["web-1: ", "web-2: web-1", "web-3: web-2"], plan.Changes.Select(change => $"{change.Name}: {string.Join(",", change.Conditions.Select(condition => condition.Instance))}"));

        var manual = Replicated(3, new UpdateDefinition { Strategy = UpdateStrategy.Manual });
        var named = _world.Plan(manual, new PlanOptions { AllowRebuild = true, Update = ["web-2"] });
        Assert.Equal("web-2", Assert.Single(named.Changes).Name);
        var left = Assert.Single(named.Diagnostics);
        Assert.Equal("image busybox moved on: 0123456789ab -> ba9876543210 (web-1, web-3)", left.Message);
        Assert.Equal("its update is manual: name it with -Update web-1 (--update web-1)", left.Advice);
    }

    [Fact]
    public void Where_there_is_no_telling_whether_an_image_moved_on_nothing_is_said()
    {
        // Made from what is not on the server (any more), from nothing that is known, or from what never moves.
        var remote = Stack(Web with { Image = "images:debian/12" });
        Assert.Empty(NotesFor(remote, web => web, BusyboxNow));
        Assert.Empty(NotesFor(Stack(Web), web => web with { Config = web.Config.Where(entry => entry.Key != "volatile.base_image").ToDictionary() }, BusyboxNow));
        Assert.Empty(NotesFor(Stack(Web with { Image = "0123456789ab" }), web => web, BusyboxNow));
        Assert.Empty(NotesFor(Stack(Web), web => web, BusyboxNow with { Type = InstanceTypes.VirtualMachine }));

        // Copies that the server keeps up to date: the newest counts, should an older one be left.
        var source = new ImageUpdateSource { Alias = "debian/12", Protocol = "simplestreams", Server = "https://images.example.org" };
        var older = new Image { Fingerprint = "0123456789abcdef", Type = InstanceTypes.Container, UpdateSource = source, UploadedAt = DateTimeOffset.UnixEpoch };
        var newer = older with { Fingerprint = "ba9876543210fedc", UploadedAt = DateTimeOffset.UnixEpoch.AddDays(1) };
        Assert.Empty(NotesFor(remote, web => web, older));
        Assert.Equal("image images:debian/12 moved on: 0123456789ab -> ba9876543210 (web)", Assert.Single(NotesFor(remote, web => web, older, newer)).Message);

        static IReadOnlyList<Diagnostic> NotesFor(StackDefinition stack, Func<Instance, Instance> made, params Image[] images)
        {
            var world = new PlanningWorld();
            world.With(made(world.Applied(stack, "web")));
            foreach (var image in images)
                world.With(image);
            return world.Plan(stack).Diagnostics;
        }
    }

    [Fact]
    public void One_that_is_gone_once_it_stops_follows_its_image_only_where_it_may_be_made_anew()
    {
        var stack = Stack(Web with { Ephemeral = true });
        _world.With(_world.Applied(stack, "web") with { Ephemeral = true }).With(BusyboxNow);

        var rebuild = _world.Plan(stack, new PlanOptions { AllowRebuild = true });
        Assert.False(rebuild.HasChanges || rebuild.IsRefused);
        Assert.Equal("it is ephemeral: make it anew with -AllowRebuild -AllowReplace (--allow-rebuild --allow-replace)", Assert.Single(rebuild.Diagnostics).Advice);
        var change = Assert.Single(_world.Plan(stack, new PlanOptions { AllowRebuild = true, AllowReplace = true }).Changes);
        Assert.Equal((ChangeAction.Replace, null), (change.Action, change.Refused));
        Assert.StartsWith("image busybox moved on: ", change.Reason, StringComparison.Ordinal);
    }

    private static Image BusyboxNow { get; } = new()
    {
        Fingerprint = "ba9876543210fedc",
        Type = InstanceTypes.Container,
        Aliases = [new ImageAliasName { Name = "busybox" }],
    };

    [Fact]
    public void A_record_of_an_earlier_version_that_holds_the_key_of_a_declared_image_is_no_rebuild()
    {
        var stack = Declaring("debian", "images:debian/12");
        var web = _world.Applied(stack, "web");
        var config = web.Config.ToDictionary();
        config["user.incus-compose.applied"] = config["user.incus-compose.applied"].Replace("images:debian/12", "debian", StringComparison.Ordinal);
        _world.With(web with { Config = config });

        var change = Assert.Single(_world.Plan(stack).Changes);

        Assert.Equal(ChangeAction.Update, change.Action);
        Assert.Equal(PropertyDifference.Recorded, Assert.Single(change.Properties).Difference);
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
            "instances.web: there is already an instance \"web\" on the server, and it was not made by this stack; rename one of the two, delete the other, or give the stack a project of its own; or take it into the stack as it is with -Adopt (--adopt)",
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
    public void A_secret_in_a_connection_string_stands_neither_in_a_plan_nor_in_the_record()
    {
        var stack = Stack(Web with { Environment = Map(("DSN", "server=db;password=hunter2")) });

        Assert.Contains("server=db;password=******", Text(_world.Plan(stack)));
        Assert.DoesNotContain("hunter2", _world.Applied(stack, "web").Config["user.incus-compose.applied"]);
    }

    [Fact]
    public void A_missing_network_whose_name_came_from_a_secret_variable_is_called_by_the_variable()
    {
        var stack = Loading.StackText.Require("name: shop\ninstances: {web: {networks: ['$DB_PASSWORD']}}", new Dictionary<string, string> { ["DB_PASSWORD"] = "hunter2" });

        var problems = string.Join('\n', Assert.Throws<StackFileException>(() => _world.Plan(stack)).Diagnostics);

        Assert.Contains("there is no network \"${DB_PASSWORD}\"", problems);
        Assert.DoesNotContain("hunter2", problems);
    }

    [Fact]
    public void A_change_that_cannot_be_shown_is_said_to_be_one()
    {
        var stack = Stack(Web with { Environment = Map(("DB_PASSWORD", "hunter2")), CloudInit = new(UserData: "#cloud-config\npackages: [a]\n") });
        _world.With(_world.Applied(stack, "web"));

        var text = Text(_world.Plan(Stack(Web with { Environment = Map(("DB_PASSWORD", "hunter3")), CloudInit = new(UserData: "#cloud-config\npackages: [b]\n") })));

        Assert.Contains("~ config.cloud-init.user-data: (28 characters) -> (28 characters) (differs in what is not shown)\n", text);
        Assert.Contains("~ config.environment.DB_PASSWORD: ****** -> ****** (differs in what is not shown)\n", text);
    }

    [Fact]
    public void What_an_older_record_holds_in_plain_is_known_as_applied()
    {
        var stack = Stack(Web with { Environment = Map(("DSN", "password=hunter2")) });
        var web = _world.Applied(stack, "web");
        var config = new Dictionary<string, string>(web.Config);
        var record = JsonSerializer.Deserialize<Dictionary<string, string>>(config["user.incus-compose.applied"])!;
        record["config/environment.DSN"] = "password=hunter2";
        config["user.incus-compose.applied"] = JsonSerializer.Serialize(record);
        _world.With(web with { Config = config });

        Assert.False(_world.Plan(stack).HasChanges);
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

    [Fact]
    public void What_somebody_set_on_a_volume_or_a_pool_is_reported_and_what_the_driver_writes_is_not()
    {
        Dictionary<string, string> Marked(ResourceId id, string key, PropertyBag applied, params (string Key, string Value)[] live)
        {
            var config = Map(live).ToDictionary();
            new OwnershipMark("shop", "default", key, AppliedRecord.Of(applied)).Write(id, config);
            return config;
        }

        _world.With(new StoragePool
        {
            Name = "fast",
            Driver = "zfs",
            Config = Marked(
                StoragePoolKind.IdOf("fast"), "storage_pools.fast", new PropertyBag { { "driver", "zfs" } },
                ("source", "/dev/sdb"), ("zfs.pool_name", "fast"), ("size", "5GiB"), ("user.owner", "ops"), ("rsync.bwlimit", "10MB")),
        });
        _world.With(
            new StorageVolume
            {
                Name = "data",
                Type = "custom",
                ContentType = "filesystem",
                Config = Marked(
                    VolumeKind.IdOf("fast", "data"), "volumes.data", new PropertyBag { { "content_type", "filesystem" } },
                    ("size", "1GiB"), ("block.filesystem", "ext4"), ("zfs.blocksize", "8KiB"), ("user.owner", "ops"), ("snapshots.schedule", "@daily")),
            },
            "fast");
        var stack = Stack() with
        {
            StoragePools = new Dictionary<string, StoragePoolDefinition> { ["fast"] = new() { Name = "fast", Driver = "zfs" } },
            Volumes = new Dictionary<string, VolumeDefinition> { ["data"] = new() { Name = "data" } },
        };

        Assert.Equal(
            """
              = storage-pool/fast: keep
                    config.rsync.bwlimit: 10MB (unmanaged, left alone)
                    config.user.owner: ops (unmanaged, left alone)
              = volume/fast/data: keep
                    config.snapshots.schedule: @daily (unmanaged, left alone)
                    config.user.owner: ops (unmanaged, left alone)
            shop: no changes (2 resources as wanted)

            """,
            Text(_world.Plan(stack)));
    }

    private static Instance WithOption(Instance instance, string device, string key, string value)
    {
        var devices = new Dictionary<string, IReadOnlyDictionary<string, string>>(instance.Devices)
        {
            [device] = new Dictionary<string, string>(instance.Devices[device]) { [key] = value },
        };
        return instance with { Devices = devices, ExpandedDevices = devices };
    }

    private static StackDefinition Declaring(string key, string source) => Stack(Web with { Image = key }) with
    {
        Images = new Dictionary<string, ImageDefinition> { [key] = new() { Name = key, Source = source } },
    };

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
