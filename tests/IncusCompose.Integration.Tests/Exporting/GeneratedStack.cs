using System.Collections;
using System.Globalization;
using System.Text;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;
using IncusCompose.Tests.Loading;
using IncusCompose.Yaml;

namespace IncusCompose.Integration.Tests.Exporting;

/// <summary>What a generated stack may use of the server.</summary>
/// <param name="Project">The project that it lives in.</param>
/// <param name="Number">The lab's number, for names that are the host's.</param>
/// <param name="Subnets">First three numbers of subnets that nothing else uses.</param>
/// <param name="Has">Whether the server has an API extension.</param>
/// <param name="HasBuckets">Whether the server serves buckets by itself.</param>
/// <param name="Certificate">A new certificate of somebody, as text.</param>
internal sealed record GeneratedWorld(string Project, string Number, IReadOnlyList<string> Subnets, Func<string, bool> Has, bool HasBuckets, Func<string> Certificate);

/// <summary>A valid stack chosen by a seed: every kind of resource and word that an Incus without further hardware takes.</summary>
internal sealed class GeneratedStack
{
    /// <summary>A key of nobody's: keys of people are public.</summary>
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA8oDVpve8vTb4efaUXXtdQJLOjylj5PfYBWWLjPWILW ann@desk";

    /// <summary>Text that YAML, a shell, JSON or a mark could take for something else, or lose a part of.</summary>
    private static readonly string[] s_texts =
    [
        "plain", "yes", "no", "true", "False", "NULL", "~", "0x10", "010", "1e3", "1_000", ".5", "1:30", "2024-01-01", "=", "<<", "-", "- a", "? a", "a: b", "a #b", "#a", "!a", "&a", "*a", "%a", "@a", "`a", "|", ">",
        "{a}", "[a]", "a, b", "'a'", "\"a\"", "it's", "a\\b", "\\n", "$a", "$$a", "${a}", "${a:-b}", "$", "trailing ", " leading", "\ttab", "a\tb", "line\nline", "line\nline\n", "\nline", "line\n\n\nline\n", " indented\nline\n",
        "trailing \nline\n", "#comment\nline\n", "---\na\n", "CR\r\nLF\r\n", "CR\rline", "ä€😀", "\u00a0", "\u0085x", "\u2028x", "\ufeffx", "a\u001bb", "sha256:aa", new string('x', 70), string.Concat(Enumerable.Repeat("long word ", 400)) + ".",
    ];

    /// <summary>What not every machine takes, even of an instance that is not started, or what another sample of the same key says.</summary>
    private static readonly string[] s_unusual = ["raw.seccomp", "security.syscalls.allow", "cpu.set", "boot_priority", "autostart", "security.privileged", "raw.idmap", "security.idmap.base", "boot.autostart", "security.protection.delete", "disk.priority", "nvidia.runtime"];

    /// <summary>What only one instance can have.</summary>
    private static readonly string[] s_alone = ["hwaddr:", "address: 192", "host_name:", "listen: 'tcp"];

    private readonly Random _random;
    private readonly int _seed;
    private readonly GeneratedWorld _world;
    private readonly List<string> _networks = [], _acls = [], _zones = [], _pools = [], _profiles = [], _volumes = [], _blocks = [], _instances = [], _secrets = [], _configs = [], _buckets = [], _certificates = [], _btrfs = [], _plainAcls = [];
    private int _port;

    public GeneratedStack(int seed, GeneratedWorld world)
    {
        (_seed, _world, _random) = (seed, world, new Random(seed));
        IsStarted = Chance(3);
        Project = Chance(4) ? world.Project + "o" : world.Project;
        _port = 20000 + (int.Parse(world.Number, CultureInfo.InvariantCulture) * 50);
        using var text = new StringWriter { NewLine = "\n" };
        new YamlDocumentFormat().Write(Node(Stack())!, text);
        Text = text.ToString();
    }

    public string Name => $"generated{_seed}";

    /// <summary>True where its instances can be started, and are to be.</summary>
    public bool IsStarted { get; }

    /// <summary>The project that it lives in: one of its own, or that of the world.</summary>
    public string Project { get; }

    /// <summary>The stack file.</summary>
    public string Text { get; }

