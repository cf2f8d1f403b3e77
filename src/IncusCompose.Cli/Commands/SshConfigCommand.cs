using System.CommandLine;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Ssh;

namespace IncusCompose.Cli.Commands;

/// <summary><c>ssh-config</c>: a file to include from <c>~/.ssh/config</c>, with the instances' host keys beside it.</summary>
internal sealed class SshConfigCommand : AccessVerb
{
    private readonly Option<string?> _output = new("--output", "-o")
    {
        Description = "File to write, with PATH.known_hosts beside it. Default: standard output, and the host keys in your own file of them.",
        HelpName = "path",
    };

    private readonly Option<bool> _all = new("--all", "-a")
    {
        Description = "Every instance of the project, those of no stack too.",
    };

    public SshConfigCommand(Session session) : base("ssh-config", "Write what ssh needs to know of the instances, from what is live.", session)
    {
        Add(_output);
        Add(_all);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var instances = await ReadAsync(invocation, invocation.Get(_all), mayBeGone: false, cancellationToken);
        if (instances.Count > 0 && !instances.Any(instance => instance.HasSsh) && !invocation.Quiet)
            Session.Terminal.Note("none of the instances can be reached by SSH: nobody was let in (ssh: in the stack file), or they do not run");
        var path = invocation.Get(_output) is { } output ? Path.GetFullPath(output) : null;
        var knownHosts = path is null ? KnownHosts.UserFile : KnownHosts.Beside(path);
        if (path is not null)
            SshConfig.WriteFile(path, instances);
        else
            KnownHosts.Update(knownHosts, instances);
        var terminal = Session.Terminal.Out;
        if (invocation.Json)
            JsonLines.Write(terminal.Inner, [.. instances.Where(instance => instance.HasSsh).Select(instance => AccessDocument.From(instance, knownHosts))], JsonDocuments.Indented.IReadOnlyListAccessDocument);
        else if (path is null)
            terminal.Write(SshConfig.Write(instances, knownHosts));
        return ExitCode.Success;
    }
}
