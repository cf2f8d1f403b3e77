using System.Text.Json.Nodes;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;
using IncusCompose.Readiness;

namespace IncusCompose.Integration.Tests.Oci;

/// <summary>What an image says of itself and Incus does not know, or knows once and keeps.</summary>
[Collection(Incus7LabCollection.Name)]
public sealed class OciImageTests(Incus7Fixture fixture)
{
    [Incus7Fact]
    public async Task An_images_own_health_check_is_waited_for_where_the_file_has_none()
    {
        var registry = await fixture.Lab.RegistryAsync();
        var host = registry.Address.Replace("https://", "", StringComparison.Ordinal);
        await registry.PublishAsync("kv", "checked:1", config => config["Healthcheck"] = new JsonObject
        {
            ["Test"] = new JsonArray("CMD-SHELL", "test -e /data/healthy"), ["Interval"] = 1_000_000_000, ["StartPeriod"] = 120_000_000_000, ["Retries"] = 2,
        });
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        string Compose(string image, string more = "") => $"{{name: checking, services: {{store: {{image: \"{host}/{image}\"{more}}}, page: {{image: {host}/web, depends_on: {{store: {{condition: service_healthy}}}}}}}}}}";

        var up = bench.ApplyAsync(Compose("checked:1"));
        await Eventually.GetAsync(async () => (await bench.Client.Instances.FindAsync("store"))?.Value.StatusCode, status => status == StatusCode.Running);
        // The one that waits is not there before the other one is healthy.
        Assert.Null(await bench.Client.Instances.FindAsync("page"));
        Assert.Equal(HealthState.Starting, Assert.Single(await bench.Engine.GetHealthAsync(bench.Client, "checking")).Health);
        await bench.ShellAsync("store", "touch /data/healthy");
        Assert.True((await up).Succeeded);
        Assert.Empty((await bench.PlanAsync(Compose("checked:1"))).Changes);
        Assert.Contains((await bench.Engine.GetHealthAsync(bench.Client, "checking")), health => health is { Name: "store", Health: HealthState.Healthy });

        // Where it is turned off there is nothing to wait for, nor is there with an image that has none.
        var off = Assert.Throws<StackFileException>(() => bench.Load(Compose("checked:1", ", healthcheck: {disable: true}")));
        Assert.Contains("`store` has no health check", off.Message, StringComparison.Ordinal);
        var without = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(Compose("kv")));
        Assert.Contains($":1:{Compose("kv").IndexOf("store: {condition", StringComparison.Ordinal) + 1}: instances.page.depends_on.store: `store` has no health check, nor has its image {host}:kv", without.Message, StringComparison.Ordinal);
        await Task.WhenAll(bench.Client.Instances.FindAsync("page"), bench.DownAsync("checking", new() { RemoveImages = true }));
    }

