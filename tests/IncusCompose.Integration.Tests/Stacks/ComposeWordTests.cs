using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Words of compose in instances that run.</summary>
[Collection(LabCollection.Name)]
public sealed class ComposeWordTests(LabFixture fixture)
{
    private const string Name = "composewords";

    private const string Stack = """
        name: composewords
        instances:
          cw-db:
            image: busybox
            restart: unless-stopped
            stop_grace_period: 1s
            # Nothing that its init listens to.
            stop_signal: SIGCHLD
            cpus: 0.5
            mem_limit: 128m
            memswap_limit: 128m
            pids_limit: 200
            sysctls: [net.core.somaxconn=1024]
            ulimits: {nofile: {soft: 500, hard: 1000}}
            devices: [/dev/fuse, "/dev/null:/dev/nothing"]
            cap_drop: [MKNOD]
            security_opt: ["no-new-privileges:true"]
            mac_address: 10:66:6a:00:ca:fe
            hostname: db.shop.internal
            dns: [10.1.2.3]
            dns_search: shop.internal
            extra_hosts: {files: 10.0.0.5}
          cw-alone:
            image: busybox
            network_mode: none
            read_only: true
            cpuset: 0
            links: [cw-db]
            container_name: cw-hermit
        """;

    [Fact]
    public async Task Hold_in_the_instance_and_are_changed_in_place()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        try
        {
            await bench.UpAsync(Stack);
            Assert.Equal("500 1000", await bench.ShellAsync("cw-db", "echo $(ulimit -Sn) $(ulimit -Hn)"));
            Assert.Equal("1024", await bench.ShellAsync("cw-db", "cat /proc/sys/net/core/somaxconn"));
            Assert.Equal("1", await bench.ShellAsync("cw-db", "sed -n 's/NoNewPrivs:.//p' /proc/1/status"));
            Assert.Equal("10:66:6a:00:ca:fe", await bench.ShellAsync("cw-db", "cat /sys/class/net/eth0/address"));
            Assert.Equal("both", await bench.ShellAsync("cw-db", "test -c /dev/fuse && test -c /dev/nothing && echo both"));
            Assert.Equal("db.shop.internal", await bench.ShellAsync("cw-db", "hostname"));
            Assert.Equal("nameserver 10.1.2.3\nsearch shop.internal", await bench.ShellAsync("cw-db", "cat /etc/resolv.conf"));
            Assert.Contains("10.0.0.5 files", await bench.ShellAsync("cw-db", "cat /etc/hosts"));
            Assert.Equal("lo", await bench.ShellAsync("cw-hermit", "ls /sys/class/net"));
            Assert.Equal("refused", await bench.ShellAsync("cw-hermit", "touch /x 2>/dev/null || echo refused"));

            var pid = await bench.PidAsync("cw-db");
            await bench.UpAsync(Stack.Replace("10.0.0.5", "10.0.0.6", StringComparison.Ordinal).Replace("cpus: 0.5", "cpus: 0.25", StringComparison.Ordinal));
            Assert.Contains("10.0.0.6 files", await bench.ShellAsync("cw-db", "cat /etc/hosts"));
            Assert.Equal("25ms/100ms", (await bench.InstanceAsync("cw-db")).Config["limits.cpu.allowance"]);
            Assert.Equal(pid, await bench.PidAsync("cw-db"));

            // What was made anew has its names again, and it does not stop when it is asked to.
            var fingerprint = (await bench.InstanceAsync("cw-db")).Config["volatile.base_image"];
            var plan = await bench.PlanAsync(Stack.Replace("cw-db:\n    image: busybox", $"cw-db:\n    image: {fingerprint}", StringComparison.Ordinal), new PlanOptions { AllowRestart = true, AllowRebuild = true });
            Assert.Equal(ChangeAction.Rebuild, plan.Resources.Single(resource => resource.Name == "cw-db").Action);
            Assert.True((await bench.Engine.ApplyAsync(bench.Client, plan)).Succeeded);
            Assert.Contains("10.0.0.5 files", await bench.ShellAsync("cw-db", "cat /etc/hosts"));
        }
        finally
        {
            await bench.Engine.ApplyAsync(bench.Client, await bench.Engine.CompareRemovalAsync(bench.Client, Name));
        }
    }

    [Fact]
    public async Task What_the_server_does_not_know_is_refused_before_anything_is_made()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        const string Yaml = "name: composewords\ninstances:\n  cw-memory: {image: busybox, tmpfs: [\"/scratch:size=1m\"]}\n";
        try
        {
            if (bench.Client.HasExtension("container_disk_tmpfs"))
            {
                await bench.UpAsync(Yaml);
                Assert.Contains("size=1024k", await bench.ShellAsync("cw-memory", "grep /scratch /proc/mounts"));
                return;
            }

            var error = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(Yaml));
            Assert.Contains("instances.cw-memory.tmpfs: a file system in memory, such as that at /scratch, needs the API extension \"container_disk_tmpfs\", which Incus ", error.Message);
            Assert.Null(await bench.Client.Instances.FindAsync("cw-memory"));
        }
        finally
        {
            await bench.DownAsync(Name);
        }
    }
}
