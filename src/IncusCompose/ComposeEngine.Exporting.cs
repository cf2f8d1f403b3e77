using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Exporting;
using IncusCompose.Loading;
using IncusCompose.Operating;

namespace IncusCompose;

/// <content>Stack files from what is live, and from other tools' files.</content>
public sealed partial class ComposeEngine
{
    /// <summary>
    /// Makes a stack file of what is live: a whole project, single instances with all that they use, or an existing stack.
    /// A plan of it finds nothing to change once the stack has adopted what is there. Secrets are not in its text: variables
    /// stand for them. Changes nothing.
    /// </summary>
    /// <param name="client">The server, in the project that is written.</param>
    /// <param name="options">What to write; null: the whole project.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="StackTargetException">The stack or an instance is not there.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public Task<StackExport> ExportAsync(IncusClient client, ExportOptions? options = null, CancellationToken cancellationToken = default) =>
        new StackExporter(_format, _connector.Load()).ExportAsync(client, options ?? new ExportOptions(), cancellationToken);

    /// <summary>
    /// Makes one stack file of files that were loaded, a docker compose file above all: a plan of it is the same as a plan of
    /// those. What was said of them (words that could not be kept) stands at its top. Variables stand for secrets, paths are
    /// whole. Asks no server.
    /// </summary>
    /// <param name="loaded">What was loaded.</param>
    /// <exception cref="StackFileException">It could not be loaded.</exception>
    public StackExport Convert(LoadResult loaded)
    {
        var stack = loaded.Require();
        var (document, variables) = SecretVariables.Write(stack, context: null);
        return new StackExport
        {
            Stack = stack,
            Document = document,
            Variables = variables,
            Notes = loaded.Diagnostics,
            Text = StackFileText.Write(_format, document, variables, loaded.Diagnostics),
        };
    }
}
