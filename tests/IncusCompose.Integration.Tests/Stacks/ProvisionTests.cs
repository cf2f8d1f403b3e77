using IncusCompose.Applying;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Provision;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>What is made of instances once they are ready: each step once for its content.</summary>
[Collection(LabCollection.Name)]
public sealed class ProvisionTests(LabFixture lab)
{
    [Fact]
    public async Task Each_step_runs_once_for_its_content_and_again_only_where_that_or_the_disk_changed()
    {
        await using var project = await lab.CreateProjectAsync();
        static string Stack(string image = "busybox", string second = "two", string more = "") => $$"""
            name: steps
            instances:
              pvbox:
                image: {{image}}
                ready: ipv4
                provision:
                  - echo one >> /log
                  - { name: second, exec: [sh, -c, 'echo {{second}} >> /log; echo said'] }
                  - script: third.sh
                  {{more}}
            """;
        using var folder = new CliFolder(lab, project, Stack());
        folder.Write("third.sh", "echo three >> /log");

        var plan = await folder.RunAsync("plan");
        Assert.Contains("      + provision.1", plan.Output, StringComparison.Ordinal);
        Assert.Empty(await project.Client.Instances.ListAsync());

        await UpAsync("one", "two", "three");
        Assert.Equal((0, ""), await PlanAsync());

        folder.Write("stack.yaml", Stack(second: "zwei"));
        Assert.Contains("      ~ provision.second  ran with another content -> exec sh\n", (await folder.RunAsync("plan")).Output, StringComparison.Ordinal);
        var up = await UpAsync("zwei");
        Assert.Contains("  step second: said\n", up.Output, StringComparison.Ordinal);
        folder.Write("third.sh", "echo drei >> /log");
        await UpAsync("drei");
        folder.Write("stack.yaml", Stack(second: "zwei", more: "- echo four >> /log"));
        await UpAsync("four");

        // Neither a stop and a start nor a change of the instance itself runs anything.
        await (await project.Client.Instances.StopAsync("pvbox", force: true)).WaitAsync();
        await UpAsync();
        folder.Write("stack.yaml", Stack(second: "zwei", more: "- echo four >> /log\n    labels: { tier: front }"));
        await UpAsync();
        var restart = await folder.RunAsync("restart", "--timeout", "1");
        Assert.True(restart.ExitCode == 0, restart.ToString());
        Assert.Equal("", await LogAsync());

        // A content that comes back has to be done again.
        folder.Write("stack.yaml", Stack(more: "- echo four >> /log"));
        await UpAsync("two");

        // A new disk and a new instance have had nothing done to them.
        var image = (await lab.Client.Images.ListAsync()).Single(image => image.Aliases.Any(alias => alias.Name == "busybox"));
        folder.Write("stack.yaml", Stack(image.Fingerprint));
        await UpAsync("one", "two", "drei");
        Assert.Equal((0, ""), await PlanAsync());
        await (await project.Client.Instances.StopAsync("pvbox", force: true)).WaitAsync();
        await (await project.Client.Instances.DeleteAsync("pvbox")).WaitAsync();
        await UpAsync("one", "two", "drei");

        async Task<Ended> UpAsync(params string[] ran)
        {
            var ended = await folder.RunAsync("up", "--verbose", "--allow-rebuild");
            Assert.True(ended is { ExitCode: 0, Error: "" }, ended.ToString());
            Assert.Equal(string.Concat(ran.Select(line => line + "\n")), await LogAsync());
            return ended;
        }

        // What the steps have written since the last look.
        Task<string> LogAsync() => lab.Lab.IncusAsync("exec", "pvbox", "--project", project.Name, "--", "sh", "-c", "cat /log 2>/dev/null; rm -f /log");

        async Task<(int, string)> PlanAsync()
        {
            var ended = await folder.RunAsync("plan");
            return (ended.ExitCode, ended.Error);
        }
    }

