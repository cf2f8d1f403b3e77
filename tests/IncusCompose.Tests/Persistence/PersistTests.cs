using System.Diagnostics;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Persistence;
using IncusCompose.Resources;
using IncusCompose.Tests.Loading;
using IncusCompose.Tests.Planning;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Persistence;

/// <summary>Folders of the host that outlive an instance: how a file says it, and what becomes of it.</summary>
public class PersistTests
{
    private readonly PlanningWorld _world = new();

    [Fact]
    public void A_folder_has_a_short_and_a_long_form()
    {
        var folders = StackText.Web("persist: ['/srv/a:/a', './b:/b', {source: ../c, target: '/c:d', owner: '106:113'}, {source: /e/, target: /e, owner: 33}]").Persist;

        Assert.Equal(new PersistedFolder { Source = "/srv/a", Target = "/a" }, folders[0]);
        Assert.True(Path.IsPathRooted(folders[1].Source) && folders[1].Source.EndsWith("/shop/b"));
        Assert.Equal(("/c:d", new FolderOwner(106, 113)), (folders[2].Target, folders[2].Owner));
        Assert.Equal(("/e", new FolderOwner(33, 33)), (folders[3].Source, folders[3].Owner));
    }

    [Theory]
    [InlineData("data:/a", "BadPersist", "no path on the host")]
    [InlineData("data:/a", "BadPersist", "a volume stands under `volumes`")]
    [InlineData("data/x:/a", "BadPersist", "write `./data/x`")]
    [InlineData("/srv/a", "BadPersist", "only one of the two paths")]
    [InlineData("/srv/a:", "BadPersist", "lacks one of the two paths")]
    [InlineData("/srv/a:b", "BadPersist", "write `/b`")]
    [InlineData("/srv/a:/b:ro", "BadPersist", "too many colons")]
    [InlineData("/:/host", "BadPersist", "the whole of the host")]
    [InlineData("/srv/../:/host", "BadPersist", "the whole of the host")]
    [InlineData("/srv/a:/", "MountOverRoot", "hide the root disk")]
    [InlineData("{source: /srv/a}", "MissingKey", "target")]
    [InlineData("{source: /srv/a, target: /b, owner: ann}", "BadOwner", "no number of a user")]
    [InlineData("{source: /srv/a, target: /b, owner: '1:2:3'}", "BadOwner", "no number of a user")]
    [InlineData("{source: /srv/a, target: /b, owner: -1}", "BadOwner", "no number of a user")]
    [InlineData("{source: /srv/a, target: /b, owner: 4294967295}", "BadOwner", "no number of a user")]
    [InlineData("{source: /srv/a, target: /b, read_only: true}", "UnknownKey", "`volumes`")]
    public void What_cannot_be_is_said_where_it_stands(string word, string id, string text)
    {
        var loaded = StackText.Load($"instances:\n  web:\n    persist:\n      - {(word[0] == '{' ? word : $"'{word}'")}\n");

        var problem = loaded.Diagnostics.Single(diagnostic => diagnostic.Id == id);
        Assert.Equal(4, problem.Location.Line);
        Assert.Contains(text, problem.ToString());
    }

    [Fact]
    public void Nothing_else_may_be_mounted_at_the_same_place()
    {
        var problem = Assert.Single(StackText.Load("instances: {web: {volumes: ['/srv/a:/data'], persist: ['/srv/b:/data/']}}").Diagnostics);

        Assert.Equal("DuplicateTarget", problem.Id);
    }

