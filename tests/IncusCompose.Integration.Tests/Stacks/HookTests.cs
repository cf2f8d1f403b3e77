using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Hooks;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>What runs around the changes of instances, in them and on this machine.</summary>
[Collection(LabCollection.Name)]
public sealed class HookTests(LabFixture lab)
{
    private const string Host = "host: 'echo $$INCUS_COMPOSE_HOOK $$INCUS_COMPOSE_INSTANCE $$INCUS_COMPOSE_STATUS >> log'";

    [Fact]
    public async Task Every_moment_of_an_instances_life_has_its_hooks_in_order()
    {
        await using var project = await lab.CreateProjectAsync();
        static string Stack(string more) => $$"""
            name: moments
            instances:
              hookbox:
                image: busybox
                ready: ipv4
                hooks:
                  pre_create: { {{Host}} }
                  post_create: [ "touch /once; echo post_create >> /log", { {{Host}} } ]
                  post_start: [ "echo post_start >> /log", { {{Host}} } ]
                  post_ready: { {{Host}} }
                  pre_stop: [ "echo pre_stop >> /log", { {{Host}} } ]
                  post_stop: { {{Host}} }
                  pre_remove: [ { {{Host}} }, "echo seen >> /log; cat /log" ]
                  post_remove: { {{Host}} }
                {{more}}
            """;
        using var folder = new CliFolder(lab, project, Stack(""));

        // Nothing is done where it was not allowed.
        var refused = await folder.RunAsync("up");
        Assert.Equal(1, refused.ExitCode);
        Assert.Equal("error: instance/hookbox: its hooks pre_create, post_create, post_start, post_ready would run commands on this machine; allow it with -AllowHostHooks (--allow-host-hooks)\n", refused.Error);
        Assert.Empty(await project.Client.Instances.ListAsync());

        var up = await folder.RunAsync("up", "--allow-host-hooks");
        Assert.Equal((0, ""), (up.ExitCode, up.Error));
        Assert.Equal("pre_create hookbox\npost_create hookbox Running\npost_start hookbox Running\npost_ready hookbox Running\n", Take(folder));
        Assert.Equal((0, ""), await PlanAsync(folder));

        // A restart.
        folder.Write("stack.yaml", Stack("environment: {A: b}"));
        Assert.Equal(0, (await folder.RunAsync("up")).ExitCode);
        Assert.Equal("", Take(folder));
        refused = await folder.RunAsync("up", "--allow-restart");
        Assert.Contains("its hooks pre_stop, post_stop, post_start, post_ready would run commands on this machine", refused.Error, StringComparison.Ordinal);
        up = await folder.RunAsync("up", "--allow-restart", "--allow-host-hooks", "--timeout", "1");
        Assert.Equal((0, ""), (up.ExitCode, up.Error));
        Assert.Equal("pre_stop hookbox Running\npost_stop hookbox Stopped\npost_start hookbox Running\npost_ready hookbox Running\n", Take(folder));

        // A start.
        await (await project.Client.Instances.StopAsync("hookbox", force: true)).WaitAsync();
        Assert.Equal(0, (await folder.RunAsync("up", "--allow-host-hooks")).ExitCode);
        Assert.Equal("post_start hookbox Running\npost_ready hookbox Running\n", Take(folder));

        // The verbs, which know no file's hooks but the recorded ones.
        refused = await folder.RunAsync("stop");
        Assert.Equal((1, "error: instance/hookbox: its hooks pre_stop, post_stop would run commands on this machine; allow it with -AllowHostHooks (--allow-host-hooks)\n"), (refused.ExitCode, refused.Error));
        Assert.Equal(0, (await folder.RunAsync("stop", "--allow-host-hooks", "--timeout", "1")).ExitCode);
        Assert.Equal("pre_stop hookbox Running\npost_stop hookbox Stopped\n", Take(folder));
        Assert.Equal(0, (await folder.RunAsync("start", "--allow-host-hooks")).ExitCode);
        Assert.Equal("post_start hookbox Running\npost_ready hookbox Running\n", Take(folder));
        // What is not asked to stop has no hooks, and neither has a pause.
        Assert.Equal((0, 0), ((await folder.RunAsync("pause")).ExitCode, (await folder.RunAsync("unpause")).ExitCode));
        Assert.Equal(0, (await folder.RunAsync("kill")).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("start", "--allow-host-hooks")).ExitCode);
        Assert.Equal("post_start hookbox Running\npost_ready hookbox Running\n", Take(folder));

