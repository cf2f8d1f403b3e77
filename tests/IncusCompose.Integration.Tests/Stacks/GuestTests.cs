using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Files, secrets and configs of instances: there before the first start, kept as the file says, taken away again.</summary>
[Collection(LabCollection.Name)]
public sealed class GuestTests(LabFixture lab)
{
    [Fact]
    public async Task Files_are_there_before_the_first_start_are_put_back_changed_in_place_and_taken_away_unless_somebody_changed_them()
    {
        await using var project = await lab.CreateProjectAsync();
        string Stack(string more) => $$"""
            name: guests
            project: {{project.Name}}
            secrets: { db: { file: ./db.secret } }
            configs: { app: { content: "port = ${PORT:-8080}\n" } }
            instances:
              gsbox:
                image: busybox
                environment: { RUN: 'cat /run/secrets/db /etc/motd >> /log; sleep 1000000' }
                {{more}}
            """;
        using var folder = new CliFolder(lab, project, Stack("""
            files:
                  - { target: /etc/motd, content: "hello\n", mode: 0640, owner: "7", group: "8" }
                  - ./site:/srv/site
                secrets: [db]
                configs: [{ source: app, target: /etc/app/app.conf }]
            """));
        folder.Write("db.secret", "hunter22");
        folder.CreateFolder("site/deep");
        folder.Write("site/deep/page", "page\n");

        var plan = await folder.RunAsync("plan");
        Assert.Contains("+ secrets.db (secret)", Squeezed(plan), StringComparison.Ordinal);
        var up = await UpAsync();
        Assert.DoesNotContain("hunter22", plan.ToString() + up, StringComparison.Ordinal);
        Assert.Equal("hunter22hello\n", await Eventually.GetAsync(() => ShellAsync("cat /log 2>/dev/null || true"), text => text.EndsWith('\n')));
        Assert.Equal("640 7 8 /etc/motd\n400 0 0 /run/secrets/db\n444 0 0 /etc/app/app.conf\n644 0 0 /srv/site/deep/page\n", await ShellAsync("stat -L -c '%a %u %g %n' /etc/motd /run/secrets/db /etc/app/app.conf /srv/site/deep/page"));
        var config = (await project.Client.Instances.GetAsync("gsbox")).Value.Config;
        Assert.DoesNotContain(config.Values, value => value.Contains("hunter22", StringComparison.Ordinal));

        // Somebody was at it: running, and stopped.
        await ShellAsync("echo theirs > /etc/motd; chmod 600 /etc/app/app.conf; rm /run/secrets/db /srv/site/deep/page");
        var drift = Squeezed(await folder.RunAsync("plan"));
        Assert.Contains("~ files./etc/motd changed -> 6 bytes, 0640 7 (drifted on the server)", drift, StringComparison.Ordinal);
        Assert.Contains("~ files./srv/site/deep/page gone -> 5 bytes, 0644 (drifted on the server)", drift, StringComparison.Ordinal);
        Assert.Contains("~ secrets.db (secret, not at its path) -> (secret) (drifted on the server)", drift, StringComparison.Ordinal);
        Assert.Contains("~ configs.app mode 0600 -> 12 bytes, 0444 (drifted on the server)", drift, StringComparison.Ordinal);
        var pid = (await project.Client.Instances.GetStateAsync("gsbox")).Pid;
        await UpAsync();
        Assert.Equal(pid, (await project.Client.Instances.GetStateAsync("gsbox")).Pid);
        Assert.Equal("hunter22hello\n", await ShellAsync("cat /run/secrets/db /etc/motd"));
        await project.Client.Instances.StopAsync("gsbox", force: true).CompleteAsync();
        await project.Client.Instances.DeleteFileAsync("gsbox", "/etc/motd");
        Assert.Contains("gone -> 6 bytes", (await folder.RunAsync("plan")).Output, StringComparison.Ordinal);
        await UpAsync();
        Assert.Equal("hello\n", await ShellAsync("cat /etc/motd"));

        // The file says something else.
        folder.Write("db.secret", "hunter23");
        Assert.Contains("~ secrets.db (secret) -> (secret, changed)", Squeezed(await folder.RunAsync("plan")), StringComparison.Ordinal);
        await UpAsync();
        Assert.Equal("hunter23", await ShellAsync("cat /run/secrets/db"));

        // What it drops goes, but not what somebody changed.
        await ShellAsync("echo theirs > /etc/motd");
        folder.Write("stack.yaml", Stack("labels: { tier: front }"));
        await UpAsync();
        Assert.Equal("theirs\n", await ShellAsync("cat /etc/motd; ls -A /run/secrets /var/lib/incus-compose/files/run/secrets | grep -v : | grep . || true; ls /etc/app/app.conf /srv/site/deep/page 2>/dev/null || true"));
        Assert.DoesNotContain("user.incus-compose.files", (await project.Client.Instances.GetAsync("gsbox")).Value.Config.Keys);

        async Task<Ended> UpAsync()
        {
            var ended = await folder.RunAsync("up");
            Assert.True(ended is { ExitCode: 0, Error: "" }, ended.ToString());
            var after = await folder.RunAsync("plan");
            Assert.True(after is { ExitCode: 0, Error: "" }, after.ToString());
            return ended;
        }

        Task<string> ShellAsync(string command) => lab.Lab.IncusAsync("exec", "gsbox", "--project", project.Name, "--", "sh", "-c", command);
    }

