using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Files of other tools, applied as they are.</summary>
[Collection(LabCollection.Name)]
public sealed class OtherFilesTests(LabFixture fixture) : IAsyncLifetime
{
    private readonly string _tag = Guid.NewGuid().ToString("N")[..6];
    private StackWorkbench _bench = null!;

    private string Bridge => $"o{fixture.Lab.Number}ther";

    private string Router => $"{fixture.Lab.Subnets[10]}.1/24";

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public Task DisposeAsync() => _bench.DisposeAsync().AsTask();

    [Fact]
    public async Task A_file_of_incus_composer_comes_up_and_plans_to_nothing()
    {
        string Ward(string memory) => $$"""
            version: "1.0"
            containers:
              web-{{_tag}}:
                image: busybox
                image_server: ""
                description: Front door
                cpu: {limit: "1", allowance: "50%"}
                memory: {limit: {{memory}}}
                networks: [{{Bridge}}]
                volumes: [{source: records-{{_tag}}, target: /srv/records, pool: pool-{{_tag}}}]
                environment: {STAGE: production}
                profiles: [default, nested-{{_tag}}]
                depends_on: [database-{{_tag}}]
              database-{{_tag}}:
                image: busybox
                image_server: ""
                boot_priority: 10
                autostart: false
                volumes: [{source: records-{{_tag}}, target: /srv, pool: pool-{{_tag}}, readonly: true}]
            networks:
              {{Bridge}}: {type: bridge, description: The ward, config: {ipv4.address: {{Router}}, ipv6.address: none} }
            storage:
              pool-{{_tag}}: {driver: dir, description: Records}
            profiles:
              nested-{{_tag}}: {description: Nesting, config: {security.nesting: "true"} }
            """;
        await _bench.UpAsync(Ward("128MiB"));

        Assert.Equal("production", await _bench.ShellAsync($"web-{_tag}", "echo $STAGE"));
        await _bench.ShellAsync($"web-{_tag}", "echo kept >/srv/records/note");
        Assert.Equal("kept", await _bench.ShellAsync($"database-{_tag}", "cat /srv/note; touch /srv/x 2>/dev/null && echo writable || true"));
        var web = await _bench.InstanceAsync($"web-{_tag}");
        Assert.Equal(("true", "50%"), (web.Config["boot.autostart"], web.Config["limits.cpu.allowance"]));
        var pid = await _bench.PidAsync($"web-{_tag}");

        await _bench.UpAsync(Ward("96MiB"));

        Assert.Equal(pid, await _bench.PidAsync($"web-{_tag}"));
        Assert.Equal("96MiB", (await _bench.InstanceAsync($"web-{_tag}")).Config["limits.memory"]);
        var converted = _bench.Engine.Convert(_bench.Engine.Load([_bench.File]));
        Assert.Empty((await _bench.PlanAsync(converted.Text)).Changes);

        // No such file says what its stack is called: it is as the folder is.
        Assert.True((await _bench.DownAsync(_bench.Load(converted.Text).Name, new RemovalOptions { RemoveVolumes = true, RemovePools = true })).Succeeded);
        Assert.Null(await _bench.Client.Instances.FindAsync($"web-{_tag}"));
    }

    [Fact]
    public async Task What_Incus_made_of_a_preseed_is_what_a_stack_makes_of_it()
    {
        var preseed = $$"""
            config: {}
            storage_pools:
            - {name: pool-{{_tag}}, driver: dir, description: "", config: {source: ""} }
            storage_volumes:
            - {name: data-{{_tag}}, pool: pool-{{_tag}}, project: lab-{{_tag}}, config: {user.tier: back} }
            networks:
            - {name: {{Bridge}}, type: bridge, config: {ipv4.address: {{Router}}, ipv6.address: none}, project: default}
            projects:
            - {name: lab-{{_tag}}, description: The lab, config: {features.networks: "false", limits.instances: "5"} }
            profiles:
            - name: default
              project: lab-{{_tag}}
              devices:
                root: {path: /, pool: pool-{{_tag}}, type: disk}
                eth0: {name: eth0, network: {{Bridge}}, type: nic}
            - {name: small, project: lab-{{_tag}}, description: Small, config: {limits.memory: 64MiB} }
            cluster: null
            """;
        await _bench.UpAsync(preseed);

        var project = _bench.Client.ForProject($"lab-{_tag}");
        Assert.Equal(Bridge, (await project.Profiles.GetAsync("default")).Value.Devices["eth0"]["network"]);
        Assert.Equal("64MiB", (await project.Profiles.GetAsync("small")).Value.Config["limits.memory"]);
        await DownAsync();

        await fixture.Lab.IncusReadingAsync(preseed, "admin", "init", "--preseed");
        var adopted = new PlanOptions { Adopt = true };
        var plan = await _bench.PlanAsync(preseed, adopted);
        Assert.All(plan.Changes, change => Assert.Equal(ChangeAction.Adopt, change.Action));
        Assert.All(plan.Changes.SelectMany(change => change.Properties), property => Assert.Equal(PropertyDifference.Unmanaged, property.Difference));
        await _bench.UpAsync(preseed, adopted);
        await DownAsync();

        async Task DownAsync()
        {
            var removal = await _bench.Engine.CompareRemovalAsync(project, _bench.Load(preseed).Name, new RemovalOptions { RemoveVolumes = true, RemovePools = true });
            var result = await _bench.Engine.ApplyAsync(project, removal);
            Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(resource => resource.Message)));
            Assert.Null(await _bench.Client.Projects.FindAsync($"lab-{_tag}"));
            Assert.Null(await _bench.Client.Networks.FindAsync(Bridge));
        }
    }
}
