using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Validation;

/// <summary>Raw configuration by the rules of the words that stand for its keys.</summary>
public class RawValueTests
{
    [Theory]
    [InlineData("instances: {web: {image: x, config: {limits.memory: lots}}}", "instances.web.config.limits.memory")]
    [InlineData("instances: {web: {image: x, config: {limits.cpu: x}}}", "instances.web.config.limits.cpu")]
    [InlineData("instances: {web: {image: x, config: {limits.cpu.allowance: 5}}}", "instances.web.config.limits.cpu.allowance")]
    [InlineData("profiles: {web: {config: {limits.cpu.priority: 99}}}", "profiles.web.config.limits.cpu.priority")]
    [InlineData("instances: {web: {image: x, config: {snapshots.schedule: '1 2'}}}", "instances.web.config.snapshots.schedule")]
    [InlineData("instances: {web: {image: x, config: {snapshots.expiry: 3q}}}", "instances.web.config.snapshots.expiry")]
    [InlineData("instances: {web: {image: x, config: {cluster.evacuate: zz}}}", "instances.web.config.cluster.evacuate")]
    [InlineData("instances: {web: {image: x, config: {security.idmap.size: -3}}}", "instances.web.config.security.idmap.size")]
    [InlineData("volumes: {data: {config: {size: big}}}", "volumes.data.config.size")]
    [InlineData("networks: {lan: {config: {bridge.mtu: 99999999}}}", "networks.lan.config.bridge.mtu")]
    [InlineData("projects: {lab: {config: {restricted.containers.nesting: maybe}}}", "projects.lab.config.restricted.containers.nesting")]
    [InlineData("projects: {lab: {config: {limits.memory: maybe}}}", "projects.lab.config.limits.memory")]
    public void What_the_word_would_refuse_is_a_warning_where_it_is_raw(string words, string path)
    {
        var found = Assert.Single(StackText.Load(words).Diagnostics).ToString();

        Assert.Contains($"{path}: warning: ", found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_restriction_has_words_of_its_own()
    {
        var found = Assert.Single(StackText.Load("projects: {lab: {restricted: true, restrictions: {containers.nesting: alow}}}").Diagnostics).ToString();

        Assert.Contains("projects.lab.restrictions.containers.nesting: `alow` is none of its words; did you mean `allow`?", found, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_word_takes_is_fine_where_it_is_raw() => StackText.Require("""
        instances:
          web:
            image: x
            config: {limits.memory: 20%, limits.cpu: 0-3, limits.cpu.allowance: 25ms/100ms, limits.cpu.priority: 0, snapshots.schedule: "@startup, 0 3 * * *", snapshots.expiry: "", cluster.evacuate: auto, limits.memory.swap: "1"}
        volumes: {data: {config: {size: 10GiB, snapshots.expiry: 1m 2w}}}
        networks: {lan: {config: {bridge.mtu: 9000, ipv4.address: none}}}
        projects: {lab: {config: {restricted.networks.zones: example.net, restricted.devices.nic: managed}}}
        """);

    [Theory]
    [InlineData("limits.memory: 200%")]
    [InlineData("limits.memory: 0MiB", true)]
    [InlineData("limits.memory: 0%", true)]
    [InlineData("snapshots.expiry: ' '")]
    [InlineData("limits.memory: '+5%'", true)]
    [InlineData("limits.cpu: 'sockets=2,cores=4'")]
    [InlineData("limits.cpu.allowance: 25/100")]
    [InlineData("limits.disk.priority: 11", true)]
    [InlineData("migration.incremental.memory.goal: 150")]
    [InlineData("security.idmap.size: 0", true)]
    [InlineData("boot.stop.priority: -5000000000")]
    [InlineData("boot.autostart: last-state")]
    [InlineData("boot.autostart: last-stat", true)]
    [InlineData("snapshots.schedule: '@15minutes'")]
    [InlineData("snapshots.schedule: '@fortnightly'", true)]
    [InlineData("snapshots.schedule: '0 0 3 * * *'")]
    [InlineData("snapshots.schedule: '@never, @startup'")]
    [InlineData("snapshots.schedule: '@startup, 0 0 3 * * *'")]
    [InlineData("snapshots.schedule: '@15minutes, @fortnightly'", true)]
    [InlineData("snapshots.expiry: 30S 1M")]
    [InlineData("snapshots.expiry: 30S 1S", true)]
    [InlineData("limits.kernel.nofile: '1024 : 4096'")]
    [InlineData("limits.kernel.nofile: many", true)]
    [InlineData("limits.memory.swap: 2GiB")]
    [InlineData("limits.hugepages.2MB: 1.5GiB", true)]
    [InlineData("raw.lxc: anything")]
    public void What_Incus_takes_beyond_the_words_is_fine_where_it_is_raw(string entry, bool warned = false) =>
        Assert.Equal(warned ? 1 : 0, StackText.Load($"instances: {{web: {{image: x, config: {{{entry}}}}}}}").Diagnostics.Count);

    [Theory]
    [InlineData("limits.instances: 4294967295")]
    [InlineData("limits.instances: -1", true)]
    [InlineData("limits.disk.pool.fast: 10GiB")]
    [InlineData("limits.memory: 20%", true)]
    [InlineData("limits.disk.pool.fast: 10G", true)]
    [InlineData("restricted.images.servers: anything")]
    [InlineData("restricted.devices.nic: alow", true)]
    public void So_is_what_it_takes_for_projects(string entry, bool warned = false) =>
        Assert.Equal(warned ? 1 : 0, StackText.Load($"projects: {{lab: {{config: {{{entry}}}}}}}").Diagnostics.Count);
}
