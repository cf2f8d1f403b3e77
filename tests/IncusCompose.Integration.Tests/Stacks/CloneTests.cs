using IncusCompose.Backups;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>A stack once more: beside itself, in another project, on another server.</summary>
[Collection(LabCollection.Name)]
public sealed class CloneTests(LabFixture fixture) : IAsyncLifetime
{
    private static readonly int Port = 21000 + (Environment.ProcessId % 9000);

    private StackWorkbench _bench = null!;

    private string Bridge => $"cl{fixture.Lab.Number}";

    private string Text(string stack, string prefix, string network, string address, int port) => $$$"""
        name: {{{stack}}}
        networks:
          {{{network}}}: {config: {ipv4.address: {{{address}}}, ipv4.nat: true, ipv6.address: none}}
        volumes:
          {{{prefix}}}data: {}
        profiles:
          {{{prefix}}}small: {config: {limits.memory: 64MiB}}
        instances:
          {{{prefix}}}db:
            image: busybox
            profiles: [default, {{{prefix}}}small]
            networks: [{{{network}}}]
            volumes: ["{{{prefix}}}data:/data"]
          {{{prefix}}}web:
            image: busybox
            networks: {"{{{network}}}": {ipv4: {{{address[..address.LastIndexOf('.')]}}}.77}}
            depends_on: [{{{prefix}}}db]
            ports: ["127.0.0.1:{{{port}}}:80"]
        """;

    private string Shop => Text("shop", "", Bridge, $"{fixture.Lab.Subnets[5]}.1/24", Port);

