using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Clusters;

/// <summary>Where in a cluster instances and their volumes are: as the file says, moved where it says something else.</summary>
[Collection(ClusterCollection.Name)]
public sealed class TargetTests(ClusterFixture fixture)
{
    private static readonly PlanOptions s_restarting = new() { AllowRestart = true };

    [Fact]
    public async Task An_instance_is_made_where_the_file_says_its_volume_follows_and_both_are_moved_by_changing_the_file()
    {
        string File(string lines) => $$"""
            name: placed
            volumes:
              placed-data: {description: Of the shop, config: {user.kept: "yes"} }
            instances:
              placed: {image: busybox, {{lines}} volumes: ["placed-data:/srv"]}
            """;
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        try
        {
            await bench.UpAsync(File("target: m2,"));
            Assert.Equal("m2", (await bench.InstanceAsync("placed")).Location);
            Assert.Equal("m2", (await VolumeAsync(bench)).Location);
            await bench.ShellAsync("placed", "echo precious >/srv/note; echo mine >/root-note");

            // It runs: nothing is moved from under it unless that is allowed.
            var refused = await bench.PlanAsync(File("target: m3,"));
            Assert.Contains("allow that with -AllowRestart", refused.Changes.Single(change => change.Name == "placed").Refused, StringComparison.Ordinal);
            await Assert.ThrowsAsync<PlanRefusedException>(() => bench.Engine.ApplyAsync(bench.Client, refused));

            var plan = await bench.PlanAsync(File("target: m3,"), s_restarting);
            Assert.Equal(["target: m2 → m3"], plan.Changes.Single(change => change.Kind == "volume").Properties.Select(property => $"{property.Path}: {property.Old} → {property.New}"));
            Assert.True(plan.Changes.Single(change => change.Kind == "instance").Restarts);
            await bench.UpAsync(File("target: m3,"), s_restarting);
            await AssertOnAsync(bench, "m3");

            // What somebody moves by hand is shown, and put back once it is stopped.
            await fixture.Lab.IncusAsync("stop", "-f", "placed");
            await bench.Client.ForTarget("m1").StorageVolumes.MoveAsync("default", "placed-data", "m3").CompleteAsync();
            await Eventually.GetAsync(() => bench.Client.StorageVolumes.ListAsync("default"), volumes => volumes.Count(volume => volume.Name == "placed-data") == 1);
            await bench.Client.ForTarget("m1").Instances.MoveAsync("placed").CompleteAsync();
            // The server forgets the configuration of a volume that it moves, and with it whose it is.
            var lost = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(File("target: m3,")));
            Assert.Contains("take it into the stack as it is with -Adopt", Assert.Single(lost.Diagnostics).Advice, StringComparison.Ordinal);
            await bench.ApplyAsync(File("target: m3,"), new PlanOptions { Adopt = true });
            var drift = await bench.PlanAsync(File("target: m3,"), s_restarting);
            Assert.Equal([("target", PropertyDifference.Drifted, "m1", "m3")], drift.Changes.Single(change => change.Kind == "instance").Properties.Select(property => (property.Path, property.Difference, property.Old!, property.New!)));
            await bench.UpAsync(File("target: m3,"), s_restarting);
            await AssertOnAsync(bench, "m3");

            // Without the word it stays where it is, and nothing is planned.
            await bench.UpAsync(File(""));
            await AssertOnAsync(bench, "m3");
        }
        finally
        {
            await bench.DownAsync("placed", new RemovalOptions { RemoveVolumes = true });
        }

        Assert.Empty(await bench.Client.Instances.ListAsync());
        Assert.DoesNotContain(await bench.Client.StorageVolumes.ListAsync("default"), volume => volume.Name == "placed-data");

        async Task AssertOnAsync(StackWorkbench bench, string member)
        {
            var instance = await bench.InstanceAsync("placed");
            Assert.Equal((member, StatusCode.Running), (instance.Location, instance.StatusCode));
            var volume = await VolumeAsync(bench);
            Assert.Equal((member, "Of the shop", "yes"), (volume.Location, volume.Description, volume.Config["user.kept"]));
            Assert.Equal("precious\nmine", await bench.ShellAsync("placed", "cat /srv/note /root-note"));
        }

