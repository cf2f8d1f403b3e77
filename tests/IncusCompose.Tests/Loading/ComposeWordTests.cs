using IncusCompose.Definition;

namespace IncusCompose.Tests.Loading;

/// <summary>Words of compose become what Incus has for them.</summary>
public class ComposeWordTests
{
    [Theory]
    [InlineData("restart: no", null, false)]
    [InlineData("restart: \"no\"", null, false)]
    [InlineData("restart: always", "true", true)]
    [InlineData("restart: on-failure", "true", false)]
    [InlineData("restart: unless-stopped", "true", null)]
    [InlineData("deploy: {restart_policy: {condition: any}}", "true", true)]
    [InlineData("deploy: {restart_policy: {}}", "true", true)]
    [InlineData("autostart: true\nrestart: on-failure", "true", true)]
    public void Restart_says_what_starts_again_and_what_starts_with_the_host(string lines, string? again, bool? withHost)
    {
        var web = StackText.Web(lines);
        Assert.Equal((again, withHost), (web.Config.GetValueOrDefault("boot.autorestart"), web.Autostart));
    }

    [Theory]
    [InlineData("cpus: 2", "2", null)]
    [InlineData("cpus: \"2.0\"", "2", null)]
    [InlineData("cpus: 0.5", null, "50ms/100ms")]
    [InlineData("cpus: 1.5", null, "150ms/100ms")]
    [InlineData("cpus: 0", null, null)]
    [InlineData("cpuset: 0-3,6", "0-3,6", null)]
    [InlineData("cpuset: 3", "3-3", null)]
    [InlineData("cpuset: \"0,1\"\ncpus: 1", "0,1", "100ms/100ms")]
    [InlineData("cpu_shares: 512", null, "50%")]
    [InlineData("cpu_shares: 1024", null, null)]
    [InlineData("cpu_percent: 30", null, "30%")]
    [InlineData("cpu_quota: 50000", null, "50ms/100ms")]
    [InlineData("cpu_quota: 50000\ncpu_period: 25000", null, "50ms/25ms")]
    [InlineData("deploy: {resources: {limits: {cpus: '0.25'}}}", null, "25ms/100ms")]
    [InlineData("cpus: 2\nconfig: {limits.cpu.allowance: 10%}", "2", "10%")]
    public void Shares_of_the_cpus_become_limits(string lines, string? cpu, string? allowance)
    {
        var web = StackText.Web(lines);
        Assert.Equal((cpu, allowance), (web.Cpu, web.Config.GetValueOrDefault("limits.cpu.allowance")));
    }

    [Theory]
    [InlineData("mem_limit: 512m", "512MiB", null)]
    [InlineData("mem_limit: 1.5g", "1536MiB", null)]
    [InlineData("mem_limit: 512MB", "512MiB", null)]
    [InlineData("mem_limit: 1073741824", "1073741824", null)]
    [InlineData("mem_limit: 1gb\nmemswap_limit: 1gb", "1GiB", "false")]
    [InlineData("memory: 1GiB\nmemswap_limit: 3g", "1GiB", "2147483648")]
    [InlineData("memswap_limit: -1", null, "true")]
    [InlineData("deploy: {resources: {limits: {memory: 50M}}}", "50MiB", null)]
    [InlineData("mem_limit: 50M\ndeploy: {resources: {limits: {memory: 50M}}}", "50MiB", null)]
    public void Memory_is_read_as_docker_reads_it(string lines, string? memory, string? swap)
    {
        var web = StackText.Web(lines);
        Assert.Equal((memory, swap), (web.Memory, web.Config.GetValueOrDefault("limits.memory.swap")));
    }

    [Theory]
    [InlineData("pids_limit: 200", "limits.processes", "200")]
    [InlineData("oom_score_adj: -500", "limits.memory.oom_priority", "-500")]
    [InlineData("blkio_config: {weight: 300}", "limits.disk.priority", "3")]
    [InlineData("stop_grace_period: 1m30s", "boot.host_shutdown_timeout", "90")]
    [InlineData("stop_grace_period: 1500ms", "boot.host_shutdown_timeout", "2")]
    [InlineData("sysctls: {net.core.somaxconn: 1024}", "linux.sysctl.net.core.somaxconn", "1024")]
    [InlineData("sysctls: [net.core.somaxconn=1024]", "linux.sysctl.net.core.somaxconn", "1024")]
    [InlineData("ulimits: {nofile: 1024}", "limits.kernel.nofile", "1024")]
    [InlineData("ulimits: {nofile: {soft: 20, hard: -1}}", "limits.kernel.nofile", "20:unlimited")]
    [InlineData("privileged: true", "security.privileged", "true")]
    [InlineData("security_opt: [seccomp=unconfined]", "security.syscalls.deny_default", "false")]
    [InlineData("runtime: nvidia", "nvidia.runtime", "true")]
    [InlineData("annotations: {a: b}", "user.annotation.a", "b")]
    [InlineData("working_dir: /srv", "oci.cwd", "/srv")]
    [InlineData("user: 1000:100", "oci.gid", "100")]
    [InlineData("entrypoint: /bin/app --name 'a b'", "oci.entrypoint", "/bin/app --name 'a b'")]
    [InlineData("entrypoint: [/bin/app]\ncommand: [\"it's\", \"\"]", "oci.entrypoint", "/bin/app 'it'\\''s' ''")]
    [InlineData("entrypoint: []\ncommand: redis-server --appendonly yes", "oci.entrypoint", "redis-server --appendonly yes")]
    public void Words_become_configuration(string lines, string key, string value) =>
        Assert.Equal(value, StackText.Web(lines).Config.GetValueOrDefault(key));

