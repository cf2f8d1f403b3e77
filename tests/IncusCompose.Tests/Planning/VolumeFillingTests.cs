using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>New volumes that get what an image has where they are mounted.</summary>
public class VolumeFillingTests
{
    private static readonly ServerInfo s_server = new() { ApiExtensions = ["instance_oci", "custom_volume_sftp", "disk_volume_subpath"], Environment = new ServerEnvironment { ServerVersion = "7.0.2" } };

    private static StackPlan Plan(string mounts, string image = "registry:app", PlanningWorld? world = null, string volume = "{}") =>
        (world ?? new PlanningWorld { About = s_server }).Plan(StackText.Require($"name: shop\ninstances:\n  web: {{image: \"{image}\", volumes: [{mounts}]}}\n  job: {{image: \"{image}\", volumes: [{mounts}]}}\nvolumes: {{data: {volume}}}\n"));

    private static string? Filling(StackPlan plan) => plan.Resources.Single(resource => resource.Id == VolumeKind.IdOf("default", "data")).Properties.SingleOrDefault(property => property.Path == "content")?.New;

    [Theory]
    [InlineData("data:/data", "registry:app", "what the image of web has at /data, or what the image of job has at /data")]
    [InlineData("data:/data:ro", "registry:app", "what the image of web has at /data, or what the image of job has at /data")]
    [InlineData("{source: data, target: /d, volume: {nocopy: false}}", "images:debian/12", "what the image of web has at /d, or what the image of job has at /d")]
    // A system is made to be written to as it is.
    [InlineData("data:/data", "images:debian/12", null)]
    [InlineData("data:/data:nocopy", "registry:app", null)]
    [InlineData("{source: data, target: /data, volume: {nocopy: true}}", "registry:app", null)]
    [InlineData("{source: data, target: /data, volume: {subpath: a}}", "registry:app", null)]
    public void A_plan_says_what_a_new_volume_is_filled_with(string mounts, string image, string? expected) =>
        Assert.Equal(expected, Filling(Plan(mounts, image)));

    [Fact]
    public void One_that_is_somebody_elses_is_left_alone()
    {
        var world = new PlanningWorld { About = s_server }.With(new StorageVolume { Name = "data", ContentType = "filesystem" });
        Assert.All(Plan("data:/data", world: world, volume: "{external: true}").Resources.Select(resource => resource.Desired).OfType<DesiredInstance>(), instance => Assert.Empty(instance.Fills));
    }

    [Fact]
    public void A_server_that_cannot_do_it_leaves_it_empty_with_a_warning()
    {
        var world = new PlanningWorld { About = s_server with { ApiExtensions = ["instance_oci"], Environment = new ServerEnvironment { ServerVersion = "6.12" } } };
        var plan = Plan("data:/data", world: world);
        Assert.Null(Filling(plan));
        Assert.Contains(plan.Diagnostics, problem => problem.Id == "NotFilled" && problem.Message.Contains("Incus 6.12", StringComparison.Ordinal));
        Assert.Throws<StackFileException>(() => Plan("{source: data, target: /data, volume: {nocopy: false}}", world: world));
    }
}
