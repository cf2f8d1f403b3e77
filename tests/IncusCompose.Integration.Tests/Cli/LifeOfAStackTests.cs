using System.Text.Json;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Cli;

/// <summary>A stack from nothing to nothing, through the command line alone.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class LifeOfAStackTests(LabFixture lab)
{
    private const string Stack = """
        name: clilife
        volumes:
          clidata: { size: 16MiB }
        instances:
          clidb:
            image: busybox
            volumes: ["clidata:/data"]
          cliweb:
            image: busybox
            memory: 64MiB
            environment:
              GREETING: ${GREETING:-hello}
            depends_on: [clidb]
        """;

    [Fact]
    public async Task A_stack_is_planned_made_kept_changed_listed_and_taken_down()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);

        var plan = await folder.RunAsync("plan");
        Assert.True(plan is { ExitCode: 2, Error: "" }, plan.ToString());
        Assert.Contains("  + instance/cliweb  create\n      + config.environment.GREETING  hello\n", plan.Output, StringComparison.Ordinal);
        Assert.Contains("Plan: 3 to create", plan.Output, StringComparison.Ordinal);
        Assert.Empty(await project.Client.Instances.ListAsync());

        var up = await folder.RunAsync("up");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        Assert.Matches(@"(?m)^  \+ instance/clidb  created  \d+\.\d s$", up.Output);
        Assert.Matches(@"(?m)^Stack clilife: 3 created in \d+\.\d s\.$", up.Output);
        Assert.DoesNotContain('\e', up.Output);

        var again = await folder.RunAsync("plan");
        Assert.True(again is { ExitCode: 0, Error: "" }, again.ToString());
        Assert.Contains("No changes: ", again.Output, StringComparison.Ordinal);
        var upAgain = await folder.RunAsync("up");
        Assert.True(upAgain is { ExitCode: 0, Error: "" }, upAgain.ToString());
        Assert.DoesNotContain("created", upAgain.Output, StringComparison.Ordinal);

        await project.Client.Instances.UpdateAsync("cliweb", instance => instance with
        {
            Config = new Dictionary<string, string>(instance.Config) { ["limits.memory"] = "32MiB", ["user.note"] = "mine" },
        }).CompleteAsync();
        var drift = await folder.RunAsync("plan");
        Assert.Equal(2, drift.ExitCode);
        Assert.Contains("      ~ config.limits.memory  32MiB -> 64MiB  (drifted on the server)\n", drift.Output, StringComparison.Ordinal);
        Assert.Contains("        config.user.note      mine  (set by others, left alone)\n", drift.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("up", "--quiet")).ExitCode);
        var web = (await project.Client.Instances.GetAsync("cliweb")).Value;
        Assert.Equal(("64MiB", "mine"), (web.Config["limits.memory"], web.Config["user.note"]));

        var listed = await Eventually.GetAsync(
            async () => (await folder.RunAsync("ps")).Output,
            output => output.Split('\n').Count(line => line.Contains(" 10.", StringComparison.Ordinal)) == 2);
        Assert.Matches(@"(?m)^clidb   Running  busybox, for tests  10\.[\d.]+ +- +- +clilife$", listed);
        Assert.Equal("clidb\ncliweb\n", (await folder.RunAsync("ps", "--quiet")).Output);

        var refused = await folder.RunAsync("down");
        Assert.Equal((1, "error: there is nobody to ask for confirmation: add --yes to go ahead\n"), (refused.ExitCode, refused.Error));
        var down = await folder.RunAsync("down", "--yes");
        Assert.True(down is { ExitCode: 0, Error: "" }, down.ToString());
        Assert.Contains("volume/default/clidata  kept\n", down.Output, StringComparison.Ordinal);
        Assert.Empty(await project.Client.Instances.ListAsync());
        Assert.Single(await project.Client.StorageVolumes.ListAsync("default"), volume => volume.Name == "clidata");

        var downAgain = await folder.RunAsync("down", "--yes");
        Assert.Equal((0, ""), (downAgain.ExitCode, downAgain.Error));
        var downVolumes = await folder.RunAsync("down", "--yes", "--volumes");
        Assert.True(downVolumes.ExitCode == 0, downVolumes.ToString());
        Assert.DoesNotContain(await project.Client.StorageVolumes.ListAsync("default"), volume => volume.Name == "clidata");
    }

    [Fact]
    public async Task What_is_updated_by_hand_is_said_with_the_words_that_do_it()
    {
        await using var project = await lab.CreateProjectAsync();
        static string Stack(string mode) => $"name: clihand\ninstances: {{ clihand1: {{ image: busybox, update: manual, environment: {{ MODE: {mode} }} }} }}\n";
        using var folder = new CliFolder(lab, project, Stack("one"));
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        folder.Write("stack.yaml", Stack("two"));
        foreach (var word in (string[])["--allow-restart", "--update=clihand1"])
        {
            var waits = await folder.RunAsync("up", word);
            Assert.True(waits is { ExitCode: 0, Error: "" }, waits.ToString());
            Assert.Contains("Waiting for a restart to take effect: instance/clihand1 (up --allow-restart --update clihand1 restarts it).\n", waits.Output, StringComparison.Ordinal);
        }

        Assert.Contains("its update is manual", (await folder.RunAsync("plan")).Output, StringComparison.Ordinal);
        var restarts = await folder.RunAsync("up", "--allow-restart", "--update", "clihand1");
        Assert.Contains("Stack clihand: 1 restarted", restarts.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stack_is_taken_down_by_its_name_without_the_file()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: cliname\ninstances: { cliname1: { image: busybox } }\n");
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        folder.Write("stack.yaml", "not a stack");

        var down = await folder.RunAsync("down", "cliname", "--yes");

        Assert.True(down is { ExitCode: 0, Error: "" }, down.ToString());
        Assert.Empty(await project.Client.Instances.ListAsync());
        var nothing = await folder.RunAsync("down", "cliname", "--yes");
        Assert.Equal((0, "Nothing to take down.\n"), (nothing.ExitCode, nothing.Output[(nothing.Output.IndexOf('\n') + 1)..]));
    }

    [Fact]
    public async Task A_name_that_replaces_the_files_leaves_its_project_as_it_is()
    {
        await using var elsewhere = await lab.CreateProjectAsync();
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, elsewhere, $"name: clifile\nproject: {project.Name}\ninstances: {{ cliother1: {{ image: busybox }} }}\n");
        Assert.Equal(0, (await folder.RunAsync("up", "-q", "--name", "cliother")).ExitCode);

        var listed = await folder.RunAsync("ps", "-q", "--name", "cliother");
        Assert.Equal((0, "cliother1\n"), (listed.ExitCode, listed.Output));
        var unknown = await folder.RunAsync("ps", "--name", "clinone");
        Assert.Contains($"no instance of a stack \"clinone\" in project {project.Name}; its stacks: cliother", unknown.Error, StringComparison.Ordinal);
        var down = await folder.RunAsync("down", "--yes", "--name", "cliother");
        Assert.True(down is { ExitCode: 0, Error: "" }, down.ToString());
        Assert.Empty(await project.Client.Instances.ListAsync());

        using var bare = new CliFolder(lab, project, "");
        bare.Delete("stack.yaml");
        var nothing = await bare.RunAsync("down", "--name", "cliother", "--yes");
        Assert.True(nothing is { ExitCode: 0, Error: "" }, nothing.ToString());
    }

    [Fact]
    public async Task Json_is_a_plan_an_event_on_each_line_and_a_list()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: clijson\ninstances: { clijson1: { image: busybox } }\n");

        var plan = await folder.RunAsync("plan", "--json");
        Assert.Equal(2, plan.ExitCode);
        using (var document = JsonDocument.Parse(plan.Output))
        {
            var change = Assert.Single(document.RootElement.GetProperty("resources").EnumerateArray(), resource => resource.GetProperty("resource").GetString() == "instance/clijson1");
            Assert.Equal("create", change.GetProperty("action").GetString());
        }

        var up = await folder.RunAsync("up", "--json");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        var events = up.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal("plan", events[0].GetProperty("event").GetString());
        Assert.Equal("started", events[1].GetProperty("event").GetString());
        Assert.Equal("ended", events[^2].GetProperty("event").GetString());
        Assert.Equal("done", events[^2].GetProperty("outcome").GetString());
        Assert.Equal("result", events[^1].GetProperty("event").GetString());
        Assert.True(events[^1].GetProperty("succeeded").GetBoolean());

        using var list = JsonDocument.Parse((await folder.RunAsync("ps", "--json")).Output);
        var instance = Assert.Single(list.RootElement.EnumerateArray());
        Assert.Equal(
            ("clijson1", "Running", "clijson", project.Name),
            (instance.GetProperty("name").GetString(), instance.GetProperty("status").GetString(), instance.GetProperty("stack").GetString(), instance.GetProperty("project").GetString()));
    }

    [Fact]
    public async Task A_stack_comes_from_standard_input_a_named_file_or_a_parent_folder()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: clifiles\ninstances: { cliroot: { image: busybox } }\n");
        folder.Write("more.yaml", "instances: { climore: { image: busybox } }\n");

        var input = await folder.RunWithInputAsync("name: cliinput\ninstances: { cliin: { image: busybox } }\n", "plan", "-f", "-");
        Assert.Contains("+ instance/cliin  create", input.Output, StringComparison.Ordinal);
        var both = await folder.RunAsync("-f", "stack.yaml", "-f", "more.yaml", "plan");
        Assert.Contains("+ instance/cliroot  create", both.Output, StringComparison.Ordinal);
        Assert.Contains("+ instance/climore  create", both.Output, StringComparison.Ordinal);

        folder.WorkingDirectory = folder.CreateFolder("deep/er");
        var found = await folder.RunAsync("config");
        Assert.StartsWith("name: clifiles\n", found.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_longer_in_the_file_goes_with_prune_and_a_person_is_asked_first()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: cliprune\ninstances: { clikeep: { image: busybox }, cligo: { image: busybox } }\n");
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        folder.Write("stack.yaml", "name: cliprune\ninstances: { clikeep: { image: busybox } }\n");

        var plan = await folder.RunAsync("plan");
        Assert.Contains("  ? instance/cligo  is no longer in the file, left alone: ", plan.Output, StringComparison.Ordinal);
        Assert.Equal(0, plan.ExitCode);

        var declined = await folder.RunOnTerminalAsync("up --prune", "n\n");
        Assert.Equal(1, declined.ExitCode);
        Assert.Contains("This will 1 delete. Go ahead? [y/N]", declined.Output, StringComparison.Ordinal);
        Assert.NotNull(await project.Client.Instances.FindAsync("cligo"));

        var agreed = await folder.RunOnTerminalAsync("up --prune", "y\n");
        Assert.True(agreed.ExitCode == 0, agreed.ToString());
        Assert.Null(await project.Client.Instances.FindAsync("cligo"));
        Assert.NotNull(await project.Client.Instances.FindAsync("clikeep"));
    }
}
