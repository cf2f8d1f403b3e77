using System.Text.Json.Nodes;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Tests.Loading.Composition;

/// <summary>Wherever a value has several forms, something says how two of them become one.</summary>
public class MergeRuleTests
{
    [Flags]
    private enum Forms
    {
        None = 0,
        Single = 1,
        List = 2,
        Mapping = 4,
    }

    /// <summary>Places where several forms are possible and none is ever laid over another.</summary>
    private static readonly string[] s_neverMerged =
    [
        // Resolved, and taken out, before anything is merged.
        "instances.*.extends", "defaults.extends",
    ];

    /// <summary>Rules that take a value as one thing: nothing inside it is merged.</summary>
    private static readonly MergeRule[] s_whole = [Merging.Several, Merging.Replace];

    [Fact]
    public void Wherever_a_value_has_a_short_form_a_rule_says_how_it_is_merged_with_the_long_one()
    {
        var unruled = Places().Where(place => int.PopCount((int)place.Value) > 1 && !s_neverMerged.Contains(place.Key) && RuleOf(place.Key) is null)
            .Select(place => $"{place.Key}: {place.Value}").ToList();
        Assert.True(unruled.Count == 0, $"MergeRules says nothing of:\n{string.Join('\n', unruled)}");
    }

    [Fact]
    public void Defaults_of_two_files_are_merged_as_an_instance_is()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "defaults: {memory: 1GiB, cpu: 2, disk: 5GiB, snapshots: '@daily', entrypoint: [x, y], environment: [A=1, B=1]}\ninstances: {web: {}}\n"),
            ("override.yaml", "defaults: {memory: {swap: false}, cpu: {priority: 3}, disk: {pool: fast}, snapshots: {expiry: 1d}, entrypoint: [z], environment: [A=2]}\n"));
        var web = folder.Require(null, "stack.yaml", "override.yaml").Instances["web"];
        Assert.Equal(("1GiB", "2", "z"), (web.Memory, web.Cpu, web.Config["oci.entrypoint"]));
        Assert.Equal(("false", "3"), (web.Options["limits.memory.swap"], web.Options["limits.cpu.priority"]));
        Assert.Equal(new RootDiskDefinition("5GiB", "fast"), web.Disk);
        Assert.Equal(("@daily", "1d"), (web.Snapshots!.Schedule, web.Snapshots.Expiry));
        Assert.Equal("A=2 B=1", Text(web.Environment));
    }

    [Fact]
    public void Profiles_of_two_files_are_merged_as_an_instance_is()
    {
        var small = Merged("profiles: {small: {memory: 1GiB, cpu: {priority: 3}, disk: 5GiB, environment: [A=1], nvidia: true}}", "profiles: {small: {memory: {swap: false}, cpu: 2, disk: {pool: fast}, environment: {A: 2}, nvidia: {require_cuda: 12}}}").Profiles["small"];
        Assert.Equal("limits.cpu=2 limits.cpu.priority=3 limits.memory=1GiB limits.memory.swap=false nvidia.require.cuda=12 nvidia.runtime=true", Text(small.Options));
        Assert.Equal(new RootDiskDefinition("5GiB", "fast"), small.Disk);
        Assert.Equal("A=2", Text(small.Environment));
    }

    [Theory]
    [InlineData("nat: true", "nat: {ipv6: false}", "ipv4.nat=true ipv6.nat=false")]
    [InlineData("nat: {ipv6: false}", "nat: true", "ipv4.nat=true ipv6.nat=true")]
    [InlineData("dhcp: false", "dhcp: {ipv4: true, gateway: 10.0.0.9}", "ipv4.dhcp=true ipv4.dhcp.gateway=10.0.0.9 ipv6.dhcp=false")]
    [InlineData("dhcp: {gateway: 10.0.0.9}", "dhcp: false", "ipv4.dhcp=false ipv4.dhcp.gateway=10.0.0.9 ipv6.dhcp=false")]
    [InlineData("acls: 'web, db'", "acls: [db, dns]", "security.acls=web,db,dns")]
    [InlineData("acls: [web]", "acls: db", "security.acls=web,db")]
    [InlineData("acls: web", "acls: db", "security.acls=db")]
    [InlineData("routes: 10.1.0.0/24", "routes: [10.2.0.0/24]", "ipv4.routes=10.1.0.0/24,10.2.0.0/24")]
    public void Short_and_long_forms_of_networks_are_merged_as_what_they_mean(string below, string above, string expected)
    {
        const string Acls = "network_acls: {web: {}, db: {}, dns: {}}\n";
        Assert.Equal(expected, Text(Merged($"{Acls}networks: {{lan: {{{below}}}}}", $"networks: {{lan: {{{above}}}}}").Networks["lan"].Config));
    }

    [Theory]
    [InlineData("10.0.0.9", "{description: x}", "10.0.0.9 x")]
    [InlineData("{description: x}", "10.0.0.9", "10.0.0.9 x")]
    [InlineData("{target_address: 10.0.0.8, description: x}", "10.0.0.9", "10.0.0.9 x")]
    public void An_address_that_a_forward_leads_to_stays_beside_what_else_is_said_of_it(string below, string above, string expected)
    {
        var forward = Merged($"networks: {{lan: {{ipv4: 10.0.0.1/24, forwards: {{192.0.2.1: {below}}}}}}}", $"networks: {{lan: {{forwards: {{192.0.2.1: {above}}}}}}}").Networks["lan"].Forwards["192.0.2.1"];
        Assert.Equal(expected, $"{forward.Config["target_address"]} {forward.Description}");
    }

    [Theory]
    [InlineData("shop/back", "{description: x}", "shop back x")]
    [InlineData("{target_project: shop, description: x}", "other/back", "other back x")]
    [InlineData("{target_project: shop, target_network: a, description: x}", "back", " back x")]
    public void A_peer_in_a_word_says_of_which_project_it_is(string below, string above, string expected)
    {
        var peer = Merged($"networks: {{lan: {{type: ovn, uplink: none, peers: {{p: {below}}}}}}}", $"networks: {{lan: {{peers: {{p: {above}}}}}}}").Networks["lan"].Peers["p"];
        Assert.Equal(expected, $"{peer.TargetProject} {peer.TargetNetwork} {peer.Description}");
    }

    [Fact]
    public void Keys_of_buckets_addresses_of_sets_and_records_of_zones_are_merged_whatever_form_they_have()
    {
        var stack = Merged(
            "buckets: {assets: {pool: p, keys: {app: admin, web: {description: y}}}}\nnetwork_address_sets: {office: 192.0.2.1}\nnetwork_zones: {example.net: {records: {www: [A 192.0.2.1]}}}\n",
            "buckets: {assets: {keys: {app: {description: x}, web: admin}}}\nnetwork_address_sets: {office: {addresses: [192.0.2.2], description: x}}\nnetwork_zones: {example.net: {records: {www: {entries: [A 192.0.2.2], description: x}}}}\n");
        Assert.Equal([("app", "admin", "x"), ("web", "admin", "y")], stack.Buckets["assets"].Keys.Values.Select(key => (key.Name, key.Role, key.Description)));
        Assert.Equal(["192.0.2.1", "192.0.2.2"], stack.NetworkAddressSets["office"].Addresses);
        Assert.Equal(["192.0.2.1", "192.0.2.2"], stack.NetworkZones["example.net"].Records["www"].Entries.Select(entry => entry.Value));
    }

    [Theory]
    [InlineData("sops: ./f", "sops: {key: k}")]
    [InlineData("sops: {file: ./e, key: k}", "sops: ./f")]
    public void A_file_of_sops_stays_beside_its_key(string below, string above)
    {
        var sops = Merged($"secrets: {{db: {{{below}}}}}", $"secrets: {{db: {{{above}}}}}").Secrets["db"].Sops!;
        Assert.Equal(("f", "k"), (Path.GetFileName(sops.File), sops.Key));
    }

    [Fact]
    public void A_command_that_writes_a_secret_is_one_thing() =>
        Assert.Equal(["pass", "b"], Merged("secrets: {db: {command: [pass, show, a]}}", "secrets: {db: {command: [pass, b]}}").Secrets["db"].Command);

    [Theory]
    [InlineData("security: {protection: [delete]}", "security: {protection: {start: true}}", "security.protection.delete=true security.protection.start=true")]
    [InlineData("security: {syscalls: {intercept: [mount, mknod]}}", "security: {syscalls: {intercept: {mount: {allowed: ext4}}}}", "security.syscalls.intercept.mknod=true security.syscalls.intercept.mount=true security.syscalls.intercept.mount.allowed=ext4")]
    [InlineData("nvidia: {require_cuda: 12}", "nvidia: true", "nvidia.require.cuda=12 nvidia.runtime=true")]
    [InlineData("kernel: {limits: {nofile: '1024:4096'}}", "kernel: {limits: {nofile: {soft: 2048}}}", "limits.kernel.nofile=2048:4096")]
    [InlineData("kernel: {modules: 'a,b'}", "kernel: {modules: [b, c]}", "linux.kernel_modules=a,b,c")]
    [InlineData("migration: {incremental_memory: true}", "migration: {incremental_memory: {goal: 5}}", "migration.incremental.memory=true migration.incremental.memory.goal=5")]
    public void Short_and_long_forms_of_options_are_merged_as_what_they_mean(string below, string above, string expected) =>
        Assert.Equal(expected, Text(Merged($"instances: {{web: {{{below}}}}}", $"instances: {{web: {{{above}}}}}").Instances["web"].Options));

    [Fact]
    public void Short_and_long_forms_of_an_instances_other_words_are_merged_as_what_they_mean()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "networks: {lan: {}}\nnetwork_acls: {a: {}, b: {}}\ninstances: {web: {image: images:debian/12/cloud, users: [app], healthcheck: {http: 'https:8443/x'}, ready: {ssh: 2222}, networks: {lan: {acls: a}}, env_file: a.env}}\n"),
            ("override.yaml", "instances: {web: {users: {app: {groups: adm}}, healthcheck: {http: {status: 204}}, ready: {ssh: {verify_login: false}}, networks: [{network: lan, acls: [b]}], env_file: {path: b.env}}}\n"),
            ("a.env", "A=1\n"), ("b.env", "B=1\n"));
        var web = folder.Require(null, "stack.yaml", "override.yaml").Instances["web"];
        Assert.Equal("app adm", string.Join(' ', web.Users.SelectMany(user => user.Groups.Prepend(user.Name))));
        Assert.Equal(new HttpProbe { Port = 8443, Path = "/x", Tls = true, LeastStatus = 204, MostStatus = 204 }, web.Healthcheck!.Probe);
        Assert.Equal(2222, Assert.IsType<SshGate>(Assert.Single(web.Ready!.Gates)).Port);
        Assert.Equal("a,b", Assert.Single(web.Networks).Acls);
        Assert.Equal("A=1 B=1", Text(web.Environment));
    }

    private static StackDefinition Merged(string below, string above)
    {
        using var folder = new StackFolder(("stack.yaml", below), ("override.yaml", above));
        var result = folder.Load(null, "stack.yaml", "override.yaml");
        Assert.Empty(result.Diagnostics.Where(problem => problem.Severity == DiagnosticSeverity.Error).Select(problem => problem.ToString()));
        return result.Definition!;
    }

    private static string Text(IEnumerable<KeyValuePair<string, string>> values) => string.Join(' ', values.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));

    private static MergeRule? RuleOf(string path)
    {
        var rules = MergeRules.Root;
        if (path.Length == 0)
            return null;
        foreach (var step in path.Split('.'))
        {
            if (rules.At(step) is not { } below)
                return null;
            rules = below;
        }

        return rules.Rule;
    }

    /// <summary>Every place that merging comes to, with the forms of its value; what lies in lists is never merged itself.</summary>
    private static SortedDictionary<string, Forms> Places()
    {
        var places = new SortedDictionary<string, Forms>(StringComparer.Ordinal);
        var parts = new SchemaParts(StackKeys.Stack);
        Visit(StackKeys.Stack, "");
        places.Remove("");
        return places;

        void Visit(Shape shape, string path)
        {
            var isLeaf = true;
            foreach (var (step, part) in shape.Parts)
            {
                isLeaf = false;
                if (step.Length == 0)
                {
                    Visit(part, path);
                    continue;
                }

                Add(path, step == "[]" ? Forms.List : Forms.Mapping);
                if (step != "[]" && !(RuleOf(path) is { } rule && s_whole.Contains(rule)))
                    Visit(part, (path + step).TrimStart('.'));
            }

            if (isLeaf)
                Add(path, FormsOf(parts.Of(shape)));
        }

        void Add(string path, Forms forms) => places[path] = places.GetValueOrDefault(path) | forms;
    }

    private static Forms FormsOf(JsonObject schema)
    {
        var forms = Forms.None;
        foreach (var alternative in schema["anyOf"]?.AsArray() ?? [])
            forms |= FormsOf(alternative!.AsObject());
        foreach (var type in schema["type"] is JsonArray several ? several.Select(one => (string)one!) : schema["type"] is { } one ? [(string)one!] : [])
            forms |= type switch { "object" => Forms.Mapping, "array" => Forms.List, "null" => Forms.None, _ => Forms.Single };
        return forms;
    }
}
