using System.Management.Automation;
using IncusCompose.Instances;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Completion;

/// <summary>Completes the names of instances: those of the checkpoint or stack that the command line names, else all of the project.</summary>
public sealed class InstanceCompleter : NameCompleter
{
    /// <inheritdoc/>
    private protected override async Task<IEnumerable<Candidate>> FindAsync(ServerSession session, BoundParameters bound, CancellationToken cancellationToken)
    {
        var connection = await session.ConnectAsync(
            bound["Remote"] ?? bound.Server?.Name, bound["Project"] ?? bound.Server?.Project, cancellationToken).ConfigureAwait(false);
        // A cmdlet for stacks calls the stack Name where it calls instances Instance.
        var stacks = bound.All("Stack") is { Count: > 0 } named ? named : bound.Completed == "Instance" ? bound.All("Name") : [];
        if (bound["Checkpoint"] is { } checkpoint)
        {
            var all = await session.Engine.GetCheckpointsAsync(connection.Client, null, cancellationToken).ConfigureAwait(false);
            return all.Where(one => one.Name == checkpoint && IsOf(one.Stack))
                .SelectMany(one => one.Instances.Select(instance => new Candidate(instance, $"Stack {one.Stack}, checkpoint {one.Name}")));
        }

        var instances = await connection.Client.Instances.ListAsync(cancellationToken).ConfigureAwait(false);
        return instances
            .Where(instance => !InstanceFacts.IsKeptCopy(instance) && IsOf(InstanceFacts.StackOf(instance)))
            .Select(instance => new Candidate(instance.Name, $"{instance.Type}, {instance.Status}"));

        bool IsOf(string? stack) =>
            stacks.Count == 0 || (stack is not null && stacks.Any(pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(stack)));
    }
}
