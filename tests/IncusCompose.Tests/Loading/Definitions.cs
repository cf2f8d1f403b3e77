using System.Text.Json;
using IncusCompose.Definition;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Tests.Loading;

/// <summary>A stack with everything that a definition can hold, chosen by a seed.</summary>
internal sealed partial class RandomStack(int seed)
{
    private readonly Random _random = new(seed);

    public StackDefinition Make() => new()
    {
        Name = "stack" + seed,
        Description = Maybe(Text),
        Remote = Maybe(() => "remote"),
        Project = Maybe(() => new ProjectDefinition { Name = "project", Create = Flag(), Description = Maybe(Text), Config = Values() }),
        Instances = Map("web", Instance),
        InactiveInstances = Map("spare", name => new InstanceDefinition { Name = name, Activate = Flag() ? ["debug"] : ["test", "debug"], Environment = Values() }),
        Networks = Map("lan", Network),
        NetworkAcls = Map("acl", Acl),
        NetworkAddressSets = Map("set", AddressSet),
        NetworkZones = Map("zone", Zone),
        NetworkIntegrations = Map("region", name => new NetworkIntegrationDefinition { Name = name, Description = Maybe(Text), Config = Values(), External = Flag() }),
        StoragePools = Map("pool", name => new StoragePoolDefinition { Name = name, Driver = "dir", Description = Maybe(Text), Config = Values(), Members = Members(), External = Flag() }),
        Volumes = Map("data", Volume),
        Buckets = Map("bucket", name => new BucketDefinition
        {
            Name = name, Pool = Maybe(() => "pool0"), Size = Maybe(Size), Description = Maybe(Text), Config = Values(), External = Flag(),
            Keys = Map("key", key => new BucketKeyDefinition { Name = key, Role = Flag() ? "admin" : "read-only", Description = Maybe(Text), AccessKey = Maybe(() => "me-" + key), SecretKey = Maybe(() => "s3cret") }),
        }),
        Profiles = Map("profile", name => new ProfileDefinition { Name = name, Description = Maybe(Text), Options = Options(null), Disk = Maybe(() => new RootDiskDefinition("5GiB", Maybe(() => "pool0"))), Environment = Flag() ? new Dictionary<string, string>() : new Dictionary<string, string> { ["A"] = Text() }, Snapshots = Maybe(Snapshots), CloudInit = Maybe(() => new CloudInitDefinition("#cloud-config\n" + Text())), Config = Values(), Devices = Devices(), External = Flag() }),
        Secrets = new Dictionary<string, SecretDefinition>
        {
            ["secret0"] = new() { Name = "secret0", File = "/srv/a b" },
            ["secret1"] = new() { Name = "secret1", Environment = "NOT_SET" },
            ["secret2"] = new() { Name = "secret2", Command = ["pass", "show", Text()], Timeout = TimeSpan.FromSeconds(1 + _random.Next(100)) },
            ["secret3"] = new() { Name = "secret3", Age = new AgeFile("/srv/a.age", "/srv/key.txt") },
            ["secret4"] = new() { Name = "secret4", Sops = new SopsFile("/srv/a.yaml", Maybe(() => "a.b")) },
        },
        Configs = new Dictionary<string, ConfigDefinition> { ["config0"] = new() { Name = "config0", File = "/srv/a b" }, ["config1"] = new() { Name = "config1", Content = Text() } },
        Projects = Map("tenant", name => new ProjectDefinition { Name = name, Create = true, Description = Maybe(Text), Config = Values() }),
        ClusterGroups = Map("group", name => new ClusterGroupDefinition { Name = name, Members = Flag() ? [] : ["m1", "m2"], Description = Maybe(Text), Config = Values() }),
        Images = Map("image", Image),
    };

