using Incus.Client;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources.Instances;

/// <summary>The root disk of something that exists, as far as it matters to its size.</summary>
/// <param name="Owner">The instance, as messages name it.</param>
/// <param name="IsMachine">True for the disk of a virtual machine.</param>
/// <param name="Pool">The pool that it lies in; null where it cannot be looked at.</param>
/// <param name="Size">Its size now; null: it has no limit.</param>
internal sealed record RootDisk(string Owner, bool IsMachine, StoragePool? Pool, string? Size)
{
    /// <summary>What a block device gets that is given no size. Source: Incus doc/reference/storage_drivers.md, volume.size.</summary>
    private const string UsualSize = "10GiB";

    /// <summary>Drivers that keep a container's files in a tree with a limit. Source: Incus internal/server/storage/drivers, SetVolumeQuota.</summary>
    private static readonly string[] s_limits = ["dir", "btrfs", "zfs", "cephfs"];

    /// <summary>True where nothing is in it that runs: then the server shrinks what can be shrunk.</summary>
    public bool IsStopped { get; init; }

    /// <summary>The root disk of an instance as it is; null where it has none.</summary>
    public static RootDisk? Of(Instance instance, ServerObservation server)
    {
        if (instance.ExpandedDevices.Values.FirstOrDefault(InstanceForm.IsRootDisk) is not { } root)
            return null;
        var pool = server.Find(StoragePoolKind.IdOf(root["pool"]))?.Raw as StoragePool;
        var disk = new RootDisk(instance.Name, instance.Type == InstanceTypes.VirtualMachine, pool, root.GetValueOrDefault("size")) { IsStopped = instance.StatusCode == StatusCode.Stopped };
        return disk.IsLimit ? disk : disk with { Size = disk.Size ?? pool?.Config.GetValueOrDefault("volume.size") ?? UsualSize };
    }

    /// <summary>Why it cannot be made smaller; null where its size is but a limit, which the server changes at any time.</summary>
    public string? ShrinkingRefusal => IsLimit || (!IsMachine && (IsStopped || Pool is null)) ? null
        : IsMachine ? $"the server makes no disk of a virtual machine smaller; keep {Size} for {Owner}, or make another instance and move what is in this one there"
        : $"the root disk of {Owner} is a file system in a block device{(Pool is null ? "" : $" ({Pool.Driver})")}, which the server makes smaller only while it is stopped, and not at all where it is xfs; "
            + $"keep {Size}, or stop it and shrink it yourself with: incus config device set {Owner} root size=…";

    private bool IsLimit => !IsMachine && Pool is not null && s_limits.Contains(Pool.Driver) && Pool.Config.GetValueOrDefault("volume.zfs.block_mode") != "true";
}
