using System.CommandLine;

namespace IncusCompose.Cli.Commands;

/// <summary><c>exec</c>: run a command in an instance; its streams are the program's own, and so is its exit code.</summary>
internal sealed class ExecCommand : Verb
{
    private readonly Argument<string> _instance = new("instance")
    {
        Description = "Name of a running instance.",
    };

    private readonly CommandWords _command;
    private readonly Option<int?> _index = ReplicaOption.Create();
    private readonly GuestCommandOptions _options = new();

    public ExecCommand(Session session, NameCompletion names) : base("exec", "Run a command in an instance.", session)
    {
        _instance.CompletionSources.Add(names.Instances);
        Add(_instance);
        _command = new(session)
        {
            Description = "Program and arguments, after --; no shell is involved.",
            Arity = ArgumentArity.OneOrMore,
        };
        Add(_command);
        _options.AddTo(this);
        Add(_index);
        Validators.Add(result => _command.RequireDashes(result, _instance));
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        await using var target = await invocation.OpenInstanceAsync(invocation.Get(_instance)!, invocation.Get(_index), cancellationToken);
        return await _options.RunAsync(invocation, target.Client, target.Name, invocation.Get(_command)!, cancellationToken);
    }
}
