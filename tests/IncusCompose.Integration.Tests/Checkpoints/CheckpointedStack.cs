using System.Text.Json;
using System.Text.Json.Nodes;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Checkpoints;

/// <summary>A stack with everything that a checkpoint holds, in a project and a pool of its own.</summary>
internal sealed class CheckpointedStack : IAsyncDisposable
{
    // What comes and goes as things are used.
    private static readonly string[] PassingFields = ["used_by", "created_at", "last_used_at", "status", "status_code", "expanded_config", "expanded_devices", "project", "location", "locations"];

    private readonly LabFixture _lab;

    private CheckpointedStack(LabFixture lab, TestProject project, StackWorkbench bench, string name, string driver)
    {
        _lab = lab;
        Project = project;
        Bench = bench;
        Name = name;
        Pool = $"{name}{lab.Lab.Number}";
        Bridge = $"{name}{lab.Lab.Number}";
        var size = driver == "btrfs" ? ", config: { size: 256MiB }" : "";
        Yaml = $$"""
            name: {{name}}
            project: {{project.Name}}
            storage_pools: { {{Pool}}: { driver: {{driver}}{{size}} } }
            networks:
              {{Bridge}}: { config: { ipv4.address: {{lab.Lab.Subnets[^2]}}.1/24, ipv6.address: none, user.note: first } }
            profiles:
              {{name}}-base: { description: first, config: { user.color: red } }
            volumes:
              {{name}}-data: { pool: {{Pool}} }
            instances:
              {{name}}-db:
                image: busybox
                disk: { pool: {{Pool}} }
                profiles: [default, {{name}}-base]
                networks: [{{Bridge}}]
                volumes: ["{{name}}-data:/data"]
                description: the database
                config: { user.size: "1", limits.memory: 64MiB }
              {{name}}-web:
                image: busybox
                disk: { pool: {{Pool}} }
                networks: [{{Bridge}}]
                depends_on: [{{name}}-db]
                description: what people see
            """;
    }

    public TestProject Project { get; }

    public StackWorkbench Bench { get; }

    public string Name { get; }

    public string Pool { get; }

    public string Bridge { get; }

    public string Yaml { get; }

    public string Database => Name + "-db";

    public string Web => Name + "-web";

    public string Data => Name + "-data";

    public string Profile => Name + "-base";

    public IncusClient Client => Project.Client;

    public static async Task<CheckpointedStack> UpAsync(LabFixture lab, string name, string driver)
    {
        var project = await lab.CreateProjectAsync();
        var stack = new CheckpointedStack(lab, project, await StackWorkbench.OpenAsync(lab.Lab), name, driver);
        await stack.Bench.UpAsync(stack.Yaml);
        await stack.ShellAsync(stack.Database, "mkdir -p /srv; echo one >/srv/file; echo gone >/srv/old; echo kept >/data/file; chown 33:44 /data/file; ln -s file /data/link");
        await stack.ShellAsync(stack.Web, "mkdir -p /srv; echo web >/srv/file; chmod 600 /srv/file");
        return stack;
    }

    public Task<StackCheckpoint> TakeAsync(string name, CheckpointOptions? options = null) =>
        Bench.Engine.TakeCheckpointAsync(Client, Name, (options ?? new CheckpointOptions()) with { Name = name });

    public async Task<RestoreResult> RestoreAsync(string name, RestoreOptions? options = null)
    {
        var checkpoint = (await ListAsync()).Single(one => one.Name == name);
        return await Bench.Engine.RestoreCheckpointAsync(Client, await Bench.Engine.CompareCheckpointAsync(Client, checkpoint, options), options);
    }

    public Task<IReadOnlyList<StackCheckpoint>> ListAsync() => Bench.Engine.GetCheckpointsAsync(Client, Name);

    public async Task<string> ShellAsync(string instance, string command) =>
        (await _lab.Lab.IncusAsync("--project", Project.Name, "exec", instance, "--", "sh", "-c", command)).TrimEnd('\n');

    public Task IncusAsync(params string[] arguments) => _lab.Lab.IncusAsync(["--project", Project.Name, .. arguments]);

    /// <summary>Every file of the running instances and of the volume, with owner, mode and content; a process id of each boot is no file of theirs.</summary>
    public async Task<string> FilesAsync()
    {
        const string List = "find / /data -xdev \\( -type f -o -type l \\) ! -name udhcpc.eth0.pid 2>/dev/null | sort -u | while read f; do stat -c '%n %a %u %g %N' \"$f\"; [ -L \"$f\" ] || sha256sum <\"$f\"; done";
        return $"{await ShellAsync(Database, List)}\n--- {Web}\n{await ShellAsync(Web, List)}";
    }

    /// <summary>The definitions as the server tells them, with hardware addresses and identities, without what passes.</summary>
    public async Task<string> DefinitionsAsync()
    {
        string[] paths =
        [
            $"/1.0/instances/{Database}?project={Project.Name}",
            $"/1.0/instances/{Web}?project={Project.Name}",
            $"/1.0/profiles/{Profile}?project={Project.Name}",
            $"/1.0/networks/{Bridge}",
            $"/1.0/storage-pools/{Pool}/volumes/custom/{Data}?project={Project.Name}",
        ];
        var texts = new List<string>();
        foreach (var path in paths)
        {
            var node = JsonNode.Parse(await _lab.Lab.IncusAsync("query", path))!.AsObject();
            foreach (var field in PassingFields)
                node.Remove(field);
            var config = node["config"]!.AsObject();
            foreach (var key in config.Select(entry => entry.Key).Where(IsPassing).ToList())
                config.Remove(key);
            texts.Add(node.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        }

        return string.Join("\n", texts);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var checkpoint in await ListAsync())
            await Bench.Engine.RemoveCheckpointAsync(Client, checkpoint);
        var down = await Bench.Engine.ApplyAsync(
            Client, await Bench.Engine.CompareRemovalAsync(Client, Name, new RemovalOptions { RemoveVolumes = true, RemovePools = true }), new ApplyOptions { StopTimeout = TimeSpan.Zero });
        Assert.True(down.Succeeded, string.Join("\n", down.Resources.Select(r => $"{r.Id}: {r.Outcome} {r.Message}")));
        await Project.DisposeAsync();
        await Bench.DisposeAsync();
    }

    private static bool IsPassing(string key) =>
        key.StartsWith("volatile.", StringComparison.Ordinal)
        && key is not ("volatile.uuid" or "volatile.cloud-init.instance-id" or "volatile.base_image" or "volatile.idmap.last" or "volatile.idmap.next")
        && !key.EndsWith(".hwaddr", StringComparison.Ordinal);
}
