using System.Text.Json;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Diagnostics;
using IncusCompose.Exporting;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;
using IncusCompose.Transactions;

namespace IncusCompose.Integration.Tests.Clusters;

/// <summary>A cluster of three daemons: the client and a stack on it, and what a user is told when a member is gone.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ClusterTests(ClusterFixture fixture)
{
    private const string Stack = """
        name: spread
        profiles:
          small:
            config:
              limits.memory: 64MiB
        instances:
          one:
            image: busybox
            profiles: [default, small]
            environment: { GREETING: Hello }
          two:
            image: busybox
            depends_on: [one]
        """;

    [Fact]
    public async Task A_cluster_lists_its_members_and_an_instance_is_made_on_the_one_it_is_sent_to()
    {
        Assert.True(fixture.Client.Server.Environment.ServerClustered);
        using var members = JsonDocument.Parse(await fixture.Lab.IncusAsync("query", "/1.0/cluster/members?recursion=1"));
        Assert.Equal(["m1 Online", "m2 Online", "m3 Online"], members.RootElement.EnumerateArray().Select(m => $"{m.GetProperty("server_name")} {m.GetProperty("status")}").Order());

        foreach (var member in fixture.Members)
        {
            var name = $"sent-to-{member}";
            await fixture.Client.ForTarget(member).Instances.CreateAsync(new InstanceCreate { Name = name, Source = InstanceSource.FromAlias(LabFixture.Image), Start = true }).CompleteAsync();
            Assert.Equal(member, (await fixture.Client.Instances.GetAsync(name)).Value.Location);
            // Wherever it is, it is reached through the member that was connected to.
            Assert.Equal(name, (await fixture.Lab.IncusAsync("exec", name, "--", "hostname")).Trim());
            await fixture.Client.Instances.StopAsync(name, force: true).CompleteAsync();
            await fixture.Client.Instances.DeleteAsync(name).CompleteAsync();
        }
    }

    [Fact]
    public async Task Groups_of_members_are_made_changed_in_place_and_deleted_with_their_stack()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        // One that somebody made is taken into the stack as it is.
        await bench.Client.ClusterGroups.CreateAsync(new ClusterGroup { Name = "cards", Members = ["m1"] });
        await bench.ApplyAsync("name: grouped\ncluster_groups: { cards: { members: [m1] } }", new PlanOptions { Adopt = true });
        await bench.UpAsync("name: grouped\ncluster_groups: { cards: { members: [m1, m2], description: With a card } }");
        var group = (await bench.Client.ClusterGroups.GetAsync("cards")).Value;
        Assert.Equal(["m1", "m2"], group.Members.Order(StringComparer.Ordinal));
        Assert.Equal("With a card [incus-compose stack=grouped project=default key=cluster_groups.cards]", group.Description);

        await bench.UpAsync("name: grouped\ncluster_groups: { cards: { members: [m2, m3] } }");
        Assert.Equal(["m2", "m3"], (await bench.Client.ClusterGroups.GetAsync("cards")).Value.Members.Order(StringComparer.Ordinal));
        await bench.DownAsync("grouped");
        Assert.Equal(["default"], (await bench.Client.ClusterGroups.ListAsync()).Select(one => one.Name));
    }

    [Fact]
    public async Task What_members_have_of_their_own_is_exported_and_put_back_by_a_transaction_that_fails()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var bridge = fixture.Lab.Environment["LAB_BRIDGE"];
        string File(string parent) => $$"""
            name: own
            networks: { own: { type: macvlan, parent: {{bridge}}, members: {m2: {parent: {{parent}} } } } }
            cluster_groups: { own: { members: [m1, m2], description: {{(parent == "lo" ? "first" : "second")}} } }
            storage_pools: { own: { driver: dir, description: of all } }
            """;
        const string broken = "\ninstances: { own: { image: busybox, healthcheck: { test: 'false', interval: 1s, retries: 1 } } }\n";
        var options = new PlanOptions { Prune = true };
        var transactional = new ApplyOptions { Checkpoint = true, StopTimeout = TimeSpan.Zero };
        async Task<string> StateAsync() => string.Join("\n", await Task.WhenAll(fixture.Members.Select(async member => (await bench.Client.ForTarget(member).Networks.GetAsync("own")).Value.Config["parent"])))
            + (await fixture.Lab.IncusAsync("query", "/1.0/cluster/groups/own"));
        await bench.UpAsync(File("lo"));
        var before = await StateAsync();

        var export = await bench.Engine.ExportAsync(bench.Client, new ExportOptions { Stack = "own" });
        Assert.True(export.Notes.Count == 0, export.Text);
        Assert.Contains("m2:\n        parent: lo\n", export.Text, StringComparison.Ordinal);
        Assert.True(!(await bench.PlanAsync(export.Text, options)).HasChanges, export.Text);

        // Changed in place, and deleted: all that was there is there again.
        foreach (var file in new[] { File(bridge), "name: own\nstorage_pools: { own: { driver: dir, description: of all } }\n" })
        {
            var failed = await bench.Engine.ApplyAsync(bench.Client, await bench.PlanAsync(file + broken, options), transactional);
            Assert.True(failed.Transaction is { Outcome: TransactionOutcome.RolledBack }, failed.Transaction?.Message);
            Assert.Equal(before, await StateAsync());
            Assert.Empty((await bench.PlanAsync(File("lo"), options)).Changes);
        }

        await bench.DownAsync("own", new RemovalOptions { RemovePools = true });
    }

    [Fact]
    public async Task What_members_have_of_their_own_of_what_nobodys_stack_made_is_exported_and_adopted_as_it_is()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var (bridge, folders) = (fixture.Lab.Environment["LAB_BRIDGE"], Directory.CreateTempSubdirectory("incus-compose-members"));
        foreach (var member in fixture.Members)
        {
            await fixture.Lab.IncusAsync("network", "create", "byhand", "--type=macvlan", "--target", member, $"parent={(member == "m2" ? "lo" : bridge)}");
            await fixture.Lab.IncusAsync("storage", "create", "byhand", "dir", "--target", member, $"source={folders.CreateSubdirectory(member).FullName}");
            await fixture.Lab.IncusAsync("storage", "create", "chosen", "dir", "--target", member);
        }

        await fixture.Lab.IncusAsync("network", "create", "byhand", "--type=macvlan", "mtu=1400");
        await fixture.Lab.IncusAsync("storage", "create", "byhand", "dir");
        await fixture.Lab.IncusAsync("storage", "create", "chosen", "dir");
        foreach (var pool in new[] { "byhand", "chosen" })
            await fixture.Lab.IncusAsync("storage", "volume", "create", pool, $"in-{pool}");
        await fixture.Lab.IncusAsync("init", "busybox", "byhand", "-n", "byhand");

        var export = await bench.Engine.ExportAsync(bench.Client, new ExportOptions { Name = "byhand" });
        Assert.Contains($$"""
            networks:
              byhand:
                type: macvlan
                mtu: 1400
                members:
                  m1:
                    parent: {{bridge}}
                  m2:
                    parent: lo
                  m3:
                    parent: {{bridge}}
            storage_pools:
              byhand:
                driver: dir
                members:
                  m1:
                    source: {{folders.FullName}}/m1
                  m2:
                    source: {{folders.FullName}}/m2
                  m3:
                    source: {{folders.FullName}}/m3
              chosen:
                driver: dir

            """, export.Text, StringComparison.Ordinal);
        var plan = await bench.PlanAsync(export.Text, new PlanOptions { Adopt = true });
        Assert.All(plan.Changes, change => Assert.True(change is { Action: ChangeAction.Adopt, Properties.Count: 0 }, StackWorkbench.Text(plan)));
        Assert.True((await bench.Engine.ApplyAsync(bench.Client, plan, new ApplyOptions { Start = false })).Succeeded);
        Assert.DoesNotContain((await bench.PlanAsync(export.Text)).Changes, change => change.Action != ChangeAction.Start);

        // A member's own of what is the stack's by now.
        var changed = Assert.Single((await bench.PlanAsync(export.Text.Replace("parent: lo", $"parent: {bridge}", StringComparison.Ordinal))).Changes, change => change.Action == ChangeAction.Update);
        Assert.Equal(["members.m2.parent"], changed.Properties.Select(property => property.Path));
        await bench.DownAsync("byhand", new RemovalOptions { RemoveVolumes = true, RemovePools = true });
        Assert.DoesNotContain("byhand", (await bench.Client.StoragePools.ListAsync()).Select(pool => pool.Name));
        folders.Delete(recursive: true);
    }

    [Fact]
    public async Task A_stack_goes_up_on_a_cluster_changes_in_place_and_goes_down()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        await bench.UpAsync(Stack);
        Assert.All(await Task.WhenAll(bench.InstanceAsync("one"), bench.InstanceAsync("two")), instance => Assert.Contains(instance.Location, fixture.Members));

        await bench.UpAsync(Stack.Replace("64MiB", "80MiB", StringComparison.Ordinal));
        Assert.Equal("80MiB", (await bench.Client.Profiles.GetAsync("small")).Value.Config["limits.memory"]);

        var down = await bench.DownAsync("spread");
        Assert.True(down.Succeeded);
        Assert.Empty(await bench.Client.Instances.ListAsync());
    }

    [Fact]
    public async Task A_network_is_made_on_each_member_with_what_is_its_own_and_changed_there()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var bridge = fixture.Lab.Environment["LAB_BRIDGE"];
        string File(string parent) => $$"""
            name: wires
            networks:
              inner{{fixture.Lab.Number}}:
                ipv4: {{fixture.Lab.Subnets[3]}}.1/24
                ipv6: none
                forwards: {192.0.2.10: {target_address: {{fixture.Lab.Subnets[3]}}.10, target: m2 } }
              outer:
                type: macvlan
                parent: {{bridge}}
                mtu: 1400
                members: {m2: {parent: {{parent}} } }
            """;
        await bench.UpAsync(File(bridge));
        Assert.Equal("Created", (await bench.Client.Networks.GetAsync("outer")).Value.Status);
        Assert.Equal("m2", (await bench.Client.Networks.Forwards($"inner{fixture.Lab.Number}").GetAsync("192.0.2.10")).Value.Location);

        var changed = Assert.Single((await bench.PlanAsync(File("lo"))).Changes);
        Assert.Equal(["members.m2.parent"], changed.Properties.Select(property => property.Path));
        await bench.UpAsync(File("lo"));
        var parents = await Task.WhenAll(fixture.Members.Select(async member => (await bench.Client.ForTarget(member).Networks.GetAsync("outer")).Value.Config["parent"]));
        Assert.Equal([bridge, "lo", bridge], parents);

        var unknown = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(File("lo").Replace("{m2:", "{m4:", StringComparison.Ordinal)));
        Assert.Contains("the cluster has no member", Assert.Single(unknown.Diagnostics).Message, StringComparison.Ordinal);
        Assert.True((await bench.DownAsync("wires")).Succeeded);
        Assert.Null(await bench.Client.Networks.FindAsync("outer"));
    }

    [Fact]
    public async Task What_is_on_another_member_is_changed_replaced_pruned_and_taken_down_there_beside_others_of_the_same_name()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var (network, subnet) = ($"fw{fixture.Lab.Number}", fixture.Lab.Subnets[4]);
        string File(string forwards, string description = "first") => $$"""
            name: doors
            networks:
              {{network}}: {ipv4: {{subnet}}.1/24, ipv6: none, forwards: {{{forwards}}} }
            volumes:
              doors-data: {target: m2, description: {{description}} }
            """;
        string Forward(int to, string target) => $"192.0.2.20: {{target_address: {subnet}.{to}, target: {target} }}";
        async Task<string> ForwardsAsync() => string.Join(" ", from one in await bench.Client.Networks.Forwards(network).ListAsync()
                                                               orderby one.Location
                                                               select $"{one.Location}:{one.Config.GetValueOrDefault("target_address")?.Split('.')[^1]}");
        try
        {
            await bench.UpAsync(File(Forward(10, "m2")));
            // Others have one of the same name on another member, which Incus allows.
            await bench.Client.ForTarget("m3").Networks.Forwards(network).CreateAsync(new NetworkForward { ListenAddress = "192.0.2.20" });
            await bench.Client.ForTarget("m3").StorageVolumes.CreateAsync("default", new StorageVolume { Name = "doors-data", Type = "custom", ContentType = "filesystem" });
            Assert.Empty((await bench.PlanAsync(File(Forward(10, "m2")))).Changes);

            await bench.UpAsync(File(Forward(11, "m2"), "second"));
            Assert.Equal("m2:11 m3:", await ForwardsAsync());
            Assert.Equal("second", (await bench.Client.ForTarget("m2").StorageVolumes.GetAsync("default", "doors-data")).Value.Description);

            var moved = Assert.Single((await bench.PlanAsync(File(Forward(11, "m1"), "second"), new PlanOptions { AllowReplace = true })).Changes);
            Assert.Equal((ChangeAction.Replace, "m2", "m1"), (moved.Action, moved.Properties.Single().Old, moved.Properties.Single().New));
            // What a transaction takes back is where it was.
            var failed = await bench.Engine.ApplyAsync(
                bench.Client,
                await bench.PlanAsync(File(Forward(11, "m1"), "second") + "\ninstances: { doors: { image: busybox, healthcheck: { test: 'false', interval: 1s, retries: 1 } } }\n", new PlanOptions { AllowReplace = true }),
                new ApplyOptions { Checkpoint = true, StopTimeout = TimeSpan.Zero });
            Assert.True(failed.Transaction is { Outcome: TransactionOutcome.RolledBack }, failed.Transaction?.Message);
            Assert.Equal("m2:11 m3:", await ForwardsAsync());
            await bench.UpAsync(File(Forward(11, "m1"), "second"), new PlanOptions { AllowReplace = true, Prune = true });
            Assert.Equal("m1:11 m3:", await ForwardsAsync());

            var taken = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(File(Forward(11, "m3").Replace("20:", "21:", StringComparison.Ordinal) + ", " + Forward(11, "m3"), "second").Replace("name: doors", "name: others", StringComparison.Ordinal)));
            Assert.Contains("it was not made by this stack", taken.Message, StringComparison.Ordinal);

            await bench.UpAsync(File(Forward(11, "m2"), "second"), new PlanOptions { AllowReplace = true });
            await bench.UpAsync(File("", "second"), new PlanOptions { Prune = true });
            Assert.Equal("m3:", await ForwardsAsync());
        }
        finally
        {
            await bench.Client.ForTarget("m3").Networks.Forwards(network).DeleteAsync("192.0.2.20");
            var down = await bench.DownAsync("doors", new RemovalOptions { RemoveVolumes = true });
            Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(resource => resource.Message)));
        }

        // What nobody's stack made is still there.
        var left = Assert.Single(await bench.Client.StorageVolumes.ListAsync("default"), volume => volume.Name == "doors-data");
        Assert.Equal("m3", left.Location);
        await bench.Client.ForTarget("m3").StorageVolumes.DeleteAsync("default", "doors-data");
        Assert.Null(await bench.Client.Networks.FindAsync(network));
    }

    [Fact]
    public async Task A_pool_or_network_that_cannot_be_made_on_a_member_is_told_with_the_servers_reason_and_made_anew_once_it_can_be()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var folder = Path.Combine(fixture.Lab.Environment["LAB_DIR"], "missing");
        var bridge = fixture.Lab.Environment["LAB_BRIDGE"];
        string File(string members) => $$"""
            name: halves
            storage_pools: {halves: {driver: dir, source: {{folder}} } }
            networks: {halves: {type: macvlan, members: {{{members}}} } }
            """;
        string Parents(string third) => $"m1: {{parent: {bridge} }}, m2: {{parent: {bridge} }}, m3: {{parent: {third} }}";

        // Of what each member needs nothing may be missing.
        var unsaid = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(File($"m1: {{parent: {bridge} }}, m2: {{parent: {bridge} }}")));
        Assert.Contains("none is named for `m3`", Assert.Single(unsaid.Diagnostics).Message, StringComparison.Ordinal);

        try
        {
            var failed = await bench.ApplyAsync(File(Parents("nolink0")));
            Assert.Contains($"Source path '{folder}' doesn't exist", failed.Resources.Single(resource => resource.Id.Kind == "storage-pool").Message, StringComparison.Ordinal);
            Assert.Contains("nolink0", failed.Resources.Single(resource => resource.Id.Kind == "network").Message, StringComparison.Ordinal);
            Assert.Null(await bench.Client.StoragePools.FindAsync("halves"));
            Assert.Null(await bench.Client.Networks.FindAsync("halves"));

            // One that a killed apply left half made, with its mark.
            foreach (var member in fixture.Members)
                await bench.Client.ForTarget(member).StoragePools.CreateAsync(new StoragePool { Name = "halves", Driver = "dir", Config = new Dictionary<string, string> { ["source"] = folder } });
            await Assert.ThrowsAnyAsync<IncusException>(() => bench.Client.StoragePools.CreateAsync(new StoragePool
            {
                Name = "halves",
                Driver = "dir",
                Config = new Dictionary<string, string> { ["user.incus-compose.stack"] = "halves", ["user.incus-compose.project"] = "default", ["user.incus-compose.resource"] = "storage-pool/halves" },
            }));
            Assert.Equal("Errored", (await bench.Client.StoragePools.GetAsync("halves")).Value.Status);
            var again = (await bench.PlanAsync(File(Parents(bridge)))).Changes.Single(change => change.Kind == "storage-pool");
            Assert.Equal((ChangeAction.Replace, "its creation did not finish"), (again.Action, again.Reason));
            Directory.CreateDirectory(folder);
            foreach (var member in fixture.Members)
                Directory.CreateDirectory(Path.Combine(folder, member));
            var members = string.Join(", ", fixture.Members.Select(member => $"{member}: {{source: {Path.Combine(folder, member)} }}"));
            await bench.UpAsync(File(Parents(bridge)).Replace($"source: {folder}", $"members: {{{members}}}", StringComparison.Ordinal));
            Assert.Equal("Created", (await bench.Client.StoragePools.GetAsync("halves")).Value.Status);
        }
        finally
        {
            var down = await bench.DownAsync("halves", new RemovalOptions { RemovePools = true });
            Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(resource => resource.Message)));
        }
    }

    [Fact]
    public async Task A_member_that_does_not_answer_stops_nothing_but_what_needs_it()
    {
        var link = $"sm{fixture.Lab.Number}";
        var holder = $$"""
            name: holder
            storage_pools: { sm: { driver: dir, description: of all } }
            networks: { {{link}}: { ipv4: {{fixture.Lab.Subnets[9]}}.1/24, ipv6: none, acls: used } }
            """;
        // Incus 7 has sets of addresses for rules.
        var (source, sets) = fixture.Lab.IncusVersion == 7 ? (", ingress: [{action: allow, source: $$hosts}]", "network_address_sets: { hosts: { addresses: [192.0.2.1], description: in a rule } }") : ("", "");
        var filters = $$"""
            name: filters
            {{sets}}
            network_acls: { used: { description: in filters{{source}} }, unused: { description: nowhere } }
            network_zones: { {{link}}.example: { description: of names } }
            """;
        const string bystander = "name: bystander\nprofiles: { still: { description: here } }\n";
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        await bench.UpAsync(filters);
        await bench.UpAsync(holder);
        await fixture.Lab.IncusAsync("storage", "create", "half", "dir", "--target", "m1");
        await fixture.Lab.VerbAsync("kill", "m3");
        try
        {
            // What is there is as described, and what others do goes on.
            Assert.Empty((await bench.PlanAsync(holder)).Changes);
            await bench.UpAsync(bystander);
            Assert.True((await bench.DownAsync("bystander")).Succeeded);

            async Task<string> RefusalAsync(string file, PlanOptions? options = null) => Assert.Single((await bench.PlanAsync(file, options)).Changes).Refused ?? "";
            Assert.StartsWith("the cluster member \"m3\" does not answer, and the server makes, changes and deletes a storage pool on all members", await RefusalAsync(holder.Replace("of all", "changed", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.EndsWith("all members at once of such a change of a network ACL; bring the member back; how it is, says: incus cluster list", await RefusalAsync(filters.Replace("in filters", "changed", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.Contains("at once of such a change of a network zone", await RefusalAsync(filters.Replace("of names", "changed", StringComparison.Ordinal)), StringComparison.Ordinal);
            if (sets.Length > 0)
                Assert.Contains("at once of such a change of a network address set", await RefusalAsync(filters.Replace("in a rule", "changed", StringComparison.Ordinal)), StringComparison.Ordinal);
            // No packet filter has this one.
            await bench.UpAsync(filters.Replace("nowhere", "changed", StringComparison.Ordinal));
            Assert.Contains("deletes a network on all members", await RefusalAsync("name: other\nnetworks: { sn: { ipv4: none, ipv6: none } }"), StringComparison.Ordinal);
            Assert.Contains("deletes a storage pool on all members", await RefusalAsync("name: other\nstorage_pools: { sn: { driver: dir } }"), StringComparison.Ordinal);
            var sent = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync("name: other\ninstances: { a: { image: busybox, target: m3 } }"));
            var problem = Assert.Single(sent.Diagnostics);
            Assert.Equal(("MemberSilent", "instances.a.target"), (problem.Id, problem.Path));
            Assert.Contains("incus cluster list", problem.Advice, StringComparison.Ordinal);

            // Nothing of it can be deleted, and that is said.
            var pruned = await bench.PlanAsync("name: holder\nprofiles: { still: {} }\n", new PlanOptions { Prune = true });
            Assert.All(pruned.Orphans, orphan => Assert.Contains("\"m3\" does not answer", orphan.Advice, StringComparison.Ordinal));
            Assert.Equal(2, pruned.Orphans.Count);
            var down = await bench.Engine.CompareRemovalAsync(bench.Client, "holder", new RemovalOptions { RemovePools = true });
            Assert.Empty(down.Changes);
            Assert.Equal(2, down.Diagnostics.Count(diagnostic => diagnostic.Id == "MemberSilent"));
        }
        finally
        {
            await fixture.Lab.VerbAsync("restart", "m3");
        }

        await fixture.Lab.IncusAsync("storage", "delete", "half");
        Assert.Empty((await bench.PlanAsync(holder)).Changes);
        Assert.True((await bench.DownAsync("holder", new RemovalOptions { RemovePools = true })).Succeeded);
        Assert.True((await bench.DownAsync("filters")).Succeeded);
    }

    [Fact]
    public async Task What_is_on_a_member_that_does_not_answer_is_neither_taken_for_somebody_elses_nor_forgotten()
    {
        const string Text = """
            name: scattered
            instances:
              far: { image: busybox }
            """;
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        // Where the server puts it is its own choice; the connection must not go with it.
        await bench.UpAsync(Text);
        var member = (await bench.InstanceAsync("far")).Location;
        var asked = fixture.Members.First(other => other != member);
        await using var client = await IncusClient.ConnectAsync(ConnectionOptions.Unix(fixture.SocketOf(asked)));
        await fixture.Lab.VerbAsync("kill", member);
        try
        {
            var error = await Assert.ThrowsAsync<StackFileException>(() => bench.Engine.CompareAsync(client, bench.Load(Text)));
            var problem = Assert.Single(error.Diagnostics);
            Assert.Equal("MemberSilent", problem.Id);
            Assert.Contains($"the instance \"far\" is on the cluster member \"{member}\", which does not answer", problem.Message, StringComparison.Ordinal);
            Assert.Equal(3, problem.Location.Line);

            var down = await bench.Engine.CompareRemovalAsync(client, "scattered");
            Assert.Empty(down.Changes);
            Assert.Contains($"\"{member}\", which does not answer", Assert.Single(down.Diagnostics).Message, StringComparison.Ordinal);
        }
        finally
        {
            await fixture.Lab.VerbAsync("restart", member);
        }

        Assert.Empty((await bench.Engine.CompareAsync(client, bench.Load(Text))).Changes);
        var removal = await bench.Engine.ApplyAsync(client, await bench.Engine.CompareRemovalAsync(client, "scattered"));
        Assert.True(removal.Succeeded, string.Join("\n", removal.Resources.Select(resource => resource.Message)));
    }
}