    /// <summary>What lies beside it, by path.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>The environment that it is used in.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    private Dictionary<string, object?> Stack()
    {
        var pools = Map(_pools, Up(2), index => $"{_world.Project}p{index}", Pool);
        var acls = Map(_acls, Up(4), index => $"{_world.Project}a{index}", Acl);
        Close(acls);
        var zones = Map(_zones, Up(2), index => $"{_world.Project}z{index}.example", _ => Zone());
        var networks = Map(_networks, Up(3), index => $"x{_world.Number}g{index}", Network);
        var volumes = Map(_volumes, Up(4), index => index == 0 ? "Data_0" : $"data{index}", Volume);
        var profiles = Map(_profiles, Up(3), index => index == 0 ? "small" : $"Profile_{index}", _ => Profile());
        var secrets = Map(_secrets, Up(3), index => $"secret{index}", Secret);
        var configs = Map(_configs, Up(3), index => index == 0 ? "app.conf" : $"config{index}", Config);
        return new()
        {
            ["name"] = Name,
            ["description"] = Maybe(Text1),
            ["project"] = Project == _world.Project ? Project : new Dictionary<string, object?> { ["name"] = Project, ["create"] = true, ["description"] = Maybe(Text1), ["features"] = new Dictionary<string, object?> { ["images"] = false }, ["config"] = Values() },
            ["secrets"] = secrets,
            ["configs"] = configs,
            ["buckets"] = _world.HasBuckets ? Map(_buckets, Up(2), index => $"{_world.Project}b{index}", Bucket) : null,
            ["certificates"] = Map(_certificates, Chance(3) ? 1 : 0, index => $"{_world.Project}c{index}", _ => Certificate()),
            ["storage_pools"] = pools,
            ["network_acls"] = acls,
            ["network_zones"] = zones,
            ["networks"] = networks,
            ["volumes"] = volumes,
            ["profiles"] = profiles,
            ["projects"] = Chance(4) ? new Dictionary<string, object?> { [_world.Project + "-other"] = new Dictionary<string, object?> { ["description"] = Maybe(Text1), ["features"] = new Dictionary<string, object?> { ["networks"] = false, ["images"] = Flag() }, ["limits"] = new Dictionary<string, object?> { ["instances"] = Up(9), ["memory"] = "8GiB" }, ["config"] = Values() } } : null,
            ["images"] = Chance(3) ? new Dictionary<string, object?> { ["base"] = "busybox" } : null,
            ["instances"] = Map(_instances, 1 + Up(3), index => index == 0 ? $"web{_seed}" : $"Db-{_seed}-{(char)('a' + index)}", Instance),
        };
    }

    private Dictionary<string, object?> Secret(int index)
    {
        if (Flag())
        {
            Files[$"secret{index}.secret"] = Bytes();
            return new() { ["file"] = $"./secret{index}.secret" };
        }

        Variables[$"GENERATED_{index}"] = Text1().Replace("$$", "$", StringComparison.Ordinal);
        return new() { ["environment"] = $"GENERATED_{index}" };
    }

    private Dictionary<string, object?> Config(int index)
    {
        if (Flag())
            return new() { ["content"] = Text1() };
        Files[$"config{index}.file"] = Bytes();
        return new() { ["file"] = $"./config{index}.file" };
    }

    private byte[] Bytes() => Chance(3) ? [0, 1, (byte)Up(255), 255] : Encoding.UTF8.GetBytes(Text1());

    private Dictionary<string, object?> Bucket(int index) => new()
    {
        ["description"] = Maybe(Text1),
        ["size"] = _btrfs.Count > 0 ? Maybe(() => "64MiB") : null,
        ["pool"] = _btrfs.Count > 0 ? _btrfs[0] : Maybe(() => "default"),
        ["keys"] = Chance(3) ? null : new Dictionary<string, object?> { ["app"] = new Dictionary<string, object?> { ["role"] = Of("admin", "read-only"), ["access_key"] = $"app{_seed}{index}12345", ["secret_key"] = "hunter22222" }, ["Web.1"] = "read-only" },
        ["config"] = Values(),
    };

    private Dictionary<string, object?> Certificate() => new()
    {
        ["certificate"] = _world.Certificate(),
        ["description"] = Maybe(() => Of("Ann", "yes", "a: b", "it's #1")),
        ["restricted"] = Of("true", "false", null),
        ["type"] = Of("client", "metrics", null),
    };

