using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Incus.Client;
using IncusCompose.Integration.Tests.Client;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>
/// Virtual machines and cards, on hosts that have none of what they need: what is planned and sent, and what the server says.
/// Where the host has it, the machine is made as asked.
/// </summary>
[Collection(LabCollection.Name)]
public sealed class HardwareTests(LabFixture fixture) : IAsyncLifetime
{
    private readonly string _stack = "hw" + Guid.NewGuid().ToString("N")[..6];
    private StackWorkbench _bench = null!;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public async Task DisposeAsync()
    {
        await _bench.DownAsync(_stack, new RemovalOptions { RemoveImages = true, RemoveVolumes = true });
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task The_virtual_machine_of_the_example_is_asked_for_as_written_and_where_it_cannot_be_nothing_is_left_behind()
    {
        var folder = Path.GetDirectoryName(_bench.File)!;
        WriteImage(folder);
        var yaml = (await File.ReadAllTextAsync(Repository.PathOf("examples/vm/stack.yaml")))
            .Replace("name: vm", $"name: {_stack}\nimages:\n  machine: {{metadata: ./metadata.tar.gz, rootfs: ./disk.qcow2}}", StringComparison.Ordinal)
            .Replace("  desk:", $"  {_stack}:", StringComparison.Ordinal)
            .Replace("${IMAGE:-images:debian/12/cloud}", "machine", StringComparison.Ordinal);

        var planned = Assert.Single((await _bench.PlanAsync(yaml)).Changes, change => change.Kind == "instance").Properties.ToDictionary(property => property.Path, property => property.New);
        Assert.Equal(("virtual-machine", "2", "true", "true"), (planned["type"], planned["config.limits.cpu"], planned["config.security.secureboot"], planned["config.migration.stateful"]));
        Assert.Equal(("20GiB", "nvme", "3GiB"), (planned["devices.root.size"], planned["devices.root.io.bus"], planned["devices.root.size.state"]));
        Assert.Equal(("tpm", "cloud-init:config", "agent:config"), (planned["devices.tpm.type"], planned["devices.seed.source"], planned["devices.agent.source"]));

        using var socket = new SocketFolder();
        await using var relay = Relay.Unix(socket.Path, fixture.Lab.Socket);
        relay.Record();
        await using var client = await IncusClient.ConnectAsync(ConnectionOptions.Unix(socket.Path));
        var plan = await _bench.Engine.CompareAsync(client, _bench.Load(yaml));
        var result = await _bench.Engine.ApplyAsync(client, plan, new() { Wait = false });

        var body = relay.BodyOf("POST /1.0/instances?");
        Assert.Equal((_stack, "virtual-machine"), (body.GetProperty("name").GetString(), body.GetProperty("type").GetString()));
        Assert.Equal("image", body.GetProperty("source").GetProperty("type").GetString());
        var config = body.GetProperty("config");
        Assert.Equal(["2", "2GiB", "true", "120"], new[] { "limits.cpu", "limits.memory", "migration.stateful", "boot.host_shutdown_timeout" }.Select(key => config.GetProperty(key).GetString()!));
        Assert.Contains("Europe/Vienna", config.GetProperty("cloud-init.user-data").GetString(), StringComparison.Ordinal);
        Assert.Contains("tmux", config.GetProperty("cloud-init.vendor-data").GetString() + config.GetProperty("cloud-init.user-data").GetString(), StringComparison.Ordinal);
        var root = body.GetProperty("devices").GetProperty("root");
        Assert.Equal(["default", "20GiB", "nvme"], new[] { "pool", "size", "io.bus" }.Select(key => root.GetProperty(key).GetString()!));

        if (_bench.Client.Server.Environment.Driver.Contains("qemu", StringComparison.Ordinal))
            return;
        var failed = Assert.Single(result.Resources, resource => resource.Outcome == Applying.ChangeOutcome.Failed);
        Assert.Contains("Instance type \"virtual-machine\" is not supported on this server", failed.Message, StringComparison.Ordinal);
        Assert.Null(await _bench.Client.Instances.FindAsync(_stack));
        await _bench.DownAsync(_stack, new RemovalOptions { RemoveImages = true });
        Assert.DoesNotContain(await _bench.Client.Images.ListAsync(), image => image.Type == InstanceTypes.VirtualMachine);
    }

    [Fact]
    public async Task The_card_of_the_example_is_given_to_the_instance_and_that_the_host_has_none_is_said()
    {
        var yaml = (await File.ReadAllTextAsync(Repository.PathOf("examples/gpu/stack.yaml")))
            .Replace("name: gpu", $"name: {_stack}", StringComparison.Ordinal).Replace("  cuda:", $"  {_stack}:", StringComparison.Ordinal).Replace("cuda]", $"{_stack}]", StringComparison.Ordinal)
            .Replace("  render:", $"  {_stack}:", StringComparison.Ordinal).Replace("${IMAGE:-images:debian/12}", LabFixture.Image, StringComparison.Ordinal)
            // The libraries are looked for before the card.
            .Replace("runtime: true", "runtime: false", StringComparison.Ordinal);

        var result = await _bench.ApplyAsync(yaml);

        var profile = (await _bench.Client.Profiles.GetAsync(_stack)).Value;
        Assert.Equal(("gpu", "physical", "0000:01:00.0"), (profile.Devices["card"]["type"], profile.Devices["card"]["gputype"], profile.Devices["card"]["pci"]));
        Assert.Equal("compute,utility", profile.Config["nvidia.driver.capabilities"]);
        var failed = Assert.Single(result.Resources, resource => resource.Outcome == Applying.ChangeOutcome.Failed);
        Assert.Contains("Failed to start device \"card\"", failed.Message, StringComparison.Ordinal);
        Assert.Equal(StatusCode.Stopped, (await _bench.InstanceAsync(_stack)).StatusCode);
        // Another way's option is refused before anything is done.
        var wrong = await Assert.ThrowsAsync<IncusCompose.Diagnostics.StackFileException>(() => _bench.PlanAsync(yaml.Replace("gputype: physical", "gputype: physical, mdev: i915", StringComparison.Ordinal)));
        Assert.Contains("mdev", Assert.Single(wrong.Diagnostics).Message, StringComparison.Ordinal);
    }

    /// <summary>An image of a virtual machine: what it is, and a disk that is nothing but the beginning of one.</summary>
    private static void WriteImage(string folder)
    {
        using (var file = File.Create(Path.Combine(folder, "metadata.tar.gz")))
        using (var zip = new GZipStream(file, CompressionLevel.Fastest))
        using (var tar = new TarWriter(zip))
        {
            var text = Encoding.UTF8.GetBytes($"architecture: x86_64\ncreation_date: 1700000000\nproperties: {{description: {Path.GetFileName(folder)}}}\n");
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "metadata.yaml") { DataStream = new MemoryStream(text) });
        }

        // A header of version 3 for a disk of 1 MiB.
        var header = new byte[512];
        "QFI\xfb"u8.ToArray().CopyTo(header, 0);
        header[3] = 0xfb;
        header[7] = 3;
        header[23] = 16;
        header[29] = 0x10;
        File.WriteAllBytes(Path.Combine(folder, "disk.qcow2"), header);
    }
}
