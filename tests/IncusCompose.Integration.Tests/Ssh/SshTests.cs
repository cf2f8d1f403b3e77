using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;

namespace IncusCompose.Integration.Tests.Ssh;

/// <summary>People log in to machines that a stack made, with their own keys.</summary>
[Collection(MachineLabCollection.Name)]
public sealed class SshTests(LabFixture lab)
{
    [SystemImageFact]
    public async Task Keys_let_in_from_the_first_start_on_and_are_changed_in_place()
    {
        await lab.Lab.SystemImageAsync();
        using var keys = new SshKeys();
        var (ann, ben) = (keys.Make("ann"), keys.Make("ben"));
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        string Stack(string key) => $$"""
            name: sshshop
            instances:
              sshweb:
                image: debian
                ssh: {user: ann, keys: {{key}}.pub}
              sshdb:
                image: debian
                cloud_init:
                  user_data: {users: [{name: carl}]}
                  vendor_data: |
                    #!/bin/sh
                    touch /root/vendor-data-ran
                ssh: {user: root, keys: {{key}}.pub, port: 2222}
            """;
        try
        {
            await bench.UpAsync(Stack(ann));
            var web = await keys.HostAsync(bench, "sshweb");
            Assert.Equal("root", await keys.RunAsync(lab.Lab, ann, "ann@" + web, "sudo id -un"));
            var db = await keys.HostAsync(bench, "sshdb");
            Assert.Equal("0", await keys.RunAsync(lab.Lab, ann, "root@" + db, "id -u", "-p", "2222"));
            // What the file's own cloud-init data says is done too.
            Assert.Contains("carl", await bench.ShellAsync("sshdb", "getent passwd"));
            await Eventually.GetAsync(() => bench.ShellAsync("sshdb", "ls /root"), text => text.Contains("vendor-data-ran", StringComparison.Ordinal));

            var pid = await bench.PidAsync("sshweb");
            await bench.ShellAsync("sshweb", "echo '# by hand' >> /home/ann/.ssh/authorized_keys");
            await bench.UpAsync(Stack(ben));

            Assert.Equal(pid, await bench.PidAsync("sshweb"));
            Assert.Equal("ann", await keys.RunAsync(lab.Lab, ben, "ann@" + web, "id -un"));
            await Assert.ThrowsAsync<InvalidOperationException>(() => keys.RunAsync(lab.Lab, ann, "ann@" + web, "true"));
            Assert.Contains("# by hand", await bench.ShellAsync("sshweb", "cat /home/ann/.ssh/authorized_keys"));
        }
        finally
        {
            await bench.DownAsync("sshshop");
        }
    }

    [SystemImageFact]
    public async Task A_user_that_is_not_there_is_said_and_tried_again()
    {
        await lab.Lab.SystemImageAsync();
        using var keys = new SshKeys();
        var ann = keys.Make("ann");
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        string Stack(string user) => $$"""
            name: sshuser
            instances:
              sshbox: {image: debian, ssh: {user: {{user}}, keys: {{ann}}.pub} }
            """;
        try
        {
            await bench.UpAsync(Stack("ann"));
            await keys.RunAsync(lab.Lab, ann, "ann@" + await keys.HostAsync(bench, "sshbox"), "true");

            var failed = await bench.ApplyAsync(Stack("late"));
            Assert.False(failed.Succeeded);
            Assert.Contains("has no user late", failed.Resources.Single(resource => resource.Name == "sshbox").Message);

            await bench.ShellAsync("sshbox", "useradd -m late");
            await bench.UpAsync(Stack("late"));
            Assert.Equal("", await bench.ShellAsync("sshbox", "cat /home/ann/.ssh/authorized_keys"));
            Assert.Equal("late 700 600", await bench.ShellAsync("sshbox", "stat -c %U /home/late/.ssh/authorized_keys | tr '\\n' ' '; stat -c %a /home/late/.ssh /home/late/.ssh/authorized_keys | paste -sd ' '"));
        }
        finally
        {
            await bench.DownAsync("sshuser");
        }
    }
}
