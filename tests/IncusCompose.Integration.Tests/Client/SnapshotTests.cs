using System.Text;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Client;

[Collection(CommandLabCollection.Name)]
public sealed class SnapshotTests(LabFixture lab)
{
    [Fact]
    public async Task An_instance_goes_back_to_its_snapshot_with_its_configuration_and_a_copy_of_the_snapshot_stands_alone()
    {
        await using var project = await lab.CreateProjectAsync();
        var instances = project.Client.Instances;
        await project.LaunchAsync("snapper");
        await SayAsync(instances, "snapper", "before");
        await instances.CreateSnapshotAsync("snapper", "first").CompleteAsync();
        await SayAsync(instances, "snapper", "after");
        await instances.UpdateAsync("snapper", instance => instance with
        {
            Description = "changed",
            Config = new Dictionary<string, string>(instance.Config) { ["user.color"] = "red" },
        }).CompleteAsync();
        await Assert.ThrowsAnyAsync<IncusException>(() => instances.CreateSnapshotAsync("snapper", "first").CompleteAsync());

        await instances.CreateAsync(new InstanceCreate { Name = "apart", Source = InstanceSource.FromCopy("snapper/first") }).CompleteAsync();
        await instances.RestoreSnapshotAsync("snapper", "first").CompleteAsync();

        Assert.Equal("before", await SaidAsync(instances, "snapper"));
        Assert.Equal("before", await SaidAsync(instances, "apart"));
        var restored = (await instances.GetAsync("snapper")).Value;
        Assert.Equal(("", false), (restored.Description, restored.Config.ContainsKey("user.color")));
        var snapshot = Assert.Single(await instances.ListSnapshotsAsync("snapper"));
        Assert.Equal(("first", false), (snapshot.Name, snapshot.Stateful));
        Assert.Equal(["default"], snapshot.Profiles);
        Assert.InRange(snapshot.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));

        // And back the other way: the copy's disk for an instance that exists.
        await SayAsync(instances, "snapper", "later");
        await instances.StopAsync("snapper", force: true).CompleteAsync();
        await instances.CreateAsync(new InstanceCreate { Name = "snapper", Source = InstanceSource.FromCopy("apart", refresh: true) }).CompleteAsync();
        Assert.Equal("before", await SaidAsync(instances, "snapper"));
        await instances.DeleteSnapshotAsync("snapper", "first").CompleteAsync();
        Assert.Null(await instances.FindSnapshotAsync("snapper", "first"));
    }

    [Fact]
    public async Task A_volume_goes_back_to_its_snapshot_and_its_copy_can_be_given_back()
    {
        await using var project = await lab.CreateProjectAsync();
        var volumes = project.Client.StorageVolumes;
        await volumes.CreateAsync("default", new StorageVolume { Name = "data" });
        await project.LaunchAsync("keeper");
        await project.Client.Instances.UpdateAsync("keeper", instance => instance with
        {
            Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>(instance.Devices)
            {
                ["data"] = new Dictionary<string, string> { ["type"] = "disk", ["pool"] = "default", ["source"] = "data", ["path"] = "/mnt" },
            },
        }).CompleteAsync();
        await SayAsync(project.Client.Instances, "keeper", "before", "/mnt/word");
        await volumes.CreateSnapshotAsync("default", "data", "first").CompleteAsync();
        await volumes.CopyAsync("default", "data/first", new StorageVolume { Name = "apart", Description = "kept" }).CompleteAsync();
        await SayAsync(project.Client.Instances, "keeper", "after", "/mnt/word");
        await project.Client.Instances.StopAsync("keeper", force: true).CompleteAsync();

        await volumes.RestoreSnapshotAsync("default", "data", "first");
        await project.Client.Instances.StartAsync("keeper").CompleteAsync();
        Assert.Equal("before", await SaidAsync(project.Client.Instances, "keeper", "/mnt/word"));
        Assert.NotNull(await volumes.FindSnapshotAsync("default", "data", "first"));
        await volumes.DeleteSnapshotAsync("default", "data", "first").CompleteAsync();
        Assert.Null(await volumes.FindSnapshotAsync("default", "data", "first"));

        await SayAsync(project.Client.Instances, "keeper", "later", "/mnt/word");
        await project.Client.Instances.StopAsync("keeper", force: true).CompleteAsync();
        await volumes.CopyAsync("default", "apart", new StorageVolume { Name = "data" }, refresh: true).CompleteAsync();
        await project.Client.Instances.StartAsync("keeper").CompleteAsync();
        Assert.Equal("before", await SaidAsync(project.Client.Instances, "keeper", "/mnt/word"));
        Assert.Equal("kept", (await volumes.GetAsync("default", "apart")).Value.Description);
    }

    private static async Task SayAsync(InstanceApi instances, string name, string word, string path = "/etc/word")
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(word));
        await instances.PushFileAsync(name, path, content);
    }

    private static async Task<string> SaidAsync(InstanceApi instances, string name, string path = "/etc/word")
    {
        using var content = new MemoryStream();
        await instances.PullFileAsync(name, path, content);
        return Encoding.UTF8.GetString(content.ToArray());
    }
}
