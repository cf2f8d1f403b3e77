namespace IncusCompose.Cli.Commands;

/// <summary><c>config</c>: the stack as the engine understands it; touches no server.</summary>
internal sealed class ConfigCommand(Session session)
    : Verb("config", "Check the stack files and show the stack they describe.", session)
{
    protected override Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var stack = invocation.Load(cancellationToken);
        throw new NotImplementedException();
    }
}
