using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Client;

/// <summary>Networks, pools, volumes, profiles, projects, server, metadata: created, read, changed, renamed, deleted.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class ResourceTests(LabFixture lab)
{
    private readonly string suffix = $"{System.Environment.ProcessId % 10000}";

    [Fact]
    public void The_server_tells_version_extensions_and_trust()
    {
        var server = lab.Client.Server;
        Assert.Equal("trusted", server.Auth);
        Assert.Matches(@"^\d+\.\d+", server.Environment.ServerVersion);
        Assert.NotEmpty(server.Environment.ServerName);
        Assert.False(server.Environment.ServerClustered);
        Assert.True(lab.Client.HasExtension("instance_create_start"));

        var missing = Assert.Throws<IncusExtensionMissingException>(() => lab.Client.RequireExtension("no_such_thing", "Flying"));
        Assert.Equal("no_such_thing", missing.Extension);
        Assert.Contains($"Incus {server.Environment.ServerVersion}", missing.Message, StringComparison.Ordinal);
        Assert.StartsWith("Flying needs the API extension \"no_such_thing\"", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metadata_tells_which_keys_change_live()
    {
        var metadata = await lab.Client.Metadata.GetConfigurationAsync();
        var cpu = metadata.Find("instance", "limits.cpu")!;
        Assert.True(cpu.IsLive(InstanceTypes.Container));
        var nesting = metadata.Find("instance", "security.privileged")!;
        Assert.Equal("bool", nesting.Type);
        Assert.False(nesting.IsLive(InstanceTypes.Container));
        Assert.Null(metadata.Find("instance", "no.such.key"));
        Assert.NotNull(metadata.FindDeviceOption("disk", "path"));
    }

    [Fact]
    public async Task Profiles()
    {
        await using var project = await lab.CreateProjectAsync();
        var profiles = project.Client.Profiles;
        await profiles.CreateAsync(new Profile
        {
            Name = "small",
            Description = "a small one",
            Config = new Dictionary<string, string> { ["limits.cpu"] = "1" },
            Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["tmp"] = new Dictionary<string, string> { ["type"] = "disk", ["source"] = "/tmp", ["path"] = "/host" },
            },
        });
        var read = await profiles.GetAsync("small");
        Assert.Equal("1", read.Value.Config["limits.cpu"]);
        await profiles.UpdateAsync("small", read.Value with { Config = new Dictionary<string, string> { ["limits.cpu"] = "2" } }, read.ETag);
        await Assert.ThrowsAsync<IncusPreconditionFailedException>(() => profiles.UpdateAsync("small", read.Value, read.ETag));
        await Assert.ThrowsAsync<IncusConflictException>(() => profiles.CreateAsync(new Profile { Name = "small" }));
        await profiles.RenameAsync("small", "tiny");
        var tiny = (await profiles.ListAsync()).Single(static p => p.Name == "tiny");
        Assert.Equal(("a small one", "2", "/host"), (tiny.Description, tiny.Config["limits.cpu"], tiny.Devices["tmp"]["path"]));
        await profiles.DeleteAsync("tiny");
        Assert.Null(await profiles.FindAsync("tiny"));
    }

    [Fact]
    public async Task Networks()
    {
        var networks = lab.Client.Networks;
        var name = $"cn{suffix}";
        var subnet = $"{lab.Lab.Subnets[^1]}.1/24";
        await networks.CreateAsync(new Network
        {
            Name = name,
            Type = "bridge",
            Config = new Dictionary<string, string> { ["ipv4.address"] = subnet, ["ipv6.address"] = "none", ["ipv4.nat"] = "false" },
        });
        try
        {
            var network = (await networks.GetAsync(name)).Value;
            Assert.Equal(("bridge", true, "Created", subnet), (network.Type, network.Managed, network.Status, network.Config["ipv4.address"]));
            await networks.UpdateAsync(name, n => n with { Description = "ours", Config = new Dictionary<string, string>(n.Config) { ["user.x"] = "y" } });
            var listed = (await networks.ListAsync()).Single(n => n.Name == name);
            Assert.Equal(("ours", "y"), (listed.Description, listed.Config["user.x"]));
            Assert.Equal("broadcast", (await networks.GetStateAsync(name)).Type);
            Assert.Contains(await networks.ListLeasesAsync(name), static lease => lease.Type == "gateway");
            await Assert.ThrowsAsync<IncusConflictException>(() => networks.CreateAsync(new Network { Name = name, Type = "bridge" }));
        }
        finally
        {
            await networks.DeleteAsync(name);
        }
        Assert.Null(await networks.FindAsync(name));
    }

    [Fact]
    public async Task Pools_and_volumes()
    {
        var pool = $"cp{suffix}";
        await lab.Client.StoragePools.CreateAsync(new StoragePool { Name = pool, Driver = "dir", Description = "ours" });
        await using (var project = await lab.CreateProjectAsync())
        {
            var volumes = project.Client.StorageVolumes;
            await volumes.CreateAsync(pool, new StorageVolume { Name = "data", Config = new Dictionary<string, string> { ["user.a"] = "1" } });
            var data = (await volumes.GetAsync(pool, "data")).Value;
            Assert.Equal(("custom", "filesystem", "1"), (data.Type, data.ContentType, data.Config["user.a"]));
            await volumes.UpdateAsync(pool, "data", v => v with { Config = new Dictionary<string, string>(v.Config) { ["user.a"] = "2" } });
            await Assert.ThrowsAsync<IncusConflictException>(() => volumes.CreateAsync(pool, new StorageVolume { Name = "data" }));
            await volumes.RenameAsync(pool, "data", "data2");
            Assert.Equal("2", Assert.Single(await volumes.ListAsync(pool)).Config["user.a"]);
            await volumes.DeleteAsync(pool, "data2");
            Assert.Null(await volumes.FindAsync(pool, "data2"));
            await Assert.ThrowsAsync<IncusNotFoundException>(() => volumes.ListAsync("no-such-pool"));
        }
        await lab.Client.StoragePools.UpdateAsync(pool, p => p with { Description = "still ours" });
        Assert.Equal("still ours", (await lab.Client.StoragePools.GetAsync(pool)).Value.Description);
        Assert.True((await lab.Client.StoragePools.GetResourcesAsync(pool)).Space.Total > 0);
        await lab.Client.StoragePools.DeleteAsync(pool);
        Assert.DoesNotContain(await lab.Client.StoragePools.ListAsync(), p => p.Name == pool);
    }

    [Fact]
    public async Task Projects()
    {
        var name = $"cj{suffix}";
        await lab.Client.Projects.CreateAsync(new Project { Name = name, Config = new Dictionary<string, string> { ["features.images"] = "false" } });
        await lab.Client.Projects.UpdateAsync(name, p => p with { Description = "ours" });
        await lab.Client.Projects.RenameAsync(name, $"{name}b");
        var project = (await lab.Client.Projects.GetAsync($"{name}b")).Value;
        Assert.Equal(("ours", "false"), (project.Description, project.Config["features.images"]));
        await lab.Client.Projects.DeleteAsync($"{name}b");
        Assert.Null(await lab.Client.Projects.FindAsync($"{name}b"));
    }

    [Fact]
    public async Task A_field_that_a_type_does_not_know_survives_a_read_modify_write_on_the_server()
    {
        // A profile read and written as a project: that type knows nothing of devices.
        await using var project = await lab.CreateProjectAsync();
        var profiles = project.Client.Profiles;
        await profiles.CreateAsync(new Profile
        {
            Name = "p",
            Config = new Dictionary<string, string> { ["user.a"] = "1" },
            Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["tmp"] = new Dictionary<string, string> { ["type"] = "disk", ["source"] = "/tmp", ["path"] = "/host" },
            },
        });
        var url = profiles.Caller.Url(profiles.PathOf("p"));

        var (value, etag) = await profiles.Caller.GetAsync(url, IncusJson.Default.EnvelopeProject, CancellationToken.None);
        Assert.Contains("devices", value.UnknownFields!.Keys);
        var changed = IncusJson.ToObject(value with { Description = "changed" }, IncusJson.Default.Project, "name", "used_by", "project");
        await profiles.Caller.ChangeAsync(HttpMethod.Put, url, changed, etag, CancellationToken.None);

        var profile = (await profiles.GetAsync("p")).Value;
        Assert.Equal(("changed", "1", "/host"), (profile.Description, profile.Config["user.a"], profile.Devices["tmp"]["path"]));
    }
}