    [Fact]
    public void File_systems_in_memory_become_disks()
    {
        var web = StackText.Web("tmpfs: [/run, \"/tmp:size=64m,mode=700,uid=5,gid=6,nosuid\"]\nshm_size: 1g");
        Assert.Equal(Map("type=disk source=tmpfs: path=/run initial.mode=1777"), web.Devices["tmpfs-run"]);
        Assert.Equal(Map("type=disk source=tmpfs: path=/tmp initial.mode=700 size=64MiB initial.uid=5 initial.gid=6"), web.Devices["tmpfs-tmp"]);
        Assert.Equal(Map("type=disk source=tmpfs: path=/dev/shm initial.mode=1777 size=1GiB"), web.Devices["tmpfs-dev-shm"]);
        Assert.Equal(["tmpfs-run"], StackText.Web("tmpfs: /run").Devices.Keys);
    }

    [Fact]
    public void Devices_of_the_host_are_written_as_docker_writes_them_or_by_name()
    {
        var web = StackText.Web("devices:\n  - /dev/fuse\n  - /dev/ttyUSB0:/dev/modem:rwm\n  - /dev/sdb:/dev/xvdc:rw\n  - /dev/dri\n  - {source: /dev/kvm}");
        Assert.Equal(Map("type=unix-char source=/dev/fuse path=/dev/fuse"), web.Devices["device-fuse"]);
        Assert.Equal(Map("type=unix-char source=/dev/ttyUSB0 path=/dev/modem"), web.Devices["device-modem"]);
        Assert.Equal(Map("type=unix-block source=/dev/sdb path=/dev/xvdc"), web.Devices["device-xvdc"]);
        Assert.Equal(Map("type=gpu"), web.Devices["device-dri"]);
        Assert.Equal(Map("type=unix-char source=/dev/kvm path=/dev/kvm"), web.Devices["device-kvm"]);
        Assert.Equal("gpu", StackText.Web("devices: {g: {type: gpu}}").Devices["g"]["type"]);
    }

    [Fact]
    public void A_device_may_be_anywhere_in_the_instance_and_one_without_a_source_is_reported()
    {
        Assert.Equal(Map("type=unix-char source=/dev/ttyUSB0 path=/m"), StackText.Web("devices: [\"/dev/ttyUSB0:/m\"]").Devices["device-m"]);
        Assert.Equal(
            "stack.yaml:3:15: instances.web.devices[0]: the key `source` is missing; add `source:` with a path such as `/dev/fuse`",
            Assert.Single(StackText.WebProblems("devices: [{target: /dev/x}]")));
    }

    [Fact]
    public void Gpus_are_all_some_or_certain_ones()
    {
        Assert.Equal(Map("type=gpu"), StackText.Web("gpus: all").Devices["gpu"]);
        var web = StackText.Web("deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: 2}, {capabilities: [gpu], driver: nvidia, device_ids: ['7']}]}}}");
        Assert.Equal(["gpu-0", "gpu-1", "gpu-7"], web.Devices.Keys.Order());
        Assert.Equal("true", web.Config["nvidia.runtime"]);
    }

    [Fact]
    public void Deploy_says_again_what_an_instance_says()
    {
        var web = StackText.Web("deploy:\n  replicas: 3\n  update_config: {parallelism: 2, failure_action: rollback, order: stop-first}");
        Assert.Equal(3, web.Replicas);
        Assert.Equal(new UpdateDefinition { Parallel = 2, OnFailure = UpdateFailure.Rollback }, web.Update);
        Assert.Equal(2, StackText.Web("scale: 2").Replicas);
    }

    [Fact]
    public void Links_are_dependencies() =>
        Assert.Equal([new InstanceDependency("db")], StackText.Web("links: [db]", "  db: {}").DependsOn);

