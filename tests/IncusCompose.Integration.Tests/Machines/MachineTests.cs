using System.Diagnostics;
using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Ssh;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Readiness;
using IncusCompose.Watching;

namespace IncusCompose.Integration.Tests.Machines;

/// <summary>Whole systems, with systemd, cloud-init and sshd: from a stack file to a machine that one logs in to.</summary>
[Collection(MachineLabCollection.Name)]
public sealed class MachineTests(LabFixture fixture)
{
    private Lab.Lab Lab => fixture.Lab;

    [SystemImageFact]
    public async Task When_up_with_wait_ends_the_user_of_the_file_logs_in_with_the_key()
    {
        await using var project = await fixture.CreateProjectAsync();
        using var keys = new SshKeys();
        var key = keys.Make("ada");
        using var folder = new CliFolder(fixture, project, $$"""
            name: machine
            instances:
              dev1:
                image: {{await Lab.SystemImageAsync()}}
                cloud_init: { user_data: {{User("ada", key)}} }
                ready: [ssh, cloud_init]
            """);

        var up = await folder.RunAsync("up", "--wait");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());

        Assert.Equal("dev1\nada\nroot", await keys.RunAsync(Lab, key, "ada@" + await project.AddressAsync("dev1"), "hostname; id -un; sudo -n id -un"));
        var again = await folder.RunAsync("plan");
        Assert.True(again.ExitCode == 0, again.ToString());
    }

    [SystemImageFact]
    public async Task The_example_is_a_machine_with_its_user_and_file_once_cloud_init_is_done()
    {
        await using var project = await fixture.CreateProjectAsync();
        using var keys = new SshKeys();
        var key = keys.Make("ann");
        // Packages come from a mirror, which is none of the lab's: one that the image has is installed without. It has no time zones.
        using var folder = new CliFolder(fixture, project, System.Text.RegularExpressions.Regex.Replace(await File.ReadAllTextAsync(Repository.PathOf("examples/cloud-init-ssh/stack.yaml")), "keys: \\[.*\\]", $"keys: [{key}.pub]")
            .Replace("packages: [git, htop]", "packages: [sudo]", StringComparison.Ordinal)
            .Replace("timezone: Europe/Vienna", "bootcmd: [\"rm -rf /etc/apt/sources.list*\"]", StringComparison.Ordinal));
        folder.Environment["IMAGE"] = await Lab.SystemImageAsync();

        var up = await folder.RunAsync("up", "--wait");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        Assert.Equal("dev\nvi", await keys.RunAsync(Lab, key, "dev@" + await project.AddressAsync("dev"), "id -un; . /etc/profile; echo $EDITOR"));
        Assert.Equal("app 600 debug = true", (await Lab.IncusAsync("exec", "dev", "--project", project.Name, "--", "sh", "-c", "stat -c '%U %a' /srv/app/settings; cat /srv/app/settings")).Trim().Replace('\n', ' '));
        var again = await folder.RunAsync("plan");
        Assert.True(again.ExitCode == 0, again.ToString());
        var down = await folder.RunAsync("down", "--yes");
        Assert.True(down is { ExitCode: 0, Error: "" }, down.ToString());
        Assert.Empty(await project.Client.Instances.ListAsync());
    }

    [SystemImageFact]
    public async Task Errors_of_cloud_init_fail_the_wait_in_cloud_inits_words_and_the_machine_stays()
    {
        await using var project = await fixture.CreateProjectAsync();
        using var keys = new SshKeys();
        var key = keys.Make("ada");
        using var folder = new CliFolder(fixture, project, $$"""
            name: machine
            instances:
              dev2:
                image: {{await Lab.SystemImageAsync(broken: true)}}
                cloud_init: { user_data: {{User("ada", key)}} }
                ready: cloud_init
            """);

        var up = await folder.RunAsync("up", "--wait");
        Assert.Equal(1, up.ExitCode);
        Assert.Contains("error: instance/dev2: created, not ready: dev2 did not get the end of cloud-init: ", up.Error, StringComparison.Ordinal);
        Assert.Contains("xx_XX.UTF-8", up.Error, StringComparison.Ordinal);

        Assert.Equal("ada", await keys.RunAsync(Lab, key, "ada@" + await project.AddressAsync("dev2"), "id -un"));
    }

    [SystemImageFact]
    public async Task An_ssh_server_that_does_not_answer_in_time_is_named_with_its_address_and_the_end_of_the_console()
    {
        await using var project = await fixture.CreateProjectAsync();
        using var folder = new CliFolder(fixture, project, $$"""
            name: machine
            instances:
              dev3:
                image: {{await Lab.SystemImageAsync()}}
                cloud_init: { user_data: { bootcmd: [[systemctl, mask, --now, ssh]] } }
                ready: { cloud_init: true, ssh: { timeout: 10s } }
            """);

        var up = await folder.RunAsync("up", "--wait");
        Assert.Equal(1, up.ExitCode);
        var address = await project.AddressAsync("dev3");
        Assert.Contains(
            $"error: instance/dev3: created, not ready: dev3 did not get an answer of SSH at port 22 within 10 s: {address}:22: Connection refused",
            up.Error,
            StringComparison.Ordinal);
        Assert.Contains("the end of its console:", up.Error, StringComparison.Ordinal);
    }

    [SystemImageFact]
    public async Task An_image_without_an_SSH_server_gets_one_by_cloud_init_and_where_it_cannot_that_is_said()
    {
        await using var project = await fixture.CreateProjectAsync();
        var image = await Lab.SystemImageAsync();
        using var keys = new SshKeys();
        var key = keys.Make("ann");
        using var folder = new CliFolder(fixture, project, $$"""
            name: serverless
            instances:
              with:
                image: {{image}}
                volumes: [./packages:/packages:ro]
                ssh: { user: ann, keys: {{key}}.pub, port: 2222 }
                ready: { ssh: { port: 2222, timeout: 60s } }
                cloud_init: &without
                  user_data:
                    bootcmd: ["ls /first || { dpkg --purge openssh-server; rm -rf /etc/apt/sources.list*; [ ! -d /packages ] || echo deb [trusted=yes] file:/packages ./ > /etc/apt/sources.list; touch /first; }"]
              without:
                image: {{image}}
                ssh: { user: ann, keys: {{key}}.pub }
                ready: { cloud_init: true, ssh: { timeout: 15s } }
                cloud_init: *without
            """);
        await PackageAsync("openssh-server", folder.CreateFolder("packages"));

        var up = await folder.RunAsync("up", "--wait");

        Assert.Equal(1, up.ExitCode);
        Assert.Contains("  + instance/with  created", up.Output, StringComparison.Ordinal);
        Assert.Equal("ann", await keys.RunAsync(Lab, key, "ann@" + await project.AddressAsync("with"), "id -un", "-p", "2222"));
        Assert.Contains(
            $"error: instance/without: created, not ready: without did not get an answer of SSH at port 22 within 15 s: {await project.AddressAsync("without")}:22: Connection refused; it has no SSH server; choose an image that has one",
            up.Error, StringComparison.Ordinal);
    }

    /// <summary>Makes a folder a package source of apt's with one package in it, of this machine's own release.</summary>
    private static async Task PackageAsync(string package, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", [
            "-ec",
            "cd \"$1\"; apt-get -q -o APT::Sandbox::User=root download \"$0\"; deb=$(echo *.deb); { dpkg-deb -f \"$deb\"; echo \"Filename: ./$deb\"; echo \"Size: $(stat -c %s \"$deb\")\"; echo \"SHA256: $(sha256sum \"$deb\" | cut -d' ' -f1)\"; } > Packages",
            package, folder]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
    }

    [SystemImageFact]
    public async Task A_login_is_waited_for_and_said_to_fail_where_the_key_is_not_the_users()
    {
        await using var project = await fixture.CreateProjectAsync();
        var image = await Lab.SystemImageAsync();
        using var folder = new CliFolder(fixture, project, $$"""
            name: login
            instances:
              dev5:
                image: {{image}}
                ssh: ann
                ready: { ssh: { verify_login: true } }
              dev6:
                image: {{image}}
                ssh: { user: ann, keys: ./other.pub }
                ready: { cloud_init: true, ssh: { verify_login: true, timeout: 30s } }
            """);
        folder.Environment["HOME"] = folder.CreateFolder("home");
        SshKeys.Make(folder.CreateFolder("home/.ssh"), "id_ed25519");
        SshKeys.Make(folder.PathOf("."), "other");

        var up = await folder.RunAsync("up", "--wait");

        Assert.Equal(1, up.ExitCode);
        Assert.Contains("  + instance/dev5  created", up.Output, StringComparison.Ordinal);
        var address = await project.AddressAsync("dev6");
        Assert.StartsWith(
            $"error: instance/dev6: created, not ready: dev6 did not get a login by SSH at port 22 within 30 s: ann@{address}: Permission denied (publickey,password), and of the keys that are let in, ~/.ssh has none",
            up.Error, StringComparison.Ordinal);

        File.Copy(folder.PathOf("other"), folder.PathOf("home/.ssh/other"));
        File.Copy(folder.PathOf("other.pub"), folder.PathOf("home/.ssh/other.pub"));
        up = await folder.RunAsync("up", "--wait");
        Assert.True(up.ExitCode == 0, up.ToString());
    }

    [SystemImageFact]
    public async Task What_is_kept_in_the_users_home_is_the_users_and_there_again_when_the_machine_is_made_anew()
    {
        await using var project = await fixture.CreateProjectAsync();
        using var keys = new SshKeys();
        var key = keys.Make("id");
        using var folder = new CliFolder(fixture, project, $$"""
            name: homes
            volumes: { mail: }
            instances:
              dev7:
                image: {{await Lab.SystemImageAsync()}}
                ssh: { user: ann, keys: {{key}}.pub }
                volumes: ["mail:/var/mail/kept"]
                persist: ["./work:/home/ann/work", "./data:/data"]
                ready: [ssh, cloud_init]
            """);
        await UpAsync();
        // The user may write in the home and in both folders, the first moment that there is a login.
        Assert.Equal("1000:1000 1000:1000 1000:1000", await SshAsync("touch ~/x; head -c 100000 /dev/urandom >~/work/a; head -c 1000 /dev/urandom >/data/b; sudo cp /data/b /var/mail/kept/c; test -f ~/.bashrc && echo $(stat -c %u:%g ~ ~/work /data)"));
        var before = await SshAsync("sha256sum ~/work/a /data/b /var/mail/kept/c");

        Assert.Equal(0, (await folder.RunAsync("down", "--yes")).ExitCode);
        await UpAsync();

        Assert.Equal(before, await SshAsync("sha256sum ~/work/a /data/b /var/mail/kept/c"));
        Assert.Equal("ann", await SshAsync("stat -c %U ~/work/a"));

        async Task UpAsync()
        {
            var up = await folder.RunAsync("up", "--wait");
            Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        }

        async Task<string> SshAsync(string command) => await keys.RunAsync(Lab, key, "ann@" + await project.AddressAsync("dev7"), command);
    }

    [SystemImageFact]
    public async Task A_machine_that_was_lost_is_the_same_to_its_user_after_its_checkpoint_and_after_its_backup_is_restored()
    {
        await using var project = await fixture.CreateProjectAsync();
        using var keys = new SshKeys();
        var key = keys.Make("id");
        using var folder = new CliFolder(fixture, project, $$"""
            name: whole
            volumes: { papers: }
            instances:
              dev8:
                image: {{await Lab.SystemImageAsync()}}
                ssh: { user: ann, keys: {{key}}.pub }
                volumes: ["papers:/papers"]
                ready: [ssh, cloud_init]
            """);
        await RunAsync("up", "--wait");
        await SshAsync("sudo sh -c 'echo word >/papers/a; ln -s a /papers/b; printf \"[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n\" >/etc/systemd/system/mine.service; systemctl enable --now -q mine; head -c 100000 /dev/urandom >/home/ann/file; chown ann: /home/ann/file; sync'");
        var before = await StateAsync();

        await RunAsync("checkpoint", "create", "good");
        await SshAsync("sudo sh -c 'rm -rf /papers/* /home/ann/file /etc/ssh/ssh_host_*; systemctl disable --now -q mine; echo spoilt >/etc/hostname; sync'");
        await Lab.IncusAsync("delete", "--force", "dev8", "--project", project.Name);
        await RunAsync("checkpoint", "restore", "good", "--yes");
        await RunAsync("up", "--wait");
        Assert.Equal(before, await StateAsync());
        await RunAsync("checkpoint", "remove", "good", "--yes");

        await RunAsync("backup", "--to", "./kept.tar");
        await RunAsync("down", "--volumes", "--yes");
        Assert.Empty(await project.Client.Instances.ListAsync());
        await RunAsync("restore", "--from", "./kept.tar");
        await RunAsync("up", "--wait");
        Assert.Equal(before, await StateAsync());
        await RunAsync("plan");

        async Task RunAsync(params string[] arguments)
        {
            var ended = await folder.RunAsync(arguments);
            Assert.True(ended.ExitCode == 0, $"{string.Join(' ', arguments)}: {ended}");
        }

        // What is the machine's own: every file but those that each start writes, what runs, and its identity to those who log in.
        async Task<string> StateAsync() => await SshAsync(
            "sudo sh -c 'cd /; find etc home root papers srv opt usr var/lib/dpkg -xdev \\( -type f -o -type l \\) -printf \"%p %m %u %g %l\\n\" | sort | sha256sum; find etc home root papers srv opt var/lib/dpkg -xdev -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum'; cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub; systemctl is-active mine ssh");

        async Task<string> SshAsync(string command) => await keys.RunAsync(Lab, key, "ann@" + await project.AddressAsync("dev8"), command);
    }

    [SystemImageFact]
    public async Task A_macvlan_card_gets_a_lease_of_the_lan_whose_machines_log_in_and_the_host_does_not()
    {
        var lan = await Lab.LanAsync();
        await using var project = await fixture.CreateProjectAsync();
        using var keys = new SshKeys();
        var key = keys.Make("ada");
        using var folder = new CliFolder(fixture, project, $$"""
            name: machine
            instances:
              dev4:
                image: {{await Lab.SystemImageAsync()}}
                devices: { eth0: { type: nic, nictype: macvlan, parent: {{lan.Link}} } }
                cloud_init: { user_data: {{User("ada", key)}} }
                ready: { address: { nic: eth0, family: ipv4 }, cloud_init: true }
            """);

        var up = await folder.RunAsync("up", "--wait");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        var address = await project.AddressAsync("dev4");
        Assert.StartsWith(lan.Prefix, address, StringComparison.Ordinal);

        Assert.Equal("ada\n", await Lab.OnLanAsync(SshKeys.Command(key, "ada@" + address, "id -un")));
        // The known limit of macvlan: the wait says so where it is asked to do what cannot be done.
        var apart = await Assert.ThrowsAsync<NotReadyException>(
            () => new InstanceWaiter(project.Client, "dev4").WaitForAsync(new SshGate(), TimeSpan.FromSeconds(20)));
        Assert.True(apart.IsFinal);
        Assert.Contains("it stands in the host's own network only (macvlan), where this host itself cannot reach it", apart.Message, StringComparison.Ordinal);
    }

    [SystemImageFact]
    public async Task Three_tiers_come_up_in_the_order_of_their_health_and_a_service_that_ends_shows_and_is_repaired()
    {
        var image = await Lab.SystemImageAsync();
        await using var project = await fixture.CreateProjectAsync();
        string Tier(string name, string needs) => $$"""
              {{name}}:
                image: {{image}}
                {{needs}}
                cloud_init:
                  user_data:
                    write_files:
                    - path: /etc/systemd/system/tier.service
                      content: "[Service]\nExecStart=/usr/bin/python3 -m http.server 80 --directory /srv\n[Install]\nWantedBy=multi-user.target\n"
                    runcmd: [[systemctl, enable, --now, tier]]
                healthcheck: { http: { port: 80 }, interval: 1s, start_period: 20s, retries: 10 }

            """;
        using var folder = new CliFolder(fixture, project, "name: tiers\ninstances:\n"
            + Tier("data1", "labels: { tier: data }")
            + Tier("app1", "depends_on: { data1: { condition: healthy } }")
            + Tier("front1", "depends_on: { app1: { condition: healthy } }"));

        var up = await folder.RunAsync("up", "--wait");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        // All machines have the host's clock.
        Assert.True(await ServesSinceAsync("data1") < await BootedAsync("app1"), "app1 was started before data1 served");
        Assert.True(await ServesSinceAsync("app1") < await BootedAsync("front1"), "front1 was started before app1 served");

        await ExecAsync("data1", "systemctl", "kill", "--signal=KILL", "tier");
        await using var bench = await StackWorkbench.OpenAsync(Lab);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var seen = new List<InstanceStatus>();
        await foreach (var status in bench.Engine.WatchAsync(project.Client, "tiers", options: new WatchOptions { Repair = true }, cancellationToken: limit.Token))
        {
            seen.AddRange(status.Instances);
            if (seen.FindLast(one => one.Name == "data1") is { Restarts: 1, Health: HealthState.Healthy })
                break;
        }
        Assert.Contains(seen, one => one is { Name: "data1", Health: HealthState.Unhealthy } && one.Message.EndsWith(":80: Connection refused", StringComparison.Ordinal));
        Assert.DoesNotContain(seen, one => one.Name != "data1" && one.Restarts > 0);

        Task<string> ExecAsync(string machine, params string[] command) =>
            Lab.IncusAsync(["exec", machine, "--project", project.Name, "--", .. command]);
        async Task<long> ServesSinceAsync(string machine) =>
            long.Parse(await ExecAsync(machine, "systemctl", "show", "--value", "-p", "ActiveEnterTimestampMonotonic", "tier"), CultureInfo.InvariantCulture);
        async Task<long> BootedAsync(string machine) =>
            long.Parse(await ExecAsync(machine, "systemctl", "show", "--value", "-p", "UserspaceTimestampMonotonic"), CultureInfo.InvariantCulture);
    }

    [SystemImageFact]
    public async Task What_its_user_keeps_is_there_again_on_a_machine_that_was_destroyed_and_made_anew()
    {
        await using var project = await fixture.CreateProjectAsync();
        using var keys = new SshKeys();
        var key = keys.Make("ada");
        using var folder = new CliFolder(fixture, project, $$"""
            name: machine
            volumes: { box: {} }
            instances:
              dev5:
                image: {{await Lab.SystemImageAsync()}}
                ssh: { user: ada, keys: {{key}}.pub }
                volumes: ["box:/var/box"]
                persist: ["./home:/srv/home"]
                ready: [ssh, cloud_init]
            """);
        const string write = "sudo chown -R ada /var/box /srv/home; head -c 3000000 /dev/urandom >/var/box/big; cp -p /var/box/big /srv/home/; ln -s big /srv/home/link; chmod 640 /var/box/big";
        const string read = "cd / && find var/box srv/home -printf '%p %u %m %l\\n' | sort; sudo sha256sum /var/box/big /srv/home/link; touch /var/box/more /srv/home/more && rm /var/box/more /srv/home/more";

        await DoneAsync("up", "--wait");
        await OnItAsync(write);
        var (before, machine) = (await OnItAsync(read), await OnItAsync("cat /etc/machine-id"));
        await DoneAsync("down", "--yes");
        Assert.Empty(await project.Client.Instances.ListAsync());
        await DoneAsync("up", "--wait");

        Assert.NotEqual(machine, await OnItAsync("cat /etc/machine-id"));
        Assert.Equal(before, await OnItAsync(read));
        await DoneAsync("plan");

        async Task DoneAsync(params string[] arguments)
        {
            var ended = await folder.RunAsync(arguments);
            Assert.True(ended.ExitCode == 0, ended.ToString());
        }
        async Task<string> OnItAsync(string command) => await keys.RunAsync(Lab, key, "ada@" + await project.AddressAsync("dev5"), command);
    }

    /// <summary>User data, as YAML in one line: a user who may do everything and logs in with the key.</summary>
    private static string User(string name, string key) =>
        $$"""{ users: [ { name: {{name}}, shell: /bin/bash, sudo: "ALL=(ALL) NOPASSWD:ALL", ssh_authorized_keys: ["{{File.ReadAllText(key + ".pub").Trim()}}"] } ] }""";
}
