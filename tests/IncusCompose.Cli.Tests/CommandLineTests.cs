using System.Text.Json;

namespace IncusCompose.Cli.Tests;

public sealed class CommandLineTests
{
    public static TheoryData<string[], string> Mistakes => new()
    {
        { ["upp"], "error: There is no verb \"upp\"; did you mean \"up\"?\nSee 'incus-compose --help'.\n" },
        { ["--json", "nonsense", "-x"], "error: There is no verb \"nonsense\"\nSee 'incus-compose --help'.\n" },
        { ["--jsn"], "error: There is no option \"--jsn\".\nSee 'incus-compose --help'.\n" },
        { ["--json"], "error: Name a verb: config, plan, up, down, ps, exec, version, completion.\nSee 'incus-compose --help'.\n" },
        { ["up", "--foo"], "error: Unrecognized command or argument '--foo'.\nSee 'incus-compose up --help'.\n" },
        { ["up", "--parallel", "0"], "error: --parallel must be a whole number of at least 1.\nSee 'incus-compose up --help'.\n" },
        { ["up", "--timeout", "soon"], "error: --timeout must be a whole number of at least 0.\nSee 'incus-compose up --help'.\n" },
        { ["plan", "--remove-volumes"], "error: --remove-volumes says what --prune may delete: use both.\nSee 'incus-compose plan --help'.\n" },
        { ["down", "--pools"], "error: --pools deletes the volumes in them too: say --volumes as well.\nSee 'incus-compose down --help'.\n" },
        { ["down", "a", "--name", "b"], "error: Two names for one stack: \"a\" and \"b\".\nSee 'incus-compose down --help'.\n" },
        { ["down", "a", "-f", "stack.yaml"], "error: The stack is known by its file or by its name: leave out one of the two.\nSee 'incus-compose down --help'.\n" },
        { ["ps", "a", "--all"], "error: --all lists every stack: leave out the name or --all.\nSee 'incus-compose ps --help'.\n" },
        { ["exec", "web", "ls", "-l"], "error: Put -- before the command, so that its options are its own: exec NAME -- COMMAND.\nSee 'incus-compose exec --help'.\n" },
        { ["exec", "web", "sh", "-e", "A=1"], "error: Put -- before the command, so that its options are its own: exec NAME -- COMMAND.\nSee 'incus-compose exec --help'.\n" },
        { ["exec", "-e", "=x", "web", "--", "ls"], "error: --env \"=x\" has no name: write NAME=VALUE.\nSee 'incus-compose exec --help'.\n" },
        { ["exec", "web"], "error: Required argument missing for command: 'exec'.\nSee 'incus-compose exec --help'.\n" },
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
    [InlineData("incus-compose p", "plan\nps\nup\n--project\n")]
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
        Assert.Equal(["--help", "-h"], offered.Where(word => word is "--help" || word.Contains('?') || word.EndsWith('h')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Exec_is_offered_the_instances_of_the_stack_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "name: shop\ninstances: { web: {}, worker: {}, db: {} }\n");
            var line = $"incus-compose -f {file} exec w";
            var offered = (await ChildProgram.RunAsync($"[suggest:{line.Length}]", line)).Output.Split('\n');
            Assert.Equal(["web", "worker"], offered.Where(word => word.StartsWith('w')));
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
    [InlineData("con", "config")]
    [InlineData("p", "plan\nps")]
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
