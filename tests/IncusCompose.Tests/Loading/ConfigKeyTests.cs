namespace IncusCompose.Tests.Loading;

public class ConfigKeyTests
{
    [Theory]
    [InlineData("limits.memmory: 1GiB", "Incus 7.3 has no configuration key `limits.memmory` for a container; did you mean `limits.memory`?")]
    [InlineData("frobnicate: 1", "Incus 7.3 has no configuration key `frobnicate` for a container; see Incus's documentation for its keys; what is your own goes under `user.`")]
    [InlineData("security.nesting: maybe", "`security.nesting` is neither true nor false; write `true` or `false`")]
    [InlineData("boot.autostart.priority: high", "`boot.autostart.priority` is not a whole number; write a whole number")]
    [InlineData("security.secureboot: false", "`security.secureboot` means something for a virtual machine only, and this is a container; remove it")]
    public void Raw_configuration_that_Incus_will_not_take_or_not_use_is_warned_of(string line, string problem) =>
        Assert.EndsWith(problem, Assert.Single(StackText.WebProblems($"config: {{{line}}}")), StringComparison.Ordinal);

    [Theory]
    [InlineData("user.mine: x")]
    [InlineData("environment.HOME: /srv")]
    [InlineData("linux.sysctl.net.ipv4.ip_forward: 1")]
    [InlineData("limits.kernel.nofile: 1024")]
    [InlineData("limits.hugepages.2MB: 64MiB")]
    [InlineData("security.nesting: 'yes'")]
    [InlineData("boot.autostart: ''")]
    public void Keys_of_which_a_part_is_free_are_known(string line) => Assert.Empty(StackText.WebProblems($"config: {{{line}}}"));

    [Fact]
    public void Each_kind_of_thing_has_keys_of_its_own()
    {
        var problems = StackText.Problems("""
            project: {create: true, config: {limits.cpu: 4, limits.disk.pool.fast: 1GiB, features.network: true}}
            instances: {web: {type: virtual-machine, config: {nvidia.runtime: true, security.secureboot: false}}}
            profiles: {p: {config: {limits.cpus: 2}}}
            networks:
              lan: {config: {ipv4.nat: perhaps, tunnel.one.id: 7, bridge.mtu: 1400}}
              far: {type: physical, config: {parent: eth0, bridge.mtu: 1400}}
            """);
        Assert.Equal(
            [
                "project.config.features.network: Incus 7.3 has no configuration key `features.network` for a project; did you mean `features.networks`?",
                "instances.web.config.nvidia.runtime: `nvidia.runtime` means something for a container only, and this is a virtual machine; remove it",
                "profiles.p.config.limits.cpus: Incus 7.3 has no configuration key `limits.cpus` for an instance; did you mean `limits.cpu`?",
                "networks.lan.config.ipv4.nat: `ipv4.nat` is neither true nor false; write `true` or `false`",
                "networks.far.config.bridge.mtu: Incus 7.3 has no configuration key `bridge.mtu` for a physical network; see Incus's documentation for its keys; what is your own goes under `user.`",
            ],
            problems.Select(problem => problem[(problem.IndexOf(": ", StringComparison.Ordinal) + 2)..].Replace("warning: ", "", StringComparison.Ordinal)));
    }
}
