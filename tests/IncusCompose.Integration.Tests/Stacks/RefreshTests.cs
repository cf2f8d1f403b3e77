using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Backups;
using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>A copy on another server that is kept up to date, and copies of earlier states.</summary>
[Collection(LabCollection.Name)]
public sealed class RefreshTests(LabFixture fixture) : IAsyncLifetime
{
    private const int Megabyte = 1_000_000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("incus-compose-refresh-");
    private StackWorkbench _bench = null!;

    private string Bridge => $"rf{fixture.Lab.Number}";

    private CloneOptions Elsewhere => new()
    {
        // Both servers are on this machine.
        Names = new Dictionary<string, string> { [Bridge] = Bridge + "x" },
        Addresses = new Dictionary<string, string> { [Bridge] = $"{fixture.Lab.Subnets[8]}.1/24" },
        Refresh = true,
    };

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(fixture.Lab);
        await _bench.UpAsync(Text(Bridge, $"{fixture.Lab.Subnets[7]}.1/24"));
        await _bench.ShellAsync("db", "head -c 8000000 /dev/urandom >/data/large; echo one >/data/small; ln -s small /data/link; head -c 4000000 /dev/urandom >/root.bin; sync");
    }

    public async Task DisposeAsync()
    {
        foreach (var checkpoint in await _bench.Engine.GetCheckpointsAsync(_bench.Client))
            await _bench.Engine.RemoveCheckpointAsync(_bench.Client, checkpoint);
        foreach (var stack in await _bench.Engine.GetStacksAsync(_bench.Client))
            await _bench.DownAsync(stack.Name, new RemovalOptions { RemoveVolumes = true });
        await _bench.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("dir")]
    [InlineData("btrfs")]
    public async Task A_copy_on_another_server_over_https_is_brought_up_to_date_with_what_changed_alone(string driver)
    {
        await using var other = await Lab.Lab.StartAsync($"fresh{Environment.ProcessId}", "--https", "--pool", driver);
        await using var there = await StackWorkbench.OpenAsync(other);
        await using var remote = await OverHttpsAsync(other);
        Assert.StartsWith("https://", remote.Address, StringComparison.Ordinal);

        var first = await CopyAsync(remote, Elsewhere);

        Assert.InRange(first.Transferred, 12 * Megabyte, 40 * Megabyte);
        Assert.Equal(0, Assert.Single(await there.Engine.GetStacksAsync(there.Client)).Running);
        var made = await there.InstanceAsync("db");

        await _bench.ShellAsync("db", "rm /data/link; echo two >/data/small; echo new >/data/new; echo new >/new.txt; sync");
        await _bench.Client.Instances.UpdateAsync("db", now => now with { Config = new Dictionary<string, string>(now.Config) { ["user.note"] = "later" } }).CompleteAsync();
        var second = await CopyAsync(remote, Elsewhere);

        Assert.InRange(second.Transferred, 1, Megabyte);
        Assert.Equal(first.Resources.Count, second.Resources.Count);
        Assert.All(second.Resources, resource => Assert.True(resource.IsRenewed || resource.Exists));
        var renewed = await there.InstanceAsync("db");
        Assert.Equal("later", renewed.Config["user.note"]);
        Assert.Equal(made.Config["volatile.uuid"], renewed.Config["volatile.uuid"]);
        Assert.Equal(made.Config.GetValueOrDefault("volatile.eth0.hwaddr"), renewed.Config.GetValueOrDefault("volatile.eth0.hwaddr"));
        await there.Client.Instances.StartAsync("db").CompleteAsync();
        Assert.Equal(await DigestAsync(_bench, "db"), await DigestAsync(there, "db"));

        // What runs is not overwritten.
        var running = await Assert.ThrowsAsync<StackConflictException>(() => CopyAsync(remote, Elsewhere));
        Assert.Equal("instance/db is running there: stop it first; what it wrote since will be lost", Assert.Single(running.Problems));
        await there.ShellAsync("db", "echo mine >/data/small; echo mine >/mine; sync");
        await there.Client.Instances.StopAsync("db", null, force: true).CompleteAsync();

        // With snapshots too, only what came after the last one is sent.
        await fixture.Lab.IncusAsync("snapshot", "create", "db", "s1");
        await fixture.Lab.IncusAsync("storage", "volume", "snapshot", "create", "default", "data", "s1");
        await CopyAsync(remote, Elsewhere);
        Assert.Equal("s1", (await other.IncusAsync("snapshot", "list", "db", "--format", "csv", "--columns", "n")).Trim());
        await _bench.ShellAsync("db", "echo three >/data/small; sync");
        var last = await CopyAsync(remote, Elsewhere);
        Assert.True(last.Transferred < Megabyte, $"{last.Transferred} bytes");
        await there.Client.Instances.StartAsync("db").CompleteAsync();
        Assert.Equal(await DigestAsync(_bench, "db"), await DigestAsync(there, "db"));
        Assert.Equal("three", await there.ShellAsync("db", "cat /data/small; [ ! -e /mine ]"));
        Assert.True((await there.DownAsync("shop", new RemovalOptions { RemoveVolumes = true })).Succeeded);
        Assert.Empty(await there.Client.StorageVolumes.ListAsync("default"));
        Assert.DoesNotContain((await _bench.PlanAsync(Text(Bridge, $"{fixture.Lab.Subnets[7]}.1/24"))).Changes, change => change.Id.Name != "db");
    }

    [Fact]
    public async Task A_stack_of_the_same_name_that_is_no_copy_is_not_overwritten()
    {
        await using var project = await fixture.CreateProjectAsync();
        await _bench.UpAsync("name: shop\nproject: " + project.Name + "\nvolumes: {data: {}}\n");

        var refused = await Assert.ThrowsAsync<StackConflictException>(() => CopyAsync(project.Client, Elsewhere));

        Assert.Contains(refused.Problems, problem => problem.StartsWith("volume/default/data there is no copy of volume/default/data of stack shop in project default on", StringComparison.Ordinal));
        await _bench.Engine.ApplyAsync(project.Client, await _bench.Engine.CompareRemovalAsync(project.Client, "shop", new RemovalOptions { RemoveVolumes = true }));
    }

    [Fact]
    public async Task A_copy_on_the_same_server_is_brought_up_to_date_too_and_gets_what_is_new()
    {
        var options = new CloneOptions { Name = "blue", Addresses = Elsewhere.Addresses, Refresh = true };
        await CopyAsync(_bench.Client, options);
        var network = (await _bench.Client.Networks.GetAsync($"blue-{Bridge}")).Value;
        await _bench.ShellAsync("db", "echo two >/data/small; sync");
        await _bench.UpAsync(Text(Bridge, $"{fixture.Lab.Subnets[7]}.1/24") + "  extra: {image: busybox, networks: [" + Bridge + "]}\n");

        var again = await CopyAsync(_bench.Client, options with { Addresses = new Dictionary<string, string>() });

        Assert.Equal(["blue-db", "blue-extra", "blue-web"], again.Instances);
        Assert.Equal(["blue-extra"], again.Resources.Where(resource => !resource.IsRenewed).Select(resource => resource.Name));
        Assert.Equal(network.Config["ipv4.address"], (await _bench.Client.Networks.GetAsync($"blue-{Bridge}")).Value.Config["ipv4.address"]);
        await _bench.Client.Instances.StartAsync("blue-db").CompleteAsync();
        Assert.Equal("two", await _bench.ShellAsync("blue-db", "cat /data/small"));
        Assert.Equal(await DigestAsync(_bench, "db"), await DigestAsync(_bench, "blue-db"));
        await _bench.Client.Instances.StopAsync("blue-db", null, force: true).CompleteAsync();

        // What the stack has no more stays in the copy, and is named.
        await _bench.UpAsync(Text(Bridge, $"{fixture.Lab.Subnets[7]}.1/24"), new PlanOptions { Prune = true });
        var plan = await _bench.Engine.PlanCloneAsync(_bench.Client, "shop", _bench.Client, options);
        Assert.Equal(["instance/blue-extra stays, though stack shop has nothing like it any more"], plan.Warnings);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_copy_of_a_checkpoint_has_the_state_of_then(bool copies)
    {
        var before = await DigestAsync(_bench, "db");
        var checkpoint = await _bench.Engine.TakeCheckpointAsync(_bench.Client, "shop", new CheckpointOptions { Name = "before", KeepCopies = copies });
        await _bench.ShellAsync("db", "rm /data/large; echo later >/data/small; rm /root.bin; sync");
        await _bench.Client.Instances.UpdateAsync("db", now => now with { Config = new Dictionary<string, string>(now.Config) { ["limits.memory"] = "96MiB" } }).CompleteAsync();
        if (copies)
        {
            await _bench.Client.Instances.StopAsync("web", null, force: true).CompleteAsync();
            await _bench.Client.Instances.DeleteAsync("web").CompleteAsync();
        }

        var options = new CloneOptions { Name = "then", Checkpoint = checkpoint, Addresses = Elsewhere.Addresses };
        var result = await _bench.Engine.CopyAsync(_bench.Client, await _bench.Engine.PlanCloneAsync(_bench.Client, "shop", _bench.Client, options));

        Assert.Empty(result.NotStarted);
        Assert.Equal(["then-db", "then-web"], result.Instances);
        Assert.Equal(before, await DigestAsync(_bench, "then-db"));
        var (one, other) = (await _bench.InstanceAsync("db"), await _bench.InstanceAsync("then-db"));
        Assert.Equal("64MiB", other.Config["limits.memory"]);
        Assert.NotEqual(one.Config["volatile.eth0.hwaddr"], other.Config["volatile.eth0.hwaddr"]);
        Assert.DoesNotContain(other.Config.Keys, key => key.Contains("checkpoint", StringComparison.Ordinal));
        Assert.Equal("Running", (await _bench.InstanceAsync("then-web")).Status);

        await using var server = await Lab.Lab.StartAsync($"then{Environment.ProcessId}", "--own-network");
        await using var there = await StackWorkbench.OpenAsync(server);
        await there.Engine.CopyAsync(there.Client, await _bench.Engine.PlanCloneAsync(_bench.Client, "shop", there.Client, new CloneOptions { Checkpoint = checkpoint }));
        Assert.Equal(before, await DigestAsync(there, "db"));
        Assert.True((await there.DownAsync("shop", new RemovalOptions { RemoveVolumes = true })).Succeeded);
    }

    [Theory]
    [InlineData("volume")]
    [InlineData("instance")]
    public async Task A_server_that_goes_away_in_the_middle_leaves_nothing_that_taking_down_does_not_clean(string kind)
    {
        await _bench.ShellAsync("db", "head -c 60000000 /dev/urandom >/data/more; head -c 60000000 /dev/urandom >/more.bin; sync");
        await using var server = await Lab.Lab.StartAsync($"away{Environment.ProcessId}", "--own-network");
        await using var there = await IncusClient.ConnectAsync(ConnectionOptions.Unix(server.Socket) with { ReconnectTimeout = TimeSpan.FromSeconds(5) });
        var plan = await _bench.Engine.PlanCloneAsync(_bench.Client, "shop", there);
        Task? killed = null;
        var when = new Reporter(happened =>
        {
            if (happened.Id.Kind == kind && happened.Id.Name is "data" or "db" && happened.Text.EndsWith(" MB", StringComparison.Ordinal))
                killed ??= server.KillAsync();
        });

        await Assert.ThrowsAnyAsync<IncusException>(() => _bench.Engine.CopyAsync(there, plan, null, when));

        Assert.NotNull(killed);
        await killed;
        await server.RestartAsync();
        await using var again = await StackWorkbench.OpenAsync(server);
        var down = await again.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
        for (var round = 0; !down.Succeeded && round < 3 && server.IncusVersion == 7; round++)
        {
            // What it received was mounted over itself, and still is: whoever takes it down is told what to do, and does it.
            foreach (var busy in down.Resources.Where(resource => resource.Outcome == ChangeOutcome.Failed).Select(resource => resource.Message!))
            {
                Assert.Contains("unmount that folder there (umount), then try again", busy, StringComparison.Ordinal);
                await server.HostAsync("nsenter", "--mount", "--target", (await server.VerbAsync("env")).Split('\n').Single(line => line.StartsWith("LAB_PID=", StringComparison.Ordinal))[8..], "umount", busy.Split('\'')[1]);
            }

            down = await again.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
        }

        Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(resource => $"{resource.Id}: {resource.Message}")));
        Assert.Empty(await again.Client.Instances.ListAsync());
        Assert.Empty(await again.Client.StorageVolumes.ListAsync("default"));
        await again.Engine.CopyAsync(again.Client, await _bench.Engine.PlanCloneAsync(_bench.Client, "shop", again.Client));
        Assert.Equal(await DigestAsync(_bench, "db"), await DigestAsync(again, "db"));
        await again.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
    }

    [Fact]
    public async Task A_pool_that_is_full_is_said_and_nothing_stays_there()
    {
        await _bench.ShellAsync("db", "for i in 1 2 3 4 5; do head -c 60000000 /dev/urandom >/data/$i; done; sync");
        await using var server = await Lab.Lab.StartAsync($"full{Environment.ProcessId}", "--own-network", "--pool", "btrfs", "--pool-size", "256MiB");
        await using var there = await StackWorkbench.OpenAsync(server);

        var plan = await _bench.Engine.PlanCloneAsync(_bench.Client, "shop", there.Client);
        var error = await Assert.ThrowsAnyAsync<IncusException>(() => there.Engine.CopyAsync(there.Client, plan));

        Assert.Contains("No space left on device", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(await there.Engine.GetStacksAsync(there.Client));
        Assert.Empty(await there.Client.StorageVolumes.ListAsync("default"));
    }

    private static string Text(string bridge, string address) => $$$"""
        name: shop
        networks:
          {{{bridge}}}: {config: {ipv4.address: {{{address}}}, ipv4.nat: true, ipv6.address: none}}
        volumes:
          data: {}
        instances:
          db:
            image: busybox
            networks: [{{{bridge}}}]
            volumes: ["data:/data"]
            config: {limits.memory: 64MiB}
          web: {image: busybox, networks: [{{{bridge}}}], depends_on: [db]}

        """;

    private async Task<StackCopyResult> CopyAsync(IncusClient target, CloneOptions options) =>
        await _bench.Engine.CopyAsync(target, await _bench.Engine.PlanCloneAsync(_bench.Client, "shop", target, options));

    private async Task<IncusClient> OverHttpsAsync(Lab.Lab server)
    {
        var user = ClientConfiguration.Default(new IncusEnvironment(name => name == "INCUS_CONF" ? _folder.FullName : null));
        var trust = await IncusClient.TrustAsync((await server.VerbAsync("token", "user")).Trim(), user.GetOrCreateClientCertificate());
        user.StoreServerCertificate("there", trust.ServerCertificate);
        await File.WriteAllTextAsync(
            Path.Combine(_folder.FullName, "config.yml"),
            $"default-remote: there\nremotes:\n  there:\n    addr: {server.HttpsAddress}\n    auth_type: tls\n    protocol: incus\n");
        var engine = new ComposeEngine(new Yaml.YamlDocumentFormat(), name => name == "INCUS_CONF" ? _folder.FullName : null);
        return await engine.ConnectAsync("there", IncusClient.DefaultProject);
    }

    // Content, owner and mode of every file.
    private static Task<string> DigestAsync(StackWorkbench bench, string instance) => bench.ShellAsync(
        instance, "for f in /data/* /*.bin /*.txt; do [ -e $f ] || continue; stat -c '%n %F %a %u %g' $f; [ -f $f ] && sha256sum $f; done");

    private sealed class Reporter(Action<CopyEvent> report) : IProgress<CopyEvent>
    {
        public void Report(CopyEvent value) => report(value);
    }
}