    private Dictionary<string, object?> Pool(int index)
    {
        var isFolder = Flag();
        // Buckets in a folder have no size.
        if (!isFolder)
            _btrfs.Add($"{_world.Project}p{index}");
        return Pool(isFolder);
    }

    private Dictionary<string, object?> Pool(bool isFolder) => isFolder
        ? new() { ["driver"] = "dir", ["description"] = Maybe(Text1), ["config"] = With(Values(), ("volume.size", Chance(3) ? "5GiB" : null)) }
        : new() { ["driver"] = "btrfs", ["size"] = "300MiB", ["description"] = Maybe(Text1), ["config"] = With(Values(), ("btrfs.mount_options", Chance(3) ? "noatime" : null)) };

    private Dictionary<string, object?> Acl(int index)
    {
        var ingress = Rules("source");
        // Itself, and the first; a bridge knows no names.
        if (Flag())
            ingress.Add(new Dictionary<string, object?> { ["action"] = "allow", ["source"] = $"{_world.Project}a{index}" });
        else if (index == 1)
            _plainAcls.Add($"{_world.Project}a{index}");
        if (index > 1)
            ingress.Add(new Dictionary<string, object?> { ["action"] = "allow", ["source"] = $"{_world.Project}a0" });
        return new() { ["description"] = Maybe(Text1), ["ingress"] = ingress, ["egress"] = Rules("destination"), ["config"] = Values() };
    }

    /// <summary>The first ACL names the last, which names the first.</summary>
    private static void Close(Dictionary<string, object?>? acls)
    {
        if (acls?.Count > 2)
            ((List<object?>)((Dictionary<string, object?>)acls.First().Value!)["ingress"]!).Add(new Dictionary<string, object?> { ["action"] = "allow", ["source"] = acls.Last().Key });
    }

    private List<object?> Rules(string side) => Several(Up(4), index => new Dictionary<string, object?>
    {
        ["action"] = Of("allow", "reject", "drop"),
        [side] = Of("10.0.0.0/8", "192.0.2.1", "192.0.2.1-192.0.2.9", "10.0.0.0/8,192.0.2.1"),
        ["protocol"] = "tcp",
        ["destination_port"] = index == 0 ? null : $"{80 + index}",
        ["state"] = Of("enabled", "logged", "disabled", null),
        ["description"] = Maybe(() => Of("one line", "yes", "1e3", " a", "$x")),
    });

    private Dictionary<string, object?> Zone() => new()
    {
        ["description"] = Maybe(Text1),
        ["nameservers"] = Maybe(() => (object)new[] { "ns1.example.net", "ns2.example.net" }),
        ["nat"] = MaybeFlag(),
        ["records"] = Chance(2) ? null : new Dictionary<string, object?> { ["www"] = new[] { $"A {_world.Subnets[0]}.9" }, ["@"] = new Dictionary<string, object?> { ["description"] = Maybe(Text1), ["entries"] = new object[] { "MX 10 mail.example.net.", new Dictionary<string, object?> { ["type"] = "TXT", ["value"] = "a b", ["ttl"] = 60 } } } },
        ["config"] = Values(),
    };

