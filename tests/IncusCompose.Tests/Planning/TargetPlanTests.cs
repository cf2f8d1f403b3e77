using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Storage;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>Where in a cluster instances and volumes are to be.</summary>
public class TargetPlanTests
{
    private static readonly PlanOptions s_restarting = new() { AllowRestart = true };

    [Fact]
    public void Without_a_cluster_a_target_is_refused_and_what_to_do_is_said()
    {
        var world = new PlanningWorld { About = new ServerInfo { ApiExtensions = ["clustering"] } };
        var error = Assert.Throws<StackFileException>(() => world.Plan(Stack("instances: { web: { image: busybox, target: m1 } }")));
        Assert.Equal(("NotClustered", "instances.web.target"), (Assert.Single(error.Diagnostics).Id, error.Diagnostics[0].Path));
    }

    [Fact]
    public void Without_a_cluster_a_placement_constraint_is_refused_by_the_word_that_the_file_has()
    {
        var world = new PlanningWorld { About = new ServerInfo { ApiExtensions = ["clustering"] } };
        var error = Assert.Throws<StackFileException>(() => world.Plan(Stack("instances:\n  web:\n    image: busybox\n    deploy:\n      placement: { constraints: ['node.hostname==m1'] }\n")));
        var problem = Assert.Single(error.Diagnostics);
        Assert.Equal(("NotClustered", "instances.web.deploy.placement", 6), (problem.Id, problem.Path, problem.Location.Line));
        Assert.Equal("remove `deploy.placement`, or name a cluster with `remote`", problem.Advice);
    }

    [Fact]
    public void Without_a_cluster_a_forwards_target_is_refused_too()
    {
        var world = new PlanningWorld { About = new ServerInfo { ApiExtensions = ["clustering", "network_forward"] } };
        var error = Assert.Throws<StackFileException>(() => world.Plan(Stack("networks: { lan: { ipv4: 10.20.0.1/24, forwards: { 192.0.2.1: { target: m1, target_address: 10.20.0.2 } } } }")));
        Assert.Equal(("NotClustered", "networks.lan.forwards.192.0.2.1.target"), (Assert.Single(error.Diagnostics).Id, error.Diagnostics[0].Path));
    }

    [Theory]
    [InlineData("networks: { lan: { ipv4: 10.20.0.1/24, forwards: { 192.0.2.1: { target: m1x, target_address: 10.20.0.2 } } } }", "UnknownMember", "did you mean `m1`?")]
    [InlineData("instances: { web: { image: busybox, target: elsewhere } }", "UnknownMember", "its members: m1, m2, m3")]
    [InlineData("instances: { web: { image: busybox, target: m1x } }", "UnknownMember", "did you mean `m1`?")]
    [InlineData("instances: { web: { image: busybox, target: cards } }\ncluster_groups: { cards: { members: [m1] } }", "UnknownMember", "write `\"@cards\"`")]
    [InlineData("instances: { web: { image: busybox, target: '@nowhere' } }\ncluster_groups: { cards: { members: [m1] } }", "UnknownGroup", "name one of: @cards")]
    [InlineData("instances: { web: { image: busybox, target: '@cards' } }\ncluster_groups: { cards: {} }", "EmptyGroup", "put members into it")]
    [InlineData("instances: { web: { image: busybox, target: m1, volumes: ['data:/srv'] } }\nvolumes: { data: { target: m2 } }", "TargetsApart", "give both the same `target`")]
    [InlineData("instances: { web: { image: busybox, target: m1, volumes: ['data:/srv'] }, db: { image: busybox, target: m2, volumes: ['data:/srv'] } }\nvolumes: { data: {} }", "TargetsApart", "give both the same `target`")]
    [InlineData("instances: { web: { image: busybox, target: '@cards', volumes: ['data:/srv'] } }\nvolumes: { data: { target: m2 } }\ncluster_groups: { cards: { members: [m1] } }", "TargetsApart", "give both the same `target`")]
    [InlineData("instances: { web: { image: busybox } }\nvolumes: { data: { target: m2, pool: far } }\nstorage_pools: { far: { driver: ceph } }", "TargetOfShared", "remove `target`")]
    [InlineData("storage_pools: { shared: { driver: lvmcluster, members: { m1: { source: vg }, m2: { source: vg } } } }", "NoSource", "members: {m3: {source: …}}")]
    [InlineData("networks: { wire: { type: macvlan, members: { m1: { parent: eth0 }, m2: { parent: eth0 } } } }", "NoParent", "members: {m3: {parent: …}}")]
    public void What_cannot_be_is_said_before_anything_happens(string yaml, string id, string advice)
    {
        var problem = Assert.Single(Assert.Throws<StackFileException>(() => Cluster().Plan(Stack(yaml))).Diagnostics);
        Assert.Equal(id, problem.Id);
        Assert.Contains(advice, problem.Advice, StringComparison.Ordinal);
        Assert.NotEqual(0, problem.Location.Line);
    }

