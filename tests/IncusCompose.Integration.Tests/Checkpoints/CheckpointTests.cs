using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Checkpoints;

[Collection(TakingBackLabCollection.Name)]
public sealed class CheckpointTests(LabFixture lab)
{
    [Theory]
    [InlineData("btrfs")]
    [InlineData("dir")]
    public async Task Whatever_was_damaged_is_as_it_was_files_and_definitions_alike(string driver)
    {
        await using var stack = await CheckpointedStack.UpAsync(lab, "cp" + driver, driver);
        var (files, definitions) = (await stack.FilesAsync(), await stack.DefinitionsAsync());
        Assert.Contains("/data/file 644 33 44", files, StringComparison.Ordinal);
        var taken = await stack.TakeAsync("good");
        Assert.True(taken is { IsLive: true, IsComplete: true, KeepsCopies: true, Parent: null });
        Assert.Equal([stack.Database, stack.Web], taken.Instances.Order());
        Assert.Equal((files, definitions), (await stack.FilesAsync(), await stack.DefinitionsAsync()));
        Assert.Empty((await stack.Bench.PlanAsync(stack.Yaml)).Changes);

        // Files, configuration, a profile, a network; an instance and a volume deleted; another instance made since.
        await stack.ShellAsync(stack.Web, "echo broken >/srv/file; echo new >/srv/new");
        await stack.IncusAsync("config", "set", stack.Web, "user.size=9", "limits.memory=32MiB");
        await stack.IncusAsync("config", "device", "remove", stack.Web, "eth0");
        await stack.IncusAsync("delete", "--force", stack.Database);
        await stack.IncusAsync("storage", "volume", "delete", stack.Pool, stack.Data);
        await stack.IncusAsync("profile", "set", stack.Profile, "user.color=blue", "user.more=1");
        await stack.IncusAsync("network", "set", stack.Bridge, "user.note=second", "ipv4.dhcp=false");
        Assert.NotEqual(definitions, await DefinitionsOrNoneAsync(stack));

        var restored = await stack.RestoreAsync("good");

        Assert.True(restored.Succeeded, string.Join("\n", restored.Steps.Select(step => $"{step.Step} {step.Outcome} {step.Message}")));
        Assert.Equal(
            [RestoreAction.Update, RestoreAction.Recreate, RestoreAction.Update, RestoreAction.Recreate, RestoreAction.RollBack],
            restored.Steps.OrderBy(step => step.Id.ToString() switch
            {
                var id when id.StartsWith("network", StringComparison.Ordinal) => 0,
                var id when id.StartsWith("volume", StringComparison.Ordinal) => 1,
                var id when id.StartsWith("profile", StringComparison.Ordinal) => 2,
                var id => id.EndsWith("db", StringComparison.Ordinal) ? 3 : 4,
            }).Select(step => step.Action));
        Assert.Equal(definitions, await stack.DefinitionsAsync());
        Assert.Equal(files, await stack.FilesAsync());
        Assert.Empty((await stack.Bench.PlanAsync(stack.Yaml)).Changes);

        // And once more, from the copies, what was made anew by an apply.
        await stack.IncusAsync("delete", "--force", stack.Database);
        await stack.IncusAsync("storage", "volume", "delete", stack.Pool, stack.Data);
        await stack.Bench.UpAsync(stack.Yaml);
        Assert.NotEqual(files, await stack.FilesAsync());
        restored = await stack.RestoreAsync("good");
        Assert.Equal(2, restored.Steps.Count(step => step.Action == RestoreAction.Refill));
        Assert.Equal(definitions, await stack.DefinitionsAsync());
        Assert.Equal(files, await stack.FilesAsync());
        Assert.Empty((await stack.Bench.PlanAsync(stack.Yaml)).Changes);

        await stack.Bench.Engine.RemoveCheckpointAsync(stack.Client, taken);
        Assert.Empty(await stack.ListAsync());
        Assert.Equal([stack.Database, stack.Web], (await stack.Client.Instances.ListAsync()).Select(instance => instance.Name).Order());
        Assert.Equal([stack.Data], (await stack.Client.StorageVolumes.ListAsync(stack.Pool)).Select(volume => volume.Name));
        Assert.Empty(await stack.Client.Instances.ListSnapshotsAsync(stack.Web));
    }

    private static async Task<string> DefinitionsOrNoneAsync(CheckpointedStack stack)
    {
        try
        {
            return await stack.DefinitionsAsync();
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }
}