    private Dictionary<string, object?> Network(int index)
    {
        var prefix = _world.Subnets[index];
        // Whether the machine has subnets left for the server to choose is its own affair.
        var ipv4 = Of("address", "address", "none");
        var has = ipv4 == "address";
        return new()
        {
            ["description"] = Maybe(Text1),
            ["ipv4"] = has ? $"{prefix}.1/24" : ipv4,
            ["ipv6"] = Of("none", $"fd42:{_world.Number}:{index}::1/64", "auto", null),
            ["nat"] = MaybeFlag(),
            ["mtu"] = Maybe(() => "1400"),
            ["dhcp"] = has && Chance(3) ? new Dictionary<string, object?> { ["ranges"] = new[] { $"{prefix}.100-{prefix}.150" }, ["expiry"] = "2h" } : null,
            ["dns"] = Chance(3) ? new Dictionary<string, object?> { ["domain"] = $"d{index}.internal", ["mode"] = Of("managed", "dynamic"), ["search"] = new[] { "a.example", "b.example" }, ["zones"] = _zones.Count > 0 ? _zones : null } : null,
            ["share_names"] = null,
            ["acls"] = _plainAcls.Count > 0 && Flag() ? _plainAcls : null,
            ["acl_defaults"] = _plainAcls.Count > 0 && Flag() ? new Dictionary<string, object?> { ["ingress"] = "drop", ["egress"] = "allow", ["egress_logged"] = true } : null,
            ["config"] = With(Values(), ("bridge.hwaddr", Chance(3) ? $"10:66:6a:00:{_seed % 90 + 10:00}:0{index}" : null), ("raw.dnsmasq", Chance(4) ? "# a\naddress=/a.test/192.0.2.1" : null)),
            ["forwards"] = has && Chance(3) ? new Dictionary<string, object?>
            {
                [$"192.0.2.{10 + index}"] = $"{prefix}.10",
                [$"198.51.100.{10 + index}"] = new Dictionary<string, object?> { ["description"] = Maybe(Text1), ["ports"] = new object[] { new Dictionary<string, object?> { ["listen_port"] = "80,443", ["target_address"] = $"{prefix}.11", ["description"] = "pages" }, new Dictionary<string, object?> { ["listen_port"] = 53, ["protocol"] = "udp", ["target_address"] = $"{prefix}.12", ["target_port"] = 5353 } } },
            } : null,
        };
    }

    private Dictionary<string, object?> Volume(int index)
    {
        var isBlock = Chance(4);
        if (isBlock)
            _blocks.Add(index == 0 ? "Data_0" : $"data{index}");
        return new()
        {
            // For a block volume in btrfs Incus needs a program (chattr) that the lab's Incus 7 has not got.
            ["pool"] = _pools.Count > 0 && Flag() && !(isBlock && _btrfs.Contains(_pools[0])) ? _pools[0] : "default",
            ["size"] = Chance(3) || isBlock ? "32MiB" : null,
            ["content_type"] = isBlock ? "block" : null,
            ["description"] = Maybe(Text1),
            ["initial"] = !isBlock && _world.Has("storage_initial_owner") && Chance(3) ? new Dictionary<string, object?> { ["uid"] = 1000, ["mode"] = "0750" } : null,
            ["snapshots"] = Snapshots(),
            ["config"] = With(Values(), ("security.shifted", !isBlock && Chance(4) ? "true" : null)),
        };
    }

    private Dictionary<string, object?> Profile() => new()
    {
        ["description"] = Maybe(Text1),
        ["cpu"] = Maybe(() => "1"),
        ["memory"] = Maybe(() => "256MiB"),
        ["disk"] = Chance(4) ? new Dictionary<string, object?> { ["size"] = "3GiB", ["pool"] = "default" } : null,
        ["environment"] = IsStarted ? null : Environment(),
        ["cloud_init"] = Chance(4) ? CloudInit() : null,
        ["snapshots"] = Snapshots(),
        ["boot"] = Maybe(() => (object)new Dictionary<string, object?> { ["stop_priority"] = 3 }),
        ["config"] = Values(),
        ["devices"] = Chance(3) ? new Dictionary<string, object?> { ["shared"] = new Dictionary<string, object?> { ["type"] = "disk", ["source"] = "/tmp", ["path"] = "/shared" } } : null,
    };

