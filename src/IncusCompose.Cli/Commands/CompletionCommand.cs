using System.CommandLine;

namespace IncusCompose.Cli.Commands;

/// <summary><c>completion</c>: the lines that teach a shell to complete verbs and options.</summary>
internal sealed class CompletionCommand : Verb
{
    private const string Bash = """
        _incus_compose() {
            local IFS=$'\n'
            COMPREPLY=($(incus-compose "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null))
        }
        complete -o default -F _incus_compose incus-compose
        """;

    private const string Zsh = """
        #compdef incus-compose
        _incus_compose() {
            local -a found
            found=("${(@f)$(incus-compose "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            compadd -a found || _files
        }
        compdef _incus_compose incus-compose
        """;

    private const string Fish = """
        complete -c incus-compose -a '(incus-compose "[suggest:"(commandline -C)"]" (commandline -p) 2>/dev/null)'
        """;

    private readonly Argument<string> _shell = new("shell")
    {
        Description = "bash, zsh or fish.",
    };

    public CompletionCommand(Session session)
        : base("completion", "Write completion for a shell: source <(incus-compose completion bash).", session)
    {
        _shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        Add(_shell);
    }

    protected override Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        Session.Terminal.Out.Line(invocation.Get(_shell) switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            _ => Fish,
        });
        return Task.FromResult(ExitCode.Success);
    }
}
