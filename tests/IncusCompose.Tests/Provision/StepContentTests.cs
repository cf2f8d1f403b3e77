using System.Diagnostics;
using System.Runtime.Versioning;
using IncusCompose.Definition;
using IncusCompose.Provision;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Provision;

/// <summary>What of a step decides whether it runs again: its content, files of this machine included, and nothing else.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class StepContentTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_command_is_what_it_says_and_as_whom_and_where_and_with_which_variables()
    {
        var step = new ProvisionStep { Exec = ["a", "b"], User = "app", WorkingDirectory = "/srv", Environment = new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" } };
        var digest = Of(step);
        Assert.Matches("^[0-9a-f]{32}$", digest);
        Assert.Equal(digest, Of(step with { Name = "named", Timeout = TimeSpan.FromSeconds(1), Environment = new Dictionary<string, string> { ["B"] = "2", ["A"] = "1" } }));
        ProvisionStep[] others =
        [
            step with { Exec = ["ab"] }, step with { Exec = ["a", "b", ""] }, step with { User = null }, step with { WorkingDirectory = null },
            step with { Environment = new Dictionary<string, string> { ["A"] = "1", ["B"] = "3" } }, step with { Environment = new Dictionary<string, string> { ["A"] = "1" } },
        ];
        Assert.Equal(others.Length + 1, others.Select(Of).Append(digest).Distinct().Count());
    }

    [Fact]
    public void A_script_is_its_text_wherever_it_stands()
    {
        var path = Write("setup.sh", "echo one\n");
        var file = new ProvisionStep { Script = new ScriptDefinition { Source = path } };
        var digest = Of(file);
        Assert.Equal(digest, Of(new ProvisionStep { Script = new ScriptDefinition { Content = "echo one\n" } }));
        Assert.NotEqual(digest, Of(file with { Script = file.Script! with { Arguments = ["a"] } }));
        Assert.NotEqual(digest, Of(file with { Script = file.Script! with { Interpreter = ["bash"] } }));
        Write("setup.sh", "echo two\n");
        Assert.NotEqual(digest, Of(file));
    }

    [Fact]
    public void A_folder_is_all_that_is_in_it_with_what_can_be_run_and_where_links_lead()
    {
        Write("conf/a", "a");
        Write("conf/inner/b", "b");
        var step = new ProvisionStep { Files = [new FileDefinition { Source = Path.Combine(_folder.Path, "conf"), Target = "/etc/app" }] };
        var seen = new List<string> { Of(step) };
        // When it was written does not count, nor who may read it here.
        File.SetLastWriteTimeUtc(Path.Combine(_folder.Path, "conf/a"), DateTime.UnixEpoch);
        File.SetUnixFileMode(Path.Combine(_folder.Path, "conf/a"), UnixFileMode.UserRead);
        Assert.Equal(seen[0], Of(step));

        Write("conf/inner/b", "c");
        seen.Add(Of(step));
        Write("conf/.hidden", "");
        seen.Add(Of(step));
        Directory.CreateDirectory(Path.Combine(_folder.Path, "conf/empty"));
        seen.Add(Of(step));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "conf/link"), "a");
        seen.Add(Of(step));
        File.Delete(Path.Combine(_folder.Path, "conf/link"));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "conf/link"), "/etc/hosts");
        seen.Add(Of(step));
        File.SetUnixFileMode(Path.Combine(_folder.Path, "conf/inner/b"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        seen.Add(Of(step));
        Directory.Move(Path.Combine(_folder.Path, "conf/inner"), Path.Combine(_folder.Path, "conf/outer"));
        seen.Add(Of(step));
        seen.Add(Of(step with { Files = [step.Files[0] with { Mode = 0 }] }));
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact]
    public void A_file_for_a_folder_is_its_name_too()
    {
        var one = new ProvisionStep { Files = [new FileDefinition { Source = Write("one", "a"), Target = "/etc/" }] };
        var two = new ProvisionStep { Files = [new FileDefinition { Source = Write("two", "a"), Target = "/etc/" }] };
        Assert.NotEqual(Of(one), Of(two));
        Assert.Equal(Of(one with { Files = [one.Files[0] with { Target = "/etc/a" }] }), Of(two with { Files = [two.Files[0] with { Target = "/etc/a" }] }));
    }

    [Fact]
    public void A_playbook_is_what_lies_beside_it_and_not_what_it_leaves_behind_nor_the_stacks_own_files()
    {
        var step = new ProvisionStep { Ansible = new AnsibleDefinition { Playbook = Write("site.yml", "- hosts: all") } };
        Write("stack.yaml", "name: a");
        Write("roles/web/tasks/main.yml", "[]");
        var digest = Of(step);

        Write("stack.yaml", "name: b");
        Write("compose.yaml", "name: b");
        Write("setup.sh", "");
        Write("other.yml", "- hosts: all");
        Write("data/big", "");
        Write("site.retry", "web");
        Write(".git/HEAD", "");
        Write("roles/web/tasks/__pycache__/a.pyc", "");
        Assert.Equal(digest, Of(step));

        var seen = new List<string> { digest };
        foreach (var (file, text) in new[] { ("roles/web/tasks/main.yml", "[{}]"), ("group_vars/all.yml", "a: b"), ("ansible.cfg", ""), ("site.yml", "- hosts: web\n- import_playbook: other.yml"), ("other.yml", "- include_tasks: more.yml"), ("more.yml", "[]"), ("more.yml", "[{}]") })
        {
            Write(file, text);
            seen.Add(Of(step));
        }

        // In a folder of its own, all that is there counts.
        var own = new ProvisionStep { Ansible = new AnsibleDefinition { Playbook = Write("ansible/site.yml", "- hosts: all") } };
        seen.Add(Of(own));
        Write("ansible/anything/at-all", "");
        seen.Add(Of(own));
        seen.Add(Of(own with { Ansible = own.Ansible with { Variables = """{"a":1}""" } }));
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact]
    public void A_role_is_its_folder_or_where_Ansible_finds_it_its_name()
    {
        var folder = Path.GetDirectoryName(Path.GetDirectoryName(Write("roles/web/tasks/main.yml", "[]")))!;
        var step = new ProvisionStep { Ansible = new AnsibleDefinition { Role = folder } };
        var digest = Of(step);
        Write("roles/db/tasks/main.yml", "[]");
        Assert.Equal(digest, Of(step));
        Write("roles/web/templates/a.j2", "[]");
        Assert.NotEqual(digest, Of(step));
        Assert.NotEqual(Of(new ProvisionStep { Ansible = new AnsibleDefinition { Role = "a.b" } }), Of(new ProvisionStep { Ansible = new AnsibleDefinition { Role = "a.c" } }));
    }

    [Fact]
    public void Links_in_what_Ansible_reads_are_what_they_lead_to()
    {
        var folder = Path.GetDirectoryName(Path.GetDirectoryName(Write("roles/web/tasks/main.yml", "[]")))!;
        Write("shared/files/app", "1");
        Write("shared/more.yml", "[]");
        Directory.CreateSymbolicLink(Path.Combine(folder, "files"), "../../shared/files");
        File.CreateSymbolicLink(Path.Combine(folder, "tasks/more.yml"), Path.Combine(_folder.Path, "shared/more.yml"));
        File.CreateSymbolicLink(Path.Combine(folder, "nowhere"), "gone");
        File.CreateSymbolicLink(Path.Combine(folder, "masked"), "/dev/null");
        var role = new ProvisionStep { Ansible = new AnsibleDefinition { Role = folder } };
        var playbook = new ProvisionStep { Ansible = new AnsibleDefinition { Playbook = Write("play/site.yml", "- hosts: all") } };
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "play/roles"), "../roles");
        Write("real.yml", "- hosts: all");
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "play/linked.yml"), "../real.yml");
        var linked = new ProvisionStep { Ansible = new AnsibleDefinition { Playbook = Path.Combine(_folder.Path, "play/linked.yml") } };
        var seen = new List<string>();
        Look();

        Write("shared/files/app", "2");
        Look();
        Write("shared/more.yml", "[{}]");
        Look();
        Assert.Equal(9, seen.Distinct().Count());
        Write("real.yml", "- hosts: web");
        Assert.NotEqual(seen[^1], Of(linked));

        void Look() => seen.AddRange([Of(role), Of(playbook), Of(linked)]);
    }

    [Fact]
    public void A_link_that_leads_back_is_said()
    {
        var folder = Path.GetDirectoryName(Path.GetDirectoryName(Write("roles/web/tasks/main.yml", "[]")))!;
        Directory.CreateSymbolicLink(Path.Combine(folder, "files"), "../..");
        var role = new ProvisionStep { Ansible = new AnsibleDefinition { Role = folder } };

        Assert.Equal($"{folder}/files/roles/web leads back to {folder}, which it lies in; take away the link on the way, or name another folder", Message(role));
        // Of `files` the link itself is brought in.
        Assert.NotEqual("", Of(new ProvisionStep { Files = [new FileDefinition { Source = folder, Target = "/a" }] }));
    }

    [Fact]
    public async Task What_would_never_end_is_said()
    {
        var path = Path.Combine(_folder.Path, "pipe");
        using (var made = Process.Start("mkfifo", path))
            await made.WaitForExitAsync();

        var said = Task.Run(() => Message(new ProvisionStep { Files = [new FileDefinition { Source = _folder.Path, Target = "/a" }] }));

        Assert.Equal($"{path} is a device, a socket or a named pipe; name a file", await said.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public void A_link_that_is_named_is_the_file_that_it_leads_to()
    {
        var path = Path.Combine(_folder.Path, "link");
        File.CreateSymbolicLink(path, Write("plain", "a"));

        Assert.Equal(new SourceEntry(path, SourceKind.File), Assert.Single(SourceTree.Read(path)));
    }

    [Theory]
    [InlineData("missing", "there is no file or folder ")]
    [InlineData("device", "/dev/zero is a device, a socket or a named pipe; name a file")]
    public void What_cannot_be_read_is_said(string what, string message)
    {
        var source = what == "missing" ? Path.Combine(_folder.Path, "missing") : "/dev/zero";
        var error = Assert.ThrowsAny<IOException>(() => Of(new ProvisionStep { Files = [new FileDefinition { Source = source, Target = "/a" }] }));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_missing_is_named_as_what_it_was_to_be()
    {
        var path = Path.Combine(_folder.Path, "missing");
        Assert.Equal($"there is no file {path}", Message(new ProvisionStep { Script = new ScriptDefinition { Source = path } }));
        Assert.Equal($"there is no playbook {path}", Message(new ProvisionStep { Ansible = new AnsibleDefinition { Playbook = path } }));
        Assert.Equal($"there is no role {path}", Message(new ProvisionStep { Ansible = new AnsibleDefinition { Role = path } }));
        File.WriteAllBytes(path, [0xc3, 0x28]);
        Assert.Equal($"the file {path} is not UTF-8 text", Message(new ProvisionStep { Script = new ScriptDefinition { Source = path } }));
    }

    [Theory]
    [InlineData("echo a", "/bin/sh")]
    [InlineData("", "/bin/sh")]
    [InlineData("#!", "/bin/sh")]
    [InlineData("#!/usr/bin/python3\nprint()", "/usr/bin/python3")]
    [InlineData("#! /usr/bin/env  bash \r\necho", "/usr/bin/env|bash")]
    [InlineData("#!/usr/bin/env -S a b\n", "/usr/bin/env|-S a b")]
    public void A_scripts_first_line_names_what_runs_it_as_the_kernel_reads_it(string text, string words) =>
        Assert.Equal(words.Split('|'), ProvisionRunner.InterpreterOf(text));

    private string Message(ProvisionStep step) => Assert.ThrowsAny<IOException>(() => Of(step)).Message;

    private string Of(ProvisionStep step) => StepContent.DigestOf(step, _folder.Path, [Path.Combine(_folder.Path, "stack.yaml"), Path.Combine(_folder.Path, "compose.yaml")]);

    private string Write(string file, string text)
    {
        var path = Path.Combine(_folder.Path, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