    private Dictionary<string, object?> Instance(int index)
    {
        var replicas = Chance(6);
        // What only one instance can have.
        var single = !replicas;
        var instance = new Dictionary<string, object?>
        {
            ["image"] = "busybox",
            ["description"] = Maybe(Text1),
            ["profiles"] = Maybe(() => (object)new List<string>(["default", .. _profiles.Where(_ => Flag())])),
            ["disk"] = Maybe(() => (object)"2GiB"),
            ["replicas"] = replicas ? Of("1", "2") : null,
            ["update"] = replicas ? "all" : null,
            ["environment"] = IsStarted ? new Dictionary<string, object?> { ["MODE"] = Of("yes", "0x10", "a b", "$x"), ["DB_PASSWORD"] = Of("hunter2", "pa$$word") } : Environment(),
            ["labels"] = Maybe(() => (object)new Dictionary<string, object?> { ["tier"] = Text1(), ["a.b/c"] = Text1(), ["Upper Case"] = "1" }),
            ["depends_on"] = index > 0 && Flag() ? new Dictionary<string, object?> { [_instances[0]] = new Dictionary<string, object?> { ["condition"] = "started", ["restart"] = MaybeFlag(), ["required"] = Of("false", null) } } : null,
            ["ready"] = Chance(3) ? new Dictionary<string, object?> { ["address"] = new Dictionary<string, object?> { ["nic"] = "eth0", ["family"] = IsStarted ? null : "ipv4" }, ["tcp"] = IsStarted ? null : Maybe(() => "5432"), ["timeout"] = "1m30s" } : null,
            ["healthcheck"] = Chance(3) ? Of<object>(new Dictionary<string, object?> { ["test"] = new[] { "CMD", "true", Text1() }, ["interval"] = "1500ms" }, new Dictionary<string, object?> { ["http"] = "8080/health?a=b" }, new Dictionary<string, object?> { ["test"] = "echo $$a | grep \"b\"" }) : null,
            ["hooks"] = Chance(3) ? new Dictionary<string, object?> { ["post_start"] = new object[] { "true", new Dictionary<string, object?> { ["exec"] = new[] { "echo", Text1() }, ["environment"] = new Dictionary<string, object?> { ["A_TOKEN"] = Text1() }, ["timeout"] = "30s", ["on_failure"] = "continue" } }, ["pre_stop"] = "true" } : null,
            ["snapshots"] = Snapshots(),
            ["ephemeral"] = !IsStarted && Chance(8) ? true : null,
            ["provision"] = IsStarted && Chance(3) ? new[] { "true" } : null,
            ["cloud_init"] = Chance(3) ? CloudInit() : null,
            ["ssh"] = Chance(3) ? new Dictionary<string, object?> { ["user"] = Of("ann", "root"), ["keys"] = new[] { Key }, ["sudo"] = MaybeFlag(), ["port"] = Of("2222", null) } : null,
            ["packages"] = Chance(4) ? new[] { "nginx", "curl" } : null,
            ["users"] = Chance(4) ? new Dictionary<string, object?> { ["app"] = null, ["ops"] = new Dictionary<string, object?> { ["sudo"] = true, ["uid"] = 1500, ["groups"] = new[] { "adm", "docker" }, ["keys"] = new[] { Key }, ["shell"] = "/bin/sh", ["password_hash"] = Maybe(() => "$6$salt$hash") } } : null,
            ["config"] = With(IsStarted ? Values() : With(Values(), ("user.long key", Text1()), ("user.Number", "1e3")), ("limits.processes", Chance(4) ? "300" : null), ("security.nesting", Chance(4) ? "true" : null)),
        };
        Deliver(instance);
        Attach(instance, single);
        if (!IsStarted)
            Difficult(instance, single);
        // A word that an option sample says, too.
        if (instance.GetValueOrDefault("security") is not null)
            ((Dictionary<string, object?>)instance["config"]!).Remove("security.nesting");
        return instance;
    }

    /// <summary>What lies in the instance.</summary>
    private void Deliver(Dictionary<string, object?> instance)
    {
        var (files, secrets, configs) = (new List<object?>(), new List<object?>(), new List<object?>());
        for (var index = 0; Chance(3) && index < 3; index++)
        {
            var source = Flag() ? $"file{_port}{_instances.Count}{index}.bin" : null;
            if (source is not null)
                Files[source] = Bytes();
            files.Add(Owned(new() { ["target"] = Of("/etc/generated/file", "/srv/a b/ü: ", "/run/generated", "/etc/generated/deep/er/") + index, ["content"] = source is null ? Text1() : null, ["source"] = source is null ? null : $"./{source}" }, "owner", "group"));
        }

        foreach (var secret in _secrets.Where(_ => Flag()))
            secrets.Add(Of<object>(secret, Owned(new() { ["source"] = secret, ["target"] = $"/etc/generated/{secret}" }, "uid", "gid")));
        foreach (var config in _configs.Where(_ => Flag()))
            configs.Add(Of<object>(config, Owned(new() { ["source"] = config, ["target"] = $"/etc/generated/{config}" }, "uid", "gid")));
        (instance["files"], instance["secrets"], instance["configs"]) = (files.Count > 0 ? files : null, secrets.Count > 0 ? secrets : null, configs.Count > 0 ? configs : null);

        Dictionary<string, object?> Owned(Dictionary<string, object?> file, string owner, string group)
        {
            (file["mode"], file[owner], file[group]) = (Of("0600", "0444", "0755", null), Of("7", "1000", null), Of("8", null));
            return file;
        }
    }

