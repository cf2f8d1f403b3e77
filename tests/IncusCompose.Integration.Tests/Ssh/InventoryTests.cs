using System.Diagnostics;
using System.Text.Json;
using Incus.Client;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Ssh;

/// <summary>What the command says of machines to ssh and to Ansible, and what these make of it.</summary>
[Collection(MachineLabCollection.Name)]
public sealed class InventoryTests(LabFixture lab)
{
    private const string Stack = """
        name: invshop
        instances:
          invweb: {image: debian, ssh: {user: ann, keys: KEY.pub}, labels: {tier: front}, ready: ssh}
          invinner: {image: debian, ssh: {user: ann, keys: KEY.pub}, ready: ssh}
          invplain: {image: busybox}
        """;

    [SystemImageFact]
    public async Task A_machine_is_logged_in_to_and_its_host_key_is_verified_the_first_time()
    {
        await using var machine = await MachineAsync();

        var ssh = await machine.RunAsync("ssh", "invweb", "--", "sudo hostname; exit 3");
        Assert.True(ssh is { ExitCode: 3, Output: "invweb\n", Error: "" }, ssh.ToString());

        // Somebody else answers in its place.
        await lab.Lab.IncusAsync("exec", "invweb", "--project", machine.Project, "--", "sh", "-c", "rm /etc/ssh/ssh_host_*; ssh-keygen -q -A; systemctl restart ssh; mkdir /tmp/k; mv /etc/ssh/ssh_host_*.pub /tmp/k; ssh-keygen -q -t ed25519 -N '' -f /tmp/other; mv /tmp/other.pub /etc/ssh/ssh_host_ed25519_key.pub");
        var refused = await machine.RunAsync("ssh", "invweb", "true");
        Assert.Equal(255, refused.ExitCode);
        Assert.Contains("REMOTE HOST IDENTIFICATION HAS CHANGED", refused.Error, StringComparison.Ordinal);

        // The same machine with new keys of its own is believed again.
        await lab.Lab.IncusAsync("exec", "invweb", "--project", machine.Project, "--", "sh", "-c", "mv /tmp/k/* /etc/ssh/");
        Assert.Equal(0, (await machine.RunAsync("ssh", "invweb", "true")).ExitCode);

        var plain = await machine.RunAsync("ssh", "invplain");
        Assert.Equal(1, plain.ExitCode);
        Assert.Contains("incus-compose exec invplain", plain.Error, StringComparison.Ordinal);
        Assert.Contains("has no instance \"nobody\"", (await machine.RunAsync("ssh", "nobody")).Error, StringComparison.Ordinal);
    }

