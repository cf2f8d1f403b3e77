using IncusCompose.Definition;

namespace IncusCompose.Tests.Loading;

/// <summary>How a file says what is run around the changes of an instance.</summary>
public class HookTests
{
    [Fact]
    public void A_step_has_a_short_and_a_long_form_and_defaults_that_are_stated()
    {
        var hooks = Load("""
            hooks:
              post_start: systemctl reload nginx
              pre_create: {host: [make, certs]}
              post_ready:
                - pg_dump app
                - {exec: [pg_dump, app], user: postgres, timeout: 1m30s, on_failure: continue, environment: {PGPORT: 5433}}
              pre_stop: []
              post_stop:
            """)!;
        Assert.Equal([HookPoint.PreCreate, HookPoint.PostStart, HookPoint.PostReady], hooks.Points.Keys);
        var start = Assert.Single(hooks.At(HookPoint.PostStart));
        Assert.Equal(["/bin/sh", "-c", "systemctl reload nginx"], start.Command);
        Assert.Equal((false, TimeSpan.FromMinutes(5), HookFailure.Fail, null, 0), (start.OnHost, start.Timeout, start.OnFailure, start.User, start.Environment.Count));
        Assert.Equal("systemctl", start.ToString());
        Assert.True(Assert.Single(hooks.At(HookPoint.PreCreate)).OnHost);
        var dump = hooks.At(HookPoint.PostReady)[1];
        Assert.Equal(["pg_dump", "app"], dump.Command);
        Assert.Equal((TimeSpan.FromSeconds(90), HookFailure.Continue, "postgres", "5433"), (dump.Timeout, dump.OnFailure, dump.User, dump.Environment["PGPORT"]));
        Assert.Empty(hooks.At(HookPoint.PreStop));
    }

    [Theory]
    [InlineData("hooks:")]
    [InlineData("hooks: {}")]
    [InlineData("hooks: {pre_stop: []}")]
    public void No_steps_are_no_hooks(string text) => Assert.Null(Load(text));

    [Theory]
    [InlineData("post_create")]
    [InlineData("post_start")]
    [InlineData("post_ready")]
    [InlineData("pre_stop")]
    [InlineData("pre_remove")]
    public void What_runs_in_the_instance_may_stand_where_it_runs(string word) => Assert.Single(Load($"hooks: {{{word}: a}}")!.Points);

    private static HooksDefinition? Load(string text) => StackText.Web(text).Hooks;
}
