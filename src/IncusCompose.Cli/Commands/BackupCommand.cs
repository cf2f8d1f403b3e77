using System.CommandLine;
using IncusCompose.Backups;
using IncusCompose.Cli.Rendering;

namespace IncusCompose.Cli.Commands;

/// <summary><c>backup</c>: write a stack into a directory or archive.</summary>
internal sealed class BackupCommand : Verb
{
    private readonly Argument<string?> _stack = new("stack")
    {
        Description = "Name of the stack; no file is needed then.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> _to = new("--to")
    {
        Description = "A new or empty directory, or a new file whose name ends with .tar.",
        HelpName = "path",
        Required = true,
    };

    private readonly Option<string> _compression = new("--compression")
    {
        Description = "How the data is compressed: gzip, zstd, xz, none, or what else the server knows.",
        HelpName = "algorithm",
        DefaultValueFactory = _ => BackupOptions.DefaultCompression,
    };

    private readonly Option<bool> _optimized = new("--optimized")
    {
        Description = "Use the storage driver's own format, which only a pool of the same driver can read.",
    };

    private readonly Option<bool> _noSnapshots = new("--no-snapshots")
    {
        Description = "Leave the snapshots of instances and volumes out.",
    };

    public BackupCommand(Session session, NameCompletion names)
        : base("backup", "Write a stack into a directory or archive: definitions, instances and volumes.", session)
    {
        _stack.CompletionSources.Add(names.Stacks);
        Add(_stack);
        Add(_to);
        Add(_compression);
        Add(_optimized);
        Add(_noSnapshots);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var name = invocation.StackName(_stack);
        var definition = name is null ? invocation.Load(cancellationToken) : null;
        name ??= definition!.Name;
        var options = new BackupOptions
        {
            Compression = invocation.Get(_compression)!,
            OptimizedStorage = invocation.Get(_optimized),
            Snapshots = !invocation.Get(_noSnapshots),
        };
        await using var client = await invocation.ConnectAsync(definition, cancellationToken);
        await using var output = new CopyOutput(Session.Terminal, invocation.Json, invocation.Quiet);
        var backup = await invocation.Engine.BackUpAsync(client, name, invocation.Get(_to)!, options, output, cancellationToken);
        output.Show(backup);
        return ExitCode.Success;
    }
}
