using Incus.Client;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;
using IncusCompose.Tests.Planning;

namespace IncusCompose.Tests.Loading;

/// <summary>A profile says the same words as an instance, and they become the same keys.</summary>
public class ProfileTests
{
    private const string Words = """
        cpu: 2
        disk: {size: 5GiB, io: {max: 30MB}, priority: 7}
        environment: {GREETING: Hello}
        cloud_init: {user_data: {timezone: UTC}}
        snapshots: {schedule: "@daily", expiry: 2w}
        autostart: true
        security: {nesting: true}
        """;

    [Fact]
    public void The_words_of_a_profile_are_those_of_an_instance_and_become_the_same_keys()
    {
        var plan = new PlanningWorld().Plan(StackText.Require($"""
            name: shop
            profiles:
              small:
            {Indented(Words)}
            instances:
              web:
                image: busybox
            {Indented(Words)}
            """));
        var (profile, instance) = (Desired(plan, "small"), Desired(plan, "web"));
        Assert.Equal("5GiB default 30MB", $"{profile["devices/root/size"]} {profile["devices/root/pool"]} {profile["devices/root/limits.max"]}");
        Assert.Equal("7 Hello @daily true", $"{profile["config/limits.disk.priority"]} {profile["config/environment.GREETING"]} {profile["config/snapshots.schedule"]} {profile["config/boot.autostart"]}");
        Assert.All(profile, property => Assert.Equal(property.Value, instance[property.Key]));
    }

    [Fact]
    public void The_disk_of_a_profile_is_that_of_instances_that_use_it_and_raw_devices_and_an_instances_own_words_win()
    {
        var loaded = StackText.Load("""
            name: shop
            profiles:
              small: {disk: {size: 5GiB, pool: fast}}
              raw: {disk: 5GiB, devices: {root: {type: disk, path: /, pool: fast, size: 6GiB}}}
            instances:
              plain: {image: busybox, profiles: [small]}
              own: {image: busybox, profiles: [small], disk: 9GiB}
            """);
        var plan = new PlanningWorld().With(new StoragePool { Name = "fast", Driver = "dir" }).Plan(loaded.Require());
        Assert.Equal("ConfigOverrides", Assert.Single(loaded.Diagnostics).Id);
        Assert.Equal("6GiB", Desired(plan, "raw")["devices/root/size"]);
        Assert.Null(Desired(plan, "plain")["devices/root/size"]);
        Assert.Equal("fast", ((DesiredInstance)plan.Resources.Single(resource => resource.Name == "plain").Desired!).RootPool);
        Assert.Equal("9GiB fast", $"{Desired(plan, "own")["devices/root/size"]} {Desired(plan, "own")["devices/root/pool"]}");
    }

    [Fact]
    public void A_root_disk_that_the_profile_has_under_another_name_is_changed_in_its_place()
    {
        var config = new Dictionary<string, string>();
        new OwnershipMark("shop", "default", "profiles.small", AppliedRecord.Empty).Write(ProfileKind.IdOf("small"), config);
        var world = new PlanningWorld().With(new Profile
        {
            Name = "small", Config = config,
            Devices = new Dictionary<string, IReadOnlyDictionary<string, string>> { ["disk0"] = PlanningWorld.Map(("type", "disk"), ("path", "/"), ("pool", "default")) },
        });
        var change = Assert.Single(world.Plan(StackText.Require("name: shop\nprofiles: { small: { disk: 5GiB } }")).Changes);
        Assert.Equal(("devices.disk0.size", PropertyDifference.Added), change.Properties.Where(property => property.Difference == PropertyDifference.Added).Select(property => (property.Path, property.Difference)).Single());
    }

    [Theory]
    [InlineData("profiles: { small: { disk: { size: huge } } }", "is not a size")]
    [InlineData("profiles: { small: { autostart: true, boot: { autostart: false } } }", "this has been said already")]
    [InlineData("profiles: { small: { disk: 5GiB, external: true } }", "`disk` says nothing")]
    public void What_is_wrong_with_them_is_said(string yaml, string problem) =>
        Assert.Contains(StackText.Problems(yaml), text => text.Contains(problem, StringComparison.Ordinal));

    private static string Indented(string text) => string.Join("\n", text.Split('\n').Select(line => "    " + line));

    private static PropertyBag Desired(StackPlan plan, string name) => plan.Resources.Single(resource => resource.Name == name && resource.Kind is "profile" or "instance").Desired!.Properties;
}
