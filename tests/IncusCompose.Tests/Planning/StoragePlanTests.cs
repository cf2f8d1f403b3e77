using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Storage;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>What becomes of pools and volumes that are there already, and of those that are made from something.</summary>
public class StoragePlanTests
{
    [Fact]
    public void What_the_server_cannot_bring_up_is_no_unchanged_resource_and_one_that_was_never_finished_is_made_anew_unless_it_is_used()
    {
        var stack = new StackDefinition
        {
            Name = "shop",
            StoragePools = new Dictionary<string, StoragePoolDefinition> { ["disk"] = new() { Name = "disk", Driver = "dir" } },
            Networks = new Dictionary<string, NetworkDefinition> { ["wire"] = new() { Name = "wire", Type = "bridge" } },
        };
        Dictionary<string, string> Mark(ResourceId id)
        {
            var config = new Dictionary<string, string>();
            new OwnershipMark("shop", "default", "x", AppliedRecord.Empty).Write(id, config);
            return config;
        }

        StoragePool Pool(string status, params string[] users) => new() { Name = "disk", Driver = "dir", Status = status, UsedBy = users, Config = Mark(StoragePoolKind.IdOf("disk")) };
        Network Net(string status) => new() { Name = "wire", Type = "bridge", Managed = true, Status = status, Config = Mark(NetworkKind.IdOf("wire")) };

        var gone = Assert.Throws<StackFileException>(() => new PlanningWorld().With(Pool("Unavailable")).With(Net("Unavailable")).Plan(stack));
        Assert.Equal([("Unavailable", "storage_pools.disk"), ("Unavailable", "networks.wire")], gone.Diagnostics.Select(problem => (problem.Id, problem.Path)));

        var again = new PlanningWorld().With(Pool("Errored")).With(Net("Errored")).Plan(stack);
        Assert.All(again.Resources.Where(change => change.Live is not null && change.Id != StoragePoolKind.IdOf("default")), change => Assert.Equal((ChangeAction.Replace, null), (change.Action, change.Refused)));
        var used = new PlanningWorld().With(Pool("Errored", "/1.0/storage-pools/disk/volumes/custom/data")).With(Net("Created")).Plan(stack);
        Assert.Contains("storage-pools/disk/volumes/custom/data", used.Changes.Single(change => change.Kind == "storage-pool").Refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_grows_in_place_and_making_it_smaller_is_refused_with_what_to_do()
    {
        var stack = Stack(new VolumeDefinition { Name = "data", Size = "10GiB" });
        var world = new PlanningWorld().With(Applied(stack, new StorageVolume { Name = "data", ContentType = "filesystem" }));

        var larger = Assert.Single(world.Plan(Stack(stack.Volumes["data"] with { Size = "20GiB" })).Changes);
        Assert.Equal((ChangeAction.Update, null), (larger.Action, larger.Refused));

        var smaller = Assert.Single(world.Plan(Stack(stack.Volumes["data"] with { Size = "9GiB" })).Changes);
        Assert.Contains("could cut off its data", smaller.Refused, StringComparison.Ordinal);
        Assert.Contains("incus storage volume set default data size=", smaller.Refused, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Plan(Stack(stack.Volumes["data"] with { Size = "10240MiB" })).Changes, change => change.Refused is not null);
    }

    [Fact]
    public void A_pool_that_is_no_longer_in_the_file_stays_while_an_instance_lies_in_it_though_that_is_changed_too()
    {
        StackDefinition Stack(string memory, params string[] pools) => PlanningWorld.Stack(PlanningWorld.Web with { Profiles = [], Memory = memory }) with
        {
            StoragePools = pools.ToDictionary(pool => pool, pool => new StoragePoolDefinition { Name = pool, Driver = "btrfs" }),
        };
        var config = new Dictionary<string, string>();
        new OwnershipMark("shop", "default", "storage_pools.fast", AppliedRecord.Of(new PropertyBag { { "driver", "btrfs" } })).Write(StoragePoolKind.IdOf("fast"), config);
        var world = new PlanningWorld().With(new StoragePool { Name = "fast", Driver = "btrfs", Config = config });
        world.With(world.Applied(Stack("256MiB", "fast"), "web"));

        var plan = world.Plan(Stack("512MiB"), new PlanOptions { Prune = true });

        Assert.Equal(["instance/web"], plan.Changes.Select(change => change.Id.ToString()));
        Assert.Equal("it stays, since instance/web uses it", Assert.Single(plan.Orphans).Advice);
    }

    [Fact]
    public void What_is_never_replaced_is_not_offered_to_be_replaced()
    {
        StackDefinition Stack(string driver) => new() { Name = "shop", StoragePools = new Dictionary<string, StoragePoolDefinition> { ["fast"] = new() { Name = "fast", Driver = driver } } };
        var config = new Dictionary<string, string>();
        new OwnershipMark("shop", "default", "storage_pools.fast", AppliedRecord.Of(new PropertyBag { { "driver", "dir" } })).Write(StoragePoolKind.IdOf("fast"), config);
        var world = new PlanningWorld().With(new StoragePool { Name = "fast", Driver = "dir", Config = config });

        Assert.StartsWith("a storage pool is never replaced", Assert.Single(world.Plan(Stack("btrfs")).Changes).Refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_that_the_file_has_in_another_pool_is_moved_there_and_no_empty_one_made()
    {
        var stack = Stack(new VolumeDefinition { Name = "data", Pool = "default" });
        var there = Applied(stack, new StorageVolume { Name = "data", ContentType = "filesystem" });
        StackPlan Plan(params string[] users) => new PlanningWorld().With(new StoragePool { Name = "other", Driver = "dir" }).With(there with { UsedBy = users })
            .Plan(Stack(stack.Volumes["data"] with { Pool = "other" }), new PlanOptions { Prune = true, RemoveVolumes = true });

        var moved = Assert.Single(Plan().Changes);
        Assert.Equal((ChangeAction.Update, null, VolumeKind.IdOf("other", "data")), (moved.Action, moved.Refused, moved.Id));
        Assert.Equal(["pool: default -> other"], moved.Properties.Select(property => $"{property.Path}: {property.Old} -> {property.New}"));
        Assert.Empty(Plan().Orphans);

        Assert.Contains("instances/theirs uses it, which is not in the file", Assert.Single(Plan("/1.0/instances/theirs?project=tenant").Changes).Refused, StringComparison.Ordinal);
        Assert.Contains("incus storage volume detach default data", Assert.Single(Plan("/1.0/instances/mine").Changes).Refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_of_another_name_is_another_one_and_the_plan_says_that_the_data_stays_in_the_old_one()
    {
        var stack = Stack(new VolumeDefinition { Name = "data", Pool = "default" });
        var world = new PlanningWorld().With(new StoragePool { Name = "other", Driver = "dir" }).With(Applied(stack, new StorageVolume { Name = "data", ContentType = "filesystem" }));

        // A key of another name is another volume: nobody can tell that it is to be the same.
        var plan = world.Plan(Stack(new VolumeDefinition { Name = "renamed", Pool = "default" }));
        Assert.Equal(ChangeAction.Create, Assert.Single(plan.Changes).Action);
        Assert.StartsWith("its data stays in it", Assert.Single(plan.Orphans).Advice, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pool_cannot_be_made_smaller()
    {
        StackDefinition Stack(string size) => new() { Name = "shop", StoragePools = new Dictionary<string, StoragePoolDefinition> { ["fast"] = new() { Name = "fast", Driver = "btrfs", Config = PlanningWorld.Map(("size", size)) } } };
        var config = new Dictionary<string, string> { ["size"] = "20GiB", ["source"] = "/var/lib/incus/disks/fast.img" };
        new OwnershipMark("shop", "default", "storage_pools.fast", AppliedRecord.Of(new PropertyBag { { "config/size", "20GiB" }, { "driver", "btrfs" } })).Write(StoragePoolKind.IdOf("fast"), config);
        var world = new PlanningWorld().With(new StoragePool { Name = "fast", Driver = "btrfs", Config = config });

        Assert.Null(Assert.Single(world.Plan(Stack("30GiB")).Changes).Refused);
        Assert.Contains("made smaller", Assert.Single(world.Plan(Stack("10GiB")).Changes).Refused, StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_that_is_there_needs_none_of_the_files_that_it_was_made_from()
    {
        var stack = Stack(new VolumeDefinition { Name = "data", Content = [new VolumeContent { Source = "/nowhere/seed" }] });

        var missing = Assert.Throws<StackFileException>(() => new PlanningWorld().Plan(stack));
        Assert.Contains(missing.Diagnostics, problem => problem is { Id: "UnreadableFile", Path: "volumes.data.content" });
        Assert.Empty(new PlanningWorld().With(Applied(Stack(new VolumeDefinition { Name = "data" }), new StorageVolume { Name = "data", ContentType = "filesystem" })).Plan(stack).Changes);
    }

    [Fact]
    public void The_plan_says_what_a_new_volume_is_made_from()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "a.conf"), "a=1");
        var stack = Stack(new VolumeDefinition { Name = "data", Content = [new VolumeContent { Source = folder.Path }] });

        Assert.Contains($"+ content: 1 files (3 bytes) from {folder.Path}", PlanningWorld.Text(new PlanningWorld().Plan(stack)), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_sources_for_one_path_of_a_volume_are_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "a.conf"), "a=1");
        var stack = Stack(new VolumeDefinition { Name = "data", Content = [new VolumeContent { Source = folder.Path }, new VolumeContent { Source = Path.Combine(folder.Path, "a.conf") }] });

        var problem = Assert.Single(Assert.Throws<StackFileException>(() => new PlanningWorld().Plan(stack)).Diagnostics);
        Assert.Contains("/a.conf would come from two sources", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_server_is_too_old_for_is_refused_by_the_name_of_the_extension_and_with_the_servers_version()
    {
        var world = new PlanningWorld { About = new ServerInfo { ApiExtensions = ["custom_volume_backup"], Environment = new ServerEnvironment { ServerVersion = "5.0.1" } } };

        var problem = Assert.Single(Assert.Throws<StackFileException>(() => world.Plan(Stack(new VolumeDefinition { Name = "data", Config = PlanningWorld.Map(("initial.uid", "7")) }))).Diagnostics);

        Assert.Equal("MissingExtension", problem.Id);
        Assert.Contains("\"storage_initial_owner\", which Incus 5.0.1 does not have", problem.Message, StringComparison.Ordinal);
    }

    private static StackDefinition Stack(VolumeDefinition volume) => new() { Name = "shop", Volumes = new Dictionary<string, VolumeDefinition> { [volume.Name] = volume } };

    private static StorageVolume Applied(StackDefinition stack, StorageVolume volume)
    {
        var change = new PlanningWorld().Plan(stack).Resources.Single(resource => resource.Kind == VolumeKind.KindName);
        var fields = ResourceFields.From(change.Desired!.Properties);
        new OwnershipMark(stack.Name, "default", change.Desired.DefinitionPath, AppliedRecord.Of(change.Desired.Properties)).Write(change.Id, fields.Config);
        return volume with { Config = fields.Config };
    }
}
