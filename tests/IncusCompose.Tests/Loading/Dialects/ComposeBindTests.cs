using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Tests.Loading.Dialects;

/// <summary>Paths of the host that services mount: their owners are the host's, and folders that are not there are made.</summary>
public class ComposeBindTests
{
    private static StackDefinition Load(string service, string more = "") => Dialect.Load($"name: shop\nservices:\n  web:\n    image: nginx\n    {service}\n{more}");

    private static string Mounts(StackDefinition stack) => string.Join(' ', stack.Instances["web"].Volumes.Select(mount =>
        $"{mount.Source}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}{(mount.Shift is { } shift ? $":shift={shift}" : "")}{(mount.CreateHostPath ? ":make" : "")}{(mount.Propagation is null ? "" : ":" + mount.Propagation)}"));

    [Theory]
    [InlineData("'/srv/a:/a'", "/srv/a:/a:shift=True:make")]
    [InlineData("'/srv/a:/a:ro,rslave,cached'", "/srv/a:/a:ro:shift=True:make:rslave")]
    [InlineData("{type: bind, source: /srv/a, target: /a, read_only: true}", "/srv/a:/a:ro:shift=True:make")]
    [InlineData("{type: bind, source: /srv/a, target: /a, bind: {create_host_path: false, propagation: rslave}}", "/srv/a:/a:shift=True:rslave")]
    [InlineData("{type: bind, source: /srv/a, target: /a, shift: false}", "/srv/a:/a:shift=False:make")]
    [InlineData("{type: bind, source: /srv/a, target: /a, x-incus: {security.shifted: 'false'}}", "/srv/a:/a:shift=False:make")]
    // What the kernel makes has no owners to map, and nobody makes it.
    [InlineData("'/var/run/docker.sock:/var/run/docker.sock:ro'", "/var/run/docker.sock:/var/run/docker.sock:ro")]
    [InlineData("'/sys:/host/sys:ro'", "/sys:/host/sys:ro")]
    [InlineData("'data:/a'", "data:/a")]
    public void They_have_the_owners_of_the_host_and_are_made(string mount, string expected) =>
        Assert.Equal(expected, Mounts(Load($"volumes: [{mount}]", "volumes: {data: }\n")));

    [Theory]
    [InlineData("privileged: true")]
    [InlineData("x-incus: {security.privileged: \"true\"}")]
    public void What_is_privileged_has_the_owners_of_the_host_anyway(string word) =>
        Assert.Equal("/srv/a:/a:make", Mounts(Load($"volumes: ['/srv/a:/a']\n    {word}")));

    [Fact]
    public void A_folder_of_the_host_that_a_volume_is_made_of_is_one_of_them() =>
        Assert.Equal("/srv/a:/a:shift=True:make", Mounts(Load("volumes: ['data:/a']", "volumes: {data: {driver_opts: {type: none, o: bind, device: /srv/a}}}\n")));

    [Fact]
    public void Volumes_within_one_are_shifted_as_well()
    {
        var stack = Load("volumes: ['/srv/a:/app', 'modules:/app/node_modules', {type: volume, target: /app/cache, volume: {nocopy: true}}, 'other:/other']", "volumes: {modules: {name: mods}, other: }\n");
        Assert.Equal("true", stack.Volumes["mods"].Config["security.shifted"]);
        Assert.Equal("true", stack.Volumes["web-app-cache"].Config["security.shifted"]);
        Assert.Empty(stack.Volumes["other"].Config);
    }

    [Theory]
    [InlineData("volumes: ['/srv/a:/app', 'mine:/app/x']", "volumes: {mine: {external: true}}\n", "/app/x")]
    [InlineData("volumes: ['/srv/a:/app', 'mine:/app/x']", "volumes: {mine: {x-incus: {security.shifted: \"false\"}}}\n", "/app/x")]
    [InlineData("volumes: ['/srv/a:/app']\n    tmpfs: /app/tmp:size=1m", "", "/app/tmp")]
    [InlineData("volumes: ['/srv/a:/app', {type: tmpfs, target: /app/tmp}]", "", "/app/tmp")]
    [InlineData("volumes: ['/srv/a:/app', '/proc:/app/proc']", "", "/app/proc")]
    public void One_with_something_in_it_that_cannot_be_shifted_keeps_the_owners_it_has_with_a_warning(string service, string more, string obstacle)
    {
        var loaded = StackText.Load($"name: shop\nservices:\n  web:\n    image: nginx\n    {service}\n{more}");
        Assert.DoesNotContain(loaded.Diagnostics, problem => problem.Severity == DiagnosticSeverity.Error);
        Assert.Contains(loaded.Diagnostics, problem => problem.Id == "Approximated" && problem.Message.Contains($"`{obstacle}`", StringComparison.Ordinal));
        Assert.Null(loaded.Definition!.Instances["web"].Volumes[0].Shift);
    }

    [Fact]
    public void A_stack_file_says_so_itself()
    {
        var stack = StackText.Require("name: shop\ninstances:\n  web:\n    image: a\n    volumes: ['/srv/a:/a', '/srv/b:/b:ro,shift', {source: /srv/c, target: /c, bind: {create_host_path: true}}]\n");
        Assert.Equal("/srv/a:/a /srv/b:/b:ro:shift=True /srv/c:/c:make", Mounts(stack));
    }
}
