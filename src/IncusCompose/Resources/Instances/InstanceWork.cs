using Incus.Client;
using IncusCompose.Applying;

namespace IncusCompose.Resources.Instances;

/// <summary>
/// What the server is doing to instances at the moment. It refuses to do two things to one instance at a time; commands and
/// consoles that somebody has open in it are not among them, and may stay open for days.
/// </summary>
internal static class InstanceWork
{
    private static readonly string[] Sessions = ["Executing command", "Showing console"];
    private static readonly string[] Powers = ["Starting instance", "Stopping instance", "Restarting instance"];

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
    /// Waits until nothing is going on with an instance, and tells whether others were at work on it beside an operation that
    /// has ended. (A server still tells of an operation some seconds after its end, but not when it ended.)
    /// </summary>
    /// <param name="context">Where and for whom.</param>
    /// <param name="name">The instance.</param>
    /// <param name="own">The own operation; null where it came to none.</param>
    /// <param name="before">What had ended before it; null where that was not looked at, and whoever powered it lately counts.</param>
    /// <param name="isAnyWork">Whether all that others did counts, or only starts, stops and restarts.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<Contest> ContestAsync(
        ApplyContext context, string name, string? own, IReadOnlySet<string>? before, bool isAnyWork, CancellationToken cancellationToken)
    {
        var operations = (await context.Client.Operations.ListAsync(cancellationToken).ConfigureAwait(false)).Where(operation => IsOn(operation, [name])).ToList();
        var begun = operations.Find(operation => operation.Id == own)?.CreatedAt;
        var others = operations.Where(operation => operation.Id != own).ToList();
        var rivals = others.FindAll(other => before is null
            ? Powers.Contains(other.Description) || !other.IsFinal || other.CreatedAt >= begun
            : !before.Contains(other.Id) && (isAnyWork || Powers.Contains(other.Description)));
        await EndAsync(context.Client, others, context.Say, cancellationToken).ConfigureAwait(false);
        return new Contest(
            rivals.Count > 0, rivals.TrueForAll(rival => (rival.CreatedAt, rival.Id).CompareTo((begun ?? DateTimeOffset.MaxValue, own ?? "")) > 0),
            operations.Select(operation => operation.Id).ToHashSet());
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

/// <summary>What others did to an instance beside an operation on it.</summary>
/// <param name="WasOne">Somebody else was at work on it.</param>
/// <param name="CameFirst">Whoever that was began later.</param>
/// <param name="Ended">The operations on it that have ended by now.</param>
internal readonly record struct Contest(bool WasOne, bool CameFirst, IReadOnlySet<string> Ended);
