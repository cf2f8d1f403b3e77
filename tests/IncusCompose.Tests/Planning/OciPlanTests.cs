using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Tests.Loading;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Planning;

/// <summary>Containers from OCI images: what is the image's, and what only they understand.</summary>
public class OciPlanTests
{
    private static readonly (string Key, string Value)[] s_ofTheImage =
        [("oci.entrypoint", "/app --port 80"), ("oci.cwd", "/"), ("oci.uid", "0"), ("oci.gid", "0"), ("environment.PATH", "/bin"), ("volatile.container.oci", "true")];

    [Fact]
    public void What_the_server_takes_from_the_image_is_nobodys_change()
    {
        var stack = Stack(Web);
        var world = new PlanningWorld();
        Assert.Empty(world.With(With(world.Applied(stack, "web"), s_ofTheImage)).Plan(stack).Resources.Single(resource => resource.Name == "web").Properties);

        // Of any other container the same is somebody's own.
        world = new PlanningWorld();
        var system = world.With(With(world.Applied(stack, "web"), s_ofTheImage[..^1])).Plan(stack).Resources.Single(resource => resource.Name == "web");
        Assert.Equal(5, system.Properties.Count(property => property.Difference == PropertyDifference.Unmanaged));
    }

    [Fact]
    public void What_the_file_says_of_the_program_is_put_back_and_becomes_the_images_again_once_the_file_drops_it()
    {
        var world = Applications();
        var said = Stack(Web with { Config = Map(("oci.entrypoint", "/mine"), ("environment.PATH", "/opt/bin")) });
        var before = With(world.Applied(said, "web"), ("oci.cwd", "/"), ("volatile.container.oci", "true"));

        var drifted = world.With(With(before, ("oci.entrypoint", "/theirs"))).Plan(said);
        Assert.Equal("config.oci.entrypoint: /theirs -> /mine", Lines(drifted));

        Assert.Equal("config.environment.PATH: /opt/bin -> , config.oci.entrypoint: /mine -> ", Lines(world.With(before).Plan(Stack(Web))));
    }

    [Theory]
    [InlineData("image: busybox\n    entrypoint: [/app]", "instances.web.entrypoint: `oci.entrypoint` does nothing here: busybox is the image of a system, not of an application (OCI)")]
    [InlineData("image: images:debian/12\n    oci: {cwd: /srv}", "instances.web.oci.cwd: `oci.cwd` does nothing here: images:debian/12 is the image of a system")]
    [InlineData("image: images:debian/12\n    user: 5", "instances.web.user: `oci.")]
    [InlineData("image: busybox\n    config: {oci.dns.domain: shop.example}", "instances.web.config.oci.dns.domain: `oci.dns.domain` does nothing here")]
    public void Words_for_applications_are_refused_where_the_image_is_known_to_be_of_a_system(string lines, string problem)
    {
        var stack = StackText.Require($"instances:\n  web:\n    {lines}\n");
        Assert.Contains(problem, Assert.Throws<StackFileException>(() => new PlanningWorld().Plan(stack)).Message);
    }

    [Theory]
    [InlineData("busybox")]
    [InlineData("registry:app")]
    [InlineData("docker.io:library/nginx")]
    // What another Incus has is known once it is here.
    [InlineData("office:app")]
    public void Words_for_applications_are_taken_for_every_other_image(string image)
    {
        var stack = StackText.Require($"instances:\n  web:\n    image: {image}\n    oci: {{entrypoint: /app}}\n");
        Assert.NotEmpty(Applications().Plan(stack).Changes);
    }

    private static PlanningWorld Applications() => new PlanningWorld().With(new Image
    {
        Fingerprint = "fedcba9876543210", Type = InstanceTypes.Container, Aliases = [new ImageAliasName { Name = "busybox" }], Properties = Map(("type", "oci")),
    });

    private static string Lines(StackPlan plan) =>
        string.Join(", ", plan.Changes.Single().Properties.Select(property => $"{property.Path}: {property.Old} -> {property.New}"));

    private static Instance With(Instance instance, params (string Key, string Value)[] more)
    {
        var config = instance.Config.ToDictionary();
        foreach (var (key, value) in more)
            config[key] = value;
        return instance with { Config = config, ExpandedConfig = config };
    }
}
