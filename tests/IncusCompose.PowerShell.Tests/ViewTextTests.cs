using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Views;
using IncusCompose.Resources;

namespace IncusCompose.PowerShell.Tests;

public sealed class ViewTextTests
{
    private static readonly ViewColors s_colors = new("<good>", "<changed>", "<bad>", "<faint>", "</>");

    [Fact]
    public void A_plan_s_lines_have_the_colour_of_what_they_do()
    {
        var plan = new StackPlan
        {
            Stack = "shop",
            Project = "default",
            Resources =
            [
                new ResourceChange { Id = new ResourceId("network", "net"), Action = ChangeAction.Create },
                new ResourceChange
                {
                    Id = new ResourceId("instance", "web"),
                    Action = ChangeAction.Update,
                    Properties = [new PropertyChange("config.user.a", PropertyDifference.Removed, ChangeImpact.Live, "1", null)],
                },
                new ResourceChange { Id = new ResourceId("instance", "old"), Action = ChangeAction.Delete },
            ],
        };

        Assert.Equal(
            """
            <good>  + network/net: create</>
            <changed>  ~ instance/web: change</>
            <bad>      - config.user.a: 1</>
            <bad>  - instance/old: delete</>
            shop: 1 to create, 1 to change, 1 to delete, 0 unchanged
            """.ReplaceLineEndings("\n"),
            ViewText.Plan(plan, s_colors));
    }

    [Theory]
    [InlineData("Running", "<good>Running</>")]
    [InlineData("Stopped", "<faint>Stopped</>")]
    [InlineData("Error", "<bad>Error</>")]
    [InlineData("Frozen", "<changed>Frozen</>")]
    public void A_status_has_its_colour(string status, string painted) => Assert.Equal(painted, ViewText.Status(status, s_colors));

    [Theory]
    [InlineData(ChangeOutcome.Done, "<good>Done</>")]
    [InlineData(ChangeOutcome.Failed, "<bad>Failed</>")]
    [InlineData(ChangeOutcome.Unchanged, "<faint>Unchanged</>")]
    [InlineData(ChangeOutcome.Skipped, "<changed>Skipped</>")]
    public void An_outcome_has_its_colour(ChangeOutcome outcome, string painted) => Assert.Equal(painted, ViewText.Outcome(outcome, s_colors));

    [Theory]
    [InlineData(null, "")]
    [InlineData(0L, "0 B")]
    [InlineData(1023L, "1023 B")]
    [InlineData(1536L, "1.5 KiB")]
    [InlineData(5368709120L, "5.0 GiB")]
    public void Bytes_are_readable(long? bytes, string text) => Assert.Equal(text, ViewText.Bytes(bytes));

    [Fact]
    public void Times_are_seconds_and_none_is_nothing()
    {
        Assert.Equal("1.25 s", ViewText.Seconds(TimeSpan.FromMilliseconds(1250)));
        Assert.Equal("", ViewText.Seconds(TimeSpan.Zero));
    }
}
