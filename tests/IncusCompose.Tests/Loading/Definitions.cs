using System.Text.Json;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Tests.Loading;

/// <summary>Definitions as comparable text: every property of every record, found by reflection so that none is forgotten.</summary>
internal static class Definitions
{
    private static readonly JsonSerializerOptions s_options = new() { WriteIndented = true };

    public static string Show(StackDefinition stack) =>
        JsonSerializer.Serialize(stack with { Source = SourceMap.Empty, Files = [] }, s_options);
}

/// <summary>A stack with everything that a definition can hold, chosen by a seed.</summary>
internal sealed class RandomStack(int seed)
{
    private readonly Random _random = new(seed);

    public StackDefinition Make() => new()
    {
        Name = "stack" + seed,
        Description = Maybe(Text),
        Remote = Maybe(() => "remote"),
        Project = Maybe(() => new ProjectDefinition { Name = "project", Create = Flag(), Description = Maybe(Text), Config = Values() }),
        Instances = Map("web", Instance),
        Networks = Map("lan", name => new NetworkDefinition { Name = name, Type = Flag() ? "bridge" : "macvlan", Description = Maybe(Text), Config = Values(), External = Flag() }),
        StoragePools = Map("pool", name => new StoragePoolDefinition { Name = name, Driver = "dir", Description = Maybe(Text), Config = Values(), External = Flag() }),
        Volumes = Map("data", name => new VolumeDefinition { Name = name, Pool = Maybe(() => "pool0"), Size = Maybe(Size), ContentType = Flag() ? "filesystem" : "block", Description = Maybe(Text), Config = Values(), External = Flag() }),
        Profiles = Map("profile", name => new ProfileDefinition { Name = name, Description = Maybe(Text), Config = Values(), Devices = Devices(), External = Flag() }),
        Images = Map("image", name => new ImageDefinition { Name = name, Source = "images:debian/" + _random.Next(9), Alias = Maybe(() => "alias"), AutoUpdate = MaybeFlag() }),
    };

    private InstanceDefinition Instance(string name)
    {
        var number = int.Parse(name["web".Length..]);
        var isContainer = Flag();
        return new InstanceDefinition
        {
            Name = name,
            Image = Flag() ? InstanceDefinition.DefaultImage : "image0",
            Type = isContainer ? InstanceType.Container : InstanceType.VirtualMachine,
            Description = Maybe(Text),
            Profiles = Maybe<IReadOnlyList<string>>(() => Flag() ? [] : ["default", "profile0"]),
            Cpu = Maybe(() => Flag() ? "2" : "0-3,6"),
            Memory = Maybe(() => Flag() ? Size() : "20%"),
            Disk = _random.Next(4) switch { 0 => null, 1 => new RootDiskDefinition(Size()), 2 => new RootDiskDefinition(null, "pool0"), _ => new RootDiskDefinition(Size(), "pool0") },
            Config = Values(),
            Devices = Devices(),
            Networks = Maybe<IReadOnlyList<NetworkAttachment>>(() => [new NetworkAttachment { Network = "elsewhere" }, new NetworkAttachment
            {
                Network = "other", Name = Maybe(() => "lan0"), Ipv4 = Maybe(() => $"10.0.0.{number + 2}"), Ipv6 = Maybe(() => $"fd42::{number + 2}"), Mac = Maybe(() => $"10:66:6a:00:00:0{number}"),
            }]) ?? [],
            Volumes = Maybe<IReadOnlyList<VolumeMount>>(() =>
            [
                new VolumeMount { Source = "unknown", Target = "/a", ReadOnly = Flag(), Shift = MaybeFlag() },
                new VolumeMount { Source = "/srv/a b", Target = "/b", IsHostPath = true, ReadOnly = Flag(), Shift = MaybeFlag() },
                new VolumeMount { Source = "/srv/with:colon", Target = "/c:d", IsHostPath = true },
            ]) ?? [],
            Ports = !isContainer ? [] : Maybe<IReadOnlyList<PortMapping>>(() =>
            [
                new PortMapping { HostAddress = $"127.0.{number}.1", HostPort = 8000, InstancePort = 9000, Count = 1 + _random.Next(3), Protocol = Flag() ? "tcp" : "udp" },
                new PortMapping { HostAddress = $"fd43::{number + 1}", HostPort = 80, InstancePort = 80, InstanceAddress = Flag() ? "127.0.0.1" : "::1" },
            ]) ?? [],
            Environment = Maybe<IReadOnlyDictionary<string, string>>(() => new Dictionary<string, string> { ["A"] = Text(), ["DB_PASSWORD"] = Text() }) ?? new Dictionary<string, string>(),
            CloudInit = Maybe(() => new CloudInitDefinition("#cloud-config\n" + Text(), Maybe(() => "#!/bin/sh\n" + Text()), Maybe(() => "version: 2\n" + Text()))),
            DependsOn = number > 0 && Flag() ? [new InstanceDependency($"web{number - 1}")] : [],
            Autostart = MaybeFlag(),
            BootPriority = Maybe<int?>(() => _random.Next(-10, 10)),
            Labels = Maybe<IReadOnlyDictionary<string, string>>(() => new Dictionary<string, string> { ["tier"] = Text(), ["a.b/c"] = "" }) ?? new Dictionary<string, string>(),
            Ephemeral = Flag(),
        };
    }

    private Dictionary<string, string> Values() => Enumerable.Range(0, _random.Next(3)).ToDictionary(i => $"user.key{i}", _ => Text());

    private Dictionary<string, IReadOnlyDictionary<string, string>> Devices() => Enumerable.Range(0, _random.Next(3)).ToDictionary(
        i => $"device{i}",
        IReadOnlyDictionary<string, string> (_) => new Dictionary<string, string> { ["type"] = "disk", ["source"] = Text() });

    private Dictionary<string, T> Map<T>(string prefix, Func<string, T> make) => Enumerable.Range(0, _random.Next(4)).ToDictionary(i => $"{prefix}{i}", i => make($"{prefix}{i}"));

    private string Text() => RoundTripTests.RandomText(_random);

    private string Size() => $"{_random.Next(1, 99)}{(Flag() ? "GiB" : "MB")}";

    private bool Flag() => _random.Next(2) == 0;

    private bool? MaybeFlag() => Flag() ? null : Flag();

    private T? Maybe<T>(Func<T> make) => Flag() ? default : make();
}
