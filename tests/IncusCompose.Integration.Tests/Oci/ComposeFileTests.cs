using Incus.Client;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;

namespace IncusCompose.Integration.Tests.Oci;

/// <summary>A docker compose file, as it is, on an Incus that runs applications.</summary>
[Collection(Incus7LabCollection.Name)]
public sealed class ComposeFileTests(Incus7Fixture fixture)
{
    [Incus7Fact]
    public async Task Three_services_come_up_find_each_other_and_plan_to_nothing()
    {
        var registry = (await fixture.Lab.RegistryAsync()).Address.Replace("https://", "", StringComparison.Ordinal);
        var compose = $$$"""
            version: "3.9"
            name: composed
            services:
              store:
                image: {{{registry}}}/kv
                environment: [KV_DIR=/keep]
                volumes: ["kept:/keep"]
                restart: unless-stopped
              page:
                image: {{{registry}}}/web
                environment: {DATABASE: "store:6379", GREETING: Hello from compose}
                depends_on: [store]
                labels: {tier: front}
              other_page:
                image: {{{registry}}}/web
                environment: {DATABASE: "store:6379", GREETING: Hello from the other one}
                depends_on: {store: {condition: service_started}}
                logging: {driver: json-file}
            volumes:
              kept: {driver: local}
            """;
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);

        await bench.UpAsync(compose);

        var page = await Eventually.GetAsync(() => ShellAsync("page", "wget -q -O - http://127.0.0.1/cgi-bin/index.cgi"), text => text.Contains("Visit number", StringComparison.Ordinal));
        Assert.Contains("Hello from compose", page, StringComparison.Ordinal);
        var other = await Eventually.GetAsync(() => ShellAsync("page", "wget -q -O - http://other-page/cgi-bin/index.cgi"), text => text.Contains("Visit number", StringComparison.Ordinal));
        Assert.Contains("Hello from the other one", other, StringComparison.Ordinal);
        Assert.NotEqual("", await ShellAsync("store", "ls /keep"));
        Assert.Empty((await bench.PlanAsync(compose)).Changes);

        await bench.DownAsync("composed", new() { RemoveVolumes = true });
        Assert.Null(await bench.Client.Instances.FindAsync("page"));

        async Task<string> ShellAsync(string instance, string command) =>
            (await bench.Client.Instances.ExecAsync(instance, new ExecRequest { Command = ["/bin/sh", "-c", command] })).StandardOutput ?? "";
    }
}