    private ImageDefinition Image(string name)
    {
        var image = new ImageDefinition { Name = name, Source = "", Aliases = Flag() ? [] : Flag() ? ["alias"] : ["alias", "other/1"], Profiles = Maybe<IReadOnlyList<string>>(() => ["default"]) };
        return _random.Next(3) switch
        {
            0 => image with { File = "/srv/app.tar.xz", Pull = Flag() ? ImagePull.Always : null },
            1 => image with { Metadata = "/srv/metadata.tar.xz", Rootfs = "/srv/disk.qcow2" },
            _ => image with { Source = "images:debian/" + _random.Next(9), AutoUpdate = MaybeFlag(), Pull = Flag() ? ImagePull.Never : null, Credentials = Maybe(() => new ImageCredentials("me", "hunter2")) },
        };
    }

    private VolumeDefinition Volume(string name)
    {
        var volume = new VolumeDefinition { Name = name, Pool = Maybe(() => "pool0"), Target = Maybe(() => "node1"), Snapshots = Maybe(Snapshots), Description = Maybe(Text), Config = Values(), External = Flag() };
        return _random.Next(4) switch
        {
            0 => volume with { ContentType = "iso", Source = "/srv/a b.iso" },
            1 => volume with { ContentType = "block", Size = Maybe(Size), Import = Maybe(() => "/srv/data.tar.gz") },
            2 => volume with { Size = Maybe(Size), Content = [new VolumeContent { Source = "/srv/seed" }, new VolumeContent { Source = "/srv/x:y", Target = "/conf", Uid = Flag() ? 7 : null, Gid = Flag() ? 8 : null }] },
            _ => volume with { Size = Maybe(Size), Import = Maybe(() => "/srv/data.tar.gz") },
        };
    }

    private Dictionary<string, IReadOnlyDictionary<string, string>> Members() => Enumerable.Range(0, _random.Next(3)).ToDictionary(
        i => $"node{i}", IReadOnlyDictionary<string, string> (i) => new Dictionary<string, string> { ["source"] = "/srv/pool" + i });