    [Theory]
    [InlineData("target: m2,", "", "m2", "m2")]
    [InlineData("", "target: m2", "m2", "m2")]
    [InlineData("target: '@cards',", "", "@cards", "m3")]
    [InlineData("target: '@cards',", "target: m2", "@cards", "m2")]
    [InlineData("", "", null, null)]
    public void An_instance_and_its_local_volume_are_on_one_member_whichever_of_them_says_so(string instance, string volume, string? wanted, string? volumeWanted)
    {
        var plan = Cluster().Plan(Stack($"instances: {{ web: {{ image: busybox, {instance} volumes: ['data:/srv'] }} }}\nvolumes: {{ data: {{ {volume} }} }}\ncluster_groups: {{ cards: {{ members: [m2, m3] }} }}"));
        var (web, data) = (Desired<DesiredInstance>(plan, "web"), Desired<DesiredVolume>(plan, "data"));
        Assert.Equal((wanted, volumeWanted), (web.Properties[PropertyPath.Target], data.Properties[PropertyPath.Target]));
        // Both are made on one member, where nothing is said on the one that is connected to; m3 is in the group.
        Assert.Equal(volumeWanted ?? "m3", web.Place!.Target);
        Assert.Equal(web.Place.Target, data.Place!.Target);
    }

    [Fact]
    public void Volumes_of_a_pool_for_all_members_keep_nobody_on_one()
    {
        var plan = Cluster().Plan(Stack("instances: { web: { image: busybox, target: m1, volumes: ['data:/srv'] }, db: { image: busybox, target: m2, volumes: ['data:/data'] } }\nvolumes: { data: { pool: far } }\nstorage_pools: { default: { external: true }, far: { driver: ceph } }"));
        Assert.Equal(("m1", "m2"), (Desired<DesiredInstance>(plan, "web").Place!.Target, Desired<DesiredInstance>(plan, "db").Place!.Target));
        Assert.Null(Desired<DesiredVolume>(plan, "data").Place);
    }

