using IncusCompose.Definition;

namespace IncusCompose.Tests.Loading;

/// <summary>How a file says which snapshots the server takes by itself.</summary>
public class SnapshotTests
{
    [Fact]
    public void A_schedule_has_a_short_and_a_long_form_and_a_default_that_is_stated()
    {
        Assert.Equal(
            new SnapshotsDefinition { Schedule = "@daily", Pattern = "snapshot-{{ creation_date|date:'20060102-1504' }}" }, StackText.Web("snapshots: '@daily'").Snapshots);
        Assert.Equal(
            new SnapshotsDefinition { Schedule = "*/15 0-6 1,15 jan mon, @startup", Expiry = "1m 2w", Pattern = "web%d", Stopped = true },
            StackText.Web("snapshots: {schedule: '*/15 0-6 1,15 jan mon, @startup', expiry: 1m 2w, pattern: web%d, stopped: true}").Snapshots);
        Assert.Equal(
            new SnapshotsDefinition { Expiry = "5d" }, StackText.Require("volumes: {data: {snapshots: {expiry: 5d}}}").Volumes["data"].Snapshots);
    }

    [Theory]
    [InlineData("snapshots:")]
    [InlineData("snapshots: {}")]
    [InlineData("snapshots: {schedule: , stopped: false}")]
    public void Nothing_said_is_nothing_set(string text) => Assert.Null(StackText.Web(text).Snapshots);

    [Theory]
    [InlineData("'@dayly'", "`@dayly` is not a schedule that is known here; did you mean `@daily`?")]
    [InlineData("'@sometimes'", "`@sometimes` is not a schedule that is known here")]
    [InlineData("'0 3 * *'", "`0 3 * *` is neither five fields (minute, hour, day, month, weekday) nor a word such as `@daily`")]
    [InlineData("'61 3 * * *'", "`61 3 * * *` has 61 where 0 to 59 can stand")]
    [InlineData("'0 3 0 * *'", "`0 3 0 * *` has 0 where 1 to 31 can stand")]
    [InlineData("'0 3-25 * * *'", "`0 3-25 * * *` has 25 where 0 to 23 can stand")]
    [InlineData("daily", "`daily` is neither five fields")]
    [InlineData("{schedule: '@daily', expiry: 14 days}", "`14 days` is not a time as Incus writes it")]
    [InlineData("{schedule: '@daily', expiry: 1d 2d}", "`1d 2d` has one unit twice")]
    [InlineData("{schedule: '@daily', pattern: a%d-%d}", "`a%d-%d` has `%d` twice; write it once")]
    [InlineData("{schedule: '@daily', pattern: a/b}", "`a/b` has a slash, which no snapshot's name can have")]
    [InlineData("{schedule: '@daily', keep: 5}", "write `expiry`: the server knows an age, no number")]
    public void What_the_server_would_refuse_is_refused_before(string text, string problem) =>
        Assert.Contains(problem, Assert.Single(StackText.WebProblems("snapshots: " + text)), StringComparison.Ordinal);

    [Theory]
    [InlineData("'@startup'", "`@startup` is not a schedule that is known here")]
    [InlineData("{schedule: '@daily', stopped: true}", "stopped")]
    public void Volumes_do_not_start_or_stop(string text, string problem) =>
        Assert.Contains(problem, Assert.Single(StackText.Problems($"volumes: {{data: {{snapshots: {text}}}}}")), StringComparison.Ordinal);

    [Fact]
    public void Raw_configuration_wins_with_a_warning() =>
        Assert.Contains(
            "this wins over `snapshots`",
            Assert.Single(StackText.WebProblems("snapshots: '@daily'\nconfig: {snapshots.schedule: '@weekly'}")),
            StringComparison.Ordinal);
}