    [Fact]
    public async Task Secrets_come_from_tools_and_commands_and_what_cannot_be_had_ends_the_plan_before_anything_is_done()
    {
        await Lab.Lab.InstallAsync("age:age");
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, """
            name: sources
            secrets:
              written: { command: "printf 'of %s\n' command" }
              aged: { age: { file: ./aged.age, identity: ./key.txt } }
              opened: { sops: { file: ./all.yaml, key: db.password } }
              token: { environment: API_TOKEN }
            instances:
              gssrc: { image: busybox, secrets: [written, aged, opened, token] }
            """);
        // What stands in for sops, which Debian does not have, says what it was asked.
        folder.CreateFolder("bin");
        folder.Write("bin/sops", "#!/bin/sh\nprintf '%s' \"$*\"\n");
        Assert.Equal(0, (await folder.RunProgramAsync("sh", "-c", "chmod +x bin/sops; touch all.yaml; age-keygen -o key.txt 2>/dev/null; printf 'of age' | age -r $(age-keygen -y key.txt) -o aged.age")).ExitCode);
        folder.Environment["PATH"] = folder.PathOf("bin") + ":" + Environment.GetEnvironmentVariable("PATH");

        var refused = await folder.RunAsync("up");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("stack.yaml:3:3: secrets.written: the secret `written` cannot be had: a command on this machine writes it, which was not allowed; allow it with -AllowHostHooks (--allow-host-hooks)", refused.Error, StringComparison.Ordinal);
        Assert.Contains("the secret `token` cannot be had: the variable API_TOKEN is not set", refused.Error, StringComparison.Ordinal);
        Assert.Empty(await project.Client.Instances.ListAsync());

        folder.Environment["API_TOKEN"] = "of environment";
        var up = await folder.RunAsync("up", "--allow-host-hooks");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        Assert.Equal("of command\nof age\n--decrypt --extract [\"db\"][\"password\"] " + folder.PathOf("all.yaml") + "\nof environment\n",
            await lab.Lab.IncusAsync("exec", "gssrc", "--project", project.Name, "--", "sh", "-c", "cd /run/secrets; for f in written aged opened token; do cat $f; echo; done"));

        folder.Write("bin/sops", "#!/bin/sh\necho no key could decrypt the data >&2; exit 128\n");
        Assert.Contains("the secret `opened` cannot be had: sops ended with exit status 128; its output: no key could decrypt the data", (await folder.RunAsync("plan", "--allow-host-hooks")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credentials_are_refused_before_anything_is_done_where_the_server_has_none()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var stack = $$"""
            name: credentials
            project: {{project.Name}}
            configs: { app: { content: "a\n" } }
            instances: { gscred: { image: busybox, configs: [{ source: app, target: app.conf, delivery: credential }] } }
            """;
        if (bench.Client.HasExtension("instance_systemd_credentials"))
        {
            await bench.UpAsync(stack);
            Assert.Equal("a\n", (await project.Client.Instances.GetAsync("gscred")).Value.Config["systemd.credential.app.conf"]);
            return;
        }

        var error = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(stack));
        Assert.Contains($"needs the API extension \"instance_systemd_credentials\", which Incus {bench.Client.Server.Environment.ServerVersion} does not have", error.Message, StringComparison.Ordinal);
    }

    [SystemImageFact]
    public async Task In_a_real_system_run_is_filled_again_at_each_start_whoever_starts_it_and_owners_may_be_users_of_cloud_init()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var image = await lab.Lab.SystemImageAsync();
        var stack = $$"""
            name: systems
            project: {{project.Name}}
            secrets: { db: { file: ./db.secret } }
            instances:
              gssys:
                image: {{image}}
                users: { app: { uid: 1500, groups: [games] } }
                cloud_init: { user_data: { users: [{ name: own }], write_files: [{ path: /etc/mine, content: hello }] } }
                files: [{ target: /run/app/banner, content: "hello\n" }, { target: /srv/own, content: "own\n", owner: app, mode: 0600 }]
                secrets: [db]
            """;
        await System.IO.File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(bench.File)!, "db.secret"), "hunter22");
        await bench.UpAsync(stack);
        Assert.Equal("app", await ShellAsync("stat -c %U /srv/own"));
        Assert.Equal("1500 app games own hello", await ShellAsync("echo $(id -u app) $(id -Gn app) $(id -un own) $(cat /etc/mine)"));

        // Nobody of ours starts it now.
        await project.Client.Instances.StopAsync("gssys", force: true).CompleteAsync();
        await project.Client.Instances.StartAsync("gssys").CompleteAsync();
        Assert.Equal("hunter22hello", await Eventually.GetAsync(() => ShellAsync("cat /run/secrets/db /run/app/banner 2>/dev/null || true"), text => text.Length > 8));
        Assert.Contains(" /run tmpfs ", await ShellAsync("cat /proc/mounts"), StringComparison.Ordinal);
        Assert.Empty((await bench.PlanAsync(stack)).Changes);

        Task<string> ShellAsync(string command) => lab.Lab.IncusAsync("exec", "gssys", "--project", project.Name, "--", "sh", "-c", command).ContinueWith(text => text.Result.TrimEnd('\n'), TaskScheduler.Default);
    }

    /// <summary>What was written, however its columns are wide.</summary>
    private static string Squeezed(Ended ended) => System.Text.RegularExpressions.Regex.Replace(ended.Output, " +", " ");
}
