using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>What is planned for volumes that change their pool, and for those whose move nobody saw to its end.</summary>
public class VolumePoolMoveTests
{
    private static readonly PlanOptions s_prune = new() { Prune = true };

    [Theory]
    [InlineData("other", "other", "was moved here with its data and snapshots, and not yet marked")]
    [InlineData("default", "other", "moved with its data and snapshots")]
    public void A_volume_whose_move_was_cut_short_is_the_stacks_where_it_lies_whatever_the_file_says_by_now(string wanted, string lies, string reason)
    {
        var plan = World().With(Volume("default"), lies).Plan(StackText.Load(File(wanted)).Definition!);

        var change = Assert.Single(plan.Changes);
        Assert.Equal((ChangeAction.Update, null, VolumeKind.IdOf(wanted, "data"), VolumeKind.IdOf(lies, "data"), reason), (change.Action, change.Refused, change.Id, change.Live!.Id, change.Reason));
        Assert.Empty(plan.Orphans);
        Assert.Empty(plan.Diagnostics);
    }

    [Fact]
    public void A_copy_beside_its_original_and_one_of_two_copies_are_their_makers()
    {
        var stack = StackText.Load(File("other")).Definition!;
        string Problem(PlanningWorld world) => Assert.Single(Assert.Throws<StackFileException>(() => world.Plan(stack)).Diagnostics).Message;

        Assert.Contains("bears the mark of volume/default/data", Problem(World().With(Volume("default")).With(Volume("default"), "other")), StringComparison.Ordinal);
        Assert.Contains("bears the mark of volume/default/data", Problem(World().With(Volume("default"), "third").With(Volume("default"), "other")), StringComparison.Ordinal);
        // What the mark was written for has another key, or is of another stack.
        Assert.Contains("bears the mark of volume/default/data", Problem(World().With(Volume("default", key: "volumes.old"), "other")), StringComparison.Ordinal);
        Assert.Contains("was not made by this stack", Problem(World().With(Volume("default", stack: "theirs"), "other")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_takes_volumes_away_leaves_alone_what_may_be_a_copy_of_one_that_is_gone()
    {
        var server = new ServerObservation([new VolumeKind().Describe(VolumeKind.IdOf("other", "data"), Volume("default"))], []);
        var down = StackPlanner.PlanRemoval("shop", "default", server, new RemovalOptions { RemoveVolumes = true }, "test");
        var pruned = World().With(Volume("default"), "other").Plan(StackText.Load("name: shop\n").Definition!, new PlanOptions { Prune = true, RemoveVolumes = true });

        Assert.All([down, pruned], plan => Assert.Empty(plan.Changes));
        Assert.All([down, pruned], plan => Assert.Contains("volume/other/data bears the mark of volume/default/data", Assert.Single(plan.Diagnostics).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_volume_is_moved_once_those_of_its_users_are_gone_that_the_same_plan_deletes()
    {
        const string Both = "instances: {a: {image: busybox, volumes: [\"data:/d\"]}, b: {image: busybox, volumes: [\"data:/d\"]}}\n";
        var world = World();
        var before = StackText.Load(File("default") + Both).Definition!;
        // One of them runs.
        world.With(world.Applied(before, "a") with { StatusCode = StatusCode.Stopped }).With(world.Applied(before, "b"))
            .With(Volume("default") with { UsedBy = ["/1.0/instances/a", "/1.0/instances/b"] });
        var after = StackText.Load(File("other") + "instances: {a: {image: busybox, volumes: [\"data:/d\"]}}\n").Definition!;

        var plan = world.Plan(after, s_prune);
        var moved = plan.Changes.Single(change => change.Kind == VolumeKind.KindName);
        Assert.Null(moved.Refused);
        Assert.Contains(InstanceKind.IdOf("b"), moved.DependsOn);
        Assert.Equal(ChangeAction.Delete, plan.Changes.Single(change => change.Id == InstanceKind.IdOf("b")).Action);

        Assert.Contains("instances/b uses it, which is not in the file", world.Plan(after).Changes.Single(change => change.Kind == VolumeKind.KindName).Refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_profile_that_has_the_volume_by_more_than_the_file_says_is_not_deprived_of_it()
    {
        string? Refused(string device, params (string Key, string Value)[] more)
        {
            var config = new Dictionary<string, string>();
            new OwnershipMark("shop", "default", "profiles.p", AppliedRecord.Of(ResourceFields.From(config, Devices("d")).ToBag())).Write(ProfileKind.IdOf("p"), config);
            var devices = Devices("d", device);
            foreach (var (key, value) in more)
                ((Dictionary<string, string>)devices[device])[key] = value;
            var world = World().With(new Profile { Name = "p", Config = config, Devices = devices }).With(Volume("default") with { UsedBy = ["/1.0/profiles/p"] });
            return world.Plan(StackText.Load(File("other") + "profiles: {p: {devices: {d: {type: disk, pool: other, source: data, path: /d}}}}\n").Definition!)
                .Changes.Single(change => change.Kind == VolumeKind.KindName).Refused;
        }

        Assert.Null(Refused("d"));
        Assert.Contains("the profile p has it by the device mine, which is not in the file as it is", Refused("mine"), StringComparison.Ordinal);
        Assert.Contains("incus profile device remove p d", Refused("d", ("readonly", "true")), StringComparison.Ordinal);
    }

    private static string File(string pool) => $"name: shop\nvolumes: {{data: {{pool: {pool}}}}}\n";

    private static PlanningWorld World() => new PlanningWorld().With(new StoragePool { Name = "other", Driver = "dir" }).With(new StoragePool { Name = "third", Driver = "dir" });

    /// <summary>A volume with the mark of the pool that it was made in.</summary>
    private static StorageVolume Volume(string pool, string stack = "shop", string key = "volumes.data")
    {
        var config = new Dictionary<string, string>();
        new OwnershipMark(stack, "default", key, AppliedRecord.Of(new PropertyBag { { PropertyPath.ContentType, "filesystem" } })).Write(VolumeKind.IdOf(pool, "data"), config);
        return new StorageVolume { Name = "data", ContentType = "filesystem", Config = config };
    }

    private static Dictionary<string, IReadOnlyDictionary<string, string>> Devices(params string[] names) => names.Distinct().ToDictionary(
        name => name,
        IReadOnlyDictionary<string, string> (name) => new Dictionary<string, string> { ["type"] = "disk", ["pool"] = "default", ["source"] = "data", ["path"] = "/" + name });
}
