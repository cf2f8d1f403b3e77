using IncusCompose.Applying;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Buckets: on a server that serves them itself (Incus 7), and on one that needs a program which is not there.</summary>
[Collection(LabCollection.Name)]
public sealed class BucketTests(LabFixture fixture) : IAsyncLifetime
{
    private readonly string _stack = "buckets" + Guid.NewGuid().ToString("N")[..6];
    private StackWorkbench _bench = null!;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public async Task DisposeAsync()
    {
        await _bench.DownAsync(_stack, new RemovalOptions { RemoveVolumes = true });
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task A_bucket_and_its_keys_are_made_changed_in_place_repaired_and_kept_until_told()
    {
        string Bucket(string rest) => $"name: {_stack}\nbuckets:\n  {_stack}:\n    {rest}\n";
        var file = Bucket("description: assets\n    keys: {app: {role: admin, access_key: app12345, secret_key: hunter22222}, web: read-only}");
        var made = await _bench.ApplyAsync(file);
        if (fixture.Client.Server.Environment.ServerVersion.StartsWith("6.", StringComparison.Ordinal))
        {
            var failed = Assert.Single(made.Resources);
            Assert.Equal(ChangeOutcome.Failed, failed.Outcome);
            Assert.Contains("MinIO", failed.Message, StringComparison.Ordinal);
            Assert.Contains("Install MinIO", failed.Message, StringComparison.Ordinal);
            Assert.Null(await _bench.Client.StorageBuckets.FindAsync("default", _stack));
            return;
        }

        Assert.True(made.Succeeded);
        await _bench.UpAsync(file);
        var before = await KeysAsync();
        Assert.Equal(("admin", "app12345", "hunter22222"), before["app"]);
        Assert.Equal("read-only", before["web"].Role);
        Assert.NotEmpty(before["web"].Secret);
        Assert.Contains("admin", before.Keys);

        var changed = Bucket("description: more\n    keys: {app: {role: read-only, access_key: app12345, secret_key: hunter33333}, cli: admin}");
        Assert.DoesNotContain("hunter", StackWorkbench.Text(await _bench.PlanAsync(changed)), StringComparison.Ordinal);
        await _bench.UpAsync(changed);
        var after = await KeysAsync();
        Assert.Equal(("read-only", "app12345", "hunter33333"), after["app"]);
        Assert.Equal(["admin", "app", "cli"], after.Keys.Order());
        Assert.Equal(before["admin"], after["admin"]);

        await _bench.Client.StorageBuckets.DeleteKeyAsync("default", _stack, "cli");
        Assert.Contains("keys.cli.role: (unset) -> admin (drifted)", StackWorkbench.Text(await _bench.PlanAsync(changed)), StringComparison.Ordinal);
        await _bench.UpAsync(changed);

        Assert.Contains("--remove-volumes", Assert.Single((await _bench.PlanAsync($"name: {_stack}\n", new PlanOptions { Prune = true })).Orphans).Advice, StringComparison.Ordinal);
        await _bench.DownAsync(_stack);
        Assert.NotNull(await _bench.Client.StorageBuckets.FindAsync("default", _stack));
        await _bench.ApplyAsync($"name: {_stack}\n", new PlanOptions { Prune = true, RemoveVolumes = true });
        Assert.Null(await _bench.Client.StorageBuckets.FindAsync("default", _stack));
    }

    private async Task<Dictionary<string, (string Role, string Access, string Secret)>> KeysAsync() =>
        (await _bench.Client.StorageBuckets.ListKeysAsync("default", _stack)).ToDictionary(key => key.Name, key => (key.Role, key.AccessKey, key.SecretKey));
}