    private InstanceDefinition Instance(string name)
    {
        var number = int.Parse(name["web".Length..]);
        var isContainer = Flag();
        var ssh = Maybe(() => new SshDefinition
        {
            User = Flag() ? SshDefinition.DefaultUser : "ann", Keys = [Ssh.Keys.Ann, Ssh.Keys.Ben], Sudo = Flag(), Port = Flag() ? 22 : 2222, Shell = Flag() ? "/bin/sh" : SshDefinition.DefaultShell,
        });
        return new InstanceDefinition
        {
            Name = name,
            Image = Flag() ? InstanceDefinition.DefaultImage : "image0",
            PullPolicy = Flag() ? ImagePull.Always : null,
            Type = isContainer ? InstanceType.Container : InstanceType.VirtualMachine,
            Description = Maybe(Text),
            Profiles = Maybe<IReadOnlyList<string>>(() => Flag() ? [] : ["default", "profile0"]),
            Options = Options(isContainer ? InstanceType.Container : InstanceType.VirtualMachine),
            Cpu = Maybe(() => Flag() ? "2" : "0-3,6"),
            Memory = Maybe(() => Flag() ? Size() : "20%"),
            Target = Maybe(() => Flag() ? "node1" : "@gpu"),
            Disk = _random.Next(4) switch { 0 => null, 1 => new RootDiskDefinition(Size()), 2 => new RootDiskDefinition(null, "pool0"), _ => new RootDiskDefinition(Size(), "pool0") { Options = new Dictionary<string, string> { ["initial.size"] = Text(), ["limits.read"] = "20iops" } } },
            Config = Values(),
            Devices = Devices(),
            Networks = Maybe<IReadOnlyList<NetworkAttachment>>(() => [new NetworkAttachment { Network = "elsewhere" }, new NetworkAttachment
            {
                Network = "other", Name = Maybe(() => "lan0"), Ipv4 = Maybe(() => $"10.0.0.{number + 2}"), Ipv6 = Maybe(() => $"fd42::{number + 2}"), Mac = Maybe(() => $"10:66:6a:00:00:0{number}"), Acls = Maybe(() => "one,two"),
            }]) ?? [],
            Macvlan = Maybe(() => new MacvlanDefinition(Maybe(() => "eno1"))),
            Volumes = Maybe<IReadOnlyList<VolumeMount>>(() =>
            [
                new VolumeMount { Source = "unknown", Target = "/a", ReadOnly = Flag(), Shift = MaybeFlag() },
                new VolumeMount { Source = "/srv/a b", Target = "/b", IsHostPath = true, ReadOnly = Flag(), Shift = MaybeFlag() },
                new VolumeMount { Source = "/srv/with:colon", Target = "/c:d", IsHostPath = true },
                new VolumeMount { Source = "unknown", Target = "/e", Subpath = "a/b", Propagation = Maybe(() => "rslave") },
                new VolumeMount { Source = "tmpfs:", Target = "/f", IsHostPath = true, Tmpfs = new TmpfsMount("/f", Maybe(() => "64MiB"), Maybe(() => "0700")) },
            ]) ?? [],
            Persist = Maybe<IReadOnlyList<PersistedFolder>>(() =>
            [
                new PersistedFolder { Source = "/srv/kept", Target = "/kept", Owner = Maybe(() => new FolderOwner(1000, Flag() ? 1000 : 100)) },
                new PersistedFolder { Source = "/srv/a b:c", Target = "/k:e" },
            ]) ?? [],
            Ports = !isContainer ? [] : Maybe<IReadOnlyList<PortMapping>>(() =>
            [
                new PortMapping { HostAddress = $"127.0.{number}.1", HostPort = 8000, InstancePort = 9000, Count = 1 + _random.Next(3), Protocol = Flag() ? "tcp" : "udp" },
                new PortMapping { HostAddress = $"fd43::{number + 1}", HostPort = 80, InstancePort = 80, InstanceAddress = Flag() ? "127.0.0.1" : "::1" },
            ]) ?? [],
            Environment = Maybe<IReadOnlyDictionary<string, string>>(() => new Dictionary<string, string> { ["A"] = Text(), ["DB_PASSWORD"] = Text() }) ?? new Dictionary<string, string>(),
            CloudInit = Maybe(() => new CloudInitDefinition("#cloud-config\n" + Text(), Maybe(() => "#!/bin/sh\n" + Text()), Maybe(() => "version: 2\n" + Text()))),
            Command = isContainer ? Maybe(() => (IReadOnlyList<string>)(Flag() ? [] : ["--serve", Text()])) : null,
            StopSignal = isContainer ? Maybe(() => "SIGQUIT") : null,
            CapAdd = isContainer && Flag() ? ["net_admin", "all"] : [],
            CapDrop = isContainer && Flag() ? ["mknod"] : [],
            NoNewPrivileges = isContainer && Flag(),
            AppArmorUnconfined = isContainer && Flag(),
            ReadOnly = isContainer && Flag(),
            Hostname = Maybe(() => "web.example.org"),
            Dns = isContainer ? ["10.0.0.53", "fd42::53"] : [],
            DnsSearch = isContainer && Flag() ? ["shop.internal"] : [],
            DnsOptions = isContainer && Flag() ? ["ndots:2"] : [],
            ExtraHosts = isContainer && Flag() ? [new ExtraHost("db", "fd42::5"), new ExtraHost("cache", "10.0.0.6")] : [],
            Ssh = ssh,
            Files = Maybe<IReadOnlyList<FileDefinition>>(() => [new FileDefinition { Content = Text(), Target = "/a b", Owner = Maybe(() => "app"), Group = Maybe(() => "12"), Mode = Maybe<int?>(() => _random.Next(0x1000)) }, new FileDefinition { Source = "/srv/a b", Target = "/etc/" }]) ?? [],
            Packages = Flag() ? [] : ["nginx", "curl"],
            Users = Maybe<IReadOnlyList<UserDefinition>>(() => [new UserDefinition { Name = "own" }, new UserDefinition { Name = "other", Sudo = Flag(), Groups = Flag() ? [] : ["adm", "docker"], Shell = Maybe(() => "/bin/zsh"), Uid = Maybe<int?>(() => 1500), Keys = Flag() ? [] : [Ssh.Keys.Ann] }]) ?? [],
            Secrets = Maybe<IReadOnlyList<GrantDefinition>>(() => [new GrantDefinition { Source = "secret0" }, new GrantDefinition { Source = "secret1", Target = "/x", Owner = Maybe(() => "app"), Group = Maybe(() => "12"), Mode = Maybe<int?>(() => _random.Next(0x1000)) }]) ?? [],
            Configs = Maybe<IReadOnlyList<GrantDefinition>>(() => [new GrantDefinition { Source = "config0" }, new GrantDefinition { Source = "config1", Target = "x.conf", Delivery = GrantDelivery.Credential }]) ?? [],
            DependsOn = number > 0 && Flag() ? [new InstanceDependency($"web{number - 1}", (DependencyCondition)_random.Next(2)) { Restart = Flag(), Required = Flag() }] : [],
            Ready = Maybe(() => new ReadinessDefinition { Gates = Gates(verifyLogin: ssh is not null && Flag()), Timeout = Time() }),
            Healthcheck = Maybe(() => new HealthCheckDefinition
            {
                Probe = _random.Next(3) switch { 0 => new TcpProbe { Port = 80 }, 1 => Request(), _ => new ExecProbe { Command = ["a", Text()] } },
                Interval = Time() ?? TimeSpan.FromSeconds(30), Timeout = TimeSpan.FromSeconds(30), Retries = 1 + _random.Next(4), StartPeriod = Time() ?? TimeSpan.Zero, StartInterval = Time(),
            }),
            Hooks = Maybe(() => new HooksDefinition
            {
                Points = new SortedDictionary<HookPoint, IReadOnlyList<HookStep>>
                {
                    [HookPoint.PreCreate] = [HostStep()],
                    [HookPoint.PostStart] = [ExecStep(), HostStep(), ExecStep()],
                    [HookPoint.PreStop] = [ExecStep()],
                    [HookPoint.PostCheckpoint] = [ExecStep(), HostStep()],
                },
            }),
            Snapshots = Maybe(() => Snapshots() with { Stopped = Flag() }),
            Replicas = number == 0 ? null : MaybeFlag() is null ? null : 1,
            Update = Flag() ? new UpdateDefinition() : new UpdateDefinition { Strategy = (UpdateStrategy)_random.Next(3), Parallel = 1 + _random.Next(4), OnFailure = (UpdateFailure)_random.Next(2), Checkpoint = Flag() },
            Provision = Maybe<IReadOnlyList<ProvisionStep>>(() =>
            [
                new ProvisionStep { Exec = ["a", Text()], User = Maybe(() => "app"), WorkingDirectory = Maybe(() => "/srv"), Environment = Values(), Timeout = Time() ?? ProvisionStep.DefaultTimeout },
                new ProvisionStep { Name = "script", Script = new ScriptDefinition { Content = Text(), Interpreter = Maybe<IReadOnlyList<string>>(() => ["python3", Text()]), Arguments = Flag() ? [] : [Text()] } },
                new ProvisionStep { Name = "files", Files = [new FileDefinition { Content = Text(), Target = "/a b", Owner = Maybe(() => "app"), Group = Maybe(() => "12"), Mode = Maybe<int?>(() => _random.Next(0x1000)) }, new FileDefinition { Source = "/srv/a b", Target = "/etc/" }] },
                new ProvisionStep { Ansible = new AnsibleDefinition { Playbook = "/srv/site.yml", Variables = Maybe(() => JsonSerializer.Serialize(new { a = Text(), b = new object?[] { 1, 1.5, true, null, Text(), "true", "0644" } }, IncusCompose.Loading.Documents.PlainValues.Json)), Groups = Flag() ? [] : ["web"], Become = MaybeFlag() } },
                new ProvisionStep { Ansible = new AnsibleDefinition { Role = "geerlingguy.nginx", Tags = ["a", "b"], SkipTags = ["c"], Connection = Maybe(() => "community.general.lxd"), ExtraArguments = Flag() ? [] : ["-v", Text()] } },
            ]) ?? [],
            Autostart = MaybeFlag(),
            BootPriority = Maybe<int?>(() => _random.Next(-10, 10)),
            Labels = Maybe<IReadOnlyDictionary<string, string>>(() => new Dictionary<string, string> { ["tier"] = Text(), ["a.b/c"] = "" }) ?? new Dictionary<string, string>(),
            Ephemeral = Flag(),
        };
    }

