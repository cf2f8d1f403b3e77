using IncusCompose.Cli.Rendering;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Tests;

public sealed class PlanRendererTests
{
    [Fact]
    public void A_detailed_plan_shows_every_property_and_why() =>
        Golden.Verify(Render(Plans.Everything(), detailed: true), "plan-detailed.txt");

    [Fact]
    public void A_plan_to_apply_leaves_out_what_a_person_need_not_see_go_by() =>
        Golden.Verify(Render(Plans.Everything(), detailed: false), "plan-brief.txt");

    [Fact]
    public void Colour_adds_escapes_and_nothing_else()
    {
        var colored = Render(Plans.Everything(), detailed: true, color: true);
        Golden.Verify(colored, "plan-color.txt");
        Assert.Equal(
            Render(Plans.Everything(), detailed: true),
            System.Text.RegularExpressions.Regex.Replace(colored, "\e\\[[0-9;]*m", ""));
    }

    [Fact]
    public void Without_colour_no_escape_is_written_whatever_the_values_hold() =>
        Assert.DoesNotContain('\e', Render(Plans.Everything(), detailed: true));

    [Fact]
    public void A_plan_without_changes_says_so() =>
        Assert.Equal(
            "Stack shop on local, project default\nNo changes: 2 resources are as described.\n",
            Render(Plans.Unchanged(), detailed: true));

    [Fact]
    public void A_plan_of_nothing_says_so() =>
        Assert.Equal(
            "Stack shop on local, project default\nNothing to do.\n",
            Render(Plans.Unchanged() with { Resources = [] }, detailed: true));

    [Fact]
    public void A_plan_to_take_down_names_what_is_kept() =>
        Assert.Equal(
            """
            Stack shop on local, project default

              - instance/web  delete
                volume/default/data  kept

            Plan: 1 to delete; 1 unchanged.

            """,
            Render(
                Plans.Unchanged() with
                {
                    IsRemoval = true,
                    Resources =
                    [
                        Plans.Change(Plans.Instance("web"), ChangeAction.Delete),
                        Plans.Change(new("volume", "data", "default"), ChangeAction.None) with { Reason = "kept" },
                    ],
                },
                detailed: false));

    [Fact]
    public void A_plan_as_json_keeps_its_shape()
    {
        using var writer = new StringWriter();
        JsonLines.Write(writer, PlanDocument.From(Plans.Everything()), JsonDocuments.Indented.PlanDocument);
        Golden.Verify(writer.ToString(), "plan.json");
    }

    private static string Render(StackPlan plan, bool detailed, bool color = false)
    {
        using var writer = new StringWriter();
        PlanRenderer.Write(plan, new StyledWriter(writer, color), detailed);
        return writer.ToString();
    }
}
