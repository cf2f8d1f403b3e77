using System.Text.Json;
using Incus.Client;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Checkpoints;

[Collection(TakingBackLabCollection.Name)]
public sealed class CliTests(LabFixture lab)
{
    [Fact]
    public async Task A_stack_is_checkpointed_damaged_and_restored_by_name_alone()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: clicheck
            volumes: { clistore: {} }
            instances: { cliback: { image: busybox, volumes: ["clistore:/data"] } }
            """);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("exec", "cliback", "--", "sh", "-c", "echo one >/data/word")).ExitCode);

        var created = await folder.RunAsync("checkpoint", "create", "first", "--quiesce");
        Assert.Equal((0, "Checkpoint first of stack clicheck: 1 instance, 1 volume.\n", ""), (created.ExitCode, created.Output, created.Error));
        // The copy that it keeps is no machine, also where no file says which ones there are.
        var text = await File.ReadAllTextAsync(folder.PathOf("stack.yaml"));
        folder.Delete("stack.yaml");
        Assert.Equal(2, (await project.Client.Instances.ListAsync()).Count);
        foreach (var words in new string[][] { ["ps", "--all"], ["inventory", "--all", "--list"], ["ssh-config", "--all"] })
        {
            var listed = await folder.RunAsync(words);
            Assert.True(listed.ExitCode == 0 && !listed.Output.Contains("cliback-checkpoint", StringComparison.Ordinal), listed.ToString());
            Assert.Equal(words[0] != "ssh-config", listed.Output.Contains("cliback", StringComparison.Ordinal));
        }

        // A completion that comes too late is none.
        foreach (var typed in new[] { "incus-compose exec clib", "incus-compose cp clib" })
            Assert.Equal(["cliback"], (await Eventually.GetAsync(() => folder.RunAsync($"[suggest:{typed.Length}]", typed), suggested => suggested.Output.Trim().Length > 0))
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(name => name.TrimEnd(':')).Distinct());
        folder.Write("stack.yaml", text);
        var again = await folder.RunAsync("checkpoint", "create", "first");
        Assert.Equal((1, "error: Stack \"clicheck\" has a checkpoint \"first\" already. Choose another name, or remove that one first.\n"), (again.ExitCode, again.Error));

        await project.Client.Instances.StopAsync("cliback", force: true).CompleteAsync();
        await project.Client.Instances.DeleteAsync("cliback").CompleteAsync();
        await project.Client.StorageVolumes.DeleteAsync("default", "clistore");
        folder.Write("stack.yaml", "not a stack");
        var refused = await folder.RunAsync("checkpoint", "restore", "first", "--name", "clicheck");
        Assert.Equal((1, "error: there is nobody to ask for confirmation: add --yes to go ahead\n"), (refused.ExitCode, refused.Error));
        var dry = await folder.RunAsync("checkpoint", "restore", "first", "--name", "clicheck", "--dry-run");
        Assert.Equal(
            "Stack clicheck, checkpoint first\n\n  volume/default/clistore: create again from the kept copy\n  instance/cliback: create again from the kept copy, then start\n\n",
            dry.Output);
        Assert.Null(await project.Client.Instances.FindAsync("cliback"));

        var restored = await folder.RunAsync("checkpoint", "restore", "first", "--name", "clicheck", "--yes", "--json");
        Assert.True(restored is { ExitCode: 0, Error: "" }, restored.ToString());
        using (var result = JsonDocument.Parse(restored.Output.TrimEnd('\n').Split('\n')[^1]))
        {
            Assert.True(result.RootElement.GetProperty("succeeded").GetBoolean());
            Assert.Equal(
                ["volume/default/clistore recreate done", "instance/cliback recreate done"],
                result.RootElement.GetProperty("resources").EnumerateArray().Select(one => $"{one.GetProperty("resource")} {one.GetProperty("action")} {one.GetProperty("outcome")}"));
        }

        Assert.Equal(0, (await folder.RunAsync("checkpoint", "create", "second", "--name", "clicheck", "-q")).ExitCode);
        using (var list = JsonDocument.Parse((await folder.RunAsync("checkpoint", "list", "clicheck", "--json")).Output))
        {
            Assert.Equal(
                ["first False ", "second True first"],
                list.RootElement.EnumerateArray().Select(one =>
                    $"{one.GetProperty("name")} {one.GetProperty("live")} {(one.TryGetProperty("parent", out var parent) ? parent : "")}"));
        }

        Assert.Equal("first\nsecond\n", (await folder.RunAsync("checkpoint", "list", "clicheck", "-q")).Output);
        foreach (var (typed, offered) in new[] { ("clone clicheck --checkpoint f", "first"), ("clone clicheck --rename clis", "clistore="), ("publish cliback --snapshot s", "second"), ("clone clicheck --to-remote l", "local") })
        {
            var line = $"incus-compose {typed}";
            Assert.Equal(offered + "\n", (await folder.RunAsync($"[suggest:{line.Length}]", line)).Output);
        }

        folder.Write("stack.yaml", """
            name: clicheck
            volumes: { clistore: {}, cliadded: {} }
            instances: { cliback: { image: busybox, volumes: ["clistore:/data"] }, clilate: { image: busybox, volumes: ["clistore:/data"] } }
            """);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        Assert.Contains(
            "  volume/default/cliadded: made since, left alone (--prune --remove-volumes deletes it with its data)\n",
            (await folder.RunAsync("checkpoint", "restore", "second", "--prune", "--dry-run")).Output, StringComparison.Ordinal);
        var rolled = await folder.RunAsync("checkpoint", "restore", "second", "--yes");
        Assert.Contains("  instance/clilate: made since, left alone (--prune deletes it)\n", rolled.Output, StringComparison.Ordinal);
        // The one that was only stopped meanwhile is not counted.
        Assert.Contains("\n2 of 2 restored in ", rolled.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("checkpoint", "restore", "second", "--prune", "--remove-volumes", "--yes", "-q")).ExitCode);

        var removed = await folder.RunAsync("checkpoint", "remove", "--keep-last", "0", "--name", "clicheck", "--yes");
        Assert.Equal("Removed checkpoint first of stack clicheck.\n", removed.Output);
        Assert.Equal(0, (await folder.RunAsync("checkpoint", "remove", "second", "--name", "clicheck", "--yes")).ExitCode);
        Assert.Equal(["cliback"], (await project.Client.Instances.ListAsync()).Select(instance => instance.Name));
        Assert.Equal(["clistore"], (await project.Client.StorageVolumes.ListAsync("default")).Select(volume => volume.Name));
        var nothing = await folder.RunAsync("checkpoint", "restore", "first", "--name", "clicheck", "--yes");
        Assert.Equal((1, "error: Stack \"clicheck\" has no checkpoint \"first\"; it has none at all.\n"), (nothing.ExitCode, nothing.Error));

        // What the server takes at set times is no checkpoint; the way back to it is told.
        await project.Client.Instances.CreateSnapshotAsync("cliback", "nightly").CompleteAsync();
        await project.Client.StorageVolumes.CreateSnapshotAsync("default", "clistore", "nightly").CompleteAsync();
        await lab.Lab.IncusAsync("exec", "--project", project.Name, "cliback", "--", "sh", "-c", "echo two >/data/word; echo two >/root.txt");
        var told = await folder.RunAsync("checkpoint", "restore", "nightly", "--name", "clicheck", "--yes");
        const string begin = "error: Stack \"clicheck\" has no checkpoint \"nightly\"; it has none at all. instance/cliback and volume/default/clistore have snapshots of that name, "
            + "which the server (or somebody) took of each alone. To go back to them, losing what happened since: ";
        Assert.Equal(1, told.ExitCode);
        Assert.StartsWith(begin, told.Error, StringComparison.Ordinal);
        foreach (var command in told.Error.TrimEnd()[begin.Length..].Split("; "))
            await lab.Lab.IncusAsync(command.Split(' ')[1..]);
        Assert.Equal("one\n", await lab.Lab.IncusAsync("exec", "--project", project.Name, "cliback", "--", "sh", "-c", "cat /data/word; cat /root.txt 2>/dev/null || true"));
    }
}
