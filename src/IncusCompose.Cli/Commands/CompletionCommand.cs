using System.CommandLine;

namespace IncusCompose.Cli.Commands;

/// <summary><c>completion</c>: the lines that teach a shell to complete verbs and options.</summary>
internal sealed class CompletionCommand : Verb
{
    // Options are offered once a dash was typed, so that they do not bury verbs and names; files, where nothing else fits.
    private const string Bash = """
        _incus_compose() {
            local IFS=$'\n' word="${COMP_WORDS[COMP_CWORD]}" found
            found=$(incus-compose "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
            [[ $word == -* ]] || found=$(grep -v '^-' <<<"$found")
            COMPREPLY=($(compgen -W "$found" -- "$word"))
        }
        complete -o default -F _incus_compose incus-compose
        """;

    private const string Zsh = """
        #compdef incus-compose
        _incus_compose() {
            local -a found
            found=(${(f)"$(incus-compose "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)"})
            [[ $PREFIX == -* ]] || found=(${found:#-*})
            compadd -a found || _files
        }
        compdef _incus_compose incus-compose
        """;

    private const string Fish = """
        function _incus_compose
            set -l found (incus-compose "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)
            string match -q -- '-*' (commandline -ct); or set found (string match -v -- '-*' $found)
            string join \n $found
        end
        complete -c incus-compose -a '(_incus_compose)'
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
