using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>Root disks that are to be smaller: the server refuses some of it, and only once everything before it was done.</summary>
public sealed class ShrinkTests
{
    [Theory]
    // A tree with a limit.
    [InlineData("container", "btrfs", "10GiB", "5GiB", null)]
    [InlineData("container", "dir", "10GiB", "5GiB", null)]
    [InlineData("container", "zfs", "10GiB", "5GiB", null)]
    // A file system in a block device, which has a size where the file says none.
    [InlineData("container", "lvm", "20GiB", "5GiB", "keep 20GiB, or stop it and shrink it yourself with: incus config device set web root size=…")]
    [InlineData("container", "ceph", null, "5GiB", "keep 10GiB")]
    [InlineData("container", "lvm", "20GiB", "20480MiB", null)]
    [InlineData("container", "lvm", "20GiB", "21GB", "keep 20GiB")]
    [InlineData("container", "lvm", "20GiB", null, null)]
    // Whatever it lies in.
    [InlineData("virtual-machine", "btrfs", "20GiB", "15GiB", "no disk of a virtual machine smaller; keep 20GiB for web")]
    [InlineData("virtual-machine", "dir", null, "5GiB", "keep 10GiB")]
    [InlineData("virtual-machine", "dir", null, "10GB", "keep 10GiB")]
    [InlineData("virtual-machine", "zfs", "20GiB", "30GiB", null)]
    public void A_root_disk_that_the_server_cannot_make_smaller_is_refused_with_what_to_do(string type, string driver, string? now, string? wanted, string? refusal)
    {
        StackDefinition Stack(string? size) => StackText.Require($"name: shop\ninstances: {{web: {{image: 'images:debian/12', type: {type}, disk: {{pool: default{(size is null ? "" : $", size: {size}")}}}}}}}\n");
        var world = new PlanningWorld().With(new StoragePool { Name = "default", Driver = driver });
        world.With(world.Applied(Stack(now), "web") with { Type = type });

        var change = Assert.Single(world.Plan(Stack(wanted)).Resources, resource => resource.Id.Kind == InstanceKind.KindName);

        if (refusal is null)
            Assert.Null(change.Refused);
        else
            Assert.Contains(refusal, change.Refused, StringComparison.Ordinal);
        Assert.Equal(ChangeAction.Update, change.Action);
    }

    [Fact]
    public void A_profiles_disk_is_refused_where_an_instance_has_its_own_from_it()
    {
        StackDefinition Stack(string size) => StackText.Require($"name: shop\nprofiles: {{small: {{disk: {{pool: default, size: {size}}}}}}}\n");
        var world = new PlanningWorld().With(new StoragePool { Name = "default", Driver = "dir" });
        var desired = world.Plan(Stack("20GiB")).Resources.Single(resource => resource.Id.Kind == ProfileKind.KindName).Desired!;
        var fields = ResourceFields.From(desired.Properties);
        new OwnershipMark("shop", "default", desired.DefinitionPath, AppliedRecord.Of(desired.Properties)).Write(desired.Id, fields.Config);
        world.With(new Profile { Name = "small", Config = fields.Config, Devices = fields.DeviceMap() });
        var machine = new Instance { Name = "other", Type = InstanceTypes.VirtualMachine, Profiles = ["default", "small"], ExpandedDevices = fields.DeviceMap() };

        Assert.Null(Assert.Single(world.Plan(Stack("5GiB")).Changes).Refused);
        // It has one of its own.
        world.With(machine with { Devices = fields.DeviceMap() });
        Assert.Null(Assert.Single(world.Plan(Stack("5GiB")).Changes).Refused);
        world.With(machine);
        Assert.Contains("keep 20GiB for other", Assert.Single(world.Plan(Stack("5GiB")).Changes).Refused, StringComparison.Ordinal);
    }
}
