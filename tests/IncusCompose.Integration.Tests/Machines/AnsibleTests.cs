using IncusCompose.Definition;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Ssh;
using IncusCompose.Readiness;

namespace IncusCompose.Integration.Tests.Machines;

/// <summary>Machines that a stack made are what Ansible works on, with roles that know nothing of Incus.</summary>
[Collection(MachineLabCollection.Name)]
public sealed class AnsibleTests(LabFixture fixture)
{
    private static readonly string[] s_names = [.. Enumerable.Range(1, 10).Select(number => $"farm{number}")];

    [SystemImageFact]
    public async Task Ten_machines_are_made_at_once_and_a_role_changes_those_it_is_for_once()
    {
        await Lab.Lab.InstallAsync("ansible-playbook:ansible-core", "ssh:openssh-client");
        var image = await fixture.Lab.SystemImageAsync();
        await using var project = await fixture.CreateProjectAsync();
        string Stack(IEnumerable<string> names) =>
            "name: farm\ninstances:\n" + string.Concat(names.Select(name => $"  {name}: {{ image: {image}, ssh: ann, ready: [ssh, cloud_init] }}\n"));
        using var folder = new CliFolder(fixture, project, Stack(s_names));
        // Somebody with a key of their own, of which the file need not say a word.
        folder.Environment["HOME"] = folder.PathOf(".");
        SshKeys.Make(folder.CreateFolder(".ssh"), "id_ed25519");
        folder.WriteScript("hosts", "inventory");

        await DoneAsync(folder.RunAsync("up", "--wait"));

        var pinged = await DoneAsync(folder.RunProgramAsync("ansible", "all", "-i", "hosts", "-f", "10", "-m", "ansible.builtin.ping", "--one-line"));
        Assert.All(s_names, name => Assert.Contains($"{name} | SUCCESS", pinged, StringComparison.Ordinal));

        string[] playbook =
        [
            "ansible-playbook", "-i", "hosts", "-f", "10", "--limit", "farm1,farm2,farm3",
            Repository.PathOf("tests/IncusCompose.Integration.Tests/Machines/ansible/site.yml"),
        ];
        var first = await DoneAsync(folder.RunProgramAsync(playbook));
        var second = await DoneAsync(folder.RunProgramAsync(playbook));
        foreach (var name in s_names[..3])
        {
            Assert.Matches($@"(?m)^{name} +: ok=6 +changed=5 +unreachable=0 +failed=0 ", first);
            Assert.Matches($@"(?m)^{name} +: ok=5 +changed=0 +unreachable=0 +failed=0 ", second);
            await new InstanceWaiter(project.Client, name).WaitForAsync(new HttpGate { Request = new HttpProbe { Port = 8080 } }, TimeSpan.FromSeconds(20));
        }

        folder.Write("stack.yaml", Stack(s_names[..2]));
        await DoneAsync(folder.RunAsync("up", "--prune", "--yes", "--timeout", "5"));
        var listed = await DoneAsync(folder.RunProgramAsync("ansible", "all", "-i", "hosts", "--list-hosts"));
        Assert.Equal("  hosts (2):\n    farm1\n    farm2\n", listed);

        static async Task<string> DoneAsync(Task<Ended> running)
        {
            var ended = await running;
            Assert.True(ended.ExitCode == 0, ended.ToString());
            return ended.Output;
        }
    }
}
