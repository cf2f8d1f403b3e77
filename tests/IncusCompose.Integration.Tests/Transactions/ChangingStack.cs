using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Transactions;

/// <summary>
/// A stack in a project of its own, and a change of it that holds every kind of change: of a network, a profile, an instance
/// with a restart; a rebuild, a replacement, deletions with data, and new things.
/// </summary>
internal sealed class ChangingStack : IAsyncDisposable
{
    // What comes and goes as things are used.
    private static readonly string[] PassingFields = ["used_by", "created_at", "last_used_at", "status_code", "expanded_config", "expanded_devices", "location", "locations", "uploaded_at"];

    private readonly LabFixture _lab;
    private readonly string _subnet;
    private readonly HttpClient _server;

    private ChangingStack(LabFixture lab, TestProject project, StackWorkbench bench, string name, string subnet)
    {
        _lab = lab;
        _subnet = subnet;
        Project = project;
        Bench = bench;
        Name = name;
        _server = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(lab.Lab.Socket), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri("http://incus"),
        };
    }

    public static PlanOptions Everything { get; } = new() { AllowRestart = true, AllowRebuild = true, AllowReplace = true, Prune = true, RemoveVolumes = true };

    public TestProject Project { get; }

    public StackWorkbench Bench { get; }

    public string Name { get; }

    public IncusClient Client => Project.Client;

    public string Bridge => $"{Name}{_lab.Lab.Number}";

    private string Again => $"{Name}-again";

    private string Pool => $"{Name}p{_lab.Lab.Number}";

    public string First => $$"""
        name: {{Name}}
        project: {{Project.Name}}
        storage_pools: { {{Pool}}: { driver: dir } }
        networks:
          {{Bridge}}: { config: { ipv4.address: {{_subnet}}.1/24, ipv6.address: none, user.note: first } }
        profiles:
          {{Name}}-base: { description: first, config: { user.color: red } }
        volumes:
          {{Name}}-data: { pool: default }
          {{Name}}-old: { pool: default }
        instances:
          {{Name}}-db:
            image: busybox
            profiles: [default, {{Name}}-base]
            disk: { pool: default }
            networks: [{{Bridge}}]
            volumes: ["{{Name}}-data:/data"]
            environment: { MODE: one }
            description: the database
          {{Name}}-web: { image: busybox, disk: { pool: default }, networks: [{{Bridge}}], depends_on: [{{Name}}-db], config: { user.size: "1" } }
          {{Name}}-moved: { image: busybox, disk: { pool: default } }
          {{Name}}-gone: { image: busybox, disk: { pool: default }, volumes: ["{{Name}}-old:/old"] }
        """;

    public string Second(string check = "true") => $$"""
        name: {{Name}}
        project: {{Project.Name}}
        storage_pools: { {{Pool}}: { driver: dir, description: changed } }
        networks:
          {{Bridge}}: { config: { ipv4.address: {{_subnet}}.1/24, ipv6.address: none, user.note: second } }
          {{Bridge}}n: { config: { ipv4.address: none, ipv6.address: none } }
        profiles:
          {{Name}}-base: { description: second, config: { user.color: blue, user.more: "1" } }
          {{Name}}-more: {}
        volumes:
          {{Name}}-data: { pool: default, description: changed }
          {{Name}}-new: { pool: default }
        instances:
          {{Name}}-db:
            image: busybox
            profiles: [default, {{Name}}-base, {{Name}}-more]
            disk: { pool: default }
            networks: [{{Bridge}}]
            volumes: ["{{Name}}-data:/data"]
            environment: { MODE: two }
            description: the database, changed
          {{Name}}-web: { image: {{Again}}, disk: { pool: default }, networks: [{{Bridge}}], depends_on: [{{Name}}-db], config: { user.size: "2" } }
          {{Name}}-moved: { image: busybox, disk: { pool: {{Pool}} } }
          {{Name}}-made:
            image: busybox
            disk: { pool: default }
            networks: [{{Bridge}}n]
            volumes: ["{{Name}}-new:/new"]
            depends_on: [{{Name}}-web]
            healthcheck: { test: '{{check}}', interval: 1s, retries: 2 }
        """;

    /// <summary>Makes the first state, with something in it that is not in the images.</summary>
    /// <param name="lab">Where.</param>
    /// <param name="name">The stack's name, which begins the names of all that is in it.</param>
    /// <param name="subnet">One of the lab's, which no other test uses meanwhile.</param>
    public static async Task<ChangingStack> UpAsync(LabFixture lab, string name, string? subnet = null)
    {
        var stack = new ChangingStack(lab, await lab.CreateProjectAsync(), await StackWorkbench.OpenAsync(lab.Lab), name, subnet ?? lab.Lab.Subnets[^2]);
        try
        {
            await lab.Lab.IncusAsync("image", "alias", "create", stack.Again, (await lab.Client.Images.FindAliasAsync("busybox"))!.Target[..12]);
            await stack.GoToFirstAsync();
            return stack;
        }
        catch (Exception)
        {
            // Its bridge has an address that other tests use.
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes it the first state, whatever it is now.</summary>
    public async Task GoToFirstAsync()
    {
        await Bench.UpAsync(First, Everything);
        await Task.WhenAll(((string[])["db", "web", "moved", "gone"]).Select(instance =>
            ShellAsync($"{Name}-{instance}", $"mkdir -p /srv; echo {instance} >/srv/file; chmod 600 /srv/file; chown 3:4 /srv/file")));
        await ShellAsync(Name + "-db", "echo kept >/data/file; chown 33:44 /data/file; ln -sf file /data/link");
        await ShellAsync(Name + "-gone", "echo old >/old/file");
    }

    public async Task<string> ShellAsync(string instance, string command)
    {
        var result = await Client.Instances.ExecAsync(instance, new ExecRequest { Command = ["sh", "-c", command] });
        Assert.True(result.ExitCode == 0, $"{instance}: {command}: {result.StandardError}");
        return result.StandardOutput!.TrimEnd('\n');
    }

    public Task<StackPlan> PlanAsync(string yaml) => Bench.PlanAsync(yaml, Everything);

    /// <summary>
    /// Everything that the server holds of the project: definitions, as the server tells them, with hardware addresses and
    /// identities; which instances run; snapshots; and every file of instances and volumes with owner, mode and digest.
    /// </summary>
    public async Task<string> StateAsync()
    {
        var collections = Task.WhenAll(((string[])["instances", "profiles", "storage-pools/default/volumes/custom", $"storage-pools/{Pool}/volumes/custom", "networks", "storage-pools", "images"]).Select(async collection =>
        {
            var list = JsonNode.Parse(await _server.GetStringAsync($"/1.0/{collection}?recursion=1&project={Project.Name}"))!["metadata"]!.AsArray();
            // Links that it does not manage are the host's, and of other labs.
            var managed = list.Where(node => node!["managed"]?.GetValue<bool>() != false);
            return string.Join("\n", managed.Select(node => $"{collection} {Text(node!.AsObject())}").Where(IsOwn).Order(StringComparer.Ordinal));
        }));
        var instances = Task.WhenAll((await Client.Instances.ListAsync()).OrderBy(instance => instance.Name, StringComparer.Ordinal).Select(async instance =>
        {
            const string files = "find / /data /old /new -xdev \\( -type f -o -type l \\) ! -name 'udhcpc.*' 2>/dev/null | sort -u | while read f; do stat -c '%n %a %u %g %N' \"$f\"; [ -L \"$f\" ] || sha256sum <\"$f\"; done";
            return $"{instance.Name}: snapshots {string.Join(",", (await Client.Instances.ListSnapshotsAsync(instance.Name)).Select(snapshot => snapshot.Name))}\n{await ShellAsync(instance.Name, files)}";
        }));
        var volumes = Task.WhenAll((await Client.StorageVolumes.ListAsync("default")).OrderBy(volume => volume.Name, StringComparer.Ordinal).Select(async volume =>
            $"{volume.Name}: snapshots {string.Join(",", (await Client.StorageVolumes.ListSnapshotsAsync("default", volume.Name)).Select(snapshot => snapshot.Name))}"));
        return string.Join("\n", [.. await collections, .. await instances, .. await volumes]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var checkpoint in await Bench.Engine.GetCheckpointsAsync(Client, Name))
            await Bench.Engine.RemoveCheckpointAsync(Client, checkpoint);
        await Bench.Engine.ApplyAsync(
            Client, await Bench.Engine.CompareRemovalAsync(Client, Name, new RemovalOptions { RemoveVolumes = true, RemovePools = true }), new ApplyOptions { StopTimeout = TimeSpan.Zero });
        await Project.DisposeAsync();
        await Bench.DisposeAsync();
        _server.Dispose();
        await _lab.Lab.IncusAsync("image", "alias", "delete", Again);
    }

    // Networks, pools and images of the server are others' too.
    private bool IsOwn(string text) =>
        text.StartsWith("instances ", StringComparison.Ordinal) || text.StartsWith("profiles ", StringComparison.Ordinal) || text.Contains(Name, StringComparison.Ordinal);

    private string Text(JsonObject node)
    {
        foreach (var field in PassingFields)
            node.Remove(field);
        // Other stacks give the same image names of their own.
        if (node["aliases"] is JsonArray aliases)
            node["aliases"] = new JsonArray([.. aliases.Select(alias => alias!["name"]!.GetValue<string>()).Where(alias => alias.StartsWith(Name, StringComparison.Ordinal)).Select(alias => JsonValue.Create(alias))]);
        if (node["config"] is JsonObject config)
        {
            foreach (var key in config.Select(entry => entry.Key).Where(IsPassing).ToList())
                config.Remove(key);
            node["config"] = new JsonObject(config.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => KeyValuePair.Create(entry.Key, entry.Value?.DeepClone())));
        }

        return node.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    private static bool IsPassing(string key) =>
        key.StartsWith("volatile.", StringComparison.Ordinal)
        && key is not ("volatile.uuid" or "volatile.cloud-init.instance-id" or "volatile.base_image" or "volatile.idmap.last" or "volatile.idmap.next")
        && !(key.EndsWith(".hwaddr", StringComparison.Ordinal) && !key.EndsWith(".last_state.hwaddr", StringComparison.Ordinal));
}
