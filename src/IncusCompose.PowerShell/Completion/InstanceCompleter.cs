using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the names of instances.</summary>
public sealed class InstanceCompleter : ServerNameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, ServerConnection connection, CancellationToken cancellationToken)
    {
        var instances = await connection.Client.Instances.ListAsync(cancellationToken).ConfigureAwait(false);
        return instances.Select(instance => new Candidate(instance.Name, $"{instance.Type}, {instance.Status}"));
    }
}
