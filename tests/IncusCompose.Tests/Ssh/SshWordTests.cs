using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.Tests.Loading;
using IncusCompose.Tests.Planning;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Ssh;

public sealed class SshWordTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PlanningWorld _world = new();
    private readonly InstanceDefinition _web = Web with { Ssh = new SshDefinition { User = "ann", Keys = [Keys.Ann] } };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_short_forms_take_the_users_own_keys()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, ".ssh"));
        File.WriteAllText(Path.Combine(_folder.Path, ".ssh", "id.pub"), Keys.Ann);

        Assert.Equal(("cloud", Keys.Ann, true, 22), Facts(Load("true").Require()));
        Assert.Equal(("ann", Keys.Ann, true, 22), Facts(Load("ann").Require()));
        Assert.Equal(("cloud", Keys.Ann, false, 2222), Facts(Load("{sudo: false, port: 2222}").Require()));
        Assert.Null(Load("false").Require().Instances["web"].Ssh);
    }

    [Theory]
    [InlineData("true", "NoPublicKey", "ssh-keygen")]
    [InlineData("Ann B", "BadUser", "nor a user's name")]
    [InlineData(Keys.Ann, "BadUser", "`keys:`")]
    [InlineData("{keys: []}", "NoPublicKey", "nobody can log in")]
    [InlineData("{keys: nowhere.pub}", "BadPublicKey", "does not exist")]
    [InlineData("{keys: ['" + Keys.Ann + "'], port: 0}", "BadValue", "not between")]
    [InlineData("{keys: ['" + Keys.Ann + "'], shell: bash}", "BadValue", "not absolute")]
    [InlineData("{key: x}", "UnknownKey", "`keys:`")]
    public void What_cannot_be_is_said_where_it_stands(string word, string id, string text)
    {
        var problem = Load(word).Diagnostics.Single(diagnostic => diagnostic.Id == id);

        Assert.Equal((DiagnosticSeverity.Error, 4), (problem.Severity, problem.Location.Line));
        Assert.Contains(text, problem.ToString());
    }

    [Fact]
    public void Who_may_log_in_is_given_to_cloud_init_and_recorded()
    {
        var recorded = Resources.RecordedWords.ReadSsh(ConfigOf(_web))!;

        Assert.Equal(("ann", Keys.Ann, true, 22, "/bin/bash"), (recorded.User, Assert.Single(recorded.Keys), recorded.Sudo, recorded.Port, recorded.Shell));
        Assert.Contains($"+ config.user.incus-compose.ssh: ann by …{Keys.Ann.Split(' ')[1][^8..]} (ann@here)\n", Text(_world.Plan(Stack(_web))));
        Assert.StartsWith(
            $"""
            #cloud-config
            users:
            - default
            - name: "ann"
              shell: "/bin/bash"
              lock_passwd: true
              sudo: "ALL=(ALL) NOPASSWD:ALL"
              ssh_authorized_keys:
              - "{Keys.Ann}"
            runcmd:
            - "[ -x /usr/sbin/sshd ] ||
            """,
            ConfigOf(_web)["cloud-init.vendor-data"]);
    }

    [Fact]
    public void User_data_with_commands_would_hide_the_one_that_installs_a_server_so_they_are_put_into_one()
    {
        var config = ConfigOf(_web with { CloudInit = new CloudInitDefinition("#cloud-config\nruncmd: [date]\n") });

        Assert.DoesNotContain("cloud-init.vendor-data", config.Keys);
        Assert.Contains("runcmd: [date]\n", config["cloud-init.user-data"]);
        Assert.Contains("apt-get", config["cloud-init.user-data"]);
    }

    [Fact]
    public void Vendor_data_of_the_file_is_kept_beside()
    {
        var data = ConfigOf(_web with { CloudInit = new CloudInitDefinition(VendorData: "#!/bin/sh\necho ä\n") })["cloud-init.vendor-data"];

        Assert.StartsWith("Content-Type: multipart/mixed; boundary=\"incus-compose\"\nMIME-Version: 1.0\n", data);
        Assert.Contains(Convert.ToBase64String("#!/bin/sh\necho ä\n"u8), data);
        Assert.Contains("merge_how:", data);
        Assert.Contains("- default\n- name: \"ann\"", data);
    }

    [Fact]
    public void User_data_with_users_would_hide_ours_so_they_are_put_into_one()
    {
        var data = new CloudInitDefinition("#cloud-config\nusers:\n- name: ben\n");
        var config = ConfigOf(_web with { CloudInit = data });

        Assert.DoesNotContain("cloud-init.vendor-data", config.Keys);
        Assert.Contains("\n\n#cloud-config\nusers:\n- name: ben\n", config["cloud-init.user-data"]);
        Assert.DoesNotContain("- default", config["cloud-init.user-data"]);
        Assert.Contains("cloud-init.vendor-data", ConfigOf(_web with { CloudInit = new CloudInitDefinition("#cloud-config\npackages: [curl]\n") }).Keys);
    }

    [Fact]
    public void Another_key_is_changed_in_place_without_a_restart()
    {
        _world.With(_world.Applied(Stack(_web), "web"));

        var change = _world.Plan(Stack(_web with { Ssh = _web.Ssh! with { Keys = [Keys.Ben] } })).Resources.Single(resource => resource.Name == "web");

        Assert.Equal((IncusCompose.Planning.ChangeAction.Update, false, false), (change.Action, change.PendingRestart, change.Restarts));
        Assert.Equal(["config/cloud-init.vendor-data", "config/user.incus-compose.ssh"], change.Steps.Select(step => step.Path));
    }

    [Fact]
    public void Other_vendor_data_still_waits_for_a_restart()
    {
        _world.With(_world.Applied(Stack(_web), "web"));

        var change = _world.Plan(Stack(_web with { CloudInit = new CloudInitDefinition(VendorData: "#!/bin/sh\n") })).Resources.Single(resource => resource.Name == "web");

        Assert.True(change.PendingRestart);
    }

    private IReadOnlyDictionary<string, string> ConfigOf(InstanceDefinition instance) =>
        Resources.ResourceFields.From(_world.Plan(Stack(instance)).Resources.Single(resource => resource.Name == "web").Desired!.Properties).Config;

    private static (string User, string Key, bool Sudo, int Port) Facts(StackDefinition stack)
    {
        var ssh = stack.Instances["web"].Ssh!;
        return (ssh.User, Assert.Single(ssh.Keys), ssh.Sudo, ssh.Port);
    }

    private LoadResult Load(string word)
    {
        var file = Path.Combine(_folder.Path, "stack.yaml");
        File.WriteAllText(file, $"name: shop\ninstances:\n  web:\n    ssh: {word}\n");
        return StackText.Loader.Load([file], new LoadOptions { Variables = new Dictionary<string, string> { ["HOME"] = _folder.Path } });
    }
}
