using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>What a project forbids or limits, and what a restricted client may not do, is known before anything is made.</summary>
public class ProjectRuleTests
{
    private const string Free = "web: { image: busybox }";

    [Theory]
    [InlineData("web: { image: busybox, privileged: true }", "is privileged", "containers.privilege: allow")]
    [InlineData("web: { image: busybox, config: { security.nesting: 'true' } }", "has security.nesting", "containers.nesting: allow")]
    [InlineData("web: { image: busybox, config: { security.syscalls.intercept.mknod: 'true' } }", "has security.syscalls.intercept.mknod", "containers.interception: allow")]
    [InlineData("web: { image: busybox, config: { raw.lxc: lxc.tty.max = 1 } }", "has raw.lxc", "containers.lowlevel: allow")]
    [InlineData("web: { image: machine, type: virtual-machine, config: { limits.memory.hugepages: 'true' } }", "has limits.memory.hugepages", "virtual-machines.lowlevel: allow")]
    [InlineData("web: { image: busybox, ports: ['8080:80'] }", "has the proxy device", "devices.proxy: allow")]
    [InlineData("web: { image: busybox, volumes: ['/srv:/srv'] }", "no volume of a storage pool (/srv)", "devices.disk: allow")]
    [InlineData("web: { image: busybox, devices: { card: { type: gpu } } }", "has the gpu device card", "devices.gpu: allow")]
    [InlineData("web: { image: busybox, devices: { eth0: { type: nic, nictype: bridged, parent: br0 } } }", "on no network of Incus", "devices.nic: allow")]
    [InlineData("web: { image: busybox, profiles: [default, strong] }", "is privileged", "containers.privilege: allow")]
    public void What_a_restricted_project_forbids_is_refused_at_its_place_with_what_would_allow_it(string instance, string what, string advice)
    {
        const string profile = "\nprofiles: { strong: { config: { security.privileged: 'true' } } }\n";
        foreach (var (world, project) in new[] { (New(), "create: true, restricted: true"), (New().With(new Project { Name = "shop", Config = Map(("restricted", "true")) }), "create: false") })
        {
            var problem = Assert.Single(Assert.Throws<StackFileException>(() => world.Plan(Stack(project, instance + profile))).Diagnostics);
            Assert.Equal(("ProjectForbids", "instances.web"), (problem.Id, problem.Path));
            Assert.Contains(what, problem.Message, StringComparison.Ordinal);
            Assert.Contains(advice, problem.Advice, StringComparison.Ordinal);
            Assert.NotEqual(0, problem.Location.Line);
        }

        // The same where it is allowed, or nothing is restricted.
        New().Plan(Stack($"create: true, restricted: true, restrictions: {{ {advice} }}", instance + profile));
        New().Plan(Stack("create: true", instance + profile));
    }

