using IncusCompose.Applying;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Oci;

/// <summary>Images of a registry that get newer while instances made from them live on.</summary>
[Collection(Incus7LabCollection.Name)]
public sealed class OciFreshnessTests(Incus7Fixture fixture)
{
    [Incus7Fact]
    public async Task A_tag_that_moved_on_is_a_line_of_the_plan_and_replicas_follow_it_once_they_may()
    {
        var registry = await fixture.Lab.RegistryAsync();
        var host = registry.Address.Replace("https://", "", StringComparison.Ordinal);
        await registry.PublishAsync("kv", "fresh:1");
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        string Stack(string pull) => $"{{name: fresh, services: {{store: {{image: \"{host}/fresh:1\", pull_policy: {pull}, scale: 2}}}}}}";
        var always = Stack("always");

        await bench.UpAsync(always);
        Assert.False((await bench.PlanAsync(always)).HasChanges);
        var first = Assert.Single(await bench.Client.Images.ListAsync(), image => image.UpdateSource?.Alias == "fresh:1").Fingerprint;

        // Who does not want to know is not told, and nobody is asked.
        await registry.PublishAsync("kv", "fresh:1", null, ("version", "2"));
        Assert.Empty((await bench.PlanAsync(Stack("missing"))).Diagnostics);

        var plan = await bench.PlanAsync(always);
        var text = StackWorkbench.Text(plan);
        Assert.Contains($"~ fingerprint: {first} -> ", text, StringComparison.Ordinal);
        Assert.Contains($"fresh:1 moved on: {first[..12]} -> ", text, StringComparison.Ordinal);
        Assert.Contains("(store-1, store-2)", text, StringComparison.Ordinal);
        await FollowAsync(bench, always);
        Assert.Equal("2", await bench.ShellAsync("store-2", "cat /version"));
        var second = Assert.Single(await bench.Client.Images.ListAsync(), image => image.UpdateSource?.Alias == "fresh:1").Fingerprint;
        Assert.NotEqual(first, second);

        // The same layers with another command are another image too, though the server calls both the same.
        var digest = await registry.PublishAsync("fresh:1", "fresh:1", config => config["Cmd"] = new System.Text.Json.Nodes.JsonArray("-ll", "-p", "6400", "-e", "/bin/kv"));
        plan = await bench.PlanAsync(always, new PlanOptions { AllowRebuild = true });
        Assert.Contains($"~ digest: sha256:", StackWorkbench.Text(plan), StringComparison.Ordinal);
        Assert.Equal(2, plan.Changes.Count(change => change.Action == ChangeAction.Rebuild && change.Reason.Contains($"-> {digest["sha256:".Length..][..12]}", StringComparison.Ordinal)));
        await FollowAsync(bench, always);
        Assert.Equal("nc -ll -p 6400 -e /bin/kv", (await bench.InstanceAsync("store-1")).Config.GetValueOrDefault("oci.entrypoint", "nc -ll -p 6400 -e /bin/kv"));
        Assert.Contains("-p 6400", await bench.ShellAsync("store-1", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"), StringComparison.Ordinal);

        // What cannot be fetched after all leaves what was there before it, with the names that others gave it.
        await fixture.Lab.IncusAsync("image", "alias", "create", "theirs-fresh", second);
        await registry.PublishAsync("fresh:1", "fresh:good");
        await registry.PublishAsync("fresh:1", "fresh:1", config => config["Env"] = 5);
        var failed = await bench.ApplyAsync(always, apply: new ApplyOptions { StopTimeout = TimeSpan.Zero });
        var failure = Assert.Single(failed.Resources, resource => resource is { Kind: "image", Outcome: ChangeOutcome.Failed });
        Assert.DoesNotContain("put back", failure.Message, StringComparison.Ordinal);
        var kept = (await bench.Client.Images.GetByAliasAsync("theirs-fresh")).Value;
        Assert.Equal("fresh", kept.Properties["user.incus-compose.stack"]);
        plan = await bench.PlanAsync(Stack("missing"));
        Assert.Empty(plan.Changes);
        Assert.Empty(plan.Diagnostics);
        await registry.PublishAsync("fresh:good", "fresh:1", config => config["Cmd"] = new System.Text.Json.Nodes.JsonArray("-ll", "-p", "6500", "-e", "/bin/kv"));
        await FollowAsync(bench, always);
        Assert.Equal(second, (await bench.Client.Images.GetByAliasAsync("theirs-fresh")).Value.Fingerprint);
        Assert.Equal("fresh:1", (await bench.Client.Images.GetAsync(second)).Value.UpdateSource?.Alias);

        // Nor is a name lost where the layers are others.
        await registry.PublishAsync("kv", "fresh:1", null, ("version", "3"));
        await FollowAsync(bench, always);
        Assert.Equal(Assert.Single(await bench.Client.Images.ListAsync(), image => image.UpdateSource?.Alias == "fresh:1").Fingerprint, (await bench.Client.Images.GetByAliasAsync("theirs-fresh")).Value.Fingerprint);

        // A registry that does not have it any more, or does not answer, stands in nobody's way.
        var elsewhere = always.Replace("fresh:1", "gone:1", StringComparison.Ordinal);
        var warning = Assert.Single((await bench.PlanAsync(elsewhere, new PlanOptions { AllowRebuild = true })).Diagnostics, note => note.Id == "ImageServerSilent");
        Assert.Contains($"whether {host}:gone:1 has moved on cannot be told: {host} has no gone:1", warning.Message, StringComparison.Ordinal);

        await bench.DownAsync("fresh", new() { RemoveImages = true });
    }

    /// <summary>Applies, with leave to rebuild and without asking anything to stop by itself.</summary>
    private static async Task FollowAsync(StackWorkbench bench, string yaml)
    {
        var options = new PlanOptions { AllowRebuild = true };
        var result = await bench.ApplyAsync(yaml, options, new ApplyOptions { StopTimeout = TimeSpan.Zero });
        Assert.True(result.Succeeded, string.Join("\n", result.Resources.Where(resource => resource.Message is not null).Select(resource => $"{resource.Id}: {resource.Message}")));
        Assert.Empty((await bench.PlanAsync(yaml, options)).Changes);
    }
}