    private void Attach(Dictionary<string, object?> instance, bool single)
    {
        if (_networks.Count > 0 && Flag())
        {
            instance["networks"] = _networks.Select((name, index) => (object?)new Dictionary<string, object?>
            {
                ["network"] = name,
                ["mac"] = single && Chance(3) ? $"10:66:6a:{_random.Next(16, 99)}:{_random.Next(16, 99)}:{_random.Next(16, 99)}" : null,
                ["name"] = Chance(4) ? $"lan{index}" : null,
            }).ToList();
        }

        var mounts = new List<object?>();
        foreach (var volume in _volumes.Where(volume => !_blocks.Contains(volume) && Flag()))
            mounts.Add(Of<object>($"{volume}:/srv/{volume}", new Dictionary<string, object?> { ["source"] = volume, ["target"] = $"/mnt/a b/{volume}", ["read_only"] = MaybeFlag() }));
        if (Flag())
            mounts.Add(Of<object>("/tmp:/host:ro", new Dictionary<string, object?> { ["source"] = "/tmp", ["target"] = "/host", ["shift"] = MaybeFlag(), ["bind"] = Chance(2) ? new Dictionary<string, object?> { ["propagation"] = "rslave" } : null }));
        instance["volumes"] = mounts.Count > 0 ? mounts : null;
        if (single && Chance(3))
            instance["ports"] = new List<object?> { $"127.0.0.1:{_port++}:80", Flag() ? $"{_port++}:{_port}/udp" : null, Flag() ? new Dictionary<string, object?> { ["target"] = "80-81", ["published"] = $"{_port++}-{_port++}", ["host_ip"] = "::1", ["instance_ip"] = Of("::1", "127.0.0.1") } : null }.Where(port => port is not null).ToList();
        if (Chance(4))
            instance["persist"] = new object[] { new Dictionary<string, object?> { ["source"] = $"/var/tmp/incus-compose-generated/{_world.Number}", ["target"] = "/kept", ["owner"] = Of("1000", "1000:100", null) } };
    }

    /// <summary>What an instance can be made with, and need not start with.</summary>
    private void Difficult(Dictionary<string, object?> instance, bool single)
    {
        foreach (var (word, yaml, key, _) in OptionSamples.All.Where(sample => _random.Next(12) == 0 && !s_unusual.Contains(sample.Word)))
        {
            var known = OptionWords.Of(key).First();
            // The image is that of a system.
            if (!key.StartsWith("oci.", StringComparison.Ordinal) && (known.Only is null || known.Only == InstanceType.Container) && (known.Extension is not { } extension || _world.Has(extension)))
                Set(instance, word.Split('.'), Read(yaml));
        }

        if (Chance(3))
            instance["hostname"] = "web.example.org";
        if (Chance(4))
            instance["dns"] = new[] { "10.0.0.53", "fd42::53" };
        if (Chance(4))
            instance["extra_hosts"] = new Dictionary<string, object?> { ["db"] = "fd42::5", ["cache"] = "10.0.0.6" };
        if (Chance(5))
            instance["stop_signal"] = "SIGQUIT";
        if (Chance(5))
            (instance["cap_drop"], instance["cap_add"]) = (new[] { Of("MKNOD", "ALL") }, new[] { "NET_ADMIN" });
        if (Chance(5))
            instance["security_opt"] = new[] { "no-new-privileges:true", "apparmor:unconfined" };
        if (Chance(6))
            instance["read_only"] = true;
        // Two addresses of one interface would be an error.
        if (single && Chance(5) && Project == _world.Project && ((instance.GetValueOrDefault("networks") as List<object?>)?[0] as Dictionary<string, object?>)?["mac"] is null)
            instance["mac_address"] = $"10:66:6a:01:02:{_random.Next(16, 99)}";
        else if (instance.GetValueOrDefault("networks") is null && Chance(6))
            instance["network_mode"] = "none";
        if (_world.Has("container_disk_tmpfs") && Chance(4))
            instance["tmpfs"] = new[] { "/scratch:size=64m,mode=0700" };
        if (!instance.ContainsKey("boot") && Chance(6))
            instance["restart"] = _world.Has("instance_auto_restart") ? Of("no", "always", "on-failure", "unless-stopped") : "no";
        if (!instance.ContainsKey("boot") && Chance(6))
            instance["stop_grace_period"] = "1m30s";
        // Replicas share no address, and no port of the host.
        var devices = Devices().Where(device => Chance(6) && (single || !s_alone.Any(part => device.Options.Contains(part, StringComparison.Ordinal)))).ToDictionary(device => device.Name, device => (object?)Flow(device.Options));
        if (_blocks.Count > 0 && Flag())
            devices["scratch.Disk"] = new Dictionary<string, object?> { ["type"] = "disk", ["source"] = "/dev/null", ["path"] = "/dev/x", ["required"] = false };
        if (devices.Count > 0)
            instance["devices"] = devices;
    }

