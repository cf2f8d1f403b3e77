namespace IncusCompose.Tests.Loading;

public class InterpolationTests
{
    private static readonly Dictionary<string, string> s_variables = new()
    {
        ["NAME"] = "value",
        ["EMPTY"] = "",
        ["OTHER"] = "other",
        ["NUMBER"] = "2",
    };

    private static string Expand(string text) =>
        StackText.Require($"name: s\ndescription: '{text.Replace("'", "''")}'", s_variables).Description!;

    [Theory]
    [InlineData("$NAME", "value")]
    [InlineData("${NAME}", "value")]
    [InlineData("a${NAME}b$NAME-c", "avaluebvalue-c")]
    [InlineData("$$NAME", "$NAME")]
    [InlineData("$${NAME}", "${NAME}")]
    [InlineData("$$$NAME", "$value")]
    [InlineData("${EMPTY}", "")]
    public void Variables_are_replaced(string text, string expected) => Assert.Equal(expected, Expand(text));

    [Theory]
    [InlineData("${NAME:-default}", "value")]
    [InlineData("${EMPTY:-default}", "default")]
    [InlineData("${UNSET:-default}", "default")]
    [InlineData("${NAME-default}", "value")]
    [InlineData("${EMPTY-default}", "")]
    [InlineData("${UNSET-default}", "default")]
    [InlineData("${UNSET:-}", "")]
    [InlineData("${UNSET:-a b:c-d}", "a b:c-d")]
    public void A_default_stands_in_for_what_is_unset_or_with_a_colon_empty(string text, string expected) => Assert.Equal(expected, Expand(text));

    [Theory]
    [InlineData("${UNSET:-${OTHER}}", "other")]
    [InlineData("${UNSET:-${EMPTY:-${NAME}}}", "value")]
    [InlineData("${UNSET:-x$OTHER-y}", "xother-y")]
    [InlineData("${UNSET:-$$}", "$")]
    [InlineData("${NAME:-${UNSET:?not asked for}}", "value")]
    public void Defaults_hold_variables_themselves(string text, string expected) => Assert.Equal(expected, Expand(text));

    [Theory]
    [InlineData("${NAME:+set}", "set")]
    [InlineData("${EMPTY:+set}", "")]
    [InlineData("${EMPTY+set}", "set")]
    [InlineData("${UNSET+set}", "")]
    [InlineData("${NAME:?needed}", "value")]
    [InlineData("${EMPTY?needed}", "")]
    public void Replacements_and_demands_look_at_the_variable(string text, string expected) => Assert.Equal(expected, Expand(text));

    [Fact]
    public void A_variable_may_be_a_number_a_size_or_a_key_of_the_file()
    {
        var web = StackText.Require("instances: {web: {cpu: $NUMBER, memory: '${NUMBER}GiB', ephemeral: '${FLAG:-true}'}}", s_variables).Instances["web"];
        Assert.Equal(("2", "2GiB", true), (web.Cpu, web.Memory, web.Ephemeral));
    }

    [Fact]
    public void An_empty_variable_is_an_empty_text_and_for_what_is_no_text_the_same_as_no_value()
    {
        var web = StackText.Require("instances: {web: {cpu: $EMPTY, memory: $EMPTY, description: $EMPTY, environment: {A: $EMPTY}}}", s_variables).Instances["web"];
        Assert.Equal((null, null, "", ""), (web.Cpu, web.Memory, web.Description, web.Environment["A"]));
    }

    [Fact]
    public void Keys_and_free_keys_are_left_as_they_are()
    {
        var stack = StackText.Require("x-free: $UNSET\ninstances: {web: {environment: {$NAME: a}}}", s_variables);
        Assert.Equal("a", stack.Instances["web"].Environment["$NAME"]);
    }

    [Fact]
    public void A_variable_brings_text_and_never_structure()
    {
        var stack = StackText.Require("instances: {web: {description: $INJECTED}}", new Dictionary<string, string> { ["INJECTED"] = "a\nconfig: {x: y}" });
        Assert.Equal("a\nconfig: {x: y}", stack.Instances["web"].Description);
        Assert.Empty(stack.Instances["web"].Config);
    }

    [Fact]
    public void An_unset_variable_is_warned_about_once_however_often_it_stands_there()
    {
        var problems = StackText.Problems("instances: {a: {description: $UNSET}, b: {description: $UNSET}}");
        Assert.Equal(["stack.yaml:1:30: instances.a.description: warning: the variable UNSET is not set, so it stands for nothing; set it, write `${UNSET:-default}`, or `$$UNSET` for the text itself"], problems);
    }

    [Theory]
    [InlineData("memory: '${DB_PASSWORD}'", "memory: `${DB_PASSWORD}` stands for a value that cannot be used here; write a size such as")]
    [InlineData("memory: 'x${DB_PASSWORD}'", "memory: `x${DB_PASSWORD}` stands for")]
    [InlineData("cpu: '${DB_PASSWORD}'", "cpu: `${DB_PASSWORD}` stands for")]
    [InlineData("ports: ['${DB_PASSWORD}:80']", "ports[0]: `${DB_PASSWORD}:80` stands for")]
    [InlineData("ephemeral: '${DB_PASSWORD}'", "ephemeral: `${DB_PASSWORD}` stands for")]
    [InlineData("depends_on: ['${DB_PASSWORD}']", "depends_on[0]: there is no instance `${DB_PASSWORD}`")]
    [InlineData("volumes: [{source: x, target: '${DB_PASSWORD}'}]", "the path in the instance, `${DB_PASSWORD}`, is not absolute")]
    [InlineData("devices: {d: {type: '${DB_PASSWORD}'}}", "Incus has no device type `${DB_PASSWORD}`")]
    [InlineData("environment: ['${DB_PASSWORD}']", "environment[0]: `${DB_PASSWORD}` stands for a secret")]
    [InlineData("cloud_init: '${DB_PASSWORD}'", "cloud_init: `${DB_PASSWORD}` stands here")]
    [InlineData("cloud_init: {user_data: {file: '${DB_PASSWORD}'}}", "the file `${DB_PASSWORD}` does not exist")]
    [InlineData("description: '${UNSET:?not ${DB_PASSWORD}}'", "not set: not ${DB_PASSWORD}")]
    [InlineData("config: {limits.memory: '${DB_PASSWORD}', user.incus-compose.stack: '${DB_PASSWORD}'}", "")]
    [InlineData("networks: ['${DB_PASSWORD}', '${DB_PASSWORD}']", "")]
    [InlineData("profiles: ['${DB_PASSWORD}', '${DB_PASSWORD}']", "`${DB_PASSWORD}` is named twice")]
    public void A_problem_with_the_value_of_a_secret_variable_names_the_variable(string lines, string expected)
    {
        foreach (var secret in new[] { "hunter/9:x=y", "hunter9", "hunter9\nhunter9" })
        {
            var problems = string.Join('\n', StackText.Problems($"instances: {{web: {{{lines}}}}}", new Dictionary<string, string> { ["DB_PASSWORD"] = secret }));
            Assert.DoesNotContain("hunter", problems);
            if (secret == "hunter9")
                Assert.Contains(expected, problems);
        }
    }

    [Fact]
    public void The_env_file_beside_the_stack_fills_what_the_environment_leaves_open()
    {
        var stack = StackText.Require("description: $NAME $FILE", s_variables, "NAME=from-file\nFILE=file");
        Assert.Equal("value file", stack.Description);
    }

    [Theory]
    [InlineData("A=plain", "plain")]
    [InlineData("A= spaced  # comment", "spaced")]
    [InlineData("A=with#sign", "with#sign")]
    [InlineData("export A=exported", "exported")]
    [InlineData("A='single $NAME \\n'", "single $NAME \\n")]
    [InlineData("A=\"double $NAME \\\"q\\\" \\$NAME\\n.\"", "double value \"q\" $NAME\n.")]
    [InlineData("B=b\nA=${B}${NAME}", "bvalue")]
    [InlineData("A=\"two\nlines\"\nB=x", "two\nlines")]
    [InlineData("\r\nA=crlf\r\n", "crlf")]
    [InlineData("# only\nA=", "")]
    [InlineData("A", "unset")]
    [InlineData("A: colon:s", "colon:s")]
    public void The_env_file_has_composes_syntax(string file, string expected) =>
        Assert.Equal(expected, StackText.Require("description: ${A-unset}", s_variables, file).Description);

    [Theory]
    [InlineData("A=x\n=b", ".env:2:1: this line does not begin with a variable's name; write NAME=value, or # before a comment")]
    [InlineData("A b", ".env:1:1: `=` is missing after A; write NAME=value")]
    [InlineData("A='x\n\nB=hunter2", ".env:1:1: the quote ' that begins here is not closed; add the missing '")]
    [InlineData("A=${B:?no B}", ".env:1:1: the variable B is not set: no B; set it in the environment or in the .env file")]
    public void A_bad_line_of_the_env_file_is_an_error_with_its_place_and_without_its_value(string file, string expected) =>
        Assert.Equal([expected], StackText.Problems("description: x", s_variables, file).Where(problem => problem.StartsWith(".env", StringComparison.Ordinal)));

    [Fact]
    public void An_env_file_of_more_than_a_million_characters_is_an_error() =>
        Assert.Equal([".env: the environment file is larger than 1 MiB; is it really an environment file?"], StackText.Problems("name: x", s_variables, new string('a', 1024 * 1024 + 1)));

    [Fact]
    public void A_bomb_in_the_env_file_is_an_error()
    {
        var bomb = "V0=0123456789\n" + string.Concat(Enumerable.Range(1, 30).Select(i => $"V{i}=$V{i - 1}$V{i - 1}$V{i - 1}\n"));
        Assert.Contains("the variables of this file grow beyond a million characters", StackText.Problems("description: x", s_variables, bomb)[0]);
    }

    [Fact]
    public void A_default_that_is_not_used_may_be_anything() =>
        Assert.Equal("set", StackText.Load("instances: {web: {environment: {HASH: \"${HASH:-$2a$14$1l.x}\"}}}\n", new Dictionary<string, string> { ["HASH"] = "set" }).Definition!.Instances["web"].Environment["HASH"]);
}