    [Theory]
    [InlineData("data:/kept/data", "stack.yaml:1:29: instances.web.volumes[0]: `/kept/data` would be hidden: `/kept`, whose user and group numbers are shifted, is mounted over it; write `config: {security.shifted: \"true\"}` for the volume `data`")]
    [InlineData("/srv/b:/kept/b", "stack.yaml:1:29: instances.web.volumes[0]: `/kept/b` would be hidden: `/kept`, whose user and group numbers are shifted, is mounted over it; add `shift: true`")]
    [InlineData("{type: tmpfs, target: /kept/tmp}", "stack.yaml:1:29: instances.web.volumes[0]: `/kept/tmp` would be hidden: `/kept`, whose user and group numbers are shifted, is mounted over it; choose another path")]
    [InlineData("{source: /srv/b, target: /kept/b, shift: true}")]
    [InlineData("shifted:/kept/data")]
    [InlineData("elsewhere:/kept/data")]
    [InlineData("data:/kept-data")]
    public void Nothing_is_mounted_where_a_folder_would_come_to_lie_over_it(string mount, params string[] problems) =>
        Assert.Equal(problems, StackText.Problems($"instances: {{web: {{volumes: [{mount}], persist: ['/srv/a:/kept']}}}}\nvolumes: {{data: , shifted: {{config: {{security.shifted: \"true\"}}}}, elsewhere: {{external: true}}}}\n"));

    [Fact]
    public void A_container_sees_it_with_the_hosts_numbers_and_it_is_recorded()
    {
        var web = Web with { Persist = [new PersistedFolder { Source = "/srv/a", Target = "/data" }] };

        var text = Text(_world.Plan(Stack(web)));

        Assert.Contains("+ config.user.incus-compose.persist: /srv/a at /data\n", text);
        Assert.Contains("+ devices.persist-data.path: /data\n      + devices.persist-data.shift: true\n      + devices.persist-data.source: /srv/a\n      + devices.persist-data.type: disk\n", text);
        Assert.DoesNotContain("shift", Text(_world.Plan(Stack(web with { Type = InstanceType.VirtualMachine, Image = "images:debian/12" }))));
        _world.With(_world.Applied(Stack(web), "web"));
        Assert.False(_world.Plan(Stack(web)).HasChanges);
    }

    [Fact]
    public void A_folder_in_the_home_of_the_user_does_not_make_the_home_somebody_elses()
    {
        var ssh = new SshDefinition { User = "ann", Keys = [Ssh.Keys.Ann] };

        var inHome = VendorData(Web with { Ssh = ssh, Persist = [new PersistedFolder { Source = "/srv/a", Target = "/home/ann/it's" }] });
        Assert.Contains("bootcmd:\n- \"[ \\\"$(stat -c %u /home/ann)\\\" != 0 ] || { cp -Rn /etc/skel/. /home/ann; find /home/ann", inHome);
        Assert.Contains("-path '/home/ann/it'\\\\''s'", inHome);
        Assert.Contains("chown -h 1000:1000", inHome);
        Assert.DoesNotContain("bootcmd", VendorData(Web with { Ssh = ssh, Persist = [new PersistedFolder { Source = "/srv/a", Target = "/home/annabel/x" }] }));
        Assert.DoesNotContain("bootcmd", VendorData(Web with { Ssh = ssh with { User = "root" }, Persist = [new PersistedFolder { Source = "/srv/a", Target = "/home/root/x" }] }));
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("/srv", true)]
    [InlineData("/home", true)]
    [InlineData("/home/somebody", true)]
    [InlineData("/var/lib", true)]
    [InlineData("/etc/app/data", true)]
    [InlineData("/usr/share/app", true)]
    [InlineData("/srv/app", false)]
    [InlineData("/home/somebody/app", false)]
    [InlineData("/var/lib/app", false)]
    public void The_systems_own_folders_are_never_deleted(string folder, bool isSystems) => Assert.Equal(isSystems, DataRemover.IsSystems(folder));

