using System.Diagnostics;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Data that outlives its instance: folders of the host, and volumes.</summary>
[Collection(LabCollection.Name)]
public sealed class PersistTests(LabFixture lab)
{
    private const string Digest = "find /kept /vol /owned -type f -exec sha256sum {} + | sort";

    [Fact]
    public async Task Data_is_the_same_after_destroy_and_create_again_in_folders_and_in_volumes()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: keeper
            volumes: { vol: }
            instances:
              one:
                image: busybox
                volumes: [vol:/vol]
                persist: [./new/kept:/kept, {source: ./owned, target: /owned, owner: 33:44}]
            """);

        await UpAsync(folder);
        await ShellAsync("head -c 300000 /dev/urandom >/kept/a; mkdir /kept/d; head -c 1000 /dev/urandom >/kept/d/b; chown 1234:5678 /kept/a; head -c 5000 /dev/urandom >/vol/c; echo x >/owned/e");
        var before = await ShellAsync(Digest);
        Assert.Equal(4, before.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        // The instance's numbers are the host's.
        Assert.Equal("0:0\n33:44\n1234:5678\n", await lab.Lab.HostAsync("stat", "-c", "%u:%g", folder.PathOf("new/kept"), folder.PathOf("owned"), folder.PathOf("new/kept/a")));

        var plan = await folder.RunAsync("plan");
        Assert.True(plan.ExitCode == 0, plan.ToString());
        var down = await folder.RunAsync("down", "--yes");
        Assert.True(down.ExitCode == 0, down.ToString());
        Assert.Empty(await project.Client.Instances.ListAsync());
        await UpAsync(folder);

        Assert.Equal(before, await ShellAsync(Digest));
        Assert.Equal("1234:5678 33:44", await ShellAsync("echo $(stat -c %u:%g /kept/a /owned)"));
        // Not even those who want volumes deleted mean the host's folders.
        Assert.Equal(0, (await folder.RunAsync("down", "--yes", "--volumes")).ExitCode);
        Assert.True(File.Exists(folder.PathOf("new/kept/d/b")));

        async Task<string> ShellAsync(string command) =>
            (await lab.Lab.IncusAsync("exec", "one", "--project", project.Name, "--", "sh", "-c", command)).TrimEnd('\n');
    }

    [Fact]
    public async Task What_is_mounted_within_a_folder_of_the_host_is_there_whoever_may_write_to_the_folder()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: keeper
            volumes: { cache: , shifted: {config: {security.shifted: "true"}}, later: }
            instances:
              one:
                image: busybox
                volumes: ["./src:/app", "cache:/app/deep/cache", "./one.conf:/app/one.conf", "shifted:/kept/shifted"]
                persist: [./kept:/kept]
            """);
        Directory.CreateDirectory(folder.PathOf("src"));
        File.WriteAllText(folder.PathOf("one.conf"), "told\n");

        await UpAsync(folder);
        Assert.Equal("told", await ShellAsync("cat /app/one.conf; echo x >/app/deep/cache/x; echo x >/kept/shifted/x"));
        // What the instance wrote is on the volumes.
        Assert.Empty(Directory.GetFileSystemEntries(folder.PathOf("src/deep/cache")).Concat(Directory.GetFileSystemEntries(folder.PathOf("kept/shifted"))));

        folder.Write("stack.yaml", File.ReadAllText(folder.PathOf("stack.yaml")).Replace("\"./one.conf:/app/one.conf\"", "\"later:/app/later\""));
        await UpAsync(folder);
        Assert.Equal("x", await ShellAsync("echo y >/app/later/y; cat /app/deep/cache/x"));
        Assert.Empty(Directory.GetFileSystemEntries(folder.PathOf("src/later")));

        async Task<string> ShellAsync(string command) =>
            (await lab.Lab.IncusAsync("exec", "one", "--project", project.Name, "--", "sh", "-c", command)).TrimEnd('\n');
    }

    [Fact]
    public async Task A_folder_is_added_to_an_instance_that_runs_and_taken_off_without_being_deleted()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: keeper\ninstances: { one: { image: busybox } }\n");
        await UpAsync(folder);
        var pid = (await project.Client.Instances.GetStateAsync("one")).Pid;

        folder.Write("stack.yaml", "name: keeper\ninstances: { one: { image: busybox, persist: ['./later:/later'] } }\n");
        await UpAsync(folder);
        await lab.Lab.IncusAsync("exec", "one", "--project", project.Name, "--", "touch", "/later/here");
        folder.Write("stack.yaml", "name: keeper\ninstances: { one: { image: busybox } }\n");
        await UpAsync(folder);

        Assert.True(File.Exists(folder.PathOf("later/here")));
        Assert.Equal(pid, (await project.Client.Instances.GetStateAsync("one")).Pid);
    }

    [Fact]
    public async Task What_is_no_folder_and_cannot_be_made_one_is_said()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: keeper\ninstances: { one: { image: busybox, persist: ['./file:/kept'] }, two: { image: busybox, persist: ['/proc/none:/kept'] } }\n");
        folder.Write("file", "");

        var up = await folder.RunAsync("up");

        Assert.Equal(1, up.ExitCode);
        Assert.Contains($"error: instance/one: create failed: {folder.PathOf("file")} is to be kept as a folder, and is a file. Name a folder under persist:\n", up.Error, StringComparison.Ordinal);
        Assert.Contains("error: instance/two: create failed: The folder /proc/none cannot be made: ", up.Error, StringComparison.Ordinal);
        Assert.Contains("Make it with: sudo install -d -o 0 -g 0 /proc/none\n", up.Error, StringComparison.Ordinal);
        Assert.Empty(await project.Client.Instances.ListAsync());
    }

    [Fact]
    public async Task Data_goes_with_its_instance_where_that_was_said_but_not_what_others_have_to_do_with()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var root = Directory.CreateTempSubdirectory("incus-compose-kept-").FullName;
        foreach (var volume in new[] { "mine", "ours" })
            await project.Client.StorageVolumes.CreateAsync("default", new() { Name = volume });
        var first = Box("first", ["mine", "ours"], ["mine", "ours", "linked", "mounted"]);
        var second = Box("second", ["ours"], ["ours/deep"]);
        Directory.CreateDirectory($"{root}/elsewhere");
        Directory.CreateSymbolicLink($"{root}/linked", $"{root}/elsewhere");
        try
        {
            var made = await bench.Engine.CreateInstancesAsync(project.Client, [first, second], start: false);
            Assert.True(made.Succeeded);
            await File.WriteAllTextAsync($"{root}/mine/data", "");
            Directory.CreateDirectory($"{root}/mounted/deep er");
            await File.WriteAllTextAsync($"{root}/elsewhere/precious", "");
            await RunAsync("mount", "--bind", $"{root}/elsewhere", $"{root}/mounted/deep er");
            var instance = (await project.Client.Instances.GetAsync("first")).Value;
            await project.Client.Instances.DeleteAsync("first").CompleteAsync();

            var removals = await bench.Engine.RemoveDataAsync(project.Client, instance);

            Assert.Equal(
                [
                    ("volume default/mine", null),
                    ("volume default/ours", "it is in use by instances/second"),
                    ($"folder {root}/mine", null),
                    ($"folder {root}/ours", $"instance second (project {project.Name}) uses it"),
                    ($"folder {root}/linked", $"it is a link to {root}/elsewhere; delete what it leads to yourself"),
                    ($"folder {root}/mounted", $"something is mounted at {root}/mounted/deep er"),
                ],
                removals.Select(removal => (removal.What, removal.WhyKept)));
            Assert.Equal(["ours"], (await project.Client.StorageVolumes.ListAsync("default")).Select(volume => volume.Name));
            Assert.True(File.Exists($"{root}/elsewhere/precious"));
            Assert.Equal(["elsewhere", "linked", "mounted", "ours"], Directory.GetDirectories(root).Select(path => Path.GetFileName(path)).Order());
            // A second time there is nothing left to do.
            Assert.Null((await bench.Engine.RemoveDataAsync(project.Client, instance))[2].WhyKept);
        }
        finally
        {
            if (Directory.Exists($"{root}/mounted/deep er"))
                await RunAsync("umount", $"{root}/mounted/deep er");
            Directory.Delete(root, recursive: true);
        }

        static async Task RunAsync(string program, params string[] arguments)
        {
            using var process = Process.Start(program, arguments);
            await process.WaitForExitAsync();
            Assert.Equal(0, process.ExitCode);
        }

        InstanceDefinition Box(string name, string[] volumes, string[] folders) => new()
        {
            Name = name,
            Image = "busybox",
            Volumes = [.. volumes.Select(volume => new VolumeMount { Source = volume, Target = $"/v/{volume}" })],
            Persist = [.. folders.Select(folder => new PersistedFolder { Source = $"{root}/{folder}", Target = $"/p/{folder}" })],
        };
    }

    [Fact]
    public async Task Creating_what_is_there_keeps_it_and_says_what_is_different()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var asked = new InstanceDefinition { Name = "box", Image = "busybox", Environment = new Dictionary<string, string> { ["MODE"] = "a" } };
        Assert.True((await bench.Engine.CreateInstancesAsync(project.Client, [asked])).Succeeded);
        var before = await project.Client.Instances.GetStateAsync("box");

        var same = Assert.Single((await bench.Engine.CreateInstancesAsync(project.Client, [asked])).Resources, result => result.Kind == "instance");
        Assert.Equal((ChangeOutcome.Unchanged, true, 0), (same.Outcome, same.Change.Exists, same.Change.Properties.Count));
        var other = await bench.Engine.CreateInstancesAsync(project.Client, [asked with { Memory = "64MiB" }]);
        Assert.Equal(["config.limits.memory"], other.Resources.Single(result => result.Kind == "instance").Change.Properties.Select(property => property.Path));
        Assert.Equal(before.Pid, (await project.Client.Instances.GetStateAsync("box")).Pid);
        Assert.False((await project.Client.Instances.GetAsync("box")).Value.Config.ContainsKey("limits.memory"));

        // What has stopped runs again, unless that is not wanted.
        await project.Client.Instances.StopAsync("box", force: true).CompleteAsync();
        Assert.True((await bench.Engine.CreateInstancesAsync(project.Client, [asked], start: false)).Succeeded);
        Assert.Equal("Stopped", (await project.Client.Instances.GetAsync("box")).Value.Status);
        Assert.True((await bench.Engine.CreateInstancesAsync(project.Client, [asked])).Succeeded);
        Assert.Equal("Running", (await project.Client.Instances.GetAsync("box")).Value.Status);
    }

    [Fact]
    public async Task Several_that_create_the_same_instance_at_once_all_have_it()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var asked = new InstanceDefinition { Name = "box", Image = "busybox" };

        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => bench.Engine.CreateInstancesAsync(project.Client, [asked])));

        Assert.All(results, result => Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(resource => resource.Message))));
        Assert.Equal("Running", Assert.Single(await project.Client.Instances.ListAsync()).Status);
    }

    private static async Task UpAsync(CliFolder folder)
    {
        var up = await folder.RunAsync("up");
        Assert.True(up.ExitCode == 0, up.ToString());
    }
}
