using IncusCompose.Definition;
using IncusCompose.Loading.Keys;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Exporting;

/// <summary>A profile as a definition: in the words that instances have too, and raw where there is none.</summary>
internal static class ProfileExport
{
    /// <summary>What the word for a root disk calls it.</summary>
    private const string Root = "root";

    public static ProfileDefinition Describe(ResourceKind kind, LiveResource live, StackDefinition stack, ExportContext context)
    {
        var config = new SortedDictionary<string, string>(ExportContext.ConfigOf(kind, live).ToDictionary(), StringComparer.Ordinal);
        var words = WordsExport.Take(config, type: null, context);
        var devices = new Dictionary<string, IReadOnlyDictionary<string, string>>(ResourceFields.From(live.Properties).DeviceMap(), StringComparer.Ordinal);
        var profile = new ProfileDefinition
        {
            Name = live.Id.Name,
            Description = ExportContext.Text(live),
            Options = words.Options,
            CloudInit = words.CloudInit,
            Snapshots = words.Snapshots,
            Environment = words.Environment,
            Config = config.AsReadOnly(),
        };
        if (devices.GetValueOrDefault(Root) is { } root && InstanceForm.IsRootDisk(root) && DiskOf(root, stack, context) is { } disk
            && ProfileForm.DevicesOf(profile with { Disk = disk }, PlanningOf(stack, context)).GetValueOrDefault(Root) is { } made && made.Count == root.Count && !made.Except(root).Any())
        {
            devices.Remove(Root);
            profile = profile with { Disk = disk };
        }

        return profile with { Devices = devices };
    }

    private static RootDiskDefinition? DiskOf(IReadOnlyDictionary<string, string> root, StackDefinition stack, ExportContext context)
    {
        var (size, pool) = (root.GetValueOrDefault("size"), root.GetValueOrDefault("pool"));
        if (size is not null && !CommonShapes.Size.Accepts(size))
            return null;
        var disk = new RootDiskDefinition(size) { Options = OptionExport.TakeDisk(root, type: null, context).RemoveRange(["size", "pool"]) };
        // A word has to say something, and a pool that is not the server's default has to be said.
        return disk is { Size: null, Options.Count: 0 } || StoragePoolKind.DefaultPool(PlanningOf(stack, context)) != pool ? disk with { Pool = pool } : disk;
    }

    private static PlanningContext PlanningOf(StackDefinition stack, ExportContext context) => new(stack, context.Project, context.Server, context.Remotes);
}