    [Fact]
    public void Nor_is_the_users_home() => Assert.True(DataRemover.IsSystems(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)));

    [Fact]
    public void Links_on_the_way_hide_neither_users_nor_pools_nor_the_system()
    {
        using var root = new TemporaryFolder();
        var kept = Directory.CreateDirectory(Path.Combine(root.Path, "data/web")).FullName;
        var link = Path.Combine(root.Path, "srv");
        Directory.CreateSymbolicLink(link, "data");
        Directory.CreateSymbolicLink(Path.Combine(root.Path, "system"), "/etc");
        var disk = new Dictionary<string, string> { ["type"] = "disk", ["source"] = kept };
        var user = new Instance { Name = "b", Project = "p", ExpandedDevices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["d"] = disk } };
        var pool = new StoragePool { Name = "fast", Config = new Dictionary<string, string> { ["source"] = kept + "/pool" } };

        Assert.Equal("instance b (project p) uses it", DataRemover.Remove($"{link}/web", [user], []));
        Assert.Equal("the storage pool fast uses it", DataRemover.Remove($"{link}/web", [], [pool]));
        Assert.StartsWith("it is not for one instance alone", DataRemover.Remove($"{root.Path}/system/app", [], []));
        Assert.True(Directory.Exists(kept));
        Assert.Null(DataRemover.Remove($"{link}/web", [], []));
        Assert.False(Directory.Exists(kept));
    }

    [Fact]
    public void Folders_that_were_made_in_vain_go_where_nothing_is_in_them_and_nobody_uses_them()
    {
        using var root = new TemporaryFolder();
        string[] made = [.. new[] { "new", "new/used", "new/filled", "new/empty", "other", "other/empty" }.Select(name => Path.Combine(root.Path, name))];
        foreach (var folder in made)
            Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(root.Path, "new/filled/file"), "");
        var disk = new Dictionary<string, string> { ["type"] = "disk", ["source"] = made[1] };
        var user = new Instance { Name = "b", ExpandedDevices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["d"] = disk } };

        DataRemover.RemoveEmpty(made.Reverse(), [user]);

        Assert.Equal(made[..3].Order(), Directory.GetDirectories(root.Path, "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    public void A_mount_is_found_by_whatever_name_it_has() =>
        Assert.Equal("/a b\tc\nd\\040", DataRemover.MountPoint(@"36 35 98:0 / /a\040b\011c\012d\134040 rw - ext4 /dev/a rw"));

    [Fact]
    public void A_record_alone_makes_no_folder_the_instances()
    {
        const string Record = """[null,{"Source":"/srv/a","Target":"/a"},{"Source":"/srv/b","Target":"/b"},{"Source":"/srv/x/../../home/ann","Target":"/c"},{"Source":null,"Target":"/d"}]""";
        var devices = new[] { "/srv/a", "/srv/x/../../home/ann" }.ToDictionary(source => source, IReadOnlyDictionary<string, string> (source) => new Dictionary<string, string> { ["type"] = "disk", ["source"] = source });
        var instance = new Instance { Name = "a", Config = new Dictionary<string, string> { [RecordedWords.Persist] = Record }, Devices = devices };

        Assert.Equal(["/srv/a"], InstanceData.Of(instance).Folders);
        Assert.Equal(["/srv/a", "/srv/b", "/srv/x/../../home/ann"], InstanceData.RecordedFolders(instance));
    }

    [Fact]
    public void A_server_of_another_name_or_kernel_or_process_is_elsewhere()
    {
        var (name, kernel) = (File.ReadAllText("/proc/sys/kernel/hostname").Trim(), File.ReadAllText("/proc/sys/kernel/osrelease").Trim());
        using var folder = new TemporaryFolder();
        // A process is called as its file is.
        var program = Path.Combine(folder.Path, "incusd");
        File.Copy("/bin/sleep", program);
        using var daemon = Process.Start(program, "60");
        try
        {
            Assert.True(HostFolders.IsThisHost(name, kernel, daemon.Id));
            Assert.False(HostFolders.IsThisHost(name + "2", kernel, daemon.Id));
            Assert.False(HostFolders.IsThisHost(name, kernel + "2", daemon.Id));
            Assert.False(HostFolders.IsThisHost(name, kernel, Environment.ProcessId));
            Assert.False(HostFolders.IsThisHost(name, kernel, 0));
        }
        finally
        {
            daemon.Kill();
            daemon.WaitForExit();
        }

        Assert.False(HostFolders.IsThisHost(name, kernel, daemon.Id));
    }

    private string VendorData(InstanceDefinition instance) =>
        ResourceFields.From(_world.Plan(Stack(instance)).Resources.Single(change => change.Name == "web").Desired!.Properties).Config["cloud-init.vendor-data"];
}
