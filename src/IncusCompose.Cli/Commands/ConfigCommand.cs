using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Loading;

namespace IncusCompose.Cli.Commands;

/// <summary>
/// <c>config</c>: the stack as the engine understands it, as a stack file; touches no server. With <c>--quiet</c> it
/// only checks.
/// </summary>
internal sealed class ConfigCommand(Session session)
    : Verb("config", "Check the stack files and show the stack they describe.", session)
{
    protected override Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var stack = invocation.Load(cancellationToken);
        var output = Session.Terminal.Out.Inner;
        if (invocation.Json)
            JsonDocumentWriter.Write(StackLoader.Resolve(stack), output);
        else if (!invocation.Quiet)
            invocation.Format.Write(StackLoader.Resolve(stack), output);
        return Task.FromResult(ExitCode.Success);
    }
}