        // By its name, from another folder: what is recorded runs.
        folder.WorkingDirectory = folder.CreateFolder("elsewhere");
        refused = await folder.RunAsync("down", "moments", "--yes");
        Assert.Equal((1, "error: instance/hookbox: its hooks pre_remove, pre_stop, post_stop, post_remove would run commands on this machine; allow it with -AllowHostHooks (--allow-host-hooks)\n"), (refused.ExitCode, refused.Error));
        var down = await folder.RunAsync("down", "moments", "--yes", "--allow-host-hooks", "--verbose", "--timeout", "1");
        Assert.Equal((0, ""), (down.ExitCode, down.Error));
        Assert.Equal("pre_remove hookbox Running\npre_stop hookbox Running\npost_stop hookbox Stopped\npost_remove hookbox\n", Take(folder, "elsewhere/log"));
        Assert.Equal(
            ["post_create", "post_start", "pre_stop", "post_start", "post_start", "pre_stop", "post_start", "post_start", "seen"],
            down.Output.Split('\n').Where(line => line.Contains("  pre_remove: ", StringComparison.Ordinal)).Select(line => line.Split("pre_remove: ")[1]));
        Assert.Empty(await project.Client.Instances.ListAsync());
    }

    [Fact]
    public async Task A_command_knows_the_instance_runs_as_the_user_that_was_named_and_shows_no_secret()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: knowing
            instances:
              hookenv:
                image: busybox
                ready: ipv4
                hooks:
                  post_create: "echo 'app:x:1234:1235::/tmp:/bin/sh' >> /etc/passwd"
                  post_ready:
                    - env | sort
                    - { exec: "id -u; id -g; pwd; echo $$HOME; echo got $$DB_PASSWORD", user: app, environment: { DB_PASSWORD: hunter22 } }
                    - { exec: ["id", "-u"], user: "77" }
            """);
        var up = await folder.RunAsync("up", "-v");
        Assert.Equal((0, ""), (up.ExitCode, up.Error));
        var lines = up.Output.Split('\n').Where(line => line.Contains("  post_ready: ", StringComparison.Ordinal)).Select(line => line.Split("post_ready: ")[1]).ToList();
        var address = (await project.Client.Instances.GetStateAsync("hookenv")).Network["eth0"].Addresses.First(a => a is { Family: "inet", Scope: "global" }).Address;
        Assert.Equal(
            [$"INCUS_COMPOSE_ADDRESS={address}", "INCUS_COMPOSE_HOOK=post_ready", "INCUS_COMPOSE_INSTANCE=hookenv", $"INCUS_COMPOSE_PROJECT={project.Name}", "INCUS_COMPOSE_STACK=knowing", "INCUS_COMPOSE_STATUS=Running"],
            lines.Where(line => line.StartsWith("INCUS_COMPOSE_", StringComparison.Ordinal)));
        Assert.Equal(["1234", "1235", "/tmp", "/tmp", "got ******", "77"], lines.TakeLast(6));
        Assert.DoesNotContain("hunter22", up.Output, StringComparison.Ordinal);

        // Without being asked for it, nothing of it is shown; programs are told in any case.
        await (await project.Client.Instances.StopAsync("hookenv", force: true)).WaitAsync();
        up = await folder.RunAsync("up");
        Assert.DoesNotContain("INCUS_COMPOSE_HOOK", up.Output, StringComparison.Ordinal);
        await (await project.Client.Instances.StopAsync("hookenv", force: true)).WaitAsync();
        up = await folder.RunAsync("up", "--json");
        Assert.Contains("{\"event\":\"output\",\"resource\":\"instance/hookenv\",\"action\":\"start\",\"text\":\"post_ready: INCUS_COMPOSE_HOOK=post_ready\"}", up.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_on_this_machine_is_found_beside_the_file_wherever_the_tool_is_run()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: beside
            instances:
              hookbeside: { image: busybox, hooks: { pre_create: { host: [./sub/say, one] } } }
            """);
        folder.CreateFolder("sub");
        folder.Write("sub/say", "#!/bin/sh\necho $1 >log\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder.PathOf("sub/say"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        folder.WorkingDirectory = folder.CreateFolder("elsewhere");
        var up = await folder.RunAsync("-f", "../stack.yaml", "up", "--allow-host-hooks");
        Assert.Equal((0, ""), (up.ExitCode, up.Error));
        Assert.Equal("one\n", await File.ReadAllTextAsync(folder.PathOf("log")));
    }

    [Fact]
    public async Task A_hook_that_fails_ends_what_was_under_way_unless_it_may()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        string Of(string hooks, string name = "hookfail") => $$"""
            name: {{name}}
            project: {{project.Name}}
            instances:
              {{name}}: { image: busybox, hooks: { {{hooks}} } }
              {{name}}after: { image: busybox, depends_on: [{{name}}] }
            """;
        var allowed = new PlanOptions { AllowHostHooks = true };

        var result = await bench.ApplyAsync(Of("pre_create: {host: 'echo no room >&2; exit 3'}"), allowed);
        Assert.Equal((ChangeOutcome.Failed, "the hook pre_create failed at step 1: echo ended with exit status 3; its output: no room"), Last(result, "hookfail"));
        Assert.Equal(ChangeOutcome.Skipped, Last(result, "hookfailafter").Outcome);
        Assert.Empty(await project.Client.Instances.ListAsync());

        result = await bench.ApplyAsync(Of("pre_create: {host: [no-such-program]}"), allowed);
        Assert.StartsWith("the hook pre_create failed at step 1: no-such-program cannot be started on this machine: ", Last(result, "hookfail").Message, StringComparison.Ordinal);

        // After the change: what was made stays, and the next apply has nothing to do.
        var late = Of("post_start: [{exec: 'exit 1', on_failure: continue}, {exec: [no-such-program], on_failure: continue}, {exec: 'echo a; echo b; sleep 60', timeout: 1s}]");
        result = await bench.ApplyAsync(late);
        Assert.Equal((ChangeOutcome.Failed, "the hook post_start failed at step 3: echo did not end within 1s; the end of its output:\n  a\n  b"), Last(result, "hookfail"));
        Assert.True(result.Resources.Single(resource => resource.Name == "hookfail").IsHookFailedAfterwards);
        Assert.Equal(["instance/hookfailafter"], (await bench.PlanAsync(late)).Changes.Select(change => change.Id.ToString()));

        // What may not be stopped is not.
        await bench.UpAsync(Of("pre_stop: 'exit 9', pre_remove: 'true'"));
        var pid = (await project.Client.Instances.GetStateAsync("hookfail")).Pid;
        var client = bench.Client.ForProject(project.Name);
        var down = await bench.Engine.ApplyAsync(client, await bench.Engine.CompareRemovalAsync(client, "hookfail"));
        Assert.Equal((ChangeOutcome.Failed, "the hook pre_stop failed at step 1: exit ended with exit status 9, without output"), Last(down, "hookfail"));
        Assert.Equal(pid, (await project.Client.Instances.GetStateAsync("hookfail")).Pid);

        // In what does not run nothing can be run.
        await (await project.Client.Instances.StopAsync("hookfail", force: true)).WaitAsync();
        Assert.True((await bench.Engine.ApplyAsync(client, await bench.Engine.CompareRemovalAsync(client, "hookfail"))).Succeeded);
    }

    [Fact]
    public async Task What_depends_on_readiness_waits_for_the_hooks_after_it_and_a_rebuild_runs_its_own()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        string Of(string image) => $$"""
            name: order
            project: {{project.Name}}
            instances:
              hookdb: { image: {{image}}, ready: ipv4, hooks: { post_ready: { host: 'echo post_ready db >> log' }, pre_stop: { host: 'echo pre_stop db >> log' }, post_create: { host: 'echo post_create db >> log' } } }
              hookapp: { image: busybox, depends_on: { hookdb: { condition: ready } }, hooks: { pre_create: { host: 'echo pre_create app >> log' } } }
            """;
        var allowed = new PlanOptions { AllowHostHooks = true, AllowRebuild = true };
        await bench.UpAsync(Of("busybox"), allowed);
        Assert.Equal("post_create db\npost_ready db\npre_create app\n", Take(bench));
        var image = (await bench.Client.Images.ListAsync()).Single(image => image.Aliases.Any(alias => alias.Name == "busybox"));
        var rebuilt = await bench.UpAsync(Of(image.Fingerprint), allowed);
        Assert.Contains(rebuilt.Resources, resource => resource.Action == ChangeAction.Rebuild);
        Assert.Equal("pre_stop db\npost_ready db\n", Take(bench));

        // Whoever has only the instance can run them too.
        var db = (await project.Client.Instances.GetAsync("hookdb")).Value;
        Assert.Equal([HookPoint.PreStop], HookRunner.HostHooksOf(db, HookPoint.PreStop, HookPoint.PostStop));
        var runner = new HookRunner(project.Client, "order") { HostFolder = Path.GetDirectoryName(bench.File) };
        var refused = await Assert.ThrowsAsync<HookFailedException>(() => runner.RunAsync(db, HookPoint.PreStop));
        Assert.Contains("which was not allowed; allow it with -AllowHostHooks (--allow-host-hooks)", refused.Message, StringComparison.Ordinal);
        await new HookRunner(project.Client, "order") { AllowHost = true, HostFolder = Path.GetDirectoryName(bench.File) }.RunAsync(db, HookPoint.PreStop);
        Assert.Equal("pre_stop db\n", Take(bench));
    }

    private static (ChangeOutcome Outcome, string? Message) Last(ApplyResult result, string name)
    {
        var resource = result.Resources.Single(resource => resource.Name == name);
        return (resource.Outcome, resource.Message);
    }

    private static string Take(StackWorkbench bench) => Take(Path.Combine(Path.GetDirectoryName(bench.File)!, "log"));

    private static string Take(CliFolder folder, string file = "log") => Take(folder.PathOf(file));

    private static string Take(string file)
    {
        var text = File.Exists(file) ? string.Join('\n', File.ReadAllLines(file).Select(line => line.TrimEnd()).Append("")) : "";
        File.Delete(file);
        return text;
    }

    private static async Task<(int, string)> PlanAsync(CliFolder folder)
    {
        var plan = await folder.RunAsync("plan");
        return (plan.ExitCode, plan.Error);
    }
}
