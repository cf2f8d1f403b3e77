using IncusCompose.Cli.Rendering.Json;

namespace IncusCompose.Cli.Commands;

/// <summary><c>version</c>: the program's version; touches neither files nor a server.</summary>
internal sealed class VersionCommand(Session session) : Verb("version", "Show the program's version.", session)
{
    protected override Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var output = Session.Terminal.Out;
        if (invocation.Json)
            JsonLines.Write(output.Inner, new VersionDocument(ThisProgram.Version, Environment.Version.ToString()), JsonDocuments.Indented.VersionDocument);
        else
            output.Line($"{ThisProgram.Name} {ThisProgram.Version}");
        return Task.FromResult(ExitCode.Success);
    }
}
