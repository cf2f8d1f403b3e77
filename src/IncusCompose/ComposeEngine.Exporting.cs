using Incus.Client;
using IncusCompose.Exporting;
using IncusCompose.Operating;

namespace IncusCompose;

/// <content>Stack files from what is live.</content>
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
}