    private Dictionary<string, string> Options(InstanceType? type) => OptionSamples.All
        .Where(sample => _random.Next(8) == 0 && sample.Key.StartsWith("limits.disk.", StringComparison.Ordinal) == false)
        // No two that Incus refuses together.
        .Where(sample => sample.Key is not ("raw.seccomp" or "security.syscalls.allow"))
        .Where(sample => type is null || OptionWords.Of(sample.Key).First().Only is not { } only || only == type)
        .GroupBy(sample => sample.Key).OrderBy(group => group.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First().Value);

    // In the order in which they are written.
    private IReadOnlyList<ReadinessGate> Gates(bool verifyLogin) =>
    [
        .. Maybe<ReadinessGate[]>(() => [new AddressGate { Nic = Maybe(() => "eth0"), Family = (AddressFamilyChoice)_random.Next(3), Timeout = Time() }, new AddressGate()]) ?? [],
        new AgentGate { Timeout = Time() },
        .. Maybe<ReadinessGate[]>(() => [new CloudInitGate { Timeout = Time() }, new GuestGate()]) ?? [],
        .. Maybe<ReadinessGate[]>(() => [new SshGate { Port = 2222, VerifyLogin = verifyLogin, Timeout = Time() }]) ?? [],
        .. Maybe<ReadinessGate[]>(() => [new TcpGate { Port = 5432, Timeout = Time() }, new TcpGate { Port = 6379 }]) ?? [],
        .. Maybe<ReadinessGate[]>(() => [new HttpGate { Request = Request(), Timeout = Time() }]) ?? [],
    ];

