using System.Management.Automation;
using IncusCompose.Checkpoints;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Finds checkpoints on a server.</summary>
internal static class CheckpointLookup
{
    /// <summary>The checkpoints of the stacks that an identity means, as trees.</summary>
    public static async Task<IReadOnlyList<StackCheckpoint>> ListAsync(
        ComposeEngine engine, ServerConnection connection, StackIdentity identity, CancellationToken cancellationToken)
    {
        var found = await engine.GetCheckpointsAsync(connection.Client, identity.IsPattern ? null : identity.Name, cancellationToken).ConfigureAwait(false);
        var wanted = WildcardPattern.Get(identity.Name, WildcardOptions.IgnoreCase);
        return [.. found.Where(checkpoint => !identity.IsPattern || wanted.IsMatch(checkpoint.Stack)).Select(checkpoint => checkpoint with { Server = connection.Server })];
    }

    /// <summary>For each name what it means; the name itself where that is nothing, and it is no pattern.</summary>
    public static IEnumerable<(IReadOnlyList<StackCheckpoint> Checkpoints, string? Missing)> Match(IReadOnlyList<StackCheckpoint> all, IEnumerable<string> names) =>
        names.Select(name =>
        {
            var wanted = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            IReadOnlyList<StackCheckpoint> matching = [.. all.Where(checkpoint => wanted.IsMatch(checkpoint.Name))];
            return (matching, matching.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(name) ? name : null);
        });
}