    [Theory]
    [InlineData("limits.instances=1", "web: { image: busybox }\n  db: { image: busybox }", "instances.db", "there may be 1 instances in the project \"shop\" (limits.instances), and there would be 2")]
    [InlineData("limits.instances=2", "web: { image: busybox, replicas: 3 }", "instances.web", "there would be 3")]
    [InlineData("limits.virtual-machines=0", "web: { image: machine, type: virtual-machine }", "instances.web", "0 virtual machines")]
    [InlineData("limits.memory=100MiB", Free, "instances.web", "limits the memory of all its instances (limits.memory), and instance/web does not say how much it may have")]
    [InlineData("limits.memory=100MiB", "web: { image: busybox, memory: 50% }", "instances.web", "cannot be counted: 50%")]
    [InlineData("limits.cpu=4", "web: { image: busybox, cpu: 0-1 }", "instances.web", "cannot be counted: 0-1")]
    [InlineData("limits.memory=100MiB", "web: { image: busybox, replicas: 2, memory: 60MiB }", "instances.web", "may have 100MiB of memory between them (limits.memory), and would have 120 MiB")]
    [InlineData("limits.disk=1GiB", Free, "instances.web", "the root disk of instance/web has no size")]
    [InlineData("limits.disk=1GiB", "web: { image: busybox, disk: { size: 2GiB } }", "instances.web", "may have 1GiB of disk space (limits.disk), and would have 2 GiB")]
    [InlineData("limits.disk=1GiB", "web: { image: busybox, disk: { size: 512MiB }, volumes: ['data:/srv'] }\nvolumes: { data: {} }", "volumes.data", "volume/default/data has no size")]
    [InlineData("limits.disk.pool.default=1GiB", Free, "instances.web", "limits.disk.pool.default")]
    public void What_a_project_limits_must_be_said_by_every_instance_and_be_enough_for_all(string limit, string instances, string path, string what)
    {
        var (key, value) = (limit.Split('=')[0], limit.Split('=')[1]);
        var live = New().With(new Project { Name = "shop", Config = Map((key, value)) });
        var problem = Assert.Single(Assert.Throws<StackFileException>(() => live.Plan(Stack("create: false", instances))).Diagnostics);
        Assert.Equal(("ProjectLimit", path), (problem.Id, problem.Path));
        Assert.Contains(what, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("memory: 100MiB", Free, "instances.web")]
    [InlineData("disk: 1GiB", "web: { image: busybox, disk: { size: 2GiB } }", "project.limits")]
    public void The_limits_of_a_project_that_is_still_to_be_made_count_too(string limits, string instances, string path) =>
        Assert.Equal(path, Assert.Single(Assert.Throws<StackFileException>(() => New().Plan(Stack($"create: true, limits: {{ {limits} }}", instances))).Diagnostics).Path);

    [Fact]
    public void What_others_have_in_the_project_counts_and_what_is_pruned_does_not()
    {
        var stack = Stack("create: false", "web: { image: busybox, memory: 60MiB }");
        var world = New().With(new Project { Name = "shop", Config = Map(("limits.memory", "100MiB"), ("limits.instances", "2")) })
            .With(new Instance { Name = "other", Type = InstanceTypes.Container, ExpandedConfig = Map(("limits.memory", "50MiB")) });
        Assert.Contains("would have 110 MiB", Assert.Single(Assert.Throws<StackFileException>(() => world.Plan(stack)).Diagnostics).Message, StringComparison.Ordinal);

        var old = new Instance
        {
            Name = "other",
            Type = InstanceTypes.Container,
            StatusCode = StatusCode.Running,
            Config = Map(("user.incus-compose.stack", "shop"), ("user.incus-compose.project", "shop"), ("user.incus-compose.resource", "instance/other")),
            ExpandedConfig = Map(("limits.memory", "50MiB")),
        };
        Assert.Equal(2, world.With(old).Plan(stack, new PlanOptions { Prune = true }).Changes.Count(change => change.Kind == "instance"));
    }

    [Theory]
    [InlineData("storage_pools: { disk: { driver: dir } }", "storage_pools.disk", "mark it external: true")]
    [InlineData("networks: { lan: { ipv4: 10.20.0.1/24 } }", "networks.lan", "mark it external: true; or have features.networks turned on")]
    [InlineData("network_acls: { guard: {} }", "network_acls.guard", "features.networks")]
    [InlineData("cluster_groups: { cards: {} }", "cluster_groups.cards", "have an administrator make the group")]
    [InlineData("projects: { other: {} }", "projects.other", "have an administrator make it")]
    public void What_a_restricted_client_can_never_own_is_refused_with_what_to_do_instead(string yaml, string path, string advice)
    {
        var world = New().With(new Project { Name = "shop", Config = Map(("features.images", "true")) });
        world.Restricted = ["shop"];
        var stack = Stack("create: false", Free + "\n" + yaml + "\n");
        var problem = Assert.Single(Assert.Throws<StackFileException>(() => world.Plan(stack)).Diagnostics);
        Assert.Equal(("RestrictedClient", path), (problem.Id, problem.Path));
        Assert.Contains(advice, problem.Advice, StringComparison.Ordinal);

        world.Restricted = null;
        world.Plan(stack);
    }

    [Fact]
    public void A_restricted_client_that_may_use_the_project_default_has_networks_there_and_none_changes_its_project()
    {
        var world = New().With(new Project
        {
            Name = "shop",
            Config = Map(("user.incus-compose.stack", "shop"), ("user.incus-compose.project", "shop"), ("user.incus-compose.resource", "project/shop")),
        });
        world.Restricted = ["default", "shop"];
        Assert.Contains(world.Plan(Stack("create: true", Free + "\nnetworks: { lan: { ipv4: 10.20.0.1/24 } }\n")).Changes, change => change.Kind == "network");
        var problem = Assert.Single(Assert.Throws<StackFileException>(() => world.Plan(Stack("create: true, description: new", Free))).Diagnostics);
        Assert.Equal(("RestrictedClient", "project"), (problem.Id, problem.Path));
    }

    [Theory]
    [InlineData("web: { image: busybox, target: m2 }", "its target is m2")]
    [InlineData("web: { image: busybox, volumes: ['data:/srv'] }\nvolumes: { data: {} }", "it uses volumes that are on m1 alone")]
    public void A_restricted_client_is_told_that_its_project_lets_it_choose_no_member(string instances, string what)
    {
        var world = New().With(new Project { Name = "shop", Config = Map(("restricted", "true")) });
        world.About = new ServerInfo { ApiExtensions = ["clustering"], Environment = new() { ServerClustered = true, ServerName = "m1" } };
        world.Members = ["m1", "m2"];
        world.Restricted = ["shop"];
        var problem = Assert.Single(Assert.Throws<StackFileException>(() => world.Plan(Stack("create: false", instances))).Diagnostics);
        Assert.Contains(what, problem.Message, StringComparison.Ordinal);
        Assert.Contains("restricted.cluster.target=allow", problem.Advice, StringComparison.Ordinal);

        world.With(new Project { Name = "shop", Config = Map(("restricted", "true"), ("restricted.cluster.target", "allow")) }).Plan(Stack("create: false", instances));
    }

    private static PlanningWorld New() => new PlanningWorld().With(new Image { Fingerprint = "fedcba9876543210", Type = InstanceTypes.VirtualMachine, Aliases = [new ImageAliasName { Name = "machine" }] });

    private static StackDefinition Stack(string project, string instances) =>
        Replicas.Expand(StackText.Require($"name: shop\nproject: {{ name: shop, {project} }}\ninstances:\n  {instances}\n"));

    private static IReadOnlyDictionary<string, string> Map(params (string Key, string Value)[] entries) => PlanningWorld.Map(entries);
}