    [Fact]
    public async Task A_step_that_fails_ends_it_says_why_and_is_where_the_next_apply_goes_on()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var stack = $$"""
            name: failing
            project: {{project.Name}}
            instances:
              pvfail:
                image: busybox
                provision:
                  - echo one >> /log
                  - { name: second, exec: 'echo two >> /log; echo got $$DB_PASSWORD >&2; echo why >&2; test -f /fixed || exit 3', environment: { DB_PASSWORD: hunter22 } }
                  - echo three >> /log
              pvlater: { image: busybox, depends_on: { pvfail: { condition: ready } } }
              pvbeside: { image: busybox, depends_on: [pvfail], provision: 'echo beside' }
            """;
        var result = await bench.ApplyAsync(stack);
        Assert.Equal((ChangeOutcome.Failed, "the step second (exec echo) failed: echo ended with exit status 3; the end of its output:\n  got ******\n  why"), Last("pvfail"));
        var failed = result.Resources.Single(resource => resource.Name == "pvfail");
        var error = Assert.IsType<ProvisionFailedException>(failed.Error);
        Assert.True(failed.IsStepFailed);
        Assert.Equal(("pvfail", "second", 3), (error.Instance, error.Step, error.ExitCode));
        Assert.Equal((ChangeOutcome.Skipped, "not begun, since instance/pvfail failed at its step second"), Last("pvlater"));
        Assert.Equal((ChangeOutcome.Failed, "its steps were not begun, since those of instance/pvfail were not done"), Last("pvbeside"));

        Assert.Equal(["provision.second", "provision.3"], (await bench.PlanAsync(stack)).Changes.Single(change => change.Name == "pvfail").Properties.Where(property => property.IsStep).Select(property => property.Path));
        await lab.Lab.IncusAsync("exec", "pvfail", "--project", project.Name, "--", "touch", "/fixed");
        await bench.UpAsync(stack);
        Assert.Equal("one\ntwo\ntwo\nthree\n", await lab.Lab.IncusAsync("exec", "pvfail", "--project", project.Name, "--", "cat", "/log"));

