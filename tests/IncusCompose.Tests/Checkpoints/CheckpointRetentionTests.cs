using IncusCompose.Checkpoints;

namespace IncusCompose.Tests.Checkpoints;

public sealed class CheckpointRetentionTests
{
    private static readonly DateTimeOffset Now = new(2025, 3, 1, 12, 0, 0, TimeSpan.Zero);

    // Newest first; the live one is what an apply has at work.
    private static readonly StackCheckpoint[] All =
    [
        Taken("before-apply", 0) with { IsOfApply = true, IsLive = true },
        Taken("in-the-making", 0) with { IsComplete = false },
        Taken("third", 1),
        Taken("cut-off", 2) with { IsComplete = false },
        Taken("before-killed", 3) with { IsOfApply = true },
        Taken("second", 4),
        Taken("first", 5),
    ];

    [Theory]
    [InlineData(0, null, "first second third")]
    [InlineData(1, null, "first second")]
    [InlineData(2, null, "first")]
    [InlineData(3, null, "")]
    [InlineData(null, 1.5, "first second cut-off")]
    [InlineData(2, 1.5, "first cut-off")]
    [InlineData(null, null, "")]
    public void Only_what_can_be_restored_counts_and_what_an_apply_took_stays(int? keepLast, double? days, string expected)
    {
        var retention = new CheckpointRetention { KeepLast = keepLast, OlderThan = days is { } age ? TimeSpan.FromDays(age) : null };
        Assert.Equal(expected, string.Join(" ", retention.Select(All, Now).Select(checkpoint => checkpoint.Name)));
    }

    private static StackCheckpoint Taken(string name, int daysAgo) => new()
    {
        Name = name,
        Stack = "shop",
        Project = "default",
        IsComplete = true,
        CreatedAt = Now.AddDays(-daysAgo),
        Record = new CheckpointRecord { Id = name, Name = name, Stack = "shop", Project = "default" },
    };
}
