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
    private bool _gone;

    private ChangingStack(LabFixture lab, TestProject project, StackWorkbench bench, string name)
    {
        _lab = lab;
        Project = project;
        Bench = bench;
        Name = name;
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
          {{Bridge}}: { config: { ipv4.address: {{_lab.Lab.Subnets[^2]}}.1/24, ipv6.address: none, user.note: first } }
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
          {{Bridge}}: { config: { ipv4.address: {{_lab.Lab.Subnets[^2]}}.1/24, ipv6.address: none, user.note: second } }
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
    public static async Task<ChangingStack> UpAsync(LabFixture lab, string name)
    {
        var stack = new ChangingStack(lab, await lab.CreateProjectAsync(), await StackWorkbench.OpenAsync(lab.Lab), name);
        await lab.Lab.IncusAsync("image", "alias", "create", stack.Again, (await lab.Client.Images.FindAliasAsync("busybox"))!.Target[..12]);
        try
        {
            await stack.Bench.UpAsync(stack.First);
        }
        catch (Exception)
        {
            // Its bridge has an address that other tests use.
            await stack.DisposeAsync();
            throw;
        }

        foreach (var instance in (string[])["db", "web", "moved", "gone"])
            await stack.ShellAsync($"{name}-{instance}", $"mkdir -p /srv; echo {instance} >/srv/file; chmod 600 /srv/file; chown 3:4 /srv/file");
        await stack.ShellAsync(name + "-db", "echo kept >/data/file; chown 33:44 /data/file; ln -s file /data/link");
        await stack.ShellAsync(name + "-gone", "echo old >/old/file");
        return stack;
    }

    public async Task<string> ShellAsync(string instance, string command) =>
        (await _lab.Lab.IncusAsync("--project", Project.Name, "exec", instance, "--", "sh", "-c", command)).TrimEnd('\n');

    public Task<StackPlan> PlanAsync(string yaml) => Bench.PlanAsync(yaml, Everything);

    /// <summary>
    /// Everything that the server holds of the project: definitions, as the server tells them, with hardware addresses and
    /// identities; which instances run; snapshots; and every file of instances and volumes with owner, mode and digest.
    /// </summary>
    public async Task<string> StateAsync()
    {
        var texts = new List<string>();
        foreach (var collection in (string[])["instances", "profiles", "storage-pools/default/volumes/custom", $"storage-pools/{Pool}/volumes/custom", "networks", "storage-pools", "images"])
        {
            var list = JsonNode.Parse(await _lab.Lab.IncusAsync("query", $"/1.0/{collection}?recursion=1&project={Project.Name}"))!.AsArray();
            // Links that it does not manage are the host's, and of other labs.
            var managed = list.Where(node => node!["managed"]?.GetValue<bool>() != false);
            texts.AddRange(managed.Select(node => $"{collection} {Text(node!.AsObject())}").Where(IsOwn).Order(StringComparer.Ordinal));
        }

        foreach (var instance in (await Client.Instances.ListAsync()).OrderBy(instance => instance.Name, StringComparer.Ordinal))
        {
            texts.Add($"{instance.Name}: snapshots {string.Join(",", (await Client.Instances.ListSnapshotsAsync(instance.Name)).Select(snapshot => snapshot.Name))}");
            const string files = "find / /data /old /new -xdev \\( -type f -o -type l \\) ! -name 'udhcpc.*' 2>/dev/null | sort -u | while read f; do stat -c '%n %a %u %g %N' \"$f\"; [ -L \"$f\" ] || sha256sum <\"$f\"; done";
            texts.Add(await ShellAsync(instance.Name, files));
        }

        foreach (var volume in (await Client.StorageVolumes.ListAsync("default")).OrderBy(volume => volume.Name, StringComparer.Ordinal))
            texts.Add($"{volume.Name}: snapshots {string.Join(",", (await Client.StorageVolumes.ListSnapshotsAsync("default", volume.Name)).Select(snapshot => snapshot.Name))}");
        return string.Join("\n", texts);
    }

    public async ValueTask DisposeAsync()
    {
        // One may have gone to make room for another that could not be made.
        if (Interlocked.Exchange(ref _gone, true))
            return;
        foreach (var checkpoint in await Bench.Engine.GetCheckpointsAsync(Client, Name))
            await Bench.Engine.RemoveCheckpointAsync(Client, checkpoint);
        await Bench.Engine.ApplyAsync(
            Client, await Bench.Engine.CompareRemovalAsync(Client, Name, new RemovalOptions { RemoveVolumes = true, RemovePools = true }), new ApplyOptions { StopTimeout = TimeSpan.Zero });
        await Project.DisposeAsync();
        await Bench.DisposeAsync();
        await _lab.Lab.IncusAsync("image", "alias", "delete", Again);
    }

    // Networks, pools and images of the server are others' too.
    private bool IsOwn(string text) =>
        text.StartsWith("instances ", StringComparison.Ordinal) || text.StartsWith("profiles ", StringComparison.Ordinal) || text.Contains(Name, StringComparison.Ordinal);

    private static string Text(JsonObject node)
    {
        foreach (var field in PassingFields)
            node.Remove(field);
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
