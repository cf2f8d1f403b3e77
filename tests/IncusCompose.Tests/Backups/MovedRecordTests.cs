using IncusCompose.Resources;

namespace IncusCompose.Tests.Backups;

/// <summary>What counts as applied to a resource that was taken elsewhere.</summary>
public sealed class MovedRecordTests
{
    [Fact]
    public void What_had_to_change_on_the_way_counts_as_applied_and_drift_stays_drift()
    {
        var applied = AppliedRecord.Of(new PropertyBag
        {
            { "config/limits.memory", "64MiB" }, { "devices/data/pool", "fast" }, { "devices/eth0/hwaddr", "00:16:3e:00:00:01" }, { "config/environment.DB_PASSWORD", "s3cret" },
        });
        var before = new PropertyBag
        {
            { "config/limits.memory", "128MiB" }, { "devices/data/pool", "fast" }, { "devices/eth0/hwaddr", "00:16:3e:00:00:01" },
            { "config/environment.DB_PASSWORD", "s3cret" }, { "config/user.others", "theirs" },
        };
        var after = new PropertyBag
        {
            { "config/limits.memory", "128MiB" }, { "devices/data/pool", "slow" }, { "config/environment.DB_PASSWORD", "s3cret" }, { "config/user.others", "theirs" },
            { "devices/port-2/listen", "tcp:0.0.0.0:2" },
        };

        var moved = applied.Moved(before, after);

        Assert.True(moved.Matches("config/limits.memory", "64MiB"));
        Assert.True(moved.Matches("devices/data/pool", "slow"));
        Assert.True(moved.Matches("config/environment.DB_PASSWORD", "s3cret"));
        Assert.Equal(["config/environment.DB_PASSWORD", "config/limits.memory", "devices/data/pool", "devices/port-2/listen"], moved.Paths);
    }
}
