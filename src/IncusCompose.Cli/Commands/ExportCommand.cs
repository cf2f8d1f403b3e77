using System.CommandLine;
using IncusCompose.Exporting;

namespace IncusCompose.Cli.Commands;

/// <summary><c>export</c>: a stack file made from what is live: an existing stack, single instances, or the whole project.</summary>
internal sealed class ExportCommand : Verb
{
    private readonly Argument<string[]> _names = new("NAME")
    {
        Description = "Instances, each with all that it uses; or one stack. Default: everything in the project.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _stack = new("--stack")
    {
        Description = "The stack of this name, where an instance has the same one.",
        HelpName = "name",
    };

    private readonly Option<string?> _output = OutputFile.Option();

    public ExportCommand(Session session, NameCompletion names) : base("export", "Write a stack file from what is live.", session)
    {
        _names.CompletionSources.Add(names.Instances);
        _names.CompletionSources.Add(names.Stacks);
        _stack.CompletionSources.Add(names.Stacks);
        Add(_names);
        Add(_stack);
        Add(_output);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var names = invocation.Get(_names) ?? [];
        var stack = invocation.Get(_stack);
        if (invocation.Files.Count > 0)
            throw new UsageException("export writes a stack file from what is live: leave out --file, or write one with --output.");
        if (stack is not null && names.Length > 0)
            throw new UsageException("Either --stack, or names of instances.");
        await using var client = await invocation.ConnectAsync(null, cancellationToken);
        if (names is [var only] && (await client.Instances.FindAsync(only, cancellationToken)) is null
            && (await invocation.Engine.GetStacksAsync(client, cancellationToken)).Any(known => known.Name == only))
            (stack, names) = (only, []);
        var export = await invocation.Engine.ExportAsync(client, new ExportOptions { Stack = stack, Instances = names.Distinct().ToList(), Name = invocation.Name }, cancellationToken);
        OutputFile.Write(Session, invocation, invocation.Get(_output), export);
        // On standard error: whoever pipes the file sees them too.
        foreach (var note in invocation.Quiet ? [] : export.Notes)
            invocation.Output.ShowDiagnostic(note);
        OutputFile.NoteVariables(Session, invocation, export);
        return ExitCode.Success;
    }
}
