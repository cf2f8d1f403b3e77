using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Exporting;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Oci;

/// <summary>A docker compose file, as it is, on an Incus that runs applications.</summary>
[Collection(Incus7LabCollection.Name)]
public sealed class ComposeFileTests(Incus7Fixture fixture)
{
    [Incus7Fact]
    public async Task A_command_takes_the_place_of_an_images_arguments_and_leaves_its_entry_point()
    {
        var registry = (await fixture.Lab.RegistryAsync()).Address.Replace("https://", "", StringComparison.Ordinal);
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        string Compose(string command) => $"{{name: argued, services: {{store: {{image: {registry}/kv, command: {command}}}}}}}";

        await bench.UpAsync(Compose("-ll -p 6380 -e /bin/kv"));
        var store = await bench.InstanceAsync("store");
        Assert.Equal("nc -ll -p 6380 -e /bin/kv", store.Config["oci.entrypoint"]);
        await Eventually.GetAsync(() => bench.ShellAsync("store", "echo incr visits | nc 127.0.0.1 6380"), text => text.Trim() is { Length: > 0 } number && number.All(char.IsAsciiDigit));

        // What the image's own entry point is stands on the instance by now.
        await bench.UpAsync(Compose("-ll -p 6381 -e /bin/kv"), new PlanOptions { AllowRestart = true });
        Assert.Equal("nc -ll -p 6381 -e /bin/kv", (await bench.InstanceAsync("store")).Config["oci.entrypoint"]);
        Assert.Equal(["-ll", "-p", "6381", "-e", "/bin/kv"], (await bench.Engine.ExportAsync(bench.Client, new ExportOptions { Stack = "argued" })).Stack.Instances["store"].Command!);

        var error = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync($"{{name: argued, services: {{other: {{image: {registry}/none, command: [a]}}}}}}"));
        Assert.Contains($"{registry} has no none:latest", error.Message, StringComparison.Ordinal);
        await bench.DownAsync("argued");
    }

    [Incus7Fact]
    public async Task Three_services_come_up_find_each_other_and_plan_to_nothing()
    {
        var registry = (await fixture.Lab.RegistryAsync()).Address.Replace("https://", "", StringComparison.Ordinal);
        var (bridge, stack) = ($"ic{fixture.Lab.Number}-composed", $"composed{fixture.Lab.Number}");
        var compose = $$$"""
            version: "3.9"
            name: {{{stack}}}
            services:
              store:
                image: {{{registry}}}/kv
                environment: [KV_DIR=/keep]
                volumes: ["kept:/keep"]
                restart: unless-stopped
                container_name: composed-store
                networks: [lan]
              page:
                image: {{{registry}}}/web
                environment: {DATABASE: "store:6379", GREETING: Hello from compose}
                depends_on: [store]
                networks: {lan: {aliases: [front]}}
                labels: {tier: front}
              other_page:
                image: {{{registry}}}/web
                environment: {DATABASE: "store:6379", GREETING: Hello from the other one}
                depends_on: {store: {condition: service_started}}
                networks: [lan, out]
                logging: {driver: json-file}
            networks:
              lan: {name: {{{bridge}}}, ipam: {config: [{subnet: {{{fixture.Lab.Subnets[3]}}}.0/24}]}}
              out: {ipam: {config: [{subnet: {{{fixture.Lab.Subnets[4]}}}.0/24}]}}
            volumes:
              kept: {driver: local}
            """;
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);

        await bench.UpAsync(compose);

        var page = await Eventually.GetAsync(() => ShellAsync("page", "wget -q -O - http://127.0.0.1/cgi-bin/index.cgi"), text => text.Contains("Visit number", StringComparison.Ordinal));
        Assert.Contains("Hello from compose", page, StringComparison.Ordinal);
        var other = await Eventually.GetAsync(() => ShellAsync("page", "wget -q -O - http://other-page/cgi-bin/index.cgi"), text => text.Contains("Visit number", StringComparison.Ordinal));
        Assert.Contains("Hello from the other one", other, StringComparison.Ordinal);
        // A service is known by its key and its aliases, whatever its container is called, and whichever of its networks is asked.
        Assert.Contains("Hello from compose", await ShellAsync("other-page", "wget -q -O - http://front/cgi-bin/index.cgi"), StringComparison.Ordinal);
        Assert.NotEqual("", await ShellAsync("composed-store", "ls /keep"));
        Assert.Contains(await bench.Client.Networks.ListAsync(), network => network.Name == $"{stack}-out");
        Assert.Empty((await bench.PlanAsync(compose)).Changes);

        await bench.DownAsync(stack, new() { RemoveVolumes = true });
        Assert.Null(await bench.Client.Instances.FindAsync("page"));

        async Task<string> ShellAsync(string instance, string command) =>
            (await bench.Client.Instances.ExecAsync(instance, new ExecRequest { Command = ["/bin/sh", "-c", command] })).StandardOutput ?? "";
    }

    [Incus7Fact]
    public async Task The_compose_file_of_the_example_comes_up_once_its_database_is_healthy_and_goes_down()
    {
        var registry = await fixture.Lab.RegistryAsync();
        // What the example's own image has, on the tiny one: an entry point by its name, and the client that says that it is healthy.
        await registry.PublishAsync("kv", "guestbook-db", null,
            ("bin/docker-entrypoint.sh", "#!/bin/sh\n[ \"$1 $2 $3\" = \"redis-server --appendonly yes\" ] || exit 1\nexec nc -ll -p 6379 -e /bin/kv\n"),
            ("bin/redis-cli", "#!/bin/sh\n[ \"$1\" = ping ] && echo get x | nc 127.0.0.1 6379\n"));
        var host = registry.Address.Replace("https://", "", StringComparison.Ordinal);
        var compose = (await File.ReadAllTextAsync(Repository.PathOf("examples/compose/compose.yaml")))
            .Replace("nginx:1.27-alpine", $"{host}/web", StringComparison.Ordinal)
            .Replace("redis:7-alpine", $"{host}/guestbook-db", StringComparison.Ordinal)
            .Replace("${WEB_PORT:-8080}", "18097", StringComparison.Ordinal)
            // Beside other labs the server finds no subnet of its own.
            .Replace("front: {}", $"front: {{ipam: {{config: [{{subnet: {fixture.Lab.Subnets[6]}.0/24}}]}}}}", StringComparison.Ordinal)
            .Replace("10.75.0.0/24", $"{fixture.Lab.Subnets[5]}.0/24", StringComparison.Ordinal);
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        try
        {
            await bench.UpAsync(compose);
            var db = await bench.InstanceAsync("db");
            Assert.Equal(("128MiB", "50ms/100ms"), (db.Config["limits.memory"], db.Config["limits.cpu.allowance"]));
            await Eventually.GetAsync(() => fixture.Lab.HostAsync("curl", "-sS", "http://127.0.0.1:18097/"), text => text.Contains("Served by web.", StringComparison.Ordinal));
        }
        finally
        {
            Assert.True((await bench.DownAsync("guestbook", new() { RemoveVolumes = true })).Succeeded);
        }

        Assert.Null(await bench.Client.Instances.FindAsync("web"));
    }

    [Incus7Fact]
    public async Task The_example_of_applications_comes_up_and_they_find_each_other()
    {
        await fixture.Lab.RegistryAsync();
        var yaml = (await File.ReadAllTextAsync(Repository.PathOf("examples/oci/stack.yaml")))
            .Replace("${PAGE_IMAGE:-docker:nginx:1.27-alpine}", "oci:web", StringComparison.Ordinal)
            .Replace("${STORE_IMAGE:-docker:redis:7-alpine}", "oci:kv", StringComparison.Ordinal)
            .Replace("${PORT:-8080}", "18099", StringComparison.Ordinal);
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);

        await bench.UpAsync(yaml);

        var page = await Eventually.GetAsync(
            async () => (await bench.Client.Instances.ExecAsync("oci-page", new ExecRequest { Command = ["/bin/sh", "-c", "wget -q -O - http://127.0.0.1/cgi-bin/index.cgi"] })).StandardOutput ?? "",
            text => text.Contains("Visit number", StringComparison.Ordinal));
        Assert.Contains("Hello from an application", page, StringComparison.Ordinal);
        Assert.True((await bench.DownAsync("oci", new() { RemoveVolumes = true })).Succeeded);
        Assert.Null(await bench.Client.Instances.FindAsync("oci-page"));
    }
}
