using System.Text.Json;

namespace IncusCompose.Cli.Tests;

public sealed class CommandLineTests
{
    public static TheoryData<string[], string> Mistakes => new()
    {
        { ["upp"], "error: There is no verb \"upp\"; did you mean \"up\"?\nSee 'incus-compose --help'.\n" },
        { ["--json", "nonsense", "-x"], "error: There is no verb \"nonsense\"\nSee 'incus-compose --help'.\n" },
        { ["--jsn"], "error: There is no option \"--jsn\"; did you mean \"--json\"?\nSee 'incus-compose --help'.\n" },
        { ["--json"], "error: Name a verb.\nSee 'incus-compose --help'.\n" },
        { ["checkpoint"], "error: Name what to do: create, list, restore, remove.\nSee 'incus-compose checkpoint --help'.\n" },
        { ["checkpoint", "remove", "--older-than", "long"], "error: --older-than must be a number with s, m, h, d or w, such as 30d.\nSee 'incus-compose checkpoint remove --help'.\n" },
        { ["checkpoint", "remove", "--keep-last", "-1"], "error: --keep-last must be a whole number of at least 0.\nSee 'incus-compose checkpoint remove --help'.\n" },
        { ["logs", "--since", "1h", "--until", "2h"], "error: --since is later than --until: nothing lies between them.\nSee 'incus-compose logs --help'.\n" },
        { ["checkpoint", "remove"], "error: Say which checkpoints to remove: by name, or by --keep-last and --older-than.\nSee 'incus-compose checkpoint remove --help'.\n" },
        { ["up", "--foo"], "error: There is no option \"--foo\".\nSee 'incus-compose up --help'.\n" },
        { ["up", "--checkpiont"], "error: There is no option \"--checkpiont\"; did you mean \"--checkpoint\"?\nSee 'incus-compose up --help'.\n" },
        { ["--jsn", "up"], "error: There is no option \"--jsn\"; did you mean \"--json\"?\nSee 'incus-compose up --help'.\n" },
        { ["publish", "db", "--forse"], "error: There is no option \"--forse\"; did you mean \"--force\"?\nSee 'incus-compose publish --help'.\n" },
        { ["clone", "shop", "--too-remote", "there"], "error: There is no option \"--too-remote\"; did you mean \"--to-remote\"?\nSee 'incus-compose clone --help'.\n" },
        { ["stop", "-v", "h1"], "error: There is no option \"-v\".\nSee 'incus-compose stop --help'.\n" },
        { ["checkpoint", "create", "--quisce"], "error: There is no option \"--quisce\"; did you mean \"--quiesce\"?\nSee 'incus-compose checkpoint create --help'.\n" },
        { ["checkpoint", "lst"], "error: There is no verb \"checkpoint lst\"; did you mean \"list\"?\nSee 'incus-compose checkpoint --help'.\n" },
        { ["checkpoint", "--yes"], "error: There is no option \"--yes\".\nSee 'incus-compose checkpoint --help'.\n" },
        { ["exec", "--usr", "root", "web", "--", "ls"], "error: There is no option \"--usr\"; did you mean \"--user\"?\nSee 'incus-compose exec --help'.\n" },
        { ["exec", "web", "--usr", "root", "ls"], "error: There is no option \"--usr\"; did you mean \"--user\"?\nSee 'incus-compose exec --help'.\n" },
        { ["run", "web", "--rmm", "--", "ls"], "error: There is no option \"--rmm\"; did you mean \"--rm\"?\nSee 'incus-compose run --help'.\n" },
        { ["up", "--parallel", "0"], "error: --parallel must be a whole number of at least 1.\nSee 'incus-compose up --help'.\n" },
        { ["up", "--timeout", "soon"], "error: --timeout must be a whole number of at least 0.\nSee 'incus-compose up --help'.\n" },
        { ["plan", "--remove-volumes"], "error: --remove-volumes says what --prune may delete: use both.\nSee 'incus-compose plan --help'.\n" },
        { ["plan", "--scale", "web=3", "--scale", "web=4"], "error: --scale web=4: the number of replicas of web is said twice; say it once.\nSee 'incus-compose plan --help'.\n" },
        { ["backup"], "error: Option '--to' is required.\nSee 'incus-compose backup --help'.\n" },
        { ["restore"], "error: Option '--from' is required.\nSee 'incus-compose restore --help'.\n" },
        { ["restore", "--from", "x", "--pool", "fast"], "error: --pool takes OLD=NEW, not \"fast\".\nSee 'incus-compose restore --help'.\n" },
        { ["down", "--pools"], "error: --pools deletes the volumes in them too: say --volumes as well.\nSee 'incus-compose down --help'.\n" },
        { ["down", "a", "--name", "b"], "error: Two names for one stack: \"a\" and \"b\".\nSee 'incus-compose down --help'.\n" },
        { ["down", "a", "-f", "stack.yaml"], "error: The stack is known by its file or by its name: leave out one of the two.\nSee 'incus-compose down --help'.\n" },
        { ["ps", "a", "--all"], "error: --all lists every stack: leave out the name or --all.\nSee 'incus-compose ps --help'.\n" },
        { ["exec", "web", "ls", "-l"], "error: Put -- before the command, so that its options are its own: exec NAME -- COMMAND.\nSee 'incus-compose exec --help'.\n" },
        { ["exec", "web", "sh", "-e", "A=1"], "error: Put -- before the command, so that its options are its own: exec NAME -- COMMAND.\nSee 'incus-compose exec --help'.\n" },
        { ["exec", "-e", "=x", "web", "--", "ls"], "error: --env \"=x\" has no name: write NAME=VALUE.\nSee 'incus-compose exec --help'.\n" },
        { ["exec", "web"], "error: Required argument missing for command: 'exec'.\nSee 'incus-compose exec --help'.\n" },
        { ["graph", "--format", "png"], "error: --format must be mermaid or dot.\nSee 'incus-compose graph --help'.\n" },
        { ["version", "@file"], "error: Unrecognized command or argument '@file'.\nSee 'incus-compose version --help'.\n" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_command_line_that_makes_no_sense_is_told_so_on_standard_error(string[] arguments, string message)
    {
        var ended = await ChildProgram.RunAsync(arguments);
        Assert.Equal(message, ended.Error);
        Assert.Equal("", ended.Output);
        Assert.Equal(ExitCode.Usage, ended.ExitCode);
    }

    [Fact]
    public async Task No_verb_takes_a_mistyped_option_for_a_name()
    {
        var verbs = (await VerbsAsync("incus-compose ")).Where(verb => verb != "checkpoint").ToList();
        Assert.Contains("publish", verbs);
        verbs.AddRange((await VerbsAsync("incus-compose checkpoint ")).Select(verb => "checkpoint " + verb));
        Assert.Contains("checkpoint restore", verbs);
        foreach (var verb in verbs)
        {
            var ended = await ChildProgram.RunAsync([.. verb.Split(' '), "a", "--jsn"]);
            Assert.Equal(
                (ExitCode.Usage, "", $"error: There is no option \"--jsn\"; did you mean \"--json\"?\nSee 'incus-compose {verb} --help'.\n"),
                (ended.ExitCode, ended.Output, ended.Error));
        }

        static async Task<IEnumerable<string>> VerbsAsync(string line) =>
            (await ChildProgram.RunAsync($"[suggest:{line.Length}]", line)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(word => word[0] != '-');
    }

    [Fact]
    public async Task After_dashes_a_word_that_looks_like_an_option_is_a_name()
    {
        var ended = await ChildProgram.RunAsync("down", "--name", "b", "--", "--jsn");
        Assert.StartsWith("error: Two names for one stack: \"--jsn\" and \"b\".\n", ended.Error, StringComparison.Ordinal);
        // Nor is the value of an option one.
        ended = await ChildProgram.RunAsync("clone", "shop", "--port-offset", "-x");
        Assert.StartsWith("error: --port-offset must be a whole number.", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_arguments_the_help_is_shown()
    {
        var ended = await ChildProgram.RunAsync();
        Assert.StartsWith("Description:\n  Stacks of containers", ended.Output, StringComparison.Ordinal);
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
    }

    [Fact]
    public async Task Version_says_the_version()
    {
        var ended = await ChildProgram.RunAsync("version");
        Assert.Equal((0, $"incus-compose {ThisProgram.Version}\n", ""), (ended.ExitCode, ended.Output, ended.Error));
    }

    [Fact]
    public async Task Version_as_json_is_one_document()
    {
        var ended = await ChildProgram.RunAsync("--json", "version");
        using var json = JsonDocument.Parse(ended.Output);
        Assert.Equal(ThisProgram.Version, json.RootElement.GetProperty("version").GetString());
    }

    [Fact]
    public async Task A_usage_error_is_red_on_a_terminal_and_not_with_no_color()
    {
        var colored = await ChildProgram.RunOnTerminalAsync("upp");
        Assert.Contains("\e[1;31merror: \e[0m", colored.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, colored.ExitCode);

        var plain = await ChildProgram.RunOnTerminalAsync("upp", noColor: true);
        Assert.DoesNotContain('\e', plain.Output);
    }

    [Theory]
    [InlineData("incus-compose p", "pause\nplan\nps\nunpause\nup\n--project\n")]
    [InlineData("incus-compose up --al", "--allow-rebuild\n--allow-replace\n--allow-restart\n")]
    public async Task A_shell_is_offered_what_could_follow(string line, string expected)
    {
        var ended = await ChildProgram.RunAsync($"[suggest:{line.Length}]", line);
        var offered = ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(expected.Split('\n', StringSplitOptions.RemoveEmptyEntries), word => Assert.Contains(word, offered));
    }

    [Theory]
    [InlineData("incus-compose ")]
    [InlineData("incus-compose up -")]
    public async Task Of_the_spellings_of_help_only_those_of_this_system_are_offered(string line)
    {
        var offered = (await ChildProgram.RunAsync($"[suggest:{line.Length}]", line)).Output.Split('\n');
        Assert.Equal(["--help", "-h"], offered.Where(word => word is "--help" || word.Contains('?') || (word.StartsWith('-') && word.EndsWith('h'))).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("exec w", "web worker")]
    [InlineData("up --scale w", "web= worker=")]
    [InlineData("plan --update w", "web worker")]
    public async Task What_the_stack_file_has_is_offered(string typed, string expected)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "name: shop\ninstances: { web: {}, worker: {}, db: {} }\n");
            var line = $"incus-compose -f {file} {typed}";
            var offered = (await ChildProgram.RunAsync($"[suggest:{line.Length}]", line)).Output.Split('\n');
            Assert.Equal(expected.Split(' '), offered.Where(word => word.StartsWith('w')));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("exec", "exec <instance> <command>...")]
    [InlineData("cp", "cp <source> <destination>")]
    [InlineData("logs", "logs [<instance>...]")]
    public async Task Help_names_arguments_and_asks_nobody_for_names(string verb, string usage)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "name: shop\ninstances: { web: {}, db: {} }\n");
            var ended = await ChildProgram.RunAsync("-f", file, verb, "--help");
            Assert.Contains($"incus-compose {usage} [options]\n", ended.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("<db", ended.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("incus-compose -f /nosuch/stack.yaml exec w")]
    [InlineData("incus-compose --remote nosuch --name w")]
    [InlineData("incus-compose --remote nosuch down w")]
    public async Task Where_there_is_no_file_or_server_no_name_is_offered_and_nothing_said(string line)
    {
        var ended = await ChildProgram.RunAsync($"[suggest:{line.Length}]", line);
        Assert.Equal((0, ""), (ended.ExitCode, ended.Error));
        Assert.All(ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), word => Assert.StartsWith("-", word, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("down --vo", "--volumes")]
    [InlineData("conf", "config")]
    [InlineData("pl", "plan")]
    public async Task Bash_completes_with_the_lines_that_completion_writes(string typed, string expected)
    {
        var script = await ChildProgram.RunAsync("completion", "bash");
        var assembly = Path.Combine(AppContext.BaseDirectory, "incus-compose.dll");
        var ended = await ChildProgram.RunAsync("bash", ["-c", $$"""
            incus-compose() { dotnet '{{assembly}}' "$@"; }
            {{script.Output}}
            COMP_LINE='incus-compose {{typed}}' COMP_WORDS=(incus-compose {{typed}})
            COMP_POINT=${#COMP_LINE} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _incus_compose
            printf '%s\n' "${COMPREPLY[@]}"
            """]);
        Assert.Equal(expected + "\n", ended.Output);
    }
}
