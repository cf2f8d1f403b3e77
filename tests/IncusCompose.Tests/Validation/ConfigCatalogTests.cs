using IncusCompose.Requirements;

namespace IncusCompose.Tests.Validation;

/// <summary>Which configuration keys there are, by what Incus and servers say of themselves.</summary>
public class ConfigCatalogTests
{
    private const string Variable = "8be4df61-93ca-11d2-aa0d-00e098032b8c.SetupMode";

    [Fact]
    public void Names_in_angle_brackets_stand_for_any_name()
    {
        Assert.NotNull(ConfigCatalog.Of("instance")!.Find("initial.nvram." + Variable));
        Assert.True(ConfigCatalog.Matches(["initial", "nvram", "<GUID>", "<name>"], $"initial.nvram.{Variable}".Split('.')));
        Assert.False(ConfigCatalog.Matches(["initial", "nvram", "<GUID>", "<name>"], "initial.nvram.SetupMode".Split('.')));
    }

    [Fact]
    public void An_extension_of_no_known_release_is_asked_for_without_one()
    {
        Assert.Equal("network_ipv6_ra", Extensions.For("network", "ipv6.ra"));
        Assert.Null(Extensions.SinceOf("network_ipv6_ra"));
        Assert.Equal("7.2", Extensions.SinceOf("instance_selinux"));
    }
}