    [Fact]
    public void Capabilities_signals_and_options_are_read_in_every_spelling()
    {
        var web = StackText.Web("cap_drop: [ALL]\ncap_add: [CAP_NET_ADMIN, net_raw]\nstop_signal: quit\nsecurity_opt: [\"no-new-privileges=true\", \"apparmor:unconfined\"]\nread_only: true");
        Assert.Equal(["all"], web.CapDrop);
        Assert.Equal(["net_admin", "net_raw"], web.CapAdd);
        Assert.Equal("SIGQUIT", web.StopSignal);
        Assert.True(web is { NoNewPrivileges: true, AppArmorUnconfined: true, ReadOnly: true });
    }

    [Fact]
    public void Names_are_written_as_a_list_or_a_mapping()
    {
        var web = StackText.Web("hostname: web.example.org\ndns: 10.0.0.53\ndns_search: [a.b, c]\ndns_opt: [\"ndots:2\"]\nextra_hosts: [\"db:10.0.0.5\", \"six:fd42::5\", \"six=[fd42::6]\"]");
        Assert.Equal("web.example.org", web.Hostname);
        Assert.Equal(["10.0.0.53"], web.Dns);
        Assert.Equal(["a.b", "c"], web.DnsSearch);
        Assert.Equal([new ExtraHost("db", "10.0.0.5"), new ExtraHost("six", "fd42::5"), new ExtraHost("six", "fd42::6")], web.ExtraHosts);
        Assert.Equal([new ExtraHost("db", "10.0.0.5"), new ExtraHost("db", "10.0.0.6")], StackText.Web("extra_hosts: {db: [10.0.0.5, 10.0.0.6]}").ExtraHosts);
    }

    [Fact]
    public void An_instance_is_called_what_its_container_name_says_and_found_by_its_key_in_the_file()
    {
        var stack = StackText.Require("instances:\n  db: {container_name: shop-db}\n  web: {depends_on: [db], links: [db]}\n");
        Assert.Equal(["shop-db", "web"], stack.Instances.Keys);
        Assert.Equal([new InstanceDependency("shop-db")], stack.Instances["web"].DependsOn);
        Assert.Equal("shop-db", stack.Instances["shop-db"].Name);
        Assert.StartsWith("stack.yaml:2:3: instances.a_b: ", Assert.Single(StackText.Problems("instances:\n  db:\n    container_name: a_b\n")));
        Assert.StartsWith("stack.yaml:4:12: instances.shop-db.memory: ", Assert.Single(StackText.Problems("instances:\n  db:\n    container_name: shop-db\n    memory: 5\n")).Replace("4:13", "4:12"));
    }

    [Theory]
    [InlineData("  abc: {}\n  web:\n    container_name: abc\n", "stack.yaml:4:21: instances.web.container_name: another instance is called `abc`, too")]
    [InlineData("  abc:\n    container_name: web\n  web: {}\n", "stack.yaml:4:3: instances.web: another instance is called `web`, too")]
    public void Of_two_instances_of_one_name_the_second_is_pointed_at(string instances, string problem) =>
        Assert.StartsWith(problem, Assert.Single(StackText.Problems("instances:\n" + instances)));

    [Theory]
    [InlineData("links: [dbx]", "  db: {}", "stack.yaml:3:5: instances.web.links: there is no instance `dbx`")]
    [InlineData("deploy: {replicas: 3}\nports: ['80:80']", "", "stack.yaml:4:5: instances.web.ports: 3 replicas cannot")]
    public void What_is_wrong_with_a_word_that_becomes_another_is_said_of_that_word(string lines, string rest, string problem) =>
        Assert.StartsWith(problem, Assert.Single(StackText.WebProblems(lines, rest)));

    [Fact]
    public void Volumes_and_ports_have_the_long_forms_of_compose()
    {
        var web = StackText.Web(
            "volumes:\n  - {type: volume, source: data, target: /a, volume: {nocopy: true, subpath: logs}}\n  - {type: bind, source: /srv, target: /b, read_only: true, bind: {create_host_path: false, propagation: rslave}}\n"
            + "  - {type: tmpfs, target: /c, tmpfs: {size: 64m, mode: 0700}}\n  - /srv/x:/d:ro,nocopy\nports:\n  - {target: 80, published: \"8080\", protocol: tcp, mode: host}\n  - {target: 90-91, published: 9090-9091}",
            "volumes: {data: }\n");
        Assert.Equal(new VolumeMount { Source = "data", Target = "/a", Subpath = "logs", NoCopy = true }, web.Volumes[0]);
        Assert.Equal(new VolumeMount { Source = "/srv", Target = "/b", IsHostPath = true, ReadOnly = true, Propagation = "rslave" }, web.Volumes[1]);
        Assert.Equal(new TmpfsMount("/c", "64MiB", "0700"), web.Volumes[2].Tmpfs);
        Assert.True(web.Volumes[3].ReadOnly);
        Assert.Equal([(8080, 80, 1), (9090, 90, 2)], web.Ports.Select(port => (port.HostPort, port.InstancePort, port.Count)));
    }

