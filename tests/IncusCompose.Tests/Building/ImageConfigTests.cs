using System.Text.Json;
using Incus.Client;
using IncusCompose.Building;
using IncusCompose.Instances;

namespace IncusCompose.Tests.Building;

/// <summary>What builders say of an image, and what a server gets of it.</summary>
public class ImageConfigTests
{
    private static readonly AccountFiles s_accounts = new(
        "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001::/home/web:/bin/sh\n", "root:x:0:\nweb:x:1001:\nstaff:x:50:\n");

    [Theory]
    [InlineData("""[{"Id":"a","Created":"2026-01-02T03:04:05Z","Architecture":"amd64","Os":"linux","Config":{"User":"web","Env":["A=b=c"],"Entrypoint":["/app"],"Cmd":["-v"],"WorkingDir":"/srv"}}]""")]
    [InlineData("""{"Type":"buildah","Config":"{}","OCIv1":{"created":"2026-01-02T03:04:05Z","architecture":"amd64","config":{"User":"web","Env":["A=b=c"],"Entrypoint":["/app"],"Cmd":["-v"],"WorkingDir":"/srv"}}}""")]
    public void Each_builder_is_understood(string said)
    {
        var config = ImageConfig.Parse(said);

        Assert.Equal(("x86_64", "web", "/srv"), (config.IncusArchitecture, config.User, config.Folder));
        using var runtime = JsonDocument.Parse(config.ToRuntimeConfig(s_accounts));
        var process = runtime.RootElement.GetProperty("process");
        Assert.Equal("""["/app","-v"]""", process.GetProperty("args").GetRawText());
        Assert.Equal("""["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=b=c","HOME=/home/web"]""", process.GetProperty("env").GetRawText());
        Assert.Equal("""{"uid":1000,"gid":1001}""", process.GetProperty("user").GetRawText());
        using var metadata = JsonDocument.Parse(config.ToMetadata("web"));
        Assert.Equal("oci", metadata.RootElement.GetProperty("properties").GetProperty("type").GetString());
        Assert.Equal(1767323045, metadata.RootElement.GetProperty("creation_date").GetInt64());
    }

    [Theory]
    [InlineData("""[{"Architecture":"amd64","Config":{"Healthcheck":{"Test":["CMD","/check"],"Interval":5000000000}}}]""")]
    [InlineData("""[{"Architecture":"amd64","Config":{},"HealthCheck":{"Test":["CMD","/check"],"Interval":5000000000}}]""")]
    [InlineData("""{"Docker":{"config":{"Healthcheck":{"Test":["CMD","/check"],"Interval":5000000000}}},"OCIv1":{"architecture":"amd64","config":{}}}""")]
    public void Its_health_check_is_found_wherever_a_builder_has_it(string said)
    {
        var check = ImageConfig.Parse(said).Healthcheck!;
        Assert.Equal(("success of /check", 5), (check.Probe.Wanted, check.Interval.TotalSeconds));
    }

    [Fact]
    public void An_image_that_says_nothing_runs_as_root()
    {
        var config = ImageConfig.Parse("""{"architecture":"arm64","config":{"Entrypoint":null}}""");

        Assert.Empty(config.Entrypoint);
        using var runtime = JsonDocument.Parse(config.ToRuntimeConfig(new AccountFiles("", "")));
        Assert.Equal("/", runtime.RootElement.GetProperty("process").GetProperty("cwd").GetString());
        Assert.Contains("HOME=/root", runtime.RootElement.GetProperty("process").GetProperty("env").GetRawText(), StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => ImageConfig.Parse("[]"));
    }

    [Theory]
    [InlineData("", 0, 0, "/root")]
    [InlineData("web", 1000, 1001, "/home/web")]
    [InlineData("1000", 1000, 1001, "/home/web")]
    [InlineData("web:staff", 1000, 50, "/home/web")]
    [InlineData("7", 7, 0, "/")]
    [InlineData("7:8", 7, 8, "/")]
    public void A_user_is_found_by_name_and_by_number(string said, uint user, uint group, string home) =>
        Assert.Equal((user, group, home), ImageConfig.RunnerOf(said, s_accounts));

    [Fact]
    public void A_user_that_the_image_does_not_know_is_an_error()
    {
        Assert.Contains("user nobody", Assert.Throws<IncusException>(() => ImageConfig.RunnerOf("nobody", s_accounts)).Message, StringComparison.Ordinal);
        Assert.Contains("group wheel", Assert.Throws<IncusException>(() => ImageConfig.RunnerOf("web:wheel", s_accounts)).Message, StringComparison.Ordinal);
    }
}
