using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Resilience;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>What other stacks and projects have, as a plan sees it.</summary>
[Collection(LabCollection.Name)]
public sealed class PlanBesideOthersTests(LabFixture lab)
{
    [Fact]
    public async Task A_port_and_a_MAC_address_of_another_instance_are_known_before_and_are_free_once_the_plan_has_deleted_it()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var (port, mac) = (HostPort.Free(), string.Create(null, $"10:66:6a:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}"));
        string Stack(string name, string instance) => $$"""
            name: {{name}}
            project: {{project.Name}}
            instances: { {{instance}}: { image: busybox, ports: ["127.0.0.1:{{port}}:80"], networks: { {{lab.Lab.Environment["LAB_BRIDGE"]}}: { mac: "{{mac}}" } } } }
            """;
        await bench.UpAsync(Stack("holding", "first"));

        var theirs = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(Stack("wanting", "third")));
        Assert.Equal(["instances.third.networks." + lab.Lab.Environment["LAB_BRIDGE"] + ".mac", "instances.third.ports[0]"], theirs.Diagnostics.Select(problem => problem.Path));

        var own = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(Stack("holding", "second")));
        Assert.All(own.Diagnostics, problem => Assert.EndsWith("delete first, which is no longer in the file, with -Prune (--prune)", problem.Advice, StringComparison.Ordinal));
        await bench.UpAsync(Stack("holding", "second"), new PlanOptions { Prune = true });
        Assert.Equal(["second"], (await project.Client.Instances.ListAsync()).Select(instance => instance.Name));
    }

    [Fact]
    public async Task A_zone_of_another_project_may_be_named_and_one_that_is_nowhere_may_not()
    {
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var name = $"zones{Guid.NewGuid():N}"[..12];
        await bench.Client.Projects.CreateAsync(new Project { Name = name, Config = new Dictionary<string, string> { ["features.networks"] = "true", ["features.networks.zones"] = "true" } });
        var other = bench.Client.ForProject(name);
        try
        {
            await other.NetworkZones.CreateAsync(new NetworkZone { Name = $"{name}.example" });
            string Stack(string zone) => $"name: zoned\nnetworks: {{zn{lab.Lab.Number}: {{ipv4: {lab.Lab.Subnets[0]}.1/24, ipv6: none, dns: {{zones: [{zone}]}}}}}}";

            Assert.Single((await bench.PlanAsync(Stack($"{name}.example"))).Changes);
            var error = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(Stack($"{name}.exampel")));
            Assert.Equal(("MissingName", $"did you mean `{name}.example`?"), (Assert.Single(error.Diagnostics).Id, error.Diagnostics[0].Advice));
        }
        finally
        {
            await other.NetworkZones.DeleteAsync($"{name}.example");
            await bench.Client.Projects.DeleteAsync(name);
        }
    }
}
