using System.Text.Json;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Cli;

/// <summary><c>backup</c> and <c>restore --from</c>: what they write and how they exit.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class BackupCommandTests(LabFixture lab)
{
    private const string Stack = """
        name: clikept
        volumes:
          clikeptdata: {}
        instances:
          clikeptdb: {image: busybox, volumes: ["clikeptdata:/data"]}
        """;

    [Fact]
    public async Task A_stack_is_saved_taken_down_and_restored_by_the_command_line()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "--quiet")).ExitCode);

        var saved = await folder.RunAsync("backup", "--to", "saved");
        Assert.True(saved is { ExitCode: 0, Error: "" }, saved.ToString());
        Assert.Matches(@"(?m)^    instance/clikeptdb  saved$", saved.Output);
        Assert.Matches(@"(?m)^Stack clikept is in /.*/saved: 1 instance, 1 volume, \d+\.\d MB$", saved.Output);
        var zip = await folder.RunAsync("backup", "--to", "saved.tar.gz");
        Assert.Equal((1, "error: saved.tar.gz: a backup is no .tar.gz file. Name a directory or a .tar file; the data in it is compressed (gzip, if nothing else is said)\n"), (zip.ExitCode, zip.Error));
        var again = await folder.RunAsync("backup", "clikept", "--to", "saved");
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("exists already", again.Error, StringComparison.Ordinal);
        var taken = await folder.RunAsync("restore", "--from", "saved");
        Assert.Equal((1, "error: volume/default/clikeptdata exists already, of stack clikept\nerror: instance/clikeptdb exists already, of stack clikept\n"), (taken.ExitCode, taken.Error));

        Assert.Equal(0, (await folder.RunAsync("down", "--volumes", "--yes", "--quiet", "--timeout", "3")).ExitCode);
        var restored = await folder.RunAsync("restore", "--from", "saved", "--json");
        Assert.True(restored is { ExitCode: 0, Error: "" }, restored.ToString());
        using var last = JsonDocument.Parse(restored.Output.TrimEnd().Split('\n')[^1]);
        Assert.Equal("result", last.RootElement.GetProperty("event").GetString());
        Assert.True(last.RootElement.GetProperty("succeeded").GetBoolean());
        Assert.Equal(0, (await folder.RunAsync("plan")).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("down", "--volumes", "--yes", "--quiet", "--timeout", "3")).ExitCode);
    }
}
