using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading.Composition;

/// <summary>docker compose's own variables, which count for compose files alone.</summary>
public class ComposeVariableTests
{
    private const string Shop = "name: shop\nservices:\n  web: {image: 'x:${COMPOSE_PROJECT_NAME}'}\n  debug: {image: x, profiles: [debug]}\n  test: {image: x, profiles: [test]}\n";

    private static LoadOptions Environment(params (string Name, string Value)[] variables) => new() { Variables = variables.ToDictionary(variable => variable.Name, variable => variable.Value) };

    private static LoadResult Find(StackFolder folder, LoadOptions options) =>
        StackText.Loader.Load([], options with { WorkingDirectory = folder.Path, Variables = options.Variables ?? new Dictionary<string, string>() });

    private static string Instances(LoadResult loaded) => string.Join(' ', loaded.Require().Instances.Keys);

    [Fact]
    public void Profiles_are_active_that_a_variable_names_unless_the_command_line_names_some()
    {
        using var folder = new StackFolder(("compose.yaml", Shop));
        Assert.Equal("web", Instances(folder.Load(null, "compose.yaml")));
        Assert.Equal("web debug test", Instances(folder.Load(Environment(("COMPOSE_PROFILES", "debug, test")), "compose.yaml")));
        Assert.Equal("web test", Instances(folder.Load(Environment(("COMPOSE_PROFILES", "debug"), ("INCUS_COMPOSE_ACTIVATE", "test")), "compose.yaml")));
        Assert.Equal("web test", Instances(folder.Load(Environment(("COMPOSE_PROFILES", "debug")) with { Activate = ["test"] }, "compose.yaml")));
        folder.Write(".env", "COMPOSE_PROFILES=test\n");
        Assert.Equal("web test", Instances(folder.Load(null, "compose.yaml")));
        Assert.Equal("web debug", Instances(folder.Load(Environment(("COMPOSE_PROFILES", "debug")), "compose.yaml")));
    }

    [Fact]
    public void A_project_is_called_as_the_command_line_says_or_the_environment_or_the_env_file_or_the_file_or_its_folder()
    {
        using var folder = new StackFolder(("compose.yaml", Shop), ("my app/compose.yaml", Shop.Replace("name: shop\n", "")));
        string Name(LoadOptions? options, string file = "compose.yaml") => folder.Load(options, file).Require() is var stack && stack.Instances["web"].Image.EndsWith(":" + stack.Name, StringComparison.Ordinal) ? stack.Name : "?";

        Assert.Equal("my-app", Name(null, "my app/compose.yaml"));
        Assert.Equal("shop", Name(null));
        folder.Write(".env", "COMPOSE_PROJECT_NAME=fromfile\n");
        Assert.Equal("fromfile", Name(null));
        Assert.Equal("fromshell", Name(Environment(("COMPOSE_PROJECT_NAME", "fromshell"))));
        Assert.Equal("said", Name(Environment(("COMPOSE_PROJECT_NAME", "fromshell")) with { Name = "said" }));
    }

    [Fact]
    public void A_project_that_no_stack_can_be_called_is_answered_where_it_is_said()
    {
        using var folder = new StackFolder(("compose.yaml", Shop));
        Assert.StartsWith("COMPOSE_PROJECT_NAME: name: `my app`", Assert.Single(folder.Problems(Environment(("COMPOSE_PROJECT_NAME", "my app")), "compose.yaml"), problem => problem.Contains("characters", StringComparison.Ordinal)));
    }

    [Fact]
    public void Networks_are_called_after_the_project_that_a_variable_names()
    {
        using var folder = new StackFolder(("compose.yaml", "name: shop\nservices: {web: {image: x, networks: [back]}}\nnetworks: {back: {}}\n"));
        Assert.Equal(["stage-back"], folder.Load(Environment(("COMPOSE_PROJECT_NAME", "stage")), "compose.yaml").Require().Networks.Keys);
    }

    [Fact]
    public void Files_that_a_variable_names_are_taken_where_none_is_named()
    {
        using var folder = new StackFolder(("compose.yaml", Shop), ("compose.override.yaml", "services: {never: {image: x}}\n"), ("a.yaml", "services: {a: {image: x}}\n"), ("sub/b.yaml", "services: {b: {image: x}}\n"));
        Assert.Equal("web never", Instances(Find(folder, new LoadOptions())));
        Assert.Equal("a b", Instances(Find(folder, Environment(("COMPOSE_FILE", $"a.yaml{Path.PathSeparator}sub/b.yaml")))));
        Assert.Equal("a b", Instances(Find(folder, Environment(("COMPOSE_FILE", "a.yaml,sub/b.yaml"), ("COMPOSE_PATH_SEPARATOR", ",")))));
        // Who names files means those.
        Assert.Equal("web", Instances(folder.Load(Environment(("COMPOSE_FILE", "a.yaml")), "compose.yaml")));
        folder.Write(".env", "COMPOSE_FILE=a.yaml:compose.yaml\nCOMPOSE_PATH_SEPARATOR=:\n");
        Assert.Equal("a web", Instances(Find(folder, new LoadOptions())));
        Assert.Equal("b", Instances(Find(folder, Environment(("COMPOSE_FILE", "sub/b.yaml")))));
        folder.Write("other.env", "COMPOSE_FILE=sub/b.yaml\n");
        Assert.Equal("b", Instances(Find(folder, new LoadOptions { EnvironmentFiles = ["other.env"] })));
    }

