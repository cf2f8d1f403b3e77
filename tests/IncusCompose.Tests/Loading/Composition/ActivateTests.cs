using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading.Composition;

public class ActivateTests
{
    private const string Shop = """
        instances:
          web: {ports: ['80:80']}
          debug: {activate: debug, ports: ['80:80'], depends_on: [web]}
          test: {activate: [test, debug], depends_on: {web: {}, spare: {required: false}}}
          spare: {activate: [spare], description: $DESCRIPTION}
        """;

    private static readonly Dictionary<string, string> s_variables = new() { ["DESCRIPTION"] = "d" };

    private static string Active(LoadOptions options)
    {
        using var folder = new StackFolder(("stack.yaml", Shop.Replace("ports: ['80:80'], depends_on", "depends_on")));
        return string.Join(' ', folder.Require(options with { Variables = options.Variables ?? s_variables }).Instances.Keys);
    }

    [Fact]
    public void An_instance_with_words_exists_only_where_one_is_given()
    {
        Assert.Equal("web", Active(new LoadOptions()));
        Assert.Equal("web test", Active(new LoadOptions { Activate = ["test"] }));
        Assert.Equal("web debug test", Active(new LoadOptions { Activate = ["debug"] }));
        Assert.Equal("web debug test spare", Active(new LoadOptions { Activate = ["*"] }));
    }

    [Fact]
    public void The_variable_gives_words_and_the_command_line_wins()
    {
        var variables = new Dictionary<string, string>(s_variables) { ["INCUS_COMPOSE_ACTIVATE"] = "test, spare" };
        Assert.Equal("web test spare", Active(new LoadOptions { Variables = variables }));
        Assert.Equal("web spare", Active(new LoadOptions { Variables = variables, Activate = ["spare"] }));
    }

    [Fact]
    public void An_instance_that_is_named_gives_its_words() =>
        Assert.Equal("web debug test", Active(new LoadOptions { ActivateInstances = ["debug", "web", "unknown"] }));

    [Fact]
    public void What_is_not_active_is_kept_apart_and_clashes_with_nothing()
    {
        using var folder = new StackFolder(("stack.yaml", Shop));
        var stack = folder.Require(new LoadOptions { Variables = s_variables });
        Assert.Equal(["debug", "test", "spare"], stack.InactiveInstances.Keys);
        Assert.Contains("already publishes the host's port 80/tcp", Assert.Single(folder.Problems(new LoadOptions { Variables = s_variables, Activate = ["debug"] })));
    }

    [Fact]
    public void A_dependency_on_what_is_not_active_is_an_error_with_both_places()
    {
        using var folder = new StackFolder(("stack.yaml", "instances:\n  web: {depends_on: [db]}\n  db:\n    activate: [data]"));
        Assert.Equal(
            ["stack.yaml:2:22: instances.web.depends_on[0]: `db` is not active (stack.yaml:4:5); activate it with --activate data (-Activate data), give `web` the same `activate`, or say `required: false` of the dependency"],
            folder.Problems());
        Assert.Empty(folder.Problems(new LoadOptions { Activate = ["data"] }));
    }

    [Fact]
    public void A_word_that_no_instance_has_is_warned_of()
    {
        using var folder = new StackFolder(("stack.yaml", "instances: {web: {}, debug: {activate: debug}}"));
        Assert.Equal(["warning: no instance has `degub` under `activate`; did you mean `debug`?"], folder.Problems(new LoadOptions { Activate = ["degub"] }));
    }

    [Fact]
    public void The_resolved_file_has_the_same_instances_active()
    {
        using var folder = new StackFolder(("stack.yaml", Shop));
        var stack = folder.Require(new LoadOptions { Variables = s_variables, Activate = ["test"] });
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(stack, writer);
        using var again = new StackFolder(("stack.yaml", writer.ToString()));
        var resolved = again.Require();
        Assert.Equal(["web", "test"], resolved.Instances.Keys);
        Assert.Equal(["debug", "spare"], resolved.InactiveInstances.Keys);
        Assert.Equal("d", resolved.InactiveInstances["spare"].Description);
    }

    [Fact]
    public void A_bad_word_is_an_error()
    {
        using var folder = new StackFolder(("stack.yaml", "instances: {web: {activate: ['a b', '*']}}"));
        Assert.Equal(["stack.yaml:1:30", "stack.yaml:1:37"], folder.Load().Diagnostics.Select(d => d.Location.ToString()));
    }
}
