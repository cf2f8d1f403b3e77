using System.Text.RegularExpressions;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Ssh;

namespace IncusCompose.Integration.Tests.Machines;

/// <summary>Ansible as a step: playbooks and roles that know nothing of Incus, on machines that let it in by SSH.</summary>
[Collection(MachineLabCollection.Name)]
public sealed class ProvisionMachineTests(LabFixture fixture)
{
    private Lab.Lab Lab => fixture.Lab;

    [SystemImageFact]
    public async Task A_role_is_applied_unchanged_once_again_where_a_variable_changed_and_finds_nothing_to_do_when_forced()
    {
        await Integration.Tests.Lab.Lab.InstallAsync("ansible-playbook:ansible-core", "ssh:openssh-client");
        await using var project = await fixture.CreateProjectAsync();
        var machines = Repository.PathOf("tests/IncusCompose.Integration.Tests/Machines/ansible");
        var image = await Lab.SystemImageAsync();
        string Stack(int port) => $$"""
            name: roles
            instances:
              pvrole:
                image: {{image}}
                ssh: ann
                provision:
                  - { name: ground, exec: "mkdir -p /srv && echo done" }
                  - { name: greeter, ansible: { role: {{machines}}/roles/greeter, vars: { greeter_port: {{port}}, greeter_password: hunter22 } } }
                  - { name: site, ansible: {{machines}}/site.yml }
            """;
        using var folder = new CliFolder(fixture, project, Stack(8081));
        UseKey(folder);

        var up = await UpAsync(folder);
        Assert.Equal("pvrole ok=6 changed=5", Recap(up, "greeter"));
        // The playbook's own port is another one.
        Assert.Equal("pvrole ok=6 changed=2", Recap(up, "site"));
        Assert.DoesNotContain("hunter22", up.Output, StringComparison.Ordinal);
        Assert.Equal("Hello from pvrole", (await Lab.IncusAsync("exec", "pvrole", "--project", project.Name, "--", "cat", "/srv/index.html")).Trim());

        Assert.Equal(0, (await folder.RunAsync("plan")).ExitCode);
        var again = await folder.RunAsync("up", "--verbose");
        Assert.True(again is { ExitCode: 0, Error: "" } && !again.Output.Contains("step ", StringComparison.Ordinal), again.ToString());

        folder.Write("stack.yaml", Stack(8082));
        Assert.Contains("its step greeter with Ansible would run commands on this machine", (await folder.RunAsync("up")).Error, StringComparison.Ordinal);
        up = await UpAsync(folder);
        Assert.Equal("pvrole ok=6 changed=2", Recap(up, "greeter"));
        Assert.DoesNotContain("step ground: done", up.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("step site", up.Output, StringComparison.Ordinal);

        // Somebody forgot what was done: all steps run, and Ansible finds all as it should be.
        folder.Write("stack.yaml", Stack(8080));
        await UpAsync(folder);
        await Lab.IncusAsync("config", "unset", "pvrole", "user.incus-compose.provisioned", "--project", project.Name);
        up = await UpAsync(folder);
        Assert.Equal(("pvrole ok=5 changed=0", "pvrole ok=5 changed=0"), (Recap(up, "greeter"), Recap(up, "site")));
        Assert.Contains("step ground: done", up.Output, StringComparison.Ordinal);
    }

    [SystemImageFact]
    public async Task Playbooks_run_on_several_machines_at_once_know_those_that_theirs_depends_on_and_fail_with_what_Ansible_says()
    {
        await Integration.Tests.Lab.Lab.InstallAsync("ansible-playbook:ansible-core", "ssh:openssh-client");
        await using var project = await fixture.CreateProjectAsync();
        var image = await Lab.SystemImageAsync();
        using var folder = new CliFolder(fixture, project, $$"""
            name: several
            instances:
              pvdata: { image: {{image}}, ssh: ann, provision: { ansible: { playbook: data.yml, become: true, groups: [databases] } } }
              pvfront:
                image: {{image}}
                ssh: ann
                labels: { tier: front }
                depends_on: [pvdata]
                provision: { ansible: { playbook: front.yml, tags: [wanted], extra_args: [--diff] } }
              pvalone: { image: {{image}}, ssh: ann, provision: { name: data, ansible: data.yml } }
              pvplain: { image: busybox, provision: { ansible: { playbook: front.yml } } }
            """);
        UseKey(folder);
        folder.Write("data.yml", """
            - hosts: databases
              gather_facts: false
              tasks:
                - ansible.builtin.copy: { content: "data\n", dest: /etc/data }
            """);
        folder.Write("front.yml", """
            - hosts: label_tier_front
              tasks:
                - tags: [wanted]
                  ansible.builtin.copy: { content: "{{ hostvars.pvdata.ansible_host }} {{ groups.all | sort | join(',') }} {{ ansible_user }}", dest: /tmp/front }
                - ansible.builtin.fail: { msg: not this one }
            """);

        var up = await folder.RunAsync("up", "--verbose", "--allow-host-hooks");
        Assert.Equal(1, up.ExitCode);
        Assert.DoesNotContain("instance/pvfront", up.Error, StringComparison.Ordinal);
        Assert.Equal("data\n", await Lab.IncusAsync("exec", "pvdata", "--project", project.Name, "--", "cat", "/etc/data"));
        Assert.Equal($"{await project.AddressAsync("pvdata")} pvdata,pvfront ann", await Lab.IncusAsync("exec", "pvfront", "--project", project.Name, "--", "cat", "/tmp/front"));
        // No play for it, and no way into it.
        Assert.Contains("error: instance/pvalone: created, not provisioned: the step data (ansible data.yml) failed: it has no task for the instance; write `hosts: all` in the playbook, put the instance into the groups that it names with `groups`\n", up.Error, StringComparison.Ordinal);
        Assert.Contains("error: instance/pvplain: created, not provisioned: the step 1 (ansible front.yml) failed: ", up.Error, StringComparison.Ordinal);

        // It fails in Ansible's own words, and goes on there; what it left beside the playbook is no change of it.
        folder.Write("front.yml", "- hosts: all\n  gather_facts: false\n  tags: [wanted]\n  tasks:\n    - ansible.builtin.fail: { msg: on purpose }\n");
        Assert.DoesNotContain("instance/pvdata", (await folder.RunAsync("plan", "--allow-host-hooks")).Output, StringComparison.Ordinal);
        up = await folder.RunAsync("up", "--allow-host-hooks");
        Assert.True(Regex.IsMatch(up.Error, @"instance/pvfront: updated, not provisioned: the step 1 \(ansible front\.yml\) failed: ansible-playbook ended with exit status 2; the end of its output:\n(    .*\n)*    fatal: \[pvfront\]: FAILED! => .*on purpose"), up.ToString());
        Assert.DoesNotContain("instance/pvdata", up.Error, StringComparison.Ordinal);
    }

    [SystemImageFact]
    public async Task The_example_makes_a_machine_into_a_web_server_and_a_changed_page_runs_its_step_alone()
    {
        await Integration.Tests.Lab.Lab.InstallAsync("ansible-playbook:ansible-core", "ssh:openssh-client");
        await using var project = await fixture.CreateProjectAsync();
        var example = Repository.PathOf("examples/provision");
        using var folder = new CliFolder(fixture, project, await File.ReadAllTextAsync(Path.Combine(example, "stack.yaml")));
        foreach (var file in Directory.GetFiles(example, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(example, file)))
        {
            folder.CreateFolder(Path.GetDirectoryName(file)!);
            File.Copy(Path.Combine(example, file), folder.PathOf(file), overwrite: true);
        }
        UseKey(folder);
        folder.Environment["IMAGE"] = await Lab.SystemImageAsync();

        await UpAsync(folder, "--wait");
        var page = $"http://{await project.AddressAsync("page")}:8080/";
        Assert.Contains("Hello from a provisioned machine", await Lab.HostAsync("curl", "-fsS", page), StringComparison.Ordinal);
        Assert.Equal("Made by IncusCompose, on Debian", (await Lab.IncusAsync("exec", "page", "--project", project.Name, "--", "cat", "/etc/motd")).Trim());
        Assert.Equal(0, (await folder.RunAsync("plan")).ExitCode);

        folder.Write("www/index.html", "changed");
        Assert.Contains("  ~ instance/page  update\n      ~ provision.page  ran with another content -> files /srv/www\n\n", (await folder.RunAsync("plan")).Output, StringComparison.Ordinal);
        // What runs nothing here needs no leave.
        var up = await folder.RunAsync("up", "--verbose");
        Assert.True(up is { ExitCode: 0, Error: "" } && up.Output.Contains("  step page: 1 of 1 file written\n", StringComparison.Ordinal), up.ToString());
        Assert.Equal("changed", await Lab.HostAsync("curl", "-fsS", page));
    }

    private static async Task<Ended> UpAsync(CliFolder folder, params string[] options)
    {
        var up = await folder.RunAsync(["up", "--verbose", "--allow-host-hooks", .. options]);
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        return up;
    }

    /// <summary>A home with a key in it, as users have one.</summary>
    private static void UseKey(CliFolder folder)
    {
        folder.Environment["HOME"] = folder.PathOf(".");
        SshKeys.Make(folder.CreateFolder(".ssh"), "id_ed25519");
    }

    private static string Recap(Ended up, string step)
    {
        var recap = Regex.Match(up.Output, $@"step {step}: (?<host>\S+) +: ok=(?<ok>\d+) +changed=(?<changed>\d+) +unreachable=0 +failed=0 ");
        Assert.True(recap.Success, up.ToString());
        return $"{recap.Groups["host"]} ok={recap.Groups["ok"]} changed={recap.Groups["changed"]}";
    }
}
