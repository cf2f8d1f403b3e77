using IncusCompose.Applying;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Commands;
using IncusCompose.PowerShell.Documents;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.Resources;

namespace IncusCompose.PowerShell.Tests;

/// <summary>What is asked before a plan is applied. Everything is declined here, so that no server is needed.</summary>
public sealed class PlanRunnerTests
{
    private static readonly ResourceId s_network = new("network", "net");
    private static readonly ResourceId s_web = new("instance", "web");
    private static readonly ResourceId s_free = new("instance", "free");

    private static readonly StackPlan s_plan = new()
    {
        Stack = "shop",
        Project = "default",
        Resources =
        [
            new ResourceChange { Id = s_network, Action = ChangeAction.Create },
            new ResourceChange { Id = s_web, Action = ChangeAction.Create, DependsOn = [s_network] },
            new ResourceChange { Id = new("volume", "kept", "default"), Action = ChangeAction.None },
            new ResourceChange
            {
                Id = s_free,
                Action = ChangeAction.Update,
                Properties = [new PropertyChange("config.limits.memory", PropertyDifference.Changed, ChangeImpact.Live, "1GiB", "2GiB")],
            },
        ],
    };

    [Fact]
    public void WhatIf_tells_every_change_in_order_in_the_plan_s_words_and_none_that_is_none()
    {
        using var host = Run(s_plan, isWhatIf: true);

        Assert.Equal(3, host.Questions.Count);
        Assert.Equal("+ network/net: create", host.Questions[0]);
        Assert.Equal("+ instance/web: create", host.Questions[1]);
        Assert.Equal(
            ["~ instance/free: change", "~ config.limits.memory: 1GiB -> 2GiB"],
            host.Questions[2].Split(Environment.NewLine).Select(line => line.Trim()));
        Assert.Empty(host.Warnings);
        Assert.Empty(host.Objects);
    }

    [Fact]
    public void What_depends_on_a_declined_change_is_left_out_without_being_asked_for()
    {
        using var host = Run(s_plan, isWhatIf: false);

        Assert.Equal(["+ network/net: create", "~ instance/free: change"], host.Questions.Select(question => question.Split(Environment.NewLine)[0]));
        Assert.Equal(["instance/web is left as it is, since network/net is."], host.Warnings);
    }

    [Fact]
    public void A_refused_plan_is_an_error_about_what_the_user_gave_before_anything_is_asked()
    {
        var refused = s_plan with
        {
            Resources = [.. s_plan.Resources, new ResourceChange { Id = new("instance", "old"), Action = ChangeAction.Replace, Refused = "needs -AllowReplace" }],
        };

        using var host = Run(refused, isWhatIf: true);

        var error = Assert.Single(host.Errors);
        Assert.Equal("PlanRefused", error.Id);
        Assert.Equal("the user's own", error.Target);
        Assert.Contains("-AllowReplace", error.Text, StringComparison.Ordinal);
        Assert.Empty(host.Questions);
    }

    private static RecordingHost Run(StackPlan plan, bool isWhatIf)
    {
        var host = new RecordingHost { Answer = false };
        var failure = PipelinePump.Run(
            host,
            (pipeline, cancellation) => new PlanRunner(pipeline, new ComposeEngine(new YamlDocumentFormat()), "Invoke-IncusCompose", isWhatIf)
                .RunAsync(null!, plan, new ApplyOptions(), "the user's own", cancellation),
            CancellationToken.None);
        Assert.Null(failure);
        return host;
    }
}
