using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>How an instance is moved. Source: Incus doc/reference/instance_options.md, "Migration options".</summary>
internal static class MigrationShapes
{
    /// <summary>The value of <c>migration</c>.</summary>
    public static ConfigShape Migration { get; } = new ConfigShape()
        .Flag("stateful", "migration.stateful", "Whether it can be stopped, snapshotted and moved with what is in its memory; some devices exclude that")
        .Group("incremental_memory", new ConfigShape()
            .Short("migration.incremental.memory", OptionScalars.Flag)
            .Flag("enabled", "migration.incremental.memory", "Whether most of its memory is sent while it runs on", InstanceType.Container)
            .Value("goal", "migration.incremental.memory.goal", OptionScalars.Number("a percentage from `0` to `100`", 0, 100), "How much must be the same before it is stopped, in percent; 70 where the key is missing", InstanceType.Container)
            .Value("iterations", "migration.incremental.memory.iterations", OptionScalars.Number("a number such as `10`", 0, uint.MaxValue), "How often it is tried; 10 where the key is missing", InstanceType.Container), "Whether most of its memory is sent while it runs on")
        .Value("evacuate", "cluster.evacuate", OptionScalars.Choice("auto", "live-migrate", "migrate", "stop", "stateful-stop", "force-stop"), "What becomes of it when its cluster member is evacuated; `auto` where the key is missing");
}