    [Fact]
    public void One_that_runs_elsewhere_is_moved_where_a_restart_is_allowed_and_one_that_is_stopped_at_once()
    {
        var (before, after) = (Stack("instances: { web: { image: busybox, target: m1 } }"), Stack("instances: { web: { image: busybox, target: m2 } }"));
        var world = Cluster();
        var running = world.Applied(before, "web") with { Location = "m1" };
        world.With(running);
        Assert.Empty(world.Plan(before).Changes);

        Assert.Contains("-AllowRestart", Assert.Single(world.Plan(after).Changes).Refused, StringComparison.Ordinal);
        var moved = Assert.Single(world.Plan(after, s_restarting).Changes);
        Assert.Equal((ChangeAction.Update, true, null), (moved.Action, moved.Restarts, moved.Refused));
        Assert.Equal("target: m1 → m2", string.Join(", ", moved.Properties.Select(property => $"{property.Path}: {property.Old} → {property.New}")));

        world.With(running with { StatusCode = StatusCode.Stopped, Status = "Stopped" });
        var stopped = Assert.Single(world.Plan(after).Changes);
        Assert.Equal((true, false, null), (stopped.Starts, stopped.Restarts, stopped.Refused));

        // A machine that takes its memory along goes on running.
        world.With(running with { Type = InstanceTypes.VirtualMachine, ExpandedConfig = PlanningWorld.Map(("migration.stateful", "true")) });
        var machine = world.Plan(Stack("instances: { web: { image: busybox, type: virtual-machine, target: m2 } }"), s_restarting with { AllowReplace = true }).Changes;
        Assert.All(machine, change => Assert.Null(change.Refused));

        // What is ephemeral is gone once it is stopped.
        world.With(running with { Ephemeral = true });
        Assert.Contains("-AllowReplace", Assert.Single(world.Plan(Stack("instances: { web: { image: busybox, ephemeral: true, target: m2 } }"), s_restarting).Changes).Refused, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_away_while_its_member_is_under_repair_belongs_there_still_and_the_word_can_be_dropped()
    {
        var said = Stack("instances: { web: { image: busybox, target: m1 } }");
        var world = Cluster();
        var applied = world.Applied(said, "web");
        world.With(applied with { Location = "m3", Config = new Dictionary<string, string>(applied.Config) { ["volatile.evacuate.origin"] = "m1" } });
        Assert.Empty(world.Plan(said).Changes);

        world.With(applied with { Location = "m3" });
        Assert.Equal(PropertyDifference.Drifted, Assert.Single(Assert.Single(world.Plan(said, s_restarting).Changes).Properties).Difference);
        var dropped = Assert.Single(world.Plan(Stack("instances: { web: { image: busybox } }")).Changes);
        Assert.Equal((PropertyDifference.Recorded, false), (Assert.Single(dropped.Properties).Difference, dropped.Restarts));
    }

    [Fact]
    public void A_volume_is_not_moved_from_under_somebody_elses_instance_and_block_volumes_not_at_all()
    {
        var stack = Stack("volumes: { data: { target: m2 } }");
        LiveVolume("filesystem", "/1.0/instances/other", out var files);
        Assert.Contains("the instance other uses it", Assert.Single(files.Plan(stack).Changes).Refused, StringComparison.Ordinal);
        LiveVolume("filesystem", "/1.0/profiles/default", out var free);
        Assert.Null(Assert.Single(free.Plan(stack).Changes).Refused);
        LiveVolume("block", "/1.0/profiles/default", out var block);
        Assert.Contains("moves no block volume", Assert.Single(block.Plan(Stack("volumes: { data: { target: m2, content_type: block } }")).Changes).Refused, StringComparison.Ordinal);

        static void LiveVolume(string content, string user, out PlanningWorld world)
        {
            var config = new Dictionary<string, string>();
            new OwnershipMark("shop", "default", "volumes.data", AppliedRecord.Of(new PropertyBag { { "content_type", content }, { "target", "m1" } })).Write(VolumeKind.IdOf("default", "data"), config);
            world = Cluster().With(new StorageVolume { Name = "data", ContentType = content, Location = "m1", UsedBy = [user], Config = config });
        }
    }

    [Theory]
    [InlineData("volumes: { data: { external: true } }", "m1", "m2")]
    [InlineData("volumes: { data: { external: true } }", "m2", "m1")]
    [InlineData("", "m1", "m2")]
    public void Where_several_members_have_a_volume_of_a_name_an_instance_stays_with_the_one_that_it_is_on(string volumes, string first, string second)
    {
        var stack = Stack($"instances: {{ web: {{ image: busybox, {(volumes.Length > 0 ? "volumes: ['data:/srv']" : "devices: { data: { type: disk, pool: default, source: data, path: /srv } }")} }} }}\n{volumes}");
        var world = Cluster().With(Volume(first)).WithAnother(Volume(second));
        // A new one is made where one of them is.
        Assert.Contains(Desired<DesiredInstance>(world.Plan(stack), "web").Place!.Target, new[] { "m1", "m2" });

        foreach (var member in new[] { "m1", "m2" })
        {
            world.With(world.Applied(stack, "web") with { Location = member });
            world.With(world.Applied(stack, "web") with { Location = member });
            Assert.Empty(world.Plan(stack).Changes);
            Assert.Equal(member, Desired<DesiredInstance>(world.Plan(stack), "web").Place!.Target);
        }

        world.With(world.Applied(stack, "web") with { Location = "m3" });
        Assert.Contains("-AllowRestart", Assert.Single(world.Plan(stack).Changes).Refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stacks_own_volume_is_not_hidden_by_another_stacks_of_the_same_name_on_another_member()
    {
        var stack = Stack("instances: { web: { image: busybox, volumes: ['data:/srv'] } }\nvolumes: { data: {} }");
        var world = Cluster().With(Volume("m1", "blog")).WithAnother(Volume("m2", "shop"));
        world.With(world.Applied(stack, "web") with { Location = "m2" });
        var plan = world.Plan(stack);
        Assert.Empty(plan.Changes);
        Assert.Equal("m2", Desired<DesiredInstance>(plan, "web").Place!.Target);

        var removal = world.PlanRemoval("shop", new RemovalOptions { RemoveVolumes = true });
        Assert.Equal("m2", ((StorageVolume)removal.Changes.Single(change => change.Kind == VolumeKind.KindName).Live!.Raw).Location);
    }

    private static StorageVolume Volume(string member, string? stack = null)
    {
        var config = new Dictionary<string, string>();
        if (stack is not null)
            new OwnershipMark(stack, "default", "volumes.data", AppliedRecord.Of(new PropertyBag { { "content_type", "filesystem" } })).Write(VolumeKind.IdOf("default", "data"), config);
        return new StorageVolume { Name = "data", ContentType = "filesystem", Location = member, Config = config };
    }

    [Theory]
    [InlineData("[node.hostname == node1]", "node1", 0)]
    [InlineData("['node.hostname==node1', node.role == manager, node.labels.disk != ssd]", "node1", 2)]
    [InlineData("[node.labels.disk == ssd]", null, 1)]
    public void Compose_constraints_on_a_host_name_are_a_target_and_others_are_passed_over(string constraints, string? target, int warnings)
    {
        var result = StackText.Load($"instances: {{ web: {{ deploy: {{ placement: {{ constraints: {constraints} }} }} }} }}");
        Assert.Equal(target, result.Require().Instances["web"].Target);
        Assert.Equal(warnings, result.Diagnostics.Count(problem => problem is { Id: "IgnoredWord", Severity: DiagnosticSeverity.Warning }));
    }

    [Theory]
    [InlineData("instances: { web: { target: '@' } }", "names no group")]
    [InlineData("instances: { web: { target: a/b } }", "cannot be a member's name")]
    [InlineData("volumes: { data: { target: '@cards' } }", "a volume lies on one member")]
    [InlineData("instances: { web: { target: m1, deploy: { placement: { constraints: [node.hostname == m1] } } } }", "says the same as `target`")]
    [InlineData("instances: { web: { deploy: { placement: { constraints: [node.hostname == m1, node.hostname == m2] } } } }", "it cannot be on `m1` and on `m2`")]
    [InlineData("instances: { web: { deploy: { placement: { constraints: [somewhere] } } } }", "is no constraint")]
    public void What_is_no_target_is_said(string yaml, string problem) =>
        Assert.Contains(StackText.Problems(yaml), text => text.Contains(problem, StringComparison.Ordinal));

    private static PlanningWorld Cluster() => new()
    {
        About = new ServerInfo
        {
            ApiExtensions = ["clustering", "clustering_groups", "cluster_internal_custom_volume_copy", "storage_api_remote_volume_handling"],
            Environment = new ServerEnvironment { ServerClustered = true, ServerName = "m3", ServerVersion = "6.0.4" },
        },
        Members = ["m1", "m2", "m3"],
    };

    private static T Desired<T>(StackPlan plan, string name)
        where T : DesiredResource => (T)plan.Resources.Single(resource => resource.Name == name && resource.Desired is T).Desired!;

    private static StackDefinition Stack(string yaml) => StackText.Require("name: shop\n" + yaml);
}