    /// <summary>Devices of every type that a container can have without its host having any.</summary>
    private IEnumerable<(string Name, string Options)> Devices() =>
    [
        ("null", "{type: unix-char, source: /dev/null, path: /dev/mine, mode: '0660', uid: 1000, gid: 1000, required: false}"),
        ("loop", "{type: unix-block, path: /dev/loop77, major: 7, minor: 77, required: false}"),
        ("plugged", "{type: unix-hotplug, vendorid: '046d', productid: c52b, required: false}"),
        ("stick", "{type: usb, vendorid: 1d6b, required: false, mode: '0664'}"),
        ("card", "{type: gpu, gputype: physical, pci: '0000:01:00.0', uid: 1000}"),
        ("any-card", "{type: gpu}"),
        ("mig", "{type: gpu, gputype: mig, mig.ci: 0, mig.gi: 1, pci: '0000:01:00.0'}"),
        ("chip", "{type: tpm, path: /dev/tpm0, pathrm: /dev/tpmrm0}"),
        ("ib0", "{type: infiniband, nictype: physical, parent: ib7, mtu: 1500}"),
        ("p2p0", $"{{type: nic, nictype: p2p, name: p2p0, host_name: vx{_world.Number}a{_random.Next(100)}, ipv4.routes: 192.0.2.0/28, limits.max: 10Mbit}}"),
        ("bridged0", $"{{type: nic, nictype: bridged, parent: lab{_world.Number}, name: br0, vlan: none}}"),
        ("macvlan0", "{type: nic, nictype: macvlan, parent: lo, name: mv0, hwaddr: '10:66:6a:05:06:1x'}".Replace("1x", $"1{_instances.Count}", StringComparison.Ordinal)),
        ("ipvlan0", $"{{type: nic, nictype: ipvlan, parent: lo, name: iv0, ipv4.address: 192.0.2.{20 + _instances.Count}, mode: l3s}}"),
        ("routed0", $"{{type: nic, nictype: routed, parent: lo, name: ro0, ipv4.address: 192.0.2.{30 + _instances.Count}, ipv4.host_table: 100}}"),
        ("masked", "{type: none}"),
        ("proxied", "{type: proxy, listen: 'unix:/run/web.sock', connect: 'tcp:127.0.0.1:80', bind: instance, mode: '0660', uid: 1}"),
        ("Proxied.range", $"{{type: proxy, listen: 'tcp:127.0.0.1:{_port + 40},{_port + 42}-{_port + 43}', connect: 'tcp:127.0.0.1:80-82', proxy_protocol: true}}"),
        ("Host_path", "{type: disk, source: /tmp, path: '/a b: c', readonly: true, raw.mount.options: noatime}"),
        ("missing", "{type: disk, source: /nowhere/at all, path: /x, required: false}"),
        ("limited", "{type: disk, source: /tmp, path: /limited, limits.read: 10MiB, limits.write: 100iops}"),
    ];

