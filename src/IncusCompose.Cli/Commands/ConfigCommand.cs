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
        var document = StackLoader.Resolve(invocation.Load(cancellationToken));
        var output = Session.Terminal.Out.Inner;
        if (invocation.Json)
            JsonDocumentWriter.Write(document, output);
        else if (!invocation.Quiet)
            invocation.Format.Write(document, output);
        return Task.FromResult(ExitCode.Success);
    }
}
