using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>Values that the server's release does not take are refused before anything is changed.</summary>
public sealed class ValueNeedTests
{
    [Theory]
    [InlineData("6.0.4", true)]
    [InlineData("6.0.6", false)]
    [InlineData("6.20", true)]
    [InlineData("6.21", false)]
    [InlineData("7.0.2", false)]
    public void The_last_state_of_autostart_is_known_to_some_releases(string release, bool refused)
    {
        var problem = Problem(release, "instances: {web: {image: busybox, boot: {autostart: last-state}, replicas: 2}}");

        Assert.Equal(refused, problem is not null);
        if (problem is not null)
        {
            Assert.Equal(("MissingRelease", "instances.web.boot.autostart", 2), (problem.Id, problem.Path, problem.Location.Line));
            Assert.Contains($"is not known to Incus {release}, but to 6.0.6 and later of that line, and 6.21 and later", problem.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("profiles: {small: {config: {limits.cpu: \"sockets=2,cores=4,threads=2\"}}}", "instance_limits_cpu_topology", "7.1")]
    [InlineData("instances: {web: {image: busybox, disk: {io: {read: \"30MiB,1000iops\"}}}}", "disk_io_limits_combined", "7.3")]
    [InlineData("profiles: {small: {devices: {card: {type: gpu, gputype: native-context}}}}", "gpu_native_context", "7.3")]
    [InlineData("storage_pools: {fast: {driver: linstor}}", "storage_driver_linstor", "6.14")]
    public void A_value_that_came_with_an_extension_names_it_and_the_release(string text, string extension, string since)
    {
        var problem = Problem("6.0.4", text)!;

        Assert.Equal("MissingExtension", problem.Id);
        Assert.Contains($"needs the API extension \"{extension}\", which Incus 6.0.4 does not have", problem.Message, StringComparison.Ordinal);
        Assert.Contains($"use Incus {since} or later", problem.Advice, StringComparison.Ordinal);
        Assert.Null(Problem("7.3", text, extension));
    }

    [Theory]
    [InlineData("6.0.4", false)]
    [InlineData("7.0.2", true)]
    public void A_variable_of_several_lines_is_refused_by_newer_releases(string release, bool refused)
    {
        var problem = Problem(release, "profiles: {small: {environment: {A: \"a\\nb\"}}}")!;

        // A distribution's older one may have the fix.
        Assert.Equal(("LineBreak", "profiles.small.environment.A", refused ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning), (problem.Id, problem.Path, problem.Severity));
    }

    [Fact]
    public void A_driver_whose_tools_the_server_has_not_found_is_refused_with_those_that_it_has()
    {
        var problem = Problem("6.0.4", "storage_pools: {fast: {driver: zfs}}")!;

        Assert.Equal("UnsupportedDriver", problem.Id);
        Assert.EndsWith("one that it has: btrfs, dir", problem.Advice, StringComparison.Ordinal);
        Assert.Null(Problem("6.0.4", "storage_pools: {fast: {driver: btrfs}}"));
    }

    /// <summary>The only problem that a plan finds, be it a warning; null where it finds none.</summary>
    private static Diagnostic? Problem(string release, string text, params string[] extensions)
    {
        var world = new PlanningWorld
        {
            About = new ServerInfo
            {
                ApiExtensions = extensions,
                Environment = new ServerEnvironment { ServerVersion = release, StorageSupportedDrivers = [new() { Name = "dir" }, new() { Name = "btrfs" }] },
            },
        };
        world.With(new StoragePool { Name = "default", Driver = "dir" });
        try
        {
            return Assert.Single(world.Plan(StackText.Require($"name: shop\n{text}\n")).Diagnostics.DefaultIfEmpty());
        }
        catch (StackFileException error)
        {
            return Assert.Single(error.Diagnostics);
        }
    }
}
