using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Integration.Tests.Transactions;
using IncusCompose.Operating;
using IncusCompose.Planning;
using Xunit.Abstractions;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>Several people, or a person and a machine, apply the same stack at the same time.</summary>
[Collection(CrashLabCollection.Name)]
public sealed class ConcurrentAppliesTests(CrashLabFixture fixture, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly PlanOptions Everything = new() { AllowRestart = true, Prune = true, RemoveVolumes = true };
    private static readonly string[] EverythingAllowed = ["--allow-restart", "--prune", "--remove-volumes"];

    private StackWorkbench _bench = null!;

    private Lab.Lab Lab => fixture.Lab;

    private ShopStack Shop => new(Lab);

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(Lab);

    public async Task DisposeAsync()
    {
        await _bench.DownAsync(ShopStack.Name, new RemovalOptions { RemoveVolumes = true });
        await _bench.DisposeAsync();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task All_applies_of_the_same_stack_at_once_end_well_and_nothing_is_doubled(int count)
    {
        // What one alone leads to.
        await _bench.UpAsync(Shop.First, Everything);
        var first = await Inventory.TakeAsync(Lab);
        await _bench.UpAsync(Shop.Second, Everything);
        var second = await Inventory.TakeAsync(Lab);
        await _bench.DownAsync(ShopStack.Name, new RemovalOptions { RemoveVolumes = true });

        foreach (var (yaml, wanted) in ((string, string)[])[(Shop.First, first), (Shop.Second, second)])
        {
            await AtOnceAsync([.. Enumerable.Repeat(yaml, count)]);
            States.AssertSame(wanted, await Inventory.TakeAsync(Lab));
            Assert.Empty((await _bench.PlanAsync(yaml, Everything)).Changes);
        }
    }

    [Fact]
    public async Task All_who_restart_an_instance_at_once_end_well_and_it_runs()
    {
        await _bench.UpAsync(Shop.First, Everything);
        for (var round = 0; round < 4; round++)
        {
            var results = await Task.WhenAll(Enumerable.Range(0, 5).Select(async number =>
            {
                var plan = await _bench.Engine.PlanOperationAsync(_bench.Client, ShopStack.Name, StackOperation.Restart, ["web"]);
                // Some ask it first, some do not.
                var options = new ApplyOptions { StopTimeout = number % 2 == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(200 * number) };
                return await _bench.Engine.ApplyAsync(_bench.Client, plan, options);
            }));

            Assert.Empty(results.SelectMany(result => result.Resources).Where(resource => resource.Outcome == ChangeOutcome.Failed).Select(resource => resource.Message));
            Assert.Equal(StatusCode.Running, (await _bench.InstanceAsync("web")).StatusCode);
        }
    }

    [Fact]
    public async Task Different_changes_of_the_same_stack_at_once_both_end_well_and_each_resource_is_as_one_of_them_says()
    {
        await _bench.UpAsync(Shop.First, Everything);
        var one = Shop.First.Replace("64MiB", "80MiB", StringComparison.Ordinal).Replace("description: first", "description: one", StringComparison.Ordinal);
        var two = Shop.First.Replace("64MiB", "96MiB", StringComparison.Ordinal).Replace("description: Logs", "description: two", StringComparison.Ordinal);

        await AtOnceAsync(one, two);

        Assert.Contains((await _bench.Client.Profiles.GetAsync("small")).Value.Config["limits.memory"], (string[])["80MiB", "96MiB"]);
        Assert.Contains((await _bench.Client.Networks.GetAsync(Shop.Bridge)).Value.Description, (string[])["one", "first"]);
        Assert.Contains((await _bench.Client.StorageVolumes.GetAsync("default", "logs")).Value.Description, (string[])["two", "Logs"]);
        // Whoever applies next gets what they ask for.
        await _bench.UpAsync(one, Everything);
        Assert.Equal("80MiB", (await _bench.Client.Profiles.GetAsync("small")).Value.Config["limits.memory"]);
    }

    [Fact]
    public async Task A_profile_is_changed_again_where_an_instance_that_has_it_was_just_being_made()
    {
        await using var relay = new FaultyRelay(Lab.Socket);
        await using var client = await relay.ConnectAsync();
        await _bench.UpAsync(Shop.First, Everything);
        var plan = await _bench.PlanAsync(Shop.First.Replace("64MiB", "80MiB", StringComparison.Ordinal), Everything);
        relay.Answer("PUT /1.0/profiles/small?project=default",
            "The following instances failed to update (profile change still saved):\\n - Project: default, Instance: extra: Failed to write backup file: Failed getting instance pool: Instance storage pool not found");

        var result = await _bench.Engine.ApplyAsync(client, plan);

        Assert.True(result.Succeeded);
        Assert.Equal("80MiB", (await _bench.Client.Profiles.GetAsync("small")).Value.Config["limits.memory"]);
    }

    [Fact]
    public async Task What_another_stack_deletes_while_this_one_looks_at_the_server_is_no_concern_of_it()
    {
        await using var relay = new FaultyRelay(Lab.Socket);
        await using var client = await relay.ConnectAsync();
        var (network, pool) = ($"gone{Lab.Number}", $"gone{Lab.Number}");
        await _bench.UpAsync($$"""
            name: passing
            networks: { {{network}}: { config: { ipv4.address: none, ipv6.address: none } } }
            storage_pools: { {{pool}}: { driver: dir } }
            """);
        var own = _bench.Load("name: own\nprofiles: { own: {} }\n");
        var held = ((string[])[$"networks/{network}/forwards", $"storage-pools/{pool}/volumes/custom"]).Select(list => relay.Hold($"GET /1.0/{list}?project=default&recursion=1")).ToList();

        var planning = _bench.Engine.CompareAsync(client, own);
        foreach (var request in held)
            await request.Come;
        await _bench.DownAsync("passing", new RemovalOptions { RemovePools = true });
        foreach (var request in held)
            await request.PassOnAsync();

        Assert.Equal(["own"], (await planning).Changes.Select(change => change.Name));
    }

    [Fact]
    public async Task What_somebody_else_writes_into_an_instance_while_it_is_changed_is_not_lost()
    {
        await _bench.UpAsync(Shop.First, Everything);
        const int Writes = 30;
        var done = false;

        async Task WriteAsync()
        {
            for (var number = 0; number < Writes; number++)
            {
                await _bench.Client.Instances.UpdateAsync("db", instance => instance with
                {
                    Config = new Dictionary<string, string>(instance.Config) { [$"user.note{number}"] = "mine" },
                }).CompleteAsync();
            }

            done = true;
        }

        var writing = WriteAsync();
        var changes = 0;
        while (!done || changes == 0)
        {
            var yaml = Shop.First.Replace("profiles: [default, small]", $"profiles: [default, small]\n    labels: {{round: {++changes}}}", StringComparison.Ordinal);
            var result = await _bench.ApplyAsync(yaml, Everything);
            Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(r => $"{r.Id}: {r.Message}")));
            Assert.Equal($"{changes}", (await _bench.InstanceAsync("db")).Config["user.label.round"]);
        }

        await writing;
        output.WriteLine($"{changes} changes during {Writes} writes");
        var config = (await _bench.InstanceAsync("db")).Config;
        Assert.Equal(Writes, config.Keys.Count(key => key.StartsWith("user.note", StringComparison.Ordinal)));
    }

    private async Task AtOnceAsync(params string[] stacks)
    {
        var folder = Directory.CreateTempSubdirectory("incus-compose-test-");
        var ups = stacks.Select((yaml, number) =>
        {
            var file = Path.Combine(folder.FullName, $"{number}.yaml");
            File.WriteAllText(file, yaml);
            return UpProcess.Start(Lab, file, EverythingAllowed);
        }).ToList();
        try
        {
            foreach (var (code, text, _) in await Task.WhenAll(ups.Select(up => up.EndAsync())))
            {
                output.WriteLine(text);
                Assert.True(code == 0, text);
            }
        }
        finally
        {
            ups.ForEach(up => up.Dispose());
            folder.Delete(recursive: true);
        }
    }
}
