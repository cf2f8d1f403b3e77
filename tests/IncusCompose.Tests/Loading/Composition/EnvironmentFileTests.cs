using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading.Composition;

public class EnvironmentFileTests
{
    private static string Environment(string lines, params (string Name, string Text)[] files)
    {
        using var folder = new StackFolder([("stack.yaml", $"instances: {{web: {{{lines}}}}}"), .. files]);
        return string.Join(' ', folder.Require(new LoadOptions { Variables = new Dictionary<string, string> { ["SHELL_ONLY"] = "shell" } })
            .Instances["web"].Environment.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Theory]
    [InlineData("env_file: a.env", "A=1 B=2")]
    [InlineData("env_file: [a.env, b.env]", "A=1 B=3 C=4")]
    [InlineData("env_file: [a.env], environment: {B: 5}", "A=1 B=5")]
    [InlineData("environment: {B: 5}, env_file: [a.env]", "A=1 B=5")]
    [InlineData("env_file: [{path: no.env, required: false}, {path: a.env}]", "A=1 B=2")]
    [InlineData("env_file: {path: raw.env, format: raw}", "A='$B' # x SHELL_ONLY=shell")]
    [InlineData("env_file: quoted.env", "A=$B c SHELL_ONLY=shell X=shell")]
    public void Files_give_variables_of_which_the_later_win_and_the_environment_over_all(string lines, string expected) =>
        Assert.Equal(expected, Environment(lines, ("a.env", "A=1\nB=2"), ("b.env", "B=3\nC=4"), ("raw.env", "# c\nA='$B' # x\nSHELL_ONLY\nNOT_SET\n"), ("quoted.env", "A=\"\\$B c\"\nX=${SHELL_ONLY}\nSHELL_ONLY\nNOT_SET")));

    [Theory]
    [InlineData("env_file: no.env", "stack.yaml:1:29: the environment file `no.env` does not exist")]
    [InlineData("env_file: bad.env", "bad.env:2:1: `=` is missing after B; write NAME=value")]
    [InlineData("env_file: {path: bad.env, format: raw}", "bad.env:2:1: this line does not begin with a variable's name and `=`")]
    [InlineData("env_file: zero.env", "stack.yaml:1:29: the environment file `zero.env` holds the character U+0000, which no variable can; is it really an environment file?")]
    [InlineData("env_file: {path: a.env, format: toml}", "`toml` is not known here")]
    public void A_bad_file_is_an_error_with_its_place_and_without_its_values(string lines, string expected)
    {
        using var folder = new StackFolder(("stack.yaml", $"instances: {{web: {{{lines}}}}}"), ("bad.env", "A=hunter2\nB hunter2=x y"), ("zero.env", "A=hunter2\0"), ("a.env", ""));
        var problems = string.Join('\n', folder.Problems());
        Assert.Contains(expected, problems);
        Assert.DoesNotContain("hunter2", problems);
    }

    [Fact]
    public void A_variable_knows_the_place_in_its_file()
    {
        using var folder = new StackFolder(("sub/stack.yaml", "instances: {web: {env_file: a.env, environment: {C: x}}}"), ("sub/a.env", "\nA=1\nB=\"x\ny\"\nC=3"));
        var source = folder.Require(null, "sub/stack.yaml").Source;
        Assert.Equal("sub/a.env:2:1", source.Find("instances.web.environment.A").ToString());
        Assert.Equal("sub/a.env:3:1", source.Find("instances.web.environment.B").ToString());
    }

    [Fact]
    public void Files_of_the_command_line_stand_for_the_one_beside_the_stack()
    {
        using var folder = new StackFolder(("stack.yaml", "description: '${A-} ${B-} ${C-}'"), (".env", "A=beside"), ("one.env", "A=1\nB=2\nC=3"), ("two.env", "B=two $A"));
        var options = new LoadOptions { EnvironmentFiles = ["one.env", "two.env"], Variables = new Dictionary<string, string> { ["C"] = "shell" } };
        Assert.Equal("1 two 1 shell", folder.Require(options).Description);
    }

    [Fact]
    public void A_file_of_the_command_line_that_is_not_there_is_an_error()
    {
        using var folder = new StackFolder(("stack.yaml", "name: x"));
        Assert.Equal(["no.env: the environment file does not exist"], folder.Problems(new LoadOptions { EnvironmentFiles = ["no.env"] }));
    }
}
