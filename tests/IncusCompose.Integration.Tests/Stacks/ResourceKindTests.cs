using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Diagnostics;
using IncusCompose.Instances;
using IncusCompose.Integration.Tests.Client;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>What every kind of resource must do on a real server: be made, changed in place, repaired, pruned, taken down.</summary>
[Collection(LabCollection.Name)]
public sealed class ResourceKindTests(LabFixture fixture) : IAsyncLifetime
{
    private StackWorkbench _bench = null!;
    private string _stack = "";

    private Lab.Lab Lab => fixture.Lab;

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(Lab);
        _stack = "kinds" + Guid.NewGuid().ToString("N")[..6];
    }

    public async Task DisposeAsync()
    {
        await _bench.DownAsync(_stack, new RemovalOptions { RemoveVolumes = true, RemoveImages = true, RemovePools = true });
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task A_running_instance_is_changed_in_place_and_keeps_its_process_its_hardware_address_and_its_disk()
    {
        await _bench.UpAsync(Instance("memory: 128MiB"));
        var before = await _bench.InstanceAsync("box");
        var pid = await _bench.PidAsync("box");
        await _bench.ShellAsync("box", "echo precious > /kept");

        var result = await _bench.UpAsync(Instance("memory: 256MiB\n    description: bigger\n    labels: {tier: front}\n    devices: {tmp: {type: disk, source: /tmp, path: /mnt/tmp}}"));

        Assert.Equal(ChangeOutcome.Done, Assert.Single(result.Resources, r => r.Name == "box").Outcome);
        var after = await _bench.InstanceAsync("box");
        Assert.Equal("256MiB", after.Config["limits.memory"]);
        Assert.Equal("bigger", after.Description);
        Assert.Equal("front", after.Config["user.label.tier"]);
        Assert.Equal(before.Config["volatile.eth0.hwaddr"], after.Config["volatile.eth0.hwaddr"]);
        Assert.Equal(pid, await _bench.PidAsync("box"));
        Assert.Equal("precious", await _bench.ShellAsync("box", "cat /kept"));
        Assert.Equal(Lab.CountsUsage ? 256 * 1024 * 1024 : 0, (await _bench.Client.Instances.GetStateAsync("box")).Memory.Total);
        Assert.Contains("/mnt/tmp", await _bench.ShellAsync("box", "grep /mnt/tmp /proc/mounts"));
    }

    [Fact]
    public async Task What_was_dropped_from_the_file_is_removed_from_the_instance()
    {
        await _bench.UpAsync(Instance("memory: 128MiB\n    labels: {tier: front}\n    devices: {tmp: {type: disk, source: /tmp, path: /mnt/tmp}}"));

        await _bench.UpAsync(Instance());

        var after = await _bench.InstanceAsync("box");
        Assert.DoesNotContain("limits.memory", after.Config.Keys);
        Assert.DoesNotContain("user.label.tier", after.Config.Keys);
        Assert.DoesNotContain("tmp", after.Devices.Keys);
    }

    [Fact]
    public async Task A_device_dropped_from_the_file_goes_though_somebody_added_an_option_to_it()
    {
        string Devices(string source) => $"devices: {{tmp: {{type: disk, source: {source}, path: /mnt/tmp}}}}";
        string File(string instance, string profile) => Instance($"profiles: [default, {_stack}]\n    {instance}", $"profiles:\n  {_stack}: {{{profile}}}\n");
        await _bench.UpAsync(File(Devices("/tmp"), Devices("/opt").Replace("/mnt/tmp", "/mnt/opt", StringComparison.Ordinal).Replace("tmp:", "opt:", StringComparison.Ordinal)));
        await Lab.IncusAsync("config", "device", "set", "box", "tmp", "readonly=true");
        await Lab.IncusAsync("profile", "device", "set", _stack, "opt", "readonly=true");
        var without = File("cpu: 1", "description: empty");

        var plan = StackWorkbench.Text(await _bench.PlanAsync(without));
        Assert.Contains("- devices.tmp.readonly: true\n", plan, StringComparison.Ordinal);
        Assert.Contains("- devices.opt.readonly: true\n", plan, StringComparison.Ordinal);

        await _bench.UpAsync(without);
        Assert.DoesNotContain("tmp", (await _bench.InstanceAsync("box")).ExpandedDevices.Keys);
        Assert.DoesNotContain("opt", (await _bench.InstanceAsync("box")).ExpandedDevices.Keys);
    }

    [Fact]
    public async Task What_somebody_changed_on_the_server_is_drift_and_is_put_back_and_what_they_added_is_kept()
    {
        await _bench.UpAsync(Instance("memory: 128MiB"));
        await Lab.IncusAsync("config", "set", "box", "limits.memory=200MiB", "user.owner=ops");

        var plan = StackWorkbench.Text(await _bench.PlanAsync(Instance("memory: 128MiB")));
        Assert.Contains("~ config.limits.memory: 200MiB -> 128MiB (drifted)", plan);
        Assert.Contains("config.user.owner: ops (unmanaged, left alone)", plan);

        await _bench.UpAsync(Instance("memory: 128MiB"));
        var after = await _bench.InstanceAsync("box");
        Assert.Equal("128MiB", after.Config["limits.memory"]);
        Assert.Equal("ops", after.Config["user.owner"]);
    }

    [Fact]
    public async Task A_change_that_needs_a_restart_waits_until_restarting_is_allowed_and_then_keeps_the_disk()
    {
        await _bench.UpAsync(Instance("environment: {MODE: slow}"));
        var pid = await _bench.PidAsync("box");
        await _bench.ShellAsync("box", "echo precious > /kept");
        var changed = Instance("environment: {MODE: fast}");

        var pending = await _bench.ApplyAsync(changed);
        Assert.True(Assert.Single(pending.Resources, r => r.Name == "box").PendingRestart);
        Assert.Equal(pid, await _bench.PidAsync("box"));
        Assert.True(Assert.Single((await _bench.PlanAsync(changed)).Resources, r => r.Name == "box").PendingRestart);

        await _bench.UpAsync(changed, new PlanOptions { AllowRestart = true });
        Assert.NotEqual(pid, await _bench.PidAsync("box"));
        Assert.Equal("fast", await _bench.VariableOfInitAsync("box", "MODE"));
        Assert.Equal("precious", await _bench.ShellAsync("box", "cat /kept"));
        Assert.DoesNotContain((await _bench.PlanAsync(changed)).Resources, r => r.PendingRestart);
    }

    [Fact]
    public async Task An_ephemeral_instance_outlives_a_restart_that_was_allowed()
    {
        await _bench.UpAsync(Instance("ephemeral: true\n    environment: {MODE: slow}"));
        var pid = await _bench.PidAsync("box");

        await _bench.UpAsync(Instance("ephemeral: true\n    environment: {MODE: fast}"), new PlanOptions { AllowRestart = true });

        Assert.NotEqual(pid, await _bench.PidAsync("box"));
        Assert.Equal("fast", await _bench.VariableOfInitAsync("box", "MODE"));
    }

    [Fact]
    public async Task Copies_that_somebody_made_are_theirs_whatever_happens_to_the_stack()
    {
        await _bench.UpAsync(Instance($"volumes: [\"{_stack}:/data\"]", WithVolume()));
        await Lab.IncusAsync("copy", "box", "box-backup");
        try
        {
            Assert.Empty((await _bench.PlanAsync(Instance($"volumes: [\"{_stack}:/data\"]", WithVolume()), new PlanOptions { Prune = true })).Changes);
            Assert.Equal(_stack, InstanceFacts.StackOf(await _bench.InstanceAsync("box")));
            Assert.Null(InstanceFacts.StackOf(await _bench.InstanceAsync("box-backup")));
            Assert.True((await _bench.DownAsync(_stack)).Succeeded);
            Assert.NotNull(await _bench.Client.Instances.FindAsync("box-backup"));
        }
        finally
        {
            await Lab.IncusAsync("delete", "box-backup", "--force");
        }
    }

    [Fact]
    public async Task A_paused_instance_runs_again_after_up()
    {
        await _bench.UpAsync(Instance());
        await Lab.IncusAsync("pause", "box");

        await _bench.UpAsync(Instance());

        Assert.Equal(StatusCode.Running, (await _bench.InstanceAsync("box")).StatusCode);
    }

    [Fact]
    public async Task A_restart_by_anybody_settles_a_pending_change()
    {
        await _bench.UpAsync(Instance("environment: {MODE: slow}"));
        await _bench.ApplyAsync(Instance("environment: {MODE: fast}"));

        await Lab.IncusAsync("restart", "box", "--force");

        Assert.DoesNotContain((await _bench.PlanAsync(Instance("environment: {MODE: fast}"))).Resources, r => r.PendingRestart);
    }

    [Fact]
    public async Task A_stopped_instance_is_started_again()
    {
        await _bench.UpAsync(Instance());
        await Lab.IncusAsync("stop", "box", "--force");

        Assert.Equal(ChangeAction.Start, Assert.Single((await _bench.PlanAsync(Instance())).Changes).Action);
        await _bench.UpAsync(Instance());
        Assert.Equal(StatusCode.Running, (await _bench.InstanceAsync("box")).StatusCode);
    }

    [Fact]
    public async Task A_changed_image_is_refused_and_when_allowed_rebuilt_with_everything_but_the_root_disk_kept()
    {
        await Lab.IncusAsync("image", "alias", "create", "again", (await Fingerprint("busybox"))[..12]);
        try
        {
            const string Volume = "volumes: [\"DATA:/data\"]";
            await _bench.UpAsync(Instance(Volume.Replace("DATA", _stack, StringComparison.Ordinal), WithVolume()));
            var before = await _bench.InstanceAsync("box");
            await _bench.ShellAsync("box", "echo gone > /root-file; echo precious > /data/kept");
            var changed = Instance(Volume.Replace("DATA", _stack, StringComparison.Ordinal), WithVolume()).Replace("image: busybox", "image: again", StringComparison.Ordinal);

            var refused = await _bench.PlanAsync(changed);
            Assert.True(refused.IsRefused);
            await Assert.ThrowsAsync<PlanRefusedException>(() => _bench.Engine.ApplyAsync(_bench.Client, refused));
            Assert.Equal("gone", await _bench.ShellAsync("box", "cat /root-file"));

            await _bench.UpAsync(changed, new PlanOptions { AllowRebuild = true });
            var after = await _bench.InstanceAsync("box");
            Assert.Equal(before.Config["volatile.eth0.hwaddr"], after.Config["volatile.eth0.hwaddr"]);
            Assert.Equal("precious", await _bench.ShellAsync("box", "cat /data/kept"));
            Assert.Equal("", await _bench.ShellAsync("box", "cat /root-file 2>/dev/null || true"));
        }
        finally
        {
            await Lab.IncusAsync("image", "alias", "delete", "again");
        }
    }

    [Fact]
    public async Task Another_source_of_a_declared_image_is_a_rebuild_too()
    {
        await Lab.IncusAsync("image", "alias", "create", "again", (await Fingerprint("busybox"))[..12]);
        try
        {
            string File(string source) => Instance(top: $"images: {{app: {{source: {source}}}}}\n").Replace("image: busybox", "image: app", StringComparison.Ordinal);
            await _bench.UpAsync(File("busybox"));
            await _bench.ShellAsync("box", "echo gone > /root-file");

            var refused = await _bench.PlanAsync(File("again"));
            Assert.True(refused.IsRefused);
            Assert.Contains("~ image: busybox -> again\n", StackWorkbench.Text(refused), StringComparison.Ordinal);

            await _bench.UpAsync(File("again"), new PlanOptions { AllowRebuild = true });
            Assert.Equal("", await _bench.ShellAsync("box", "cat /root-file 2>/dev/null || true"));
        }
        finally
        {
            await Lab.IncusAsync("image", "alias", "delete", "again");
        }
    }

    [Fact]
    public async Task A_root_disk_moves_to_another_pool_where_a_restart_is_allowed_and_keeps_hardware_address_and_volumes()
    {
        string File(string pool) => Instance(
            $"disk: {{pool: {pool}}}\n    volumes: [\"{_stack}:/data\"]",
            $"storage_pools:\n  {_stack}p: {{driver: dir}}\nvolumes:\n  {_stack}: {{pool: default}}\n");
        await _bench.UpAsync(File("default"));
        var before = await _bench.InstanceAsync("box");
        await _bench.ShellAsync("box", "echo precious > /data/kept");
        await _bench.ShellAsync("box", "echo mine > /srv/kept && sync");

        var refused = await _bench.PlanAsync(File(_stack + "p"));
        Assert.Contains("-AllowRestart", Assert.Single(refused.Changes).Refused);

        await _bench.UpAsync(File(_stack + "p"), new PlanOptions { AllowRestart = true });
        var after = await _bench.InstanceAsync("box");
        Assert.Equal(_stack + "p", after.ExpandedDevices["root"]["pool"]);
        Assert.Equal(before.Config["volatile.eth0.hwaddr"], after.Config["volatile.eth0.hwaddr"]);
        Assert.Equal("mine precious", await _bench.ShellAsync("box", "echo $(cat /srv/kept /data/kept)"));
    }

    [Fact]
    public async Task An_instance_that_does_not_stop_by_itself_is_stopped_by_force_after_its_time()
    {
        await _bench.UpAsync(Instance());
        // Init is told to stop by a signal; one that is frozen never hears it.
        var pid = await _bench.PidAsync("box");
        using (var freeze = System.Diagnostics.Process.Start("kill", ["-STOP", pid.ToString(CultureInfo.InvariantCulture)]))
            await freeze.WaitForExitAsync();

        var down = await _bench.Engine.ApplyAsync(
            _bench.Client, await _bench.Engine.CompareRemovalAsync(_bench.Client, _stack), new ApplyOptions { StopTimeout = TimeSpan.FromSeconds(1) });

        Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(resource => resource.Message)));
        Assert.Null(await _bench.Client.Instances.FindAsync("box"));
    }

    [Fact]
    public async Task An_instance_no_longer_in_the_file_is_listed_and_goes_only_when_pruning()
    {
        var both = Instance() + "  extra: {image: busybox}\n";
        await _bench.UpAsync(both);

        var plan = await _bench.PlanAsync(Instance());
        Assert.Empty(plan.Changes);
        Assert.Equal("instance/extra", Assert.Single(plan.Orphans).Id.ToString());

        await _bench.ApplyAsync(Instance());
        Assert.NotNull(await _bench.Client.Instances.FindAsync("extra"));

        await _bench.UpAsync(Instance(), new PlanOptions { Prune = true });
        Assert.Null(await _bench.Client.Instances.FindAsync("extra"));
    }

    [Fact]
    public async Task A_network_is_made_changed_in_place_repaired_and_pruned()
    {
        var bridge = "n" + Lab.Number + "kinds";
        var subnet = Lab.Subnets[0];
        string File(string dns, string extra = "") =>
            Instance($"networks: {{{bridge}: {{ipv4: {subnet}.20, mac: \"00:16:3e:aa:bb:cc\"}}}}", $$"""
                networks:
                  {{bridge}}:
                    config: {ipv4.address: {{subnet}}.1/24, ipv6.address: none, dns.domain: {{dns}}{{extra}} }

                """);
        await _bench.UpAsync(File("one"));
        var pid = await _bench.PidAsync("box");
        await Eventually.GetAsync(
            () => _bench.ShellAsync("box", "ip -4 -o addr show eth0"),
            addresses => addresses.Contains($"{subnet}.20/", StringComparison.Ordinal));

        await _bench.UpAsync(File("two", ", ipv4.dhcp.expiry: 2h"));
        Assert.Equal("two", (await _bench.Client.Networks.GetAsync(bridge)).Value.Config["dns.domain"]);

        await Lab.IncusAsync("network", "set", bridge, "dns.domain=wrong", "user.owner=ops");
        Assert.Contains("config.dns.domain: wrong -> two (drifted)", StackWorkbench.Text(await _bench.PlanAsync(File("two", ", ipv4.dhcp.expiry: 2h"))));
        await _bench.UpAsync(File("two"));
        var network = (await _bench.Client.Networks.GetAsync(bridge)).Value;
        Assert.Equal("two", network.Config["dns.domain"]);
        Assert.Equal("ops", network.Config["user.owner"]);
        Assert.DoesNotContain("ipv4.dhcp.expiry", network.Config.Keys);
        Assert.Equal(pid, await _bench.PidAsync("box"));

        Assert.Equal($"network/{bridge}", Assert.Single((await _bench.PlanAsync(Instance())).Orphans).Id.ToString());
        await _bench.UpAsync(Instance(), new PlanOptions { Prune = true });
        Assert.Null(await _bench.Client.Networks.FindAsync(bridge));
    }

    [Fact]
    public async Task A_profile_is_made_changed_in_place_repaired_and_pruned()
    {
        string File(string config) => Instance($"profiles: [default, {_stack}]", $$"""
            profiles:
              {{_stack}}: {description: shared, config: {{{config}}}, devices: {tmp: {type: disk, source: /tmp, path: /mnt/tmp} } }

            """);
        await _bench.UpAsync(File("limits.memory: 128MiB, limits.processes: 50"));
        var pid = await _bench.PidAsync("box");

        await _bench.UpAsync(File("limits.memory: 192MiB"));
        var profile = (await _bench.Client.Profiles.GetAsync(_stack)).Value;
        Assert.Equal("192MiB", profile.Config["limits.memory"]);
        Assert.DoesNotContain("limits.processes", profile.Config.Keys);
        Assert.Equal("192MiB", (await _bench.InstanceAsync("box")).ExpandedConfig["limits.memory"]);

        await Lab.IncusAsync("profile", "set", _stack, "limits.memory=1GiB");
        await Lab.IncusAsync("profile", "device", "add", _stack, "own", "disk", "source=/opt", "path=/mnt/opt");
        await _bench.UpAsync(File("limits.memory: 192MiB"));
        profile = (await _bench.Client.Profiles.GetAsync(_stack)).Value;
        Assert.Equal("192MiB", profile.Config["limits.memory"]);
        Assert.Contains("own", profile.Devices.Keys);
        Assert.Equal(pid, await _bench.PidAsync("box"));

        var restart = Assert.Single((await _bench.PlanAsync(File("limits.memory: 192MiB, raw.lxc: lxc.tty.max = 2"))).Changes, c => c.Name == "box");
        Assert.True(restart.PendingRestart);
        Assert.Contains("config.raw.lxc of its profiles", restart.Reason);

        await _bench.UpAsync(Instance(), new PlanOptions { Prune = true });
        Assert.Null(await _bench.Client.Profiles.FindAsync(_stack));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_profile_that_an_instance_cannot_follow_is_as_it_was_unless_somebody_has_changed_it_since(bool changed)
    {
        string File(string keys) => Instance($"profiles: [default, {_stack}]", $"profiles:\n  {_stack}: {{{keys}}}\n");
        await _bench.UpAsync(File("description: first"));
        using var socket = new SocketFolder();
        await using var relay = Relay.Unix(socket.Path, Lab.Socket);
        await using var client = await IncusClient.ConnectAsync(ConnectionOptions.Unix(socket.Path));
        // A running container cannot be given such a card.
        var plan = await _bench.PlanAsync(File("description: second, devices: {ip: {type: nic, nictype: ipvlan, parent: lo}}"));
        if (changed)
            relay.BeforeAnswer($"PUT /1.0/profiles/{_stack}", ChangeAsync);

        var result = await _bench.Engine.ApplyAsync(client, plan);

        Assert.Equal(ChangeOutcome.Failed, Assert.Single(result.Resources, r => r.Kind == "profile").Outcome);
        var profile = (await _bench.Client.Profiles.GetAsync(_stack)).Value;
        Assert.Equal(changed ? "theirs" : "first", profile.Description);
        Assert.Equal(changed ? ["ip"] : [], profile.Devices.Keys);

        async Task ChangeAsync()
        {
            try
            {
                await _bench.Client.Profiles.UpdateAsync(_stack, current => current with { Description = "theirs" });
            }
            catch (IncusException error) when (error.ServerMessage?.Contains("profile change still saved", StringComparison.Ordinal) == true)
            {
                // Nor does the instance follow this change; but it is theirs.
            }
        }
    }

    [Fact]
    public async Task A_volume_is_made_changed_in_place_outlives_the_instance_and_goes_only_by_its_own_word()
    {
        string File(string volume) => Instance($"volumes: [\"{_stack}:/data\"]", $$"""
            volumes:
              {{_stack}}: {{{volume}}}

            """);
        await _bench.UpAsync(File("description: one"));
        await _bench.ShellAsync("box", "echo precious > /data/kept");
        var pid = await _bench.PidAsync("box");

        await _bench.UpAsync(File("description: two, config: {user.note: hello}"));
        var volume = (await _bench.Client.StorageVolumes.GetAsync("default", _stack)).Value;
        Assert.Equal("two", volume.Description);
        Assert.Equal("hello", volume.Config["user.note"]);
        Assert.Equal(pid, await _bench.PidAsync("box"));

        await Lab.IncusAsync("storage", "volume", "set", "default", _stack, "user.note=wrong", "user.owner=ops");
        Assert.Contains("config.user.owner: ops (unmanaged, left alone)", StackWorkbench.Text(await _bench.PlanAsync(File("description: two"))));
        await _bench.UpAsync(File("description: two"));
        volume = (await _bench.Client.StorageVolumes.GetAsync("default", _stack)).Value;
        Assert.DoesNotContain("user.note", volume.Config.Keys);
        Assert.Equal("ops", volume.Config["user.owner"]);

        await _bench.DownAsync(_stack);
        Assert.NotNull(await _bench.Client.StorageVolumes.FindAsync("default", _stack));
        await _bench.UpAsync(File("description: two"));
        Assert.Equal("precious", await _bench.ShellAsync("box", "cat /data/kept"));

        var pruned = await _bench.PlanAsync(Instance(), new PlanOptions { Prune = true });
        Assert.Equal($"volume/default/{_stack}", Assert.Single(pruned.Orphans).Id.ToString());
        await _bench.UpAsync(Instance(), new PlanOptions { Prune = true, RemoveVolumes = true });
        Assert.Null(await _bench.Client.StorageVolumes.FindAsync("default", _stack));
    }

    [Fact]
    public async Task A_storage_pool_is_made_changed_in_place_and_stays_when_the_stack_is_taken_down()
    {
        string File(string description) => $$"""
            name: {{_stack}}
            storage_pools:
              {{_stack}}: {driver: dir, description: {{description}}}
            volumes:
              data: {}
            instances:
              box:
                image: busybox
                disk: {pool: {{_stack}}}
                volumes: ["data:/data"]

            """;
        await _bench.UpAsync(File("one"));
        Assert.Equal(_stack, (await _bench.InstanceAsync("box")).ExpandedDevices["root"]["pool"]);
        Assert.NotNull(await _bench.Client.StorageVolumes.FindAsync(_stack, "data"));

        await _bench.UpAsync(File("two"));
        Assert.Equal("two", (await _bench.Client.StoragePools.GetAsync(_stack)).Value.Description);

        await _bench.DownAsync(_stack);
        Assert.NotNull(await _bench.Client.StoragePools.FindAsync(_stack));
        await _bench.DownAsync(_stack, new RemovalOptions { RemoveVolumes = true, RemovePools = true });
        Assert.Null(await _bench.Client.StoragePools.FindAsync(_stack));
    }

    [Fact]
    public async Task A_project_is_made_with_everything_in_it_and_taken_down_with_everything_in_it()
    {
        string File(string description) => $$"""
            name: {{_stack}}
            project: {name: {{_stack}}, create: true, description: {{description}}, config: {features.images: false, limits.instances: 5} }
            volumes:
              data: {}
            instances:
              box:
                image: busybox
                volumes: ["data:/data"]

            """;
        await _bench.UpAsync(File("one"));
        await _bench.UpAsync(File("two"));
        var project = (await _bench.Client.Projects.GetAsync(_stack)).Value;
        Assert.Equal("two", project.Description);
        Assert.Equal("5", project.Config["limits.instances"]);
        var view = _bench.Client.ForProject(_stack);
        Assert.Equal(StatusCode.Running, (await view.Instances.GetAsync("box")).Value.StatusCode);
        Assert.Equal("default", (await view.Instances.GetAsync("box")).Value.Devices["root"]["pool"]);

        var kept = await _bench.Engine.ApplyAsync(view, await _bench.Engine.CompareRemovalAsync(view, _stack));
        Assert.True(kept.Succeeded);
        Assert.Contains("still holds storage-pools/default/volumes/custom/data", Assert.Single(kept.Resources, r => r.Kind == "project").Change.Reason);

        var down = await _bench.Engine.ApplyAsync(view, await _bench.Engine.CompareRemovalAsync(view, _stack, new RemovalOptions { RemoveVolumes = true }));
        Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(r => r.Message)));
        Assert.Null(await _bench.Client.Projects.FindAsync(_stack));
        Assert.False((await _bench.Engine.CompareRemovalAsync(view, _stack)).HasChanges);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_default_profile_of_the_stacks_own_project_is_changed_in_place_and_goes_with_it(bool fromTheBeginning)
    {
        string File(string memory) => $$"""
            name: {{_stack}}
            project: {name: {{_stack}}, create: true, config: {features.images: false} }
            profiles:
              default:
                config: {limits.memory: {{memory}}}
                devices: {root: {type: disk, path: /, pool: default} }
            volumes: {data: {} }
            instances: {box: {image: busybox} }

            """;
        if (!fromTheBeginning)
            await _bench.UpAsync($"name: {_stack}\nproject: {{create: true, config: {{features.images: false}}}}\nvolumes: {{data: {{}}}}\n");
        await _bench.UpAsync(File("100MiB"));
        await _bench.UpAsync(File("120MiB"));
        var view = _bench.Client.ForProject(_stack);
        Assert.Equal("120MiB", (await view.Instances.GetAsync("box")).Value.ExpandedConfig["limits.memory"]);
        Assert.DoesNotContain("root", (await view.Instances.GetAsync("box")).Value.Devices.Keys);

        // The volume keeps the project, and Incus keeps its profile: without what the stack has set.
        await Lab.IncusAsync("profile", "device", "set", "default", "root", "size=1GiB", "--project", _stack);
        var kept = await _bench.Engine.ApplyAsync(view, await _bench.Engine.CompareRemovalAsync(view, _stack));
        Assert.True(kept.Succeeded, string.Join("\n", kept.Resources.Select(r => r.Message)));
        var profile = (await view.Profiles.GetAsync("default")).Value;
        Assert.Empty(profile.Config);
        Assert.Empty(profile.Devices);

        await _bench.UpAsync(File("100MiB"));
        var down = await _bench.Engine.ApplyAsync(view, await _bench.Engine.CompareRemovalAsync(view, _stack, new RemovalOptions { RemoveVolumes = true }));
        Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(r => r.Message)));
        Assert.Null(await _bench.Client.Projects.FindAsync(_stack));
    }

    [Theory]
    [InlineData("")]
    [InlineData("project: {create: true, config: {features.images: false, features.profiles: false}}\n")]
    public async Task A_default_profile_that_is_not_of_the_stacks_own_project_is_a_conflict(string project)
    {
        var file = $"name: {_stack}\n{project}";
        if (project.Length > 0)
            await _bench.UpAsync(file);
        try
        {
            var before = (await _bench.Client.Profiles.GetAsync("default")).ETag;
            var error = await Assert.ThrowsAsync<StackFileException>(() => _bench.PlanAsync(file + "profiles: {default: {config: {limits.memory: 1GiB}}}\n"));

            var problem = Assert.Single(error.Diagnostics);
            Assert.Equal("NameTaken", problem.Id);
            Assert.Contains("external: true", problem.Advice);
            Assert.Equal(before, (await _bench.Client.Profiles.GetAsync("default")).ETag);
        }
        finally
        {
            var view = _bench.Client.ForProject(_stack);
            await _bench.Engine.ApplyAsync(view, await _bench.Engine.CompareRemovalAsync(view, _stack));
        }
    }

    [Fact]
    public async Task A_name_that_is_somebody_elses_is_a_conflict_before_anything_happens()
    {
        await Lab.IncusAsync("init", "busybox", "box");
        try
        {
            var error = Assert.Single((await Assert.ThrowsAsync<StackFileException>(() => _bench.PlanAsync(Instance()))).Diagnostics);

            Assert.Equal("NameTaken", error.Id);
            Assert.Equal(
                $"{_bench.File}:3:3: instances.box: there is already an instance \"box\" on the server, and it was not made by this stack; rename one of the two, delete the other, or give the stack a project of its own; or take it into the stack as it is with -Adopt (--adopt)",
                error.ToString());
        }
        finally
        {
            await Lab.IncusAsync("delete", "box", "--force");
        }
    }

    [Fact]
    public async Task Taking_down_needs_no_file_keeps_what_is_external_and_is_idempotent()
    {
        var external = Instance("volumes: [\"outside:/data\"]", "volumes:\n  outside: {external: true}\n");
        await Lab.IncusAsync("storage", "volume", "create", "default", "outside");
        try
        {
            await _bench.UpAsync(external);

            Assert.True((await _bench.DownAsync(_stack, new RemovalOptions { RemoveVolumes = true })).Succeeded);
            Assert.Null(await _bench.Client.Instances.FindAsync("box"));
            Assert.NotNull(await _bench.Client.StorageVolumes.FindAsync("default", "outside"));
            Assert.False((await _bench.Engine.CompareRemovalAsync(_bench.Client, _stack)).HasChanges);
            Assert.True((await _bench.DownAsync(_stack)).Succeeded);
        }
        finally
        {
            await _bench.DownAsync(_stack);
            await Lab.IncusAsync("storage", "volume", "delete", "default", "outside");
        }
    }

    [Fact]
    public async Task A_plan_that_was_looked_at_is_applied_exactly_or_not_at_all()
    {
        await _bench.UpAsync(Instance("memory: 128MiB"));
        var plan = await _bench.PlanAsync(Instance("memory: 256MiB"));
        await Lab.IncusAsync("config", "set", "box", "user.owner=ops");

        var outdated = await Assert.ThrowsAsync<PlanOutdatedException>(
            () => _bench.Engine.ApplyAsync(_bench.Client, plan, new ApplyOptions { Exact = true }));

        Assert.Equal("instance/box", Assert.Single(outdated.Resources).ToString());
        Assert.Equal("128MiB", (await _bench.InstanceAsync("box")).Config["limits.memory"]);
        Assert.True((await _bench.Engine.ApplyAsync(
            _bench.Client, await _bench.PlanAsync(Instance("memory: 256MiB")), new ApplyOptions { Exact = true })).Succeeded);
    }

    [Fact]
    public async Task A_failed_instance_stops_its_dependants_and_a_second_apply_carries_on()
    {
        // Something on the host, which the server does not know of, has the port: the second cannot start.
        var port = 20000 + int.Parse(Lab.Number, CultureInfo.InvariantCulture);
        string File(int second) => $$"""
            name: {{_stack}}
            instances:
              one: {image: busybox}
              two:
                image: busybox
                devices: {p: {type: proxy, listen: "tcp:127.0.0.1:{{second}}", connect: "tcp:127.0.0.1:80"} }
              three: {image: busybox, depends_on: [two]}

            """;
        using var blocker = new TcpListener(IPAddress.Loopback, port);
        blocker.Start();

        var failed = await _bench.ApplyAsync(File(port));

        Assert.False(failed.Succeeded);
        Assert.Equal(ChangeOutcome.Done, failed.Resources.Single(r => r.Name == "one").Outcome);
        Assert.Equal(ChangeOutcome.Failed, failed.Resources.Single(r => r.Name == "two").Outcome);
        Assert.Contains("proxy device", failed.Resources.Single(r => r.Name == "two").Message);
        Assert.Equal(ChangeOutcome.Skipped, failed.Resources.Single(r => r.Name == "three").Outcome);
        Assert.Equal("not begun, since instance/two failed", failed.Resources.Single(r => r.Name == "three").Message);

        await _bench.UpAsync(File(port + 200));
    }

    private string WithVolume() => $"volumes:\n  {_stack}: {{}}\n";

    /// <summary>A stack of one instance with the given keys, and whatever stands at the top level before it.</summary>
    private string Instance(string keys = "cpu: 1", string top = "") =>
        $"name: {_stack}\n{top}instances:\n  box:\n    image: busybox\n    {keys}\n";

    private async Task<string> Fingerprint(string alias) =>
        (await _bench.Client.Images.GetByAliasAsync(alias)).Value.Fingerprint;

    /// <summary>A short path for a socket.</summary>
}
