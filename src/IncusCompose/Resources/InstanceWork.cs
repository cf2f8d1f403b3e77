using Incus.Client;
using IncusCompose.Applying;

namespace IncusCompose.Resources;

/// <summary>
/// What the server is doing to instances at the moment. It refuses to do two things to one instance at a time; commands and
/// consoles that somebody has open in it are not among them, and may stay open for days.
/// </summary>
internal static class InstanceWork
{
    private static readonly string[] Sessions = ["Executing command", "Showing console"];
    private static readonly string[] Starts = ["Starting instance", "Restarting instance"];

    /// <summary>Waits until nothing is going on with any of the instances; true where there was something.</summary>
    /// <param name="context">Where and for whom.</param>
    /// <param name="instances">Their names, or addresses in the API.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<bool> SettleAsync(ApplyContext context, IEnumerable<string> instances, CancellationToken cancellationToken)
    {
        var names = instances.Select(NameIn).ToHashSet(StringComparer.Ordinal);
        return names.Count > 0
            && await SettleAsync(context.Client, operation => IsOn(operation, names), context.Say, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until nothing is going on with an instance, and tells what others did to it while an operation on it failed. (A
    /// server still tells of an operation some seconds after its end.)
    /// </summary>
    /// <param name="context">Where and for whom.</param>
    /// <param name="name">The instance.</param>
    /// <param name="failure">How the own operation failed.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<Contest> ContestAsync(ApplyContext context, string name, IncusException failure, CancellationToken cancellationToken)
    {
        var (own, others) = await ListAsync().ConfigureAwait(false);
        var waited = await EndAsync(context.Client, others, context.Say, cancellationToken).ConfigureAwait(false);
        var contested = waited || others.Any(other => other.UpdatedAt >= own?.CreatedAt);
        if (waited)
            (_, others) = await ListAsync().ConfigureAwait(false);
        return new Contest(
            contested, others.Any(other => other.StatusCode == StatusCode.Success && Starts.Contains(other.Description) && other.CreatedAt >= own?.CreatedAt));

        async Task<(OperationInfo? Own, IReadOnlyList<OperationInfo> Others)> ListAsync()
        {
            var operations = await context.Client.Operations.ListAsync(cancellationToken).ConfigureAwait(false);
            return (operations.FirstOrDefault(operation => operation.Id == failure.Operation),
                [.. operations.Where(operation => operation.Id != failure.Operation && IsOn(operation, [name]))]);
        }
    }

    /// <summary>Waits until nothing is going on with an instance.</summary>
    /// <returns>The operations on it that have ended and that the server still tells of.</returns>
    public static async Task<IReadOnlySet<string>> QuietAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        var operations = await context.Client.Operations.ListAsync(cancellationToken).ConfigureAwait(false);
        if (await EndAsync(context.Client, operations.Where(operation => IsOn(operation, [name])), context.Say, cancellationToken).ConfigureAwait(false))
            operations = await context.Client.Operations.ListAsync(cancellationToken).ConfigureAwait(false);
        return operations.Where(operation => operation.IsFinal && IsOn(operation, [name])).Select(operation => operation.Id).ToHashSet();
    }

    /// <summary>True where others did the same to an instance at the same time and began later; waits for those that are at it.</summary>
    /// <param name="context">Where and for whom.</param>
    /// <param name="name">The instance.</param>
    /// <param name="own">What was done here, and has just ended well.</param>
    /// <param name="ended">What had ended before.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<bool> IsFirstOfSeveralAsync(
        ApplyContext context, string name, OperationInfo own, IReadOnlySet<string> ended, CancellationToken cancellationToken)
    {
        var operations = await context.Client.Operations.ListAsync(cancellationToken).ConfigureAwait(false);
        var same = operations.Where(operation => operation.Id != own.Id && operation.Description == own.Description && !ended.Contains(operation.Id) && IsOn(operation, [name])).ToList();
        if (same.Count == 0 || same.Any(other => (other.CreatedAt, other.Id).CompareTo((own.CreatedAt, own.Id)) < 0 && (!other.IsFinal || other.StatusCode == StatusCode.Success)))
            return false;
        await EndAsync(context.Client, same, context.Say, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Waits until no operation is going on any more that is meant; true where there was one.</summary>
    public static async Task<bool> SettleAsync(IncusClient client, Func<OperationInfo, bool> isMeant, Action<string> say, CancellationToken cancellationToken) =>
        await EndAsync(client, (await client.Operations.ListAsync(cancellationToken).ConfigureAwait(false)).Where(isMeant), say, cancellationToken).ConfigureAwait(false);

    private static bool IsOn(OperationInfo operation, HashSet<string> names) =>
        !Sessions.Contains(operation.Description) && operation.Resources.GetValueOrDefault("instances")?.Any(address => names.Contains(NameIn(address))) == true;

    // True where one of them was not at its end.
    private static async Task<bool> EndAsync(IncusClient client, IEnumerable<OperationInfo> operations, Action<string> say, CancellationToken cancellationToken)
    {
        var going = operations.Where(operation => !operation.IsFinal).ToList();
        foreach (var operation in going)
        {
            say("waiting for: " + operation.Description);
            try
            {
                var attached = await client.Operations.AttachAsync(operation.Id, cancellationToken).ConfigureAwait(false);
                await attached.WaitAsync(null, cancellationToken).ConfigureAwait(false);
            }
            catch (IncusException)
            {
                // However it ended, what matters is what it left; that is looked at next.
            }
        }

        return going.Count > 0;
    }

    private static string NameIn(string address)
    {
        var path = address.Split('?')[0];
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }
}

/// <summary>What others did to an instance while an operation on it failed.</summary>
/// <param name="WasOne">Somebody else was at work on it.</param>
/// <param name="Started">Somebody else has started or restarted it, and began later than the own operation.</param>
internal readonly record struct Contest(bool WasOne, bool Started);