    [Theory]
    [InlineData("tty: true", "stack.yaml:3:5: instances.web.tty: warning: `tty` is passed over: every instance has a console")]
    [InlineData("pid: host", "stack.yaml:3:5: instances.web.pid: `pid` has no counterpart: an instance is stopped as a whole by having processes of its own: among the host's or another one's, LXC would hear no request to stop, and leave behind what it started; leave it out; what only looks at the processes of the host can be given `/proc:/host/proc:ro` under `volumes`")]
    [InlineData("deploy: {resources: {reservations: {memory: 1g}}}", "stack.yaml:3:41: instances.web.deploy.resources.reservations.memory: warning: `memory` is passed over: Incus keeps nothing aside; `limits` are there for the most that it may use")]
    [InlineData("restart: allways", "stack.yaml:3:14: instances.web.restart: `allways` is not known here; did you mean `always`?")]
    [InlineData("cpus: 1\ncpu: 2", "stack.yaml:3:11: instances.web.cpus: `cpus` says the same as `cpu`; remove one of the two")]
    [InlineData("cpus: 0.5\ncpu_shares: 512", "stack.yaml:4:17: instances.web.cpu_shares: Incus has one allowance of CPU time, and `cpus` says another; remove one of the two")]
    [InlineData("mem_limit: 1g\nmemory: 1GiB", "stack.yaml:3:16: instances.web.mem_limit: `mem_limit` says the same as `memory`; remove one of the two")]
    [InlineData("memswap_limit: 1g", "stack.yaml:3:20: instances.web.memswap_limit: it is memory and swap together, and nothing says how much of it is memory; write `mem_limit` as well")]
    [InlineData("ulimits: {nofiles: 5}", "stack.yaml:3:15: instances.web.ulimits.nofiles: the kernel has no limit `nofiles`; did you mean `nofile`?")]
    [InlineData("type: virtual-machine\nsysctls: {a.b: 1}", "stack.yaml:4:5: instances.web.sysctls: a virtual machine has no such thing; leave it out, or write `type: container`")]
    [InlineData("devices: [{target: /dev/fuse}]", "stack.yaml:3:15: instances.web.devices[0]: the key `source` is missing; add `source:` with a path such as `/dev/fuse`")]
    [InlineData("devices: [\"/dev/sda:/dev/sda:r\"]", "stack.yaml:3:15: instances.web.devices[0]: `/dev/sda:/dev/sda:r` ends in `r`, which Incus cannot give: it gives a device to read and to write; leave it out; who may use the device is said by `mode` of a device by name")]
    [InlineData("dns_search: a.b", "stack.yaml:3:17: instances.web.dns_search: nothing says which name servers are asked; write `dns` as well, or `config: {dns.search: …}` of the network")]
    [InlineData("container_name: one\nreplicas: 2", "stack.yaml:3:21: instances.web.container_name: several instances cannot have one name; leave it out: they are called after the key, with numbers")]
    [InlineData("volumes: [{type: bind, target: /a}]", "stack.yaml:3:15: instances.web.volumes[0]: the key `source` is missing; add `source:` with a volume's name or a host path such as `./data`")]
    [InlineData("network_mode: service:vpn", "stack.yaml:3:19: instances.web.network_mode: `service:vpn` is not there: every instance has network interfaces of its own; write `networks` with a network that both are on, and the other one's name in place of `localhost`")]
    [InlineData("user: post/gres", "stack.yaml:3:11: instances.web.user: `post/gres` is no user; write a name or a number, and a group's behind a colon: `app`, `1000`, `app:www`")]
    [InlineData("pids_limit: 5\nconfig: {limits.processes: 6}", "stack.yaml:4:32: instances.web.config.limits.processes: warning: this wins over `pids_limit` (stack.yaml:3:17); remove one of the two")]
    public void What_cannot_be_is_said_with_what_to_write_instead(string lines, string problem) =>
        Assert.Equal([problem], StackText.WebProblems(lines));

    [Theory]
    [InlineData("tty: false")]
    [InlineData("init:")]
    [InlineData("expose: []")]
    [InlineData("pull_policy: missing")]
    [InlineData("ipc: private")]
    public void What_asks_for_what_is_so_anyway_is_not_spoken_of(string lines) => Assert.Empty(StackText.WebProblems(lines));

    private static Dictionary<string, string> Map(string entries) => entries.Split(' ').Select(entry => entry.Split('=', 2)).ToDictionary(entry => entry[0], entry => entry[1]);
}