        (ChangeOutcome, string?) Last(string name)
        {
            var resource = result.Resources.Single(resource => resource.Name == name);
            return (resource.Outcome, resource.Message);
        }
    }

    [Fact]
    public async Task Steps_come_after_the_gates_and_before_health_and_after_the_steps_of_what_they_need()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: order
            instances:
              pvdb:
                image: busybox
                ready: ipv4
                provision: [ 'ip -4 addr show eth0 | grep -c "inet "', 'sleep 1; touch /provisioned; echo done' ]
                healthcheck: { exec: [test, -f, /provisioned], interval: 1s, retries: 1 }
              pvafter: { image: busybox, depends_on: { pvdb: { condition: healthy } } }
              pvbeside: { image: busybox, depends_on: [pvdb], provision: 'echo beside' }
            """);
        var up = await folder.RunAsync("up", "--verbose");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        Assert.Contains("instance/pvdb  step 1: 1\n", up.Output, StringComparison.Ordinal);
        var done = up.Output.IndexOf("instance/pvdb  step 2: done\n", StringComparison.Ordinal);
        Assert.InRange(done, 0, up.Output.IndexOf("instance/pvafter  creating\n", StringComparison.Ordinal));
        Assert.InRange(done, 0, up.Output.IndexOf("instance/pvbeside  step 1: beside\n", StringComparison.Ordinal));
        // What only waits for a start does not wait for steps.
        Assert.InRange(up.Output.IndexOf("instance/pvbeside  creating\n", StringComparison.Ordinal), 0, done);
    }

    [Fact]
    public async Task A_script_is_brought_in_run_by_what_it_names_and_taken_away_again()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: scripts
            instances:
              pvscript:
                image: busybox
                provision:
                  - "echo 'app:x:1234:1235::/srv:/bin/sh' >> /etc/passwd"
                  - { name: whole, script: { source: ./whole.sh, args: [a, "b c"] }, user: app, cwd: /etc, environment: { MODE: production } }
                  - { name: own, script: { content: "printed by $$0", interpreter: [sh, -c, 'cat "$$0"; echo; echo " $$#"'] } }
                  - { name: plain, script: { content: "#!/no/such/program" , interpreter: "echo" } }
            """);
        folder.Write("whole.sh", "#!/bin/sh -e\n# äöü\nls -l \"$0\" | cut -c1-10\nid -u; id -g; pwd; echo \"$1|$2|$MODE|$INCUS_COMPOSE_STEP|$INCUS_COMPOSE_INSTANCE\"\n");
        var up = await folder.RunAsync("up", "--verbose");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        Assert.Equal(["-rwx------", "1234", "1235", "/etc", "a|b c|production|whole|pvscript"], Said(up, "whole"));
        Assert.Equal(["printed by $0", " 0"], Said(up, "own"));
        Assert.Matches("^/tmp/incus-compose-[0-9a-f]{32}$", Assert.Single(Said(up, "plain")));
        Assert.Equal("", await lab.Lab.IncusAsync("exec", "pvscript", "--project", project.Name, "--", "sh", "-c", "ls -d /tmp/incus-compose-* /incus-compose-* 2>/dev/null || true"));

        // Nothing of one that fails stays, and it is ended when its time is over.
        folder.Write("stack.yaml", """
            name: scripts
            instances:
              pvscript:
                image: busybox
                provision: { script: { content: "echo begun\nexec sleep 60" }, timeout: 1s }
            """);
        up = await folder.RunAsync("up");
        Assert.Equal(1, up.ExitCode);
        Assert.StartsWith("error: instance/pvscript: updated, not provisioned: the step 1 (script in the file) failed: /bin/sh did not end within 1s; its output: begun\n", up.Error, StringComparison.Ordinal);
        Assert.Equal("", await lab.Lab.IncusAsync("exec", "pvscript", "--project", project.Name, "--", "sh", "-c", "ls -d /tmp/incus-compose-* 2>/dev/null; pidof sleep || true"));
    }

    [Fact]
    public async Task Files_are_as_the_file_says_and_what_is_so_already_is_left_alone()
    {
        await using var project = await lab.CreateProjectAsync();
        static string Stack(string more = "") => $$"""
            name: files
            instances:
              pvfiles:
                image: busybox
                provision:
                  - "echo 'app:x:1234:1235::/:/bin/sh' >> /etc/passwd; echo 'www:x:77:' >> /etc/group; mkdir -m 0700 /kept"
                  - name: files
                    files:
                      - { source: ./tree, target: /srv/deep/tree, owner: app }
                      - { source: ./tree/run.sh, target: /usr/local/bin/, mode: "0750", group: www }
                      - { content: "hello\n", target: /kept/text, owner: "5", group: "6", mode: "0600" }
                      {{more}}
            """;
        using var folder = new CliFolder(lab, project, Stack());
        folder.CreateFolder("tree/inner/empty");
        folder.Write("tree/run.sh", "#!/bin/sh\n");
        folder.Write("tree/inner/a b", "ä");
        File.CreateSymbolicLink(folder.PathOf("tree/link"), "inner/a b");
        using (var chmod = System.Diagnostics.Process.Start("chmod", ["0755", folder.PathOf("tree/run.sh")]))
            await chmod.WaitForExitAsync();

        var up = await folder.RunAsync("up", "--verbose");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        Assert.Equal(["/srv/deep/tree/inner/a b", "/srv/deep/tree/link", "/srv/deep/tree/run.sh", "/usr/local/bin/run.sh", "/kept/text", "5 of 5 files written"], Said(up, "files"));
        const string all = "stat -c '%n %A %u:%g' /srv/deep /srv/deep/tree /srv/deep/tree/inner /srv/deep/tree/inner/empty '/srv/deep/tree/inner/a b' /srv/deep/tree/run.sh /usr/local/bin/run.sh /kept /kept/text; cat /srv/deep/tree/link; readlink /srv/deep/tree/link";
        const string expected = """
            /srv/deep drwxr-xr-x 0:0
            /srv/deep/tree drwxr-xr-x 1234:1235
            /srv/deep/tree/inner drwxr-xr-x 1234:1235
            /srv/deep/tree/inner/empty drwxr-xr-x 1234:1235
            /srv/deep/tree/inner/a b -rw-r--r-- 1234:1235
            /srv/deep/tree/run.sh -rwxr-xr-x 1234:1235
            /usr/local/bin/run.sh -rwxr-x--- 0:77
            /kept drwx------ 0:0
            /kept/text -rw------- 5:6
            äinner/a b

            """;
        Assert.Equal(expected, await ShellAsync(all));

        // One is changed here, one there: these are written, the rest keeps its time.
        folder.Write("tree/inner/a b", "ö");
        await ShellAsync("chmod 0666 /kept/text; rm /usr/local/bin/run.sh; ln -sf elsewhere /srv/deep/tree/link; touch -t 200001010000 /srv/deep/tree/run.sh");
        up = await folder.RunAsync("up", "--verbose");
        Assert.Equal(["/srv/deep/tree/inner/a b", "/srv/deep/tree/link", "/usr/local/bin/run.sh", "/kept/text", "4 of 5 files written"], Said(up, "files"));
        Assert.Equal(expected.Replace("äinner", "öinner", StringComparison.Ordinal), await ShellAsync(all));
        Assert.Equal("2000-01-01", (await ShellAsync("stat -c %y /srv/deep/tree/run.sh"))[..10]);

        // What cannot be placed says so.
        foreach (var (entry, message) in new[]
        {
            ("- { content: a, target: /etc }", "/etc in instance pvfiles is a directory, not a file"),
            ("- { content: a, target: /a, owner: nobody-here }", "has no user \"nobody-here\" in its /etc/passwd"),
            ("- { content: a, target: /a, group: nobody-here }", "has no group \"nobody-here\" in its /etc/group"),
            ("- { content: a, target: /etc/passwd/a }", "/etc/passwd"),
        })
        {
            folder.Write("stack.yaml", Stack(entry));
            up = await folder.RunAsync("up");
            Assert.True(up.ExitCode == 1 && up.Error.Contains("the step files (files ", StringComparison.Ordinal) && up.Error.Contains(message, StringComparison.Ordinal), up.ToString());
        }

        Task<string> ShellAsync(string line) => lab.Lab.IncusAsync("exec", "pvfiles", "--project", project.Name, "--", "sh", "-c", line);
    }

    [Fact]
    public async Task What_is_missing_here_is_a_problem_of_the_file_before_anything_is_done()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: missing
            instances:
              pvmissing:
                image: busybox
                provision:
                  - script: ./setup.sh
                  - files: [ { source: ./conf, target: /etc/app } ]
                  - ansible: ./site.yml
            """);
        var up = await folder.RunAsync("up", "--allow-host-hooks");
        var here = Path.GetDirectoryName(folder.PathOf("stack.yaml"));
        Assert.Equal(1, up.ExitCode);
        Assert.Equal($"""
            stack.yaml:6:9: instances.pvmissing.provision[0]: there is no file {here}/setup.sh; paths start from {here}
            stack.yaml:7:9: instances.pvmissing.provision[1]: there is no file or folder {here}/conf; paths start from {here}
            stack.yaml:8:9: instances.pvmissing.provision[2]: there is no playbook {here}/site.yml; paths start from {here}
            """, string.Join('\n', up.Error.Split('\n').Where(line => line.StartsWith("stack.yaml", StringComparison.Ordinal))));
        Assert.Empty(await project.Client.Instances.ListAsync());
    }

    [Fact]
    public async Task Without_Ansible_the_step_says_what_to_do_and_what_came_before_it_is_done()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: noansible
            instances:
              pvnone: { image: busybox, provision: [ 'echo one', { ansible: { role: some.role } } ] }
            """);
        var refused = await folder.RunAsync("up");
        Assert.Equal((1, "error: instance/pvnone: its step 2 with Ansible would run commands on this machine; allow it with -AllowHostHooks (--allow-host-hooks)\n"), (refused.ExitCode, refused.Error));
        Assert.Empty(await project.Client.Instances.ListAsync());

        folder.Environment["PATH"] = "/nowhere";
        var up = await folder.RunAsync("up", "--allow-host-hooks");
        Assert.Equal(1, up.ExitCode);
        Assert.StartsWith("error: instance/pvnone: created, not provisioned: the step 2 (ansible role some.role) failed: there is no ansible-playbook on this machine's PATH; install Ansible, for example with: apt-get install ansible\n", up.Error, StringComparison.Ordinal);
        Assert.Contains("provision.2", (await folder.RunAsync("plan", "--allow-host-hooks")).Output, StringComparison.Ordinal);
    }

    private static string[] Said(Ended up, string step) =>
        [.. up.Output.Split('\n').Where(line => line.Contains($"  step {step}: ", StringComparison.Ordinal)).Select(line => line.Split($"  step {step}: ", 2)[1])];
}
