using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the definition in NAME=NUMBER: those of the stack that have replicas.</summary>
public sealed class ScaleCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken)
    {
        var connection = await session.ConnectAsync(
            bound["Remote"] ?? bound.Server?.Name, bound["Project"] ?? bound.Server?.Project, cancellationToken).ConfigureAwait(false);
        var stacks = await session.Engine.GetStacksAsync(connection.Client, cancellationToken).ConfigureAwait(false);
        return stacks.Where(stack => bound["Name"] is not { } name || stack.Name == name)
            .SelectMany(stack => stack.Definitions)
            .Where(definition => !definition.Value.Contains(definition.Key))
            .Select(definition => new Candidate(definition.Key + "=", $"{definition.Value.Count} replicas"));
    }
}