    private Dictionary<string, string> There => new() { [Bridge] = $"{fixture.Lab.Subnets[6]}.1/24" };

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(fixture.Lab);
        await _bench.UpAsync(Shop);
        await _bench.ShellAsync("db", "head -c 300000 /dev/urandom >/data/file; head -c 1000 /dev/urandom >/root.bin; sync");
    }

    public async Task DisposeAsync()
    {
        foreach (var stack in await _bench.Engine.GetStacksAsync(_bench.Client))
            await _bench.DownAsync(stack.Name, new RemovalOptions { RemoveVolumes = true });
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task A_clone_beside_its_stack_has_the_same_data_and_names_addresses_and_ports_of_its_own()
    {
        var plan = await _bench.Engine.PlanCloneAsync(
            _bench.Client, "shop", _bench.Client, new CloneOptions { Name = "b", PortOffset = 9000, Addresses = There });
        Assert.Equal(
            [$"network/b-{Bridge}", "volume/default/b-data", "profile/b-small", "instance/b-db", "instance/b-web"], plan.Resources.Select(r => r.Id.ToString()));
        Assert.Empty(plan.Warnings);

        var result = await _bench.Engine.CopyAsync(_bench.Client, plan);

        Assert.Empty(result.NotStarted);
        Assert.Equal(await DigestAsync(_bench, "db"), await DigestAsync(_bench, "b-db"));
        var (one, other) = (await _bench.InstanceAsync("db"), await _bench.InstanceAsync("b-db"));
        Assert.NotEqual(one.Config["volatile.eth0.hwaddr"], other.Config["volatile.eth0.hwaddr"]);
        // What a stack file for it would say is what is there, and the stack itself is as it was.
        Assert.Empty((await _bench.PlanAsync(Text("b", "b-", $"b-{Bridge}", $"{fixture.Lab.Subnets[6]}.1/24", Port + 9000))).Changes);
        Assert.Empty((await _bench.PlanAsync(Shop)).Changes);
        await _bench.ShellAsync("b-db", "echo other >/data/file");
        Assert.Equal("300000", await _bench.ShellAsync("db", "wc -c </data/file"));
        var chosen = await _bench.Engine.PlanCloneAsync(_bench.Client, "shop", _bench.Client, new CloneOptions { Name = "c", PortOffset = 1 });
        Assert.Equal(
            [$"instance/web: eth0 has no fixed address any more instead of {fixture.Lab.Subnets[5]}.77", $"network/{Bridge}: the server chooses another address than {fixture.Lab.Subnets[5]}.1/24"],
            chosen.Warnings);
        var again = await Assert.ThrowsAsync<StackConflictException>(() =>
            _bench.Engine.PlanCloneAsync(_bench.Client, "shop", _bench.Client, new CloneOptions { Name = "b" }));
        Assert.Contains("there is a stack b in project default already", again.Problems);
        Assert.True((await _bench.DownAsync("b", new RemovalOptions { RemoveVolumes = true })).Succeeded);
        Assert.Empty((await _bench.PlanAsync(Shop)).Changes);
    }

    [Fact]
    public async Task A_clone_in_another_project_keeps_the_names_that_are_free_there()
    {
        await using var project = await fixture.CreateProjectAsync();

        var named = await Assert.ThrowsAsync<StackConflictException>(() => _bench.Engine.PlanCloneAsync(_bench.Client, "shop", _bench.Client));
        Assert.Contains("needs a name of its own", named.Message, StringComparison.Ordinal);
        var plan = await _bench.Engine.PlanCloneAsync(
            _bench.Client, "shop", project.Client, new CloneOptions { Names = new Dictionary<string, string> { [Bridge] = Bridge + "x" }, Addresses = There });
        Assert.Equal([$"network/{Bridge}x", "volume/default/data", "profile/small", "instance/db", "instance/web"], plan.Resources.Select(r => r.Id.ToString()));
        Assert.Contains(plan.Warnings, warning => warning.Contains($"tcp:127.0.0.1:{Port} is not published", StringComparison.Ordinal));
        await _bench.Engine.CopyAsync(project.Client, plan);

        var stack = Assert.Single(await _bench.Engine.GetStacksAsync(project.Client), found => found.Name == "shop");
        Assert.Equal(2, stack.Running);
        var text = Text("shop", "", Bridge + "x", $"{fixture.Lab.Subnets[6]}.1/24", Port).Replace($"ports: [\"127.0.0.1:{Port}:80\"]", "ports: []", StringComparison.Ordinal);
        Assert.Empty((await _bench.PlanAsync(text + $"\nproject: {project.Name}\n")).Changes);
        await _bench.Engine.ApplyAsync(project.Client, await _bench.Engine.CompareRemovalAsync(project.Client, "shop", new RemovalOptions { RemoveVolumes = true }));
        Assert.Empty((await _bench.PlanAsync(Shop)).Changes);
    }

    [Fact]
    public async Task A_clone_on_another_server_is_as_its_file_says()
    {
        await using var other = await Lab.Lab.StartAsync($"clone{Environment.ProcessId}", "--own-network");
        await using var there = await StackWorkbench.OpenAsync(other);

        var plan = await _bench.Engine.PlanCloneAsync(_bench.Client, "shop", there.Client);
        Assert.Empty(plan.Warnings);
        var result = await there.Engine.CopyAsync(there.Client, plan);

        Assert.Empty(result.NotStarted);
        Assert.Equal(await DigestAsync(_bench, "db"), await DigestAsync(there, "db"));
        Assert.Empty((await there.PlanAsync(Shop)).Changes);
        Assert.NotEqual((await _bench.InstanceAsync("db")).Config["volatile.eth0.hwaddr"], (await there.InstanceAsync("db")).Config["volatile.eth0.hwaddr"]);
        Assert.True((await there.DownAsync("shop", new RemovalOptions { RemoveVolumes = true })).Succeeded);
        Assert.Empty(await _bench.Client.Instances.ListBackupsAsync("db"));
        Assert.Empty(await _bench.Client.StorageVolumes.ListBackupsAsync("default", "data"));
    }

    [Fact]
    public async Task A_clone_that_is_cancelled_while_the_server_copies_leaves_nothing_behind_and_can_be_made_again()
    {
        var pool = $"slow{fixture.Lab.Number}";
        await fixture.Lab.IncusAsync("storage", "create", pool, "dir");
        try
        {
            await _bench.UpAsync($"name: slow\nvolumes: {{slowdata: {{pool: {pool}}}}}\n");
            var data = Path.Combine(fixture.Lab.Environment["INCUS_DIR"], "storage-pools", pool, "custom", "default_slowdata", "file");
            await using (var file = File.Create(data))
                file.SetLength(500_000_000);
            using var cancel = new CancellationTokenSource();
            var plan = await _bench.Engine.PlanCloneAsync(_bench.Client, "slow", _bench.Client, new CloneOptions { Name = "s" });
            var copying = _bench.Engine.CopyAsync(_bench.Client, plan, cancellationToken: cancel.Token);
            // Incus does not say of such an operation what it concerns.
            await Eventually.GetAsync(
                async () => (await _bench.Client.Operations.ListAsync()).Any(operation => operation is { IsFinal: false, Description: "Copying storage volume" }) || copying.IsCompleted,
                static seen => seen);
            await cancel.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => copying);

            Assert.DoesNotContain(await _bench.Client.Operations.ListAsync(), operation => !operation.IsFinal);
            Assert.Equal("slowdata", Assert.Single(await _bench.Client.StorageVolumes.ListAsync(pool)).Name);
            File.Delete(data);
            await _bench.Engine.CopyAsync(_bench.Client, await _bench.Engine.PlanCloneAsync(_bench.Client, "slow", _bench.Client, new CloneOptions { Name = "s" }));
        }
        finally
        {
            foreach (var stack in new[] { "slow", "s" })
                await _bench.DownAsync(stack, new RemovalOptions { RemoveVolumes = true });
            await fixture.Lab.IncusAsync("storage", "delete", pool);
        }
    }

    private static Task<string> DigestAsync(StackWorkbench bench, string instance) => bench.ShellAsync(instance, "sha256sum /data/file /root.bin");
}
