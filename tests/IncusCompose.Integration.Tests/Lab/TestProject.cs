using Incus.Client;

namespace IncusCompose.Integration.Tests.Lab;

/// <summary>A project of a test's own; when disposed, it goes with everything in it.</summary>
public sealed class TestProject : IAsyncDisposable
{
    private static int count;
    private readonly IncusClient server;

    private TestProject(IncusClient server, string name)
    {
        this.server = server;
        Name = name;
        Client = server.ForProject(name);
    }

    public string Name { get; }

    /// <summary>A client of this project.</summary>
    public IncusClient Client { get; }

    public static async Task<TestProject> CreateAsync(IncusClient server, string bridge)
    {
        var project = new TestProject(server, $"t{System.Environment.ProcessId}-{Interlocked.Increment(ref count)}");
        await server.Projects.CreateAsync(new Project
        {
            Name = project.Name,
            Config = new Dictionary<string, string> { ["features.images"] = "false", ["features.networks"] = "false" },
        });
        await project.Client.Profiles.UpdateAsync("default", profile => profile with
        {
            Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["root"] = new Dictionary<string, string> { ["type"] = "disk", ["path"] = "/", ["pool"] = "default" },
                ["eth0"] = new Dictionary<string, string> { ["type"] = "nic", ["network"] = bridge },
            },
        });
        return project;
    }

    /// <summary>Creates and starts a busybox container.</summary>
    public async Task LaunchAsync(string name) => await Client.Instances.CreateAsync(new InstanceCreate
    {
        Name = name,
        Source = InstanceSource.FromAlias(LabFixture.Image),
        Start = true,
    }).CompleteAsync();

    /// <summary>An instance's IPv4 address on <c>eth0</c>, which it has already.</summary>
    public async Task<string> AddressAsync(string instance) =>
        (await Client.Instances.GetStateAsync(instance)).Network["eth0"].Addresses.First(address => address is { Family: "inet", Scope: "global" }).Address;

    public async ValueTask DisposeAsync() => await Eventually.GetAsync(TryEndAsync, static gone => gone);

    /// <summary>Deletes all that is there. What the server is still creating, for a client that went away, is there a moment later.</summary>
    private async Task<bool> TryEndAsync()
    {
        foreach (var instance in await Client.Instances.ListAsync())
        {
            if (!await TryDeleteAsync(instance.Name))
                return false;
        }
        try
        {
            foreach (var profile in await Client.Profiles.ListAsync())
            {
                if (profile.Name != "default")
                    await Client.Profiles.DeleteAsync(profile.Name);
            }
            foreach (var pool in await server.StoragePools.ListAsync())
            {
                // Snapshots are listed as well, and go with theirs.
                foreach (var volume in (await Client.StorageVolumes.ListAsync(pool.Name)).Where(volume => !volume.Name.Contains('/', StringComparison.Ordinal)))
                    await Client.StorageVolumes.DeleteAsync(pool.Name, volume.Name);
            }
            await server.Projects.DeleteAsync(Name);
            return true;
        }
        catch (IncusException error) when (error.Message.Contains("Only empty projects", StringComparison.Ordinal)
            || error.Message.Contains("currently in use", StringComparison.Ordinal))
        {
            return false;
        }
    }

    /// <summary>Deletes an instance in whatever state a test has left it.</summary>
    private async Task<bool> TryDeleteAsync(string name)
    {
        try
        {
            if ((await Client.Instances.GetStateAsync(name)).StatusCode != StatusCode.Stopped)
                await Client.Instances.StopAsync(name, force: true).CompleteAsync();
            await Client.Instances.DeleteAsync(name).CompleteAsync();
            return true;
        }
        catch (IncusNotFoundException)
        {
            return true;
        }
        catch (IncusException)
        {
            return false;
        }
    }
}