    [SystemImageFact]
    public async Task A_file_for_ssh_leads_there_and_forgets_what_is_gone()
    {
        await using var machine = await MachineAsync();
        var file = Path.Combine(machine.Folder, "config");

        Assert.Equal(0, (await machine.RunAsync("ssh-config", "--output", file)).ExitCode);

        Assert.DoesNotContain("invplain", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        Assert.Equal("ann\n", await lab.Lab.HostAsync("ssh", "-F", file, "-o", "BatchMode=yes", "invweb", "id -un"));
        using (var json = JsonDocument.Parse((await machine.RunAsync("ssh-config", "--json")).Output))
        {
            Assert.Equal(["invinner", "invweb"], json.RootElement.EnumerateArray().Select(one => one.GetProperty("name").GetString()));
            Assert.All(json.RootElement.EnumerateArray(), one => Assert.Equal(("ann", 22), (one.GetProperty("user").GetString(), one.GetProperty("port").GetInt32())));
            Assert.All(json.RootElement.EnumerateArray(), one => Assert.True(File.Exists(one.GetProperty("known_hosts").GetString())));
        }

        await machine.DeleteAsync("invweb");
        await machine.DeleteAsync("invinner");
        Assert.Equal(0, (await machine.RunAsync("ssh-config", "--output", file)).ExitCode);
        Assert.Equal("", await File.ReadAllTextAsync(file));
        Assert.Equal("", await File.ReadAllTextAsync(file + ".known_hosts"));
    }

    [SystemImageFact]
    public async Task A_host_to_go_through_is_gone_through_by_ssh_and_by_Ansible()
    {
        await Lab.Lab.InstallAsync("ansible-inventory:ansible");
        await using var machine = await MachineAsync();
        var gate = (await lab.Lab.IncusAsync("exec", "invweb", "--project", machine.Project, "--", "hostname", "-I")).Split(' ')[0];
        var (file, inventory, ssh) = (Path.Combine(machine.Folder, "config"), Path.Combine(machine.Folder, "hosts.yaml"), Path.Combine(machine.Folder, "ssh"));

        Assert.Equal(0, (await machine.RunAsync("ssh-config", "--output", file, "--jump-host", "ann@" + gate)).ExitCode);
        await File.WriteAllTextAsync(inventory, (await machine.RunAsync("inventory", "--jump-host", "ann@" + gate)).Output);

        // The host to go through is the user's own business; here it is the other machine.
        await File.WriteAllTextAsync(ssh, $"Include {file}\nHost {gate}\n  IdentityFile {machine.Folder}/id\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n");
        var from = await lab.Lab.HostAsync("ssh", "-F", ssh, "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "invinner", "echo $SSH_CLIENT");
        Assert.StartsWith(gate + " ", from, StringComparison.Ordinal);
        var ping = await lab.Lab.HostAsync("ansible", "-i", inventory, "invinner", "--ssh-extra-args", $"-F {ssh}", "-m", "command", "-a", "printenv SSH_CLIENT", "--one-line");
        Assert.Contains($"(stdout) {gate} ", ping, StringComparison.Ordinal);
    }

    [SystemImageFact]
    public async Task Ansible_takes_the_inventory_in_every_form_and_reaches_the_machine()
    {
        await Lab.Lab.InstallAsync("ansible-inventory:ansible");
        await using var machine = await MachineAsync();
        var script = machine.WriteScript("hosts", "inventory --all \"$@\"");
        var yaml = Path.Combine(machine.Folder, "hosts.yaml");
        var ini = Path.Combine(machine.Folder, "hosts.ini");
        await File.WriteAllTextAsync(yaml, (await machine.RunAsync("inventory")).Output);
        await File.WriteAllTextAsync(ini, (await machine.RunAsync("inventory", "--ini")).Output);

        var lists = new List<string>();
        foreach (var inventory in new[] { script, yaml, ini })
        {
            lists.Add(await lab.Lab.HostAsync("ansible-inventory", "-i", inventory, "--list"));
            var ping = await lab.Lab.HostAsync("ansible", "-i", inventory, "stack_invshop:&label_tier_front:&status_running", "-m", "ping", "--one-line");
            Assert.StartsWith("invweb | SUCCESS", ping, StringComparison.Ordinal);
        }

        Assert.Equal(lists[0], lists[1]);
        Assert.Equal(lists[0], lists[2]);
        using var host = JsonDocument.Parse((await machine.RunAsync("inventory", "--host", "invplain")).Output);
        Assert.Equal("community.general.incus", host.RootElement.GetProperty("ansible_connection").GetString());

        await machine.DeleteAsync("invweb");
        Assert.DoesNotContain("invweb", await lab.Lab.HostAsync("ansible-inventory", "-i", script, "--list"), StringComparison.Ordinal);
        Assert.Equal("{}\n", (await machine.RunAsync("inventory", "--host", "invweb")).Output);
    }

    private Task<Machine> MachineAsync() => Machine.StartAsync(lab, Stack);

    /// <summary>The stack, up, and the command where the lab's links are and with a home of its own.</summary>
    private sealed class Machine : IAsyncDisposable
    {
        private readonly LabFixture _lab;
        private readonly SshKeys _keys = new();
        private readonly TestProject _project;
        private readonly string _program;

        private Machine(LabFixture lab, TestProject project, string stack)
        {
            _lab = lab;
            _project = project;
            _keys.Make("id");
            File.WriteAllText(Path.Combine(Folder, "stack.yaml"), stack.Replace("KEY", Path.Combine(Folder, "id"), StringComparison.Ordinal));
            Directory.CreateDirectory(Path.Combine(Folder, ".ssh"));
            File.Copy(Path.Combine(Folder, "id"), Path.Combine(Folder, ".ssh", "id"));
            File.Copy(Path.Combine(Folder, "id.pub"), Path.Combine(Folder, ".ssh", "id.pub"));
            _program = WriteScript("incus-compose", "\"$@\"");
        }

        public string Folder => _keys.Folder;

        public string Project => _project.Name;

        public static async Task<Machine> StartAsync(LabFixture lab, string stack)
        {
            await lab.Lab.SystemImageAsync();
            var machine = new Machine(lab, await lab.CreateProjectAsync(), stack);
            var up = await machine.RunAsync("up", "--wait");
            Assert.True(up.ExitCode == 0, up.ToString());
            return machine;
        }

        /// <summary>A script that runs the command in the stack's folder.</summary>
        public string WriteScript(string name, string arguments)
        {
            var path = Path.Combine(Folder, name);
            var variables = _lab.Lab.Environment.Where(pair => pair.Key.StartsWith("INCUS_", StringComparison.Ordinal)).Select(pair => $"{pair.Key}='{pair.Value}'");
            File.WriteAllText(path, $"#!/bin/sh\ncd '{Folder}' && HOME='{Folder}' INCUS_PROJECT='{Project}' {string.Join(' ', variables)} exec dotnet '{Path.Combine(AppContext.BaseDirectory, "incus-compose.dll")}' {arguments}\n");
            using var process = Process.Start("chmod", ["+x", path]);
            process.WaitForExit();
            return path;
        }

        /// <summary>Runs the command to its end.</summary>
        public async Task<Ended> RunAsync(params string[] arguments)
        {
            var start = new ProcessStartInfo(Repository.PathOf("tests/lab/lab"), ["host", _lab.Lab.Name, "--", _program, .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return new Ended(process.ExitCode, await output, await error);
        }

        public async Task DeleteAsync(string instance)
        {
            await _project.Client.Instances.StopAsync(instance, force: true).CompleteAsync();
            await _project.Client.Instances.DeleteAsync(instance).CompleteAsync();
        }

        public async ValueTask DisposeAsync()
        {
            _keys.Dispose();
            await _project.DisposeAsync();
        }
    }
}
