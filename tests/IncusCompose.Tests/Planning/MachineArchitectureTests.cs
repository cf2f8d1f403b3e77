using IncusCompose.Resources;

namespace IncusCompose.Tests.Planning;

/// <summary>Processors, which everybody calls otherwise.</summary>
public class MachineArchitectureTests
{
    [Theory]
    [InlineData("x86_64", "linux/amd64", "amd64")]
    [InlineData("aarch64", "linux/arm64", "arm64")]
    [InlineData("armv7l", "linux/arm/v7", "armhf")]
    [InlineData("ppc64le", "linux/ppc64le", "ppc64el")]
    [InlineData("loongarch64", "linux/loong64", "loongarch64")]
    [InlineData("mips64", "linux/mips64", "mips64")]
    public void Each_has_its_names(string name, string platform, string simplestreams) =>
        Assert.Equal((platform, simplestreams), (MachineArchitecture.Of(name).Platform, MachineArchitecture.Of(name).Simplestreams));

    [Theory]
    [InlineData("amd64", "x86_64")]
    [InlineData("arm", "armv7l")]
    [InlineData("386", "i686")]
    [InlineData("riscv64", "riscv64")]
    public void What_a_builder_says_is_understood(string oci, string name) => Assert.Equal(name, MachineArchitecture.OfOci(oci).Name);
}