    [Incus7Fact]
    public async Task A_user_by_name_is_the_one_that_the_image_knows_and_one_that_it_does_not_leaves_nothing_behind()
    {
        var registry = await fixture.Lab.RegistryAsync();
        var host = registry.Address.Replace("https://", "", StringComparison.Ordinal);
        static string Users(string uid) => $"root:x:0:0::/root:/bin/sh\napp:x:{uid}:2345::/:/bin/sh\n";
        const string groups = "root:x:0:\nappgroup:x:2345:\nextra:x:3456:app\n";
        await registry.PublishAsync("kv", "named:1", config => config["User"] = "app", ("etc/passwd", Users("1234")), ("etc/group", groups), ("bin/first", ""));
        await registry.PublishAsync("kv", "named:2", config => (config["User"], config["WorkingDir"]) = ("app:extra", "/data"), ("etc/passwd", Users("4321")), ("etc/group", groups), ("bin/second", ""));
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        string Stack(string image, string more) => $"name: named\ninstances:\n  store:\n    image: {host}:named:{image}\n    {more}\n";

        var error = Assert.Single((await bench.ApplyAsync(Stack("1", "user: ap"))).Resources, resource => resource.Outcome == ChangeOutcome.Failed);
        Assert.Contains(":5:11: instances.store.user: the image has no user ap", error.Message, StringComparison.Ordinal);
        Assert.Null(await bench.Client.Instances.FindAsync("store"));

        await bench.UpAsync(Stack("1", "user: app:extra"));
        Assert.Equal(("1234", "3456"), await IdsAsync());
        Assert.Equal("1234 3456 /", await OfProgramAsync());

        // Of one that is there already it is known at once; what it does not have is said before anything is changed.
        var unknown = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(Stack("1", "user: app:none")));
        Assert.Contains(":5:11: instances.store.user: the image has no group none", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("~ config.oci.gid: 3456 -> 2345", StackWorkbench.Text(await bench.PlanAsync(Stack("1", "user: app"))), StringComparison.Ordinal);
        await bench.UpAsync(Stack("1", "user: app"), new PlanOptions { AllowRestart = true });
        Assert.Equal("app", (await bench.Engine.ExportAsync(bench.Client, new() { Stack = "named" })).Stack.Instances["store"].ProcessUser);

        // In another image the same name has another number.
        await bench.UpAsync(Stack("2", "user: app"), new PlanOptions { AllowRebuild = true });
        Assert.Equal(("4321", "2345"), await IdsAsync());

        // What a server has written down of the old image's variables becomes the new one's; this one reads them by itself.
        await registry.PublishAsync("named:1", "named:1", config => config["Env"] = new JsonArray("PATH=/bin", "KV_DIR=/data", "OLD=1", "BOTH=old"), ("bin/third", ""));
        await registry.PublishAsync("named:2", "named:2", config => config["Env"] = new JsonArray("PATH=/bin", "KV_DIR=/data", "NEW=1", "BOTH=new"), ("bin/fourth", ""));
        foreach (var image in (await bench.Client.Images.ListAsync()).Where(image => image.UpdateSource?.Alias.StartsWith("named:", StringComparison.Ordinal) == true))
            await bench.Client.Images.DeleteAsync(image.Fingerprint).CompleteAsync();
        await bench.UpAsync(Stack("1", "user: app"), new PlanOptions { AllowRebuild = true });
        await bench.Client.Instances.UpdateAsync("store", now => now with { Config = new Dictionary<string, string>(now.Config) { ["environment.OLD"] = "1", ["environment.BOTH"] = "old", ["environment.MINE"] = "1" } }).CompleteAsync();
        await bench.UpAsync(Stack("2", "user: app"), new PlanOptions { AllowRebuild = true });
        var variables = (await bench.InstanceAsync("store")).Config.Where(entry => entry.Key.StartsWith("environment.", StringComparison.Ordinal)).Select(entry => $"{entry.Key}={entry.Value}").Order(StringComparer.Ordinal).ToList();
        Assert.DoesNotContain("environment.OLD=1", variables);
        Assert.Contains("environment.MINE=1", variables);
        Assert.Contains("environment.NEW=1", variables);
        Assert.Contains("environment.BOTH=new", variables);

        // Without the word it is the image's own user, which Incus looks up by itself, and stays that with every image.
        await bench.UpAsync(Stack("2", "labels: {a: b}"), new PlanOptions { AllowRestart = true });
        Assert.Equal("4321 3456 /data", await OfProgramAsync());
        await bench.UpAsync(Stack("1", "labels: {a: b}"), new PlanOptions { AllowRebuild = true });
        Assert.Equal("1234 2345 /", await OfProgramAsync());
        await bench.DownAsync("named", new() { RemoveImages = true });

        async Task<(string?, string?)> IdsAsync() => (await bench.InstanceAsync("store")).Config is var config ? (config.GetValueOrDefault("oci.uid"), config.GetValueOrDefault("oci.gid")) : default;

        Task<string> OfProgramAsync() => Eventually.GetAsync(
            () => bench.ShellAsync("store", "for p in /proc/[0-9]*; do if grep -qx nc $p/comm; then echo $(awk '/^Uid/{print $2}' $p/status) $(awk '/^Gid/{print $2}' $p/status) $(readlink $p/cwd); fi; done"), text => text.Length > 0);
    }
}