    private Dictionary<string, object?> CloudInit() => new()
    {
        ["user_data"] = Of<object>("#cloud-config\npackages: [git]\n", "#!/bin/sh\necho $$HOME\n", "#cloud-config\nusers: [{name: own}]\n", "#cloud-config\nruncmd: [\"echo ä\"]", _world.HasBuckets ? "#cloud-config\n{}\n\n" : "#cloud-config\n# no end\n\n", new Dictionary<string, object?> { ["write_files"] = new object[] { new Dictionary<string, object?> { ["path"] = "/etc/x", ["content"] = "hello\n" } } }),
        ["vendor_data"] = Maybe(() => "#!/bin/sh\necho vendor\n"),
        ["network_config"] = Maybe(() => "version: 2\nethernets: {}\n"),
    };

    private object? Snapshots() => !Chance(4) ? null : Of<object>("@daily", new Dictionary<string, object?> { ["schedule"] = "0 3,15 * * 1-5", ["expiry"] = "14d 2H", ["pattern"] = "auto-%d" });

    private Dictionary<string, object?> Environment() => Several(Up(4), index => index).ToDictionary(index => $"VAR_{index}" + Of("", "_TOKEN"), _ => (object?)Text1().Replace('\n', ' ').Replace('\r', ' '));

    private Dictionary<string, object?> Values() => Several(Up(3), index => index).ToDictionary(index => Of("user.key", "user.Dotted.key", "user.api-token") + index, _ => (object?)Text1());

    private static Dictionary<string, object?> With(Dictionary<string, object?> values, params ReadOnlySpan<(string Key, string? Value)> more)
    {
        foreach (var (key, value) in more)
        {
            if (value is not null)
                values[key] = value;
        }

        return values;
    }

    private static Dictionary<string, object?>? Map(List<string> names, int count, Func<int, string> name, Func<int, Dictionary<string, object?>> make)
    {
        var map = new Dictionary<string, object?>();
        for (var index = 0; index < count; index++)
        {
            map[name(index)] = make(index);
            names.Add(name(index));
        }

        return count == 0 ? null : map;
    }

    private List<object?> Several(int count, Func<int, object?> make) => [.. Enumerable.Range(0, count).Select(make)];

    private static void Set(Dictionary<string, object?> map, ReadOnlySpan<string> path, DocumentNode value)
    {
        if (path.Length == 1)
        {
            map[path[0]] = value;
            return;
        }

        if (map.GetValueOrDefault(path[0]) is not Dictionary<string, object?> below)
            map[path[0]] = below = [];
        Set(below, path[1..], value);
    }

    private static DocumentNode Flow(string yaml) => Read(yaml);

    private static DocumentNode Read(string yaml)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(yaml));
        return new YamlDocumentFormat().Read("sample", stream, DocumentLimits.Default).Root!;
    }

    /// <summary>What is null is left out; a dollar sign is written twice, and text in quotes.</summary>
    private static DocumentNode? Node(object? value) => value switch
    {
        null => null,
        DocumentNode node => node,
        string text => new ScalarNode(SourceLocation.None, text.Replace("$", "$$", StringComparison.Ordinal), ScalarStyle.Quoted),
        bool flag => new ScalarNode(SourceLocation.None, flag ? "true" : "false"),
        int number => new ScalarNode(SourceLocation.None, number.ToString(CultureInfo.InvariantCulture)),
        Dictionary<string, object?> map => new MappingNode(SourceLocation.None, [.. map.Select(entry => (entry.Key, Node: Node(entry.Value))).Where(entry => entry.Node is not null).Select(entry => new MappingEntry(new ScalarNode(SourceLocation.None, entry.Key, ScalarStyle.Quoted), entry.Node!))]),
        IEnumerable list => new SequenceNode(SourceLocation.None, [.. list.Cast<object?>().Select(Node).OfType<DocumentNode>()]),
        _ => throw new ArgumentException($"{value.GetType()} is nothing that a file says", nameof(value)),
    };

    private string Text1() => Of(s_texts) + (Chance(4) ? Of(s_texts) : "");

    private T Of<T>(params IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    private int Up(int limit) => _random.Next(limit);

    private bool Flag() => Chance(2);

    private bool? MaybeFlag() => Flag() ? null : Flag();

    private bool Chance(int of) => _random.Next(of) == 0;

    private T? Maybe<T>(Func<T> make)
        where T : class => Flag() ? null : make();
}
