using Incus.Client;
using IncusCompose.Exporting;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Loading;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Stack files from what is live, and stacks that adopt what is there.</summary>
[Collection(LabCollection.Name)]
public sealed class ExportTests(LabFixture fixture) : IAsyncLifetime
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA8oDVpve8vTb4efaUXXtdQJLOjylj5PfYBWWLjPWILW ann@desk";
    private const string UserData = "#cloud-config\nwrite_files: []\n";

    private StackWorkbench _bench = null!;
    private TestProject _project = null!;

    private string Bridge => $"x{fixture.Lab.Number}one";

    private string Rich => $$"""
        name: rich
        project: {{_project.Name}}
        instances:
          db:
            image: busybox
            description: "keeps: #1"
            cpu: 1
            memory: 64MiB
            disk: 1GiB
            networks: [{network: {{Bridge}}, ipv4: {{Prefix}}.10}]
            volumes: ["data:/srv/data", "/tmp:/host:ro"]
            environment: {DB_PASSWORD: "pa$$word", MODE: fast}
            healthcheck: {test: "true", interval: 5s}
            ready: {address: true}
            snapshots: {schedule: "@daily", expiry: 7d}
            hooks: {pre_stop: "echo bye"}
            labels: {tier: back}
            autostart: true
            boot_priority: 5
          web:
            image: busybox
            replicas: 2
            profiles: [default, small]
            networks: [{{Bridge}}]
            depends_on: {db: {condition: healthy, restart: true} }
            cloud_init: {user_data: "#cloud-config\nwrite_files: []\n" }
            ssh: {user: ann, keys: ["{{Key}}"]}
            config: {limits.processes: 100}
            devices:
              scratch: {type: disk, source: /tmp, path: /scratch}
          edge:
            image: busybox
            networks: [{{Bridge}}]
            ports: ["127.0.0.1:0:80"]
            depends_on: [web]
        networks:
          {{Bridge}}: {ipv4: {{Prefix}}.1/24, ipv6: none, description: ours}
        volumes:
          data: {snapshots: "@weekly", description: kept}
        profiles:
          small: {config: {limits.memory: 128MiB }, devices: {tmp: {type: disk, source: /tmp, path: /tmp2} } }
        """.Replace("127.0.0.1:0:80", $"127.0.0.1:{15000 + int.Parse(fixture.Lab.Number, System.Globalization.CultureInfo.InvariantCulture)}:80", StringComparison.Ordinal);

    private string Prefix => fixture.Lab.Subnets[13];

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(fixture.Lab);
        _project = await fixture.CreateProjectAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var stack in await _bench.Engine.GetStacksAsync(_project.Client))
            await _bench.Engine.ApplyAsync(_project.Client, await _bench.Engine.CompareRemovalAsync(_project.Client, stack.Name, new RemovalOptions { RemoveVolumes = true, SkipHooks = true }));
        // One that was adopted has gone with its stack.
        if (await _bench.Client.Projects.FindAsync(_project.Name) is not null)
            await _project.DisposeAsync();
        if ((await _bench.Client.Networks.FindAsync(Bridge))?.Value is { UsedBy.Count: 0 })
            await _bench.Client.Networks.DeleteAsync(Bridge);
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task An_existing_stack_that_is_exported_plans_to_nothing_and_shows_no_secret()
    {
        await _bench.UpAsync(Rich);

        var export = await _bench.Engine.ExportAsync(_project.Client, new ExportOptions { Stack = "rich" });

        Assert.Empty(export.Notes);
        Assert.DoesNotContain("pa$", export.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("write_files", export.Text, StringComparison.Ordinal);
        Assert.Contains($"export DB_DB_PASSWORD=\"$(incus config get --project {_project.Name} db environment.DB_PASSWORD)\"\n", export.Text, StringComparison.Ordinal);
        string[] words = ["cpu: 1", "memory: 64MiB", "disk: 1GiB", $"ipv4: {Prefix}.10", "- data:/srv/data", "- /tmp:/host:ro", "MODE: fast", "replicas: 2", "condition: healthy", "- 127.0.0.1:", "tier: back", "user: ann", "schedule: \"@daily\"", "boot_priority: 5"];
        foreach (var word in words)
            Assert.Contains(word, export.Text.Replace('\'', '"'), StringComparison.Ordinal);
        Assert.DoesNotContain("eth0:", export.Text, StringComparison.Ordinal);

        var plan = await PlanAsync(export, new PlanOptions());

        Assert.True(!plan.HasChanges && plan.Orphans.Count == 0, StackWorkbench.Text(plan) + export.Text);
    }

    [Fact]
    public async Task Every_kind_of_resource_is_exported_in_the_words_of_a_stack_file()
    {
        var (lab, name) = (fixture.Lab, _project.Name);
        await _bench.UpAsync($$"""
            name: all
            project: {name: {{name}}s, create: true, features: {images: false}, limits: {instances: 7, virtual_machines: 1}, restricted: true, restrictions: {containers.nesting: allow, containers.lowlevel: allow, snapshots: allow}, config: {user.a: b} }
            instances:
              one:
                image: busybox
                cpu: {count: 1, priority: 5}
                memory: {limit: 64MiB, swap: false}
                disk: {size: 1GiB, pool: default}
                processes: 200
                networks: [{network: {{Bridge}}, mac: 10:66:6a:00:00:01}]
                volumes: [{source: data, target: /srv, read_only: true}]
                boot: {stop_priority: 3, host_shutdown_timeout: 10s}
                security: {nesting: true, protection: [shift]}
                kernel: {sysctl: {net.ipv4.ip_forward: 1} }
                snapshots: {schedule: "@daily", expiry: 3d}
                config: {user.note: mine}
            networks:
              {{Bridge}}:
                ipv4: {{Prefix}}.1/24
                ipv6: none
                nat: true
                mtu: 1400
                dhcp: {ranges: ["{{Prefix}}.100-{{Prefix}}.150"], expiry: 2h}
                dns: {domain: shop.internal, zones: ["{{name}}.example"]}
                acls: ["{{name}}web"]
                acl_defaults: {ingress: drop, egress_logged: true}
                forwards:
                  192.0.2.{{lab.Number}}: {{Prefix}}.10
                  198.51.100.{{lab.Number}}: {description: web, ports: [{listen_port: "80,443", target_address: {{Prefix}}.11, description: pages}, {listen_port: 53, protocol: udp, target_address: {{Prefix}}.12, target_port: 5353}]}
            network_acls:
              {{name}}web:
                description: what comes in
                ingress: [{action: allow, source: "10.0.0.0/8,192.0.2.1", protocol: tcp, destination_port: "80,443", state: logged}, {action: drop}]
                egress: [{action: reject, protocol: icmp4, icmp_type: 8}]
            network_zones:
              {{name}}.example: {nameservers: [ns1.example.net], nat: false, records: {www: [A {{Prefix}}.10, {type: TXT, value: "a b", ttl: 60}], "@": {description: mail, entries: [MX 10 mx.example.net.]} } }
            storage_pools:
              {{name}}: {driver: dir, description: slow, config: {user.rack: 7} }
            volumes:
              data: {pool: default, initial: {uid: 1000, mode: "0750"}, snapshots: {schedule: "@weekly", expiry: 3w} }
              old: {pool: {{name}}, description: kept}
            """);
        var project = _bench.Client.ForProject(name + "s");
        try
        {
            var export = await _bench.Engine.ExportAsync(project, new ExportOptions { Stack = "all" });

            Assert.True(export.Notes.Count == 0, export.Text);
            foreach (var raw in new[] { "config:\n      limits", "ipv4.address", "ipv4.nat", "ipv4.dhcp", "dns.", "security.", "network.", "limits.", "restricted.containers", "features.", "initial.", "members:" })
                Assert.DoesNotContain(raw, export.Text, StringComparison.Ordinal);
            foreach (var words in new[] { "priority: 5", "swap: false", "stop_priority: 3", "net.ipv4.ip_forward: 1", "expiry: 3d", "nat: true", "expiry: 2h", "ingress: drop", $"192.0.2.{lab.Number}: {Prefix}.10", "target_port: 5353", "state: logged", $"- A {Prefix}.10", "ttl: 60", "virtual_machines: 1", "containers.nesting: allow", "uid: 1000" })
                Assert.Contains(words, export.Text, StringComparison.Ordinal);

            var plan = await PlanAsync(export, new PlanOptions());

            Assert.True(!plan.HasChanges && plan.Orphans.Count == 0, StackWorkbench.Text(plan) + export.Text);
            // And there is nothing more to be said of it.
            Assert.Equal(export.Text, (await _bench.Engine.ExportAsync(project, new ExportOptions { Stack = "all" })).Text);
        }
        finally
        {
            await _bench.Engine.ApplyAsync(project, await _bench.Engine.CompareRemovalAsync(project, "all", new RemovalOptions { RemoveVolumes = true, RemovePools = true }));
        }
    }

    [Fact]
    public async Task What_was_made_by_hand_is_exported_and_adopted_as_it_is_and_plans_to_nothing()
    {
        var (incus, project) = (fixture.Lab, _project.Name);
        await incus.IncusAsync("network", "create", Bridge, $"ipv4.address={Prefix}.1/24", "ipv4.nat=true");
        await incus.IncusAsync("storage", "volume", "create", "default", "files", "--project", project, "user.note=mine");
        await incus.IncusAsync("profile", "create", "tiny", "--project", project);
        await incus.IncusAsync("profile", "set", "tiny", "limits.memory=96MiB", "--project", project);
        await incus.IncusAsync("launch", "busybox", "hand", "--project", project, "--network", Bridge, "--profile", "default", "--profile", "tiny",
            "-c", "limits.cpu=1", "-c", "environment.API_TOKEN=abcdef", "-c", "environment.A=1", "-c", "security.nesting=true", "-c", $"user.user-data={UserData}", "-d", "root,size=2GiB");
        await incus.IncusAsync("config", "device", "add", "hand", "files", "disk", "pool=default", "source=files", "path=/files", "--project", project);
        await incus.IncusAsync("launch", "busybox", "other", "--project", project);
        var before = await _project.Client.Instances.GetAsync("hand");
        var state = await _project.Client.Instances.GetStateAsync("hand");

        var one = await _bench.Engine.ExportAsync(_project.Client, new ExportOptions { Instances = ["hand"] });

        // All that only it uses; the pool and the default profile are everybody's.
        Assert.Equal([Bridge], one.Stack.Networks.Where(network => !network.Value.External).Select(network => network.Key));
        Assert.Equal(["files"], one.Stack.Volumes.Where(volume => !volume.Value.External).Select(volume => volume.Key));
        Assert.Equal(["tiny"], one.Stack.Profiles.Keys);
        Assert.Equal(["default"], one.Stack.StoragePools.Where(pool => pool.Value.External).Select(pool => pool.Key));
        Assert.Equal(["hand"], one.Stack.Instances.Keys);
        Assert.DoesNotContain("volatile.", one.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("fd42", one.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("abcdef", one.Text, StringComparison.Ordinal);

        var export = await _bench.Engine.ExportAsync(_project.Client, new ExportOptions { Name = "found" });

        Assert.Equal(["hand", "other"], export.Stack.Instances.Keys);
        Assert.True(export.Stack.Project is { Create: true });
        var adoption = await PlanAsync(export, new PlanOptions { Adopt = true });
        Assert.True(adoption.Changes.All(change => change.Action == ChangeAction.Adopt && change.Properties.Count == 0), StackWorkbench.Text(adoption) + export.Text);
        var result = await _bench.Engine.ApplyAsync(_bench.Client, adoption);
        Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(resource => $"{resource.Id}: {resource.Message}")));
        var plan = await PlanAsync(export, new PlanOptions());

        Assert.True(!plan.HasChanges, StackWorkbench.Text(plan) + export.Text);
        var after = await _project.Client.Instances.GetAsync("hand");
        Assert.Equal(Own(before.Value), Own(after.Value));
        Assert.Equal(state.Pid, (await _project.Client.Instances.GetStateAsync("hand")).Pid);
        Assert.Equal(
            ["hand", "other"],
            (await _bench.Engine.GetStacksAsync(_project.Client)).Single(stack => stack.Name == "found").Instances);

        // And what is a stack's already is not another's to take.
        var refused = await Assert.ThrowsAsync<Diagnostics.StackFileException>(() => PlanAsync(one, new PlanOptions { Adopt = true }));
        Assert.Contains("belongs to the stack \"found\"", refused.Message, StringComparison.Ordinal);

        static IEnumerable<string> Own(Instance instance) =>
            instance.Config.Where(entry => !entry.Key.StartsWith("user.incus-compose.", StringComparison.Ordinal)).Select(entry => $"{entry.Key}={entry.Value}")
                .Concat(instance.Devices.SelectMany(device => device.Value.Select(option => $"{device.Key}.{option.Key}={option.Value}"))).Order(StringComparer.Ordinal);
    }

    /// <summary>Plans the file of an export as its user would: with the variables set that it asks for.</summary>
    private async Task<StackPlan> PlanAsync(StackExport export, PlanOptions options)
    {
        await File.WriteAllTextAsync(_bench.File, export.Text);
        var variables = new Dictionary<string, string>();
        foreach (var variable in export.Variables)
            variables[variable.Name] = (await fixture.Lab.IncusAsync(variable.Command!.Split(' ')[1..])).TrimEnd('\n');
        var loaded = _bench.Engine.Load([_bench.File], new LoadOptions { Variables = variables });
        Assert.True(loaded.Succeeded, string.Join("\n", loaded.Diagnostics) + "\n" + export.Text);
        return await _bench.Engine.CompareAsync(_bench.Client, loaded.Require(), options);
    }
}