    private SnapshotsDefinition Snapshots() =>
        new() { Schedule = Flag() ? "@daily" : "0 3,15 * * 1-5, @weekly", Expiry = Maybe(() => "14d 2H"), Pattern = Flag() ? SnapshotsDefinition.DefaultPattern : "a%d" };

    private HookStep HostStep() => new() { Command = ["a", Text()], OnHost = true, Timeout = Time() ?? HookStep.DefaultTimeout, OnFailure = (HookFailure)_random.Next(2), Environment = Values() };

    private HookStep ExecStep() => HostStep() with { OnHost = false, User = Maybe(() => "app") };

    private HttpProbe Request() => new() { Port = 8080, Path = Flag() ? "/" : "/health?a=b", Tls = Flag(), LeastStatus = 200, MostStatus = 200 + _random.Next(200) };

    private TimeSpan? Time() => Maybe<TimeSpan?>(() => TimeSpan.FromMilliseconds(1 + _random.Next(100_000_000)));

    private Dictionary<string, string> Values() => Enumerable.Range(0, _random.Next(3)).ToDictionary(i => $"user.key{i}", _ => Text());

    private Dictionary<string, IReadOnlyDictionary<string, string>> Devices() => Enumerable.Range(0, _random.Next(3)).ToDictionary(
        i => $"device{i}",
        IReadOnlyDictionary<string, string> (i) => new Dictionary<string, string> { ["type"] = "disk", ["source"] = "/x" + Text(), ["path"] = "/y" + i, ["new.option"] = Text() });

    private Dictionary<string, T> Map<T>(string prefix, Func<string, T> make) => Enumerable.Range(0, _random.Next(4)).ToDictionary(i => $"{prefix}{i}", i => make($"{prefix}{i}"));

    private string Text() => RoundTripTests.RandomText(_random);

    private string Size() => $"{_random.Next(1, 99)}{(Flag() ? "GiB" : "MB")}";

    private bool Flag() => _random.Next(2) == 0;

    private bool? MaybeFlag() => Flag() ? null : Flag();

    private T? Maybe<T>(Func<T> make) => Flag() ? default : make();
}