        static async Task<StorageVolume> VolumeAsync(StackWorkbench bench) => (await bench.Client.StorageVolumes.GetAsync("default", "placed-data")).Value;
    }

    [Fact]
    public async Task An_instance_is_stopped_once_for_all_its_disks_that_are_moved_and_runs_again_where_they_cannot_be()
    {
        string File(string target, string pool) => $$"""
            name: carried
            storage_pools: { carried: {driver: dir} }
            volumes: { carried-a: {pool: default}, carried-b: {pool: default} }
            instances:
              carried:
                image: busybox
                target: {{target}}
                disk: {pool: {{pool}} }
                volumes: ["carried-a:/a", "carried-b:/b"]
                hooks: {post_start: echo start >>/steps, pre_stop: echo stop >>/steps}
            """;
        string[] names = ["carried-a", "carried-b"];
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var others = bench.Client.ForTarget("m3").StorageVolumes;
        try
        {
            await bench.UpAsync(File("m2", "default"));
            await bench.ShellAsync("carried", "for one in a b; do echo $one >/$one/note; done");
            foreach (var name in names)
                await others.CreateAsync("default", new StorageVolume { Name = name, Type = "custom", ContentType = "filesystem" });
            var failed = await bench.ApplyAsync(File("m3", "default"), s_restarting);
            Assert.Equal([ChangeOutcome.Failed, ChangeOutcome.Failed, ChangeOutcome.Skipped], failed.Resources.Where(one => one.Change.Action != ChangeAction.None).Select(one => one.Outcome).Order());
            await AssertAsync("m2", "default", "start stop start");
            foreach (var name in names)
                await others.DeleteAsync("default", name);

            // To another member and to another pool at once.
            await bench.UpAsync(File("m3", "carried"), s_restarting);
            await AssertAsync("m3", "carried", "start stop start stop start");
        }
        finally
        {
            var down = await bench.DownAsync("carried", new RemovalOptions { RemoveVolumes = true, RemovePools = true });
            Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(resource => resource.Message)));
        }

        async Task AssertAsync(string member, string pool, string steps)
        {
            var instance = await bench.InstanceAsync("carried");
            Assert.Equal((member, pool, StatusCode.Running), (instance.Location, instance.ExpandedDevices["root"]["pool"], instance.StatusCode));
            Assert.Equal($"a b {steps}", await bench.ShellAsync("carried", "echo $(cat /a/note /b/note /steps)"));
            foreach (var name in names)
                Assert.Equal(member, (await bench.Client.ForTarget(member).StorageVolumes.GetAsync("default", name)).Value.Location);
        }
    }

    [Fact]
    public async Task A_group_of_members_is_a_target_and_an_instance_outside_of_it_is_moved_into_it()
    {
        string File(string members, string target = "@cards") => $$"""
            name: grouped-targets
            cluster_groups:
              cards: {members: [{{members}}]}
            instances:
              card: {image: busybox, target: "{{target}}"}
              follower: {image: busybox, volumes: ["follower-data:/srv"]}
            volumes:
              follower-data: {target: m3}
            """;
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        try
        {
            await bench.UpAsync(File("m2, m3"));
            // Which of the two, the server chooses.
            var first = (await bench.InstanceAsync("card")).Location;
            Assert.Contains(first, new[] { "m2", "m3" });
            var second = first == "m2" ? "m3" : "m2";
            Assert.Equal("m3", (await bench.InstanceAsync("follower")).Location);

            // Any member of the group will do.
            Assert.Equal(["cluster-group/cards"], (await bench.PlanAsync(File("m1, m2, m3"))).Changes.Select(change => change.Id.ToString()));
            var moved = await bench.PlanAsync(File(second), s_restarting);
            // It is the file that changed, not the server.
            Assert.Equal([(PropertyDifference.Changed, first, "@cards")], Assert.Single(moved.Changes, change => change.Kind == "instance").Properties.Where(property => property.Path == "target").Select(property => (property.Difference, property.Old!, property.New!)));
            if (fixture.Lab.IncusVersion == 7)
            {
                // Which takes no member out of a group as long as an instance is there that was placed by it.
                var refused = await bench.ApplyAsync(File(second), s_restarting);
                Assert.Contains("by naming another member as its `target`", Assert.Single(refused.Resources, resource => resource.Outcome == ChangeOutcome.Failed).Message, StringComparison.Ordinal);
                await bench.UpAsync(File("m2, m3", second), s_restarting);
            }

            await bench.UpAsync(File(second), s_restarting);
            var card = await bench.InstanceAsync("card");
            Assert.Equal((second, StatusCode.Running), (card.Location, card.StatusCode));

            foreach (var (yaml, problem) in new[]
            {
                (File("m2", "m9"), "the cluster has no member `m9`"),
                (File("m2", "cards"), "write `\"@cards\"`"),
                (File("m2", "@card"), "did you mean `cards`?"),
                (File("m2").Replace("follower: {", "follower: {target: m1, ", StringComparison.Ordinal), "a volume of a member's own storage pool can be used on that member only"),
            })
            {
                var error = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(yaml));
                Assert.Contains(problem, error.Diagnostics.Single().ToString(), StringComparison.Ordinal);
                Assert.NotEqual(0, error.Diagnostics.Single().Location.Line);
            }
        }
        finally
        {
            await bench.DownAsync("grouped-targets", new RemovalOptions { RemoveVolumes = true });
        }

        Assert.Equal(["default"], (await bench.Client.ClusterGroups.ListAsync()).Select(group => group.Name));
    }

    [Fact]
    public async Task Replicas_that_are_made_at_once_are_spread_over_the_members_of_their_group()
    {
        const string Text = """
            name: spread-out
            cluster_groups: {pair: {members: [m2, m3] } }
            instances: {wide: {image: busybox, replicas: 4, target: "@pair"} }
            """;
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        try
        {
            await bench.UpAsync(Text);
            Assert.Equal(["m2", "m2", "m3", "m3"], (await bench.Client.Instances.ListAsync()).Select(instance => instance.Location).Order(StringComparer.Ordinal));
        }
        finally
        {
            await bench.DownAsync("spread-out");
        }
    }

    [Fact]
    public async Task The_example_comes_up_with_pools_and_networks_of_each_member_and_plans_to_nothing()
    {
        var pools = Path.Combine(fixture.Lab.Environment["LAB_DIR"], "pools");
        foreach (var member in fixture.Members)
            Directory.CreateDirectory(Path.Combine(pools, member));
        var bridge = fixture.Lab.Environment["LAB_BRIDGE"];
        var yaml = (await File.ReadAllTextAsync(Repository.PathOf("examples/cluster/stack.yaml")))
            .Replace("node", "m", StringComparison.Ordinal)
            .Replace("${POOLS:-/srv/pools}", pools, StringComparison.Ordinal)
            .Replace("${PARENT:-eno1}", bridge, StringComparison.Ordinal)
            .Replace("${PARENT_OF_NODE3:-enp5s0}", bridge, StringComparison.Ordinal)
            .Replace("${IMAGE:-images:debian/12}", LabFixture.Image, StringComparison.Ordinal);
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        try
        {
            await bench.UpAsync(yaml);
            Assert.Equal(("m3", "m3"), ((await bench.InstanceAsync("shop-db")).Location, (await bench.Client.StorageVolumes.GetAsync("shelf", "shop-data")).Value.Location));
            Assert.All([await bench.InstanceAsync("shop-web-1"), await bench.InstanceAsync("shop-web-2")], web => Assert.Contains(web.Location, new[] { "m1", "m2" }));
            Assert.Equal(Path.Combine(pools, "m2"), (await bench.Client.ForTarget("m2").StoragePools.GetAsync("shelf")).Value.Config["source"]);
        }
        finally
        {
            var down = await bench.DownAsync("cluster", new RemovalOptions { RemoveVolumes = true, RemovePools = true });
            Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(resource => resource.Message)));
        }

        Assert.Null(await bench.Client.StoragePools.FindAsync("shelf"));
    }
}
