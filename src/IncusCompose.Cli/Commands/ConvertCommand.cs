using System.CommandLine;

namespace IncusCompose.Cli.Commands;

/// <summary><c>convert</c>: another tool's file, or several stack files, as one stack file; touches no server.</summary>
internal sealed class ConvertCommand : Verb
{
    private readonly Option<string?> _output = OutputFile.Option();

    public ConvertCommand(Session session) : base("convert", "Write a docker compose file, or a file of another tool, as a stack file.", session) => Add(_output);

    protected override Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var converted = invocation.Engine.Convert(invocation.LoadWithNotes(cancellationToken));
        OutputFile.Write(Session, invocation, invocation.Get(_output), converted);
        OutputFile.NoteVariables(Session, invocation, converted);
        return Task.FromResult(ExitCode.Success);
    }
}