    [Fact]
    public void The_env_file_that_names_files_elsewhere_gives_its_other_variables_too()
    {
        using var folder = new StackFolder((".env", "COMPOSE_FILE=deploy/compose.yaml\nTAG=1\n"), ("deploy/.env", "TAG=2\nOTHER=3\n"), ("deploy/compose.yaml", "services: {web: {image: x, environment: {TAG: $TAG, OTHER: $OTHER}}}\n"));
        var web = Find(folder, new LoadOptions()).Require().Instances["web"];
        Assert.Equal(("1", "3"), (web.Environment["TAG"], web.Environment["OTHER"]));
    }

    [Fact]
    public void A_file_that_is_not_there_is_said_by_the_name_that_the_variable_gives_it()
    {
        using var folder = new StackFolder();
        Assert.Equal(["a.yaml: the file does not exist"], Find(folder, Environment(("COMPOSE_FILE", "a.yaml"))).Diagnostics.Select(problem => problem.ToString()));
    }

    [Fact]
    public void Files_of_variables_are_those_that_a_variable_names_and_none_lies_beside_where_that_is_turned_off()
    {
        const string Web = "services: {web: {image: x, environment: {TAG: '${TAG-none}', OTHER: '${OTHER-none}'}}}\n";
        using var folder = new StackFolder(("compose.yaml", Web), (".env", "TAG=beside\n"), ("one.env", "TAG=1\nOTHER=1\n"), ("two.env", "TAG=2\n"), ("stack.yaml", Web.Replace("services", "instances", StringComparison.Ordinal)));
        string Tags(LoadOptions options, string file = "compose.yaml") => folder.Load(options, file).Require().Instances["web"].Environment is var said ? $"{said["TAG"]} {said["OTHER"]}" : "";

        Assert.Equal("beside none", Tags(new LoadOptions { Variables = new Dictionary<string, string>() }));
        Assert.Equal("2 1", Tags(Environment(("COMPOSE_ENV_FILES", "one.env, two.env"))));
        // The command line wins, and of its files the later ones.
        Assert.Equal("1 1", Tags(Environment(("COMPOSE_ENV_FILES", "two.env")) with { EnvironmentFiles = ["two.env", "one.env"] }));
        Assert.Equal("none none", Tags(Environment(("COMPOSE_DISABLE_ENV_FILE", "1"))));
        Assert.Equal("1 1", Tags(Environment(("COMPOSE_DISABLE_ENV_FILE", "true"), ("COMPOSE_ENV_FILES", "one.env"))));
        Assert.Equal("beside none", Tags(Environment(("COMPOSE_DISABLE_ENV_FILE", "false"))));
        Assert.StartsWith("COMPOSE_DISABLE_ENV_FILE: `perhaps` is neither true nor false", Assert.Single(folder.Problems(Environment(("COMPOSE_DISABLE_ENV_FILE", "perhaps")), "compose.yaml")), StringComparison.Ordinal);
        Assert.Equal(["gone.env: the environment file does not exist"], folder.Problems(Environment(("COMPOSE_ENV_FILES", "gone.env")), "compose.yaml").Where(problem => problem.Contains("gone", StringComparison.Ordinal)));
        // They change no stack file.
        Assert.Equal("beside none", Tags(Environment(("COMPOSE_DISABLE_ENV_FILE", "1"), ("COMPOSE_ENV_FILES", "one.env")), "stack.yaml"));
        folder.Write("files.env", "COMPOSE_FILE=other.yaml\n").Write("other.yaml", "services: {other: {image: x}}\n");
        File.Delete(Path.Combine(folder.Path, "stack.yaml"));
        Assert.Equal("other", Instances(Find(folder, Environment(("COMPOSE_ENV_FILES", "files.env")))));
        folder.Write(".env", "COMPOSE_FILE=other.yaml\n");
        Assert.Equal("web", Instances(Find(folder, Environment(("COMPOSE_DISABLE_ENV_FILE", "1")))));
    }

    [Fact]
    public void A_stack_file_is_what_it_says_whatever_these_variables_say()
    {
        using var folder = new StackFolder(("stack.yaml", "name: own\ninclude: [app/compose.yaml]\ninstances: {web: {}, debug: {activate: debug}}\n"), ("app/compose.yaml", "services: {db: {image: x}}\n"), ("other.yaml", Shop));
        var stack = Find(folder, Environment(("COMPOSE_FILE", "other.yaml"), ("COMPOSE_PROFILES", "debug"), ("COMPOSE_PROJECT_NAME", "theirs"))).Require();
        Assert.Equal(("own", "web db"), (stack.Name, string.Join(' ', stack.Instances.Keys)));
    }
}
