using System.Runtime.CompilerServices;
using Incus.Client;
using IncusCompose.Instances;

namespace IncusCompose.Operating;

/// <summary>Something that happened to an instance of a stack.</summary>
/// <param name="Time">When.</param>
/// <param name="Instance">The instance.</param>
/// <param name="Action">What, in the server's word: <c>instance-started</c>, <c>instance-stopped</c>, <c>instance-exec</c>.</param>
public sealed record StackEvent(DateTimeOffset Time, string Instance, string Action);

/// <summary>What happens to the instances of a stack, as the server tells it. It keeps nothing of what has been.</summary>
internal static class StackEvents
{
    private const string Address = "/1.0/instances/";

    public static async IAsyncEnumerable<StackEvent> ReadAsync(
        IncusClient client, string stack, IReadOnlyCollection<string> names, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var events = client.Events.ReadAsync([EventTypes.Lifecycle], ending.Token).GetAsyncEnumerator(ending.Token);
        // The events come first, so that nothing falls between them and the list.
        var next = events.MoveNextAsync().AsTask();
        try
        {
            var wanted = names.Count == 0
                ? null
                : (await StackInstances.FindAsync(client, stack, cancellationToken).ConfigureAwait(false)).Select(names).Select(live => live.Id.Name).ToHashSet();
            var own = await NamesAsync(client, stack, cancellationToken).ConfigureAwait(false);
            while (await next.ConfigureAwait(false))
            {
                if (events.Current.Lifecycle is { } happened && events.Current.Project == client.Project && InstanceOf(happened) is { } instance)
                {
                    // One that was just made: only the server knows whose it is.
                    if (!own.Contains(instance) && happened.Action != "instance-deleted")
                        own.UnionWith(await NamesAsync(client, stack, cancellationToken).ConfigureAwait(false));
                    if (own.Contains(instance) && wanted?.Contains(instance) != false)
                        yield return new StackEvent(events.Current.Timestamp, instance, happened.Action);
                }

                next = events.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await events.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The instance that something happened to, or to a part of which: a snapshot, a backup, its log.</summary>
    private static string? InstanceOf(LifecycleEvent happened) =>
        happened.Source.StartsWith(Address, StringComparison.Ordinal)
            ? Uri.UnescapeDataString(happened.Source[Address.Length..].Split('/', '?')[0])
            : null;

    private static async Task<HashSet<string>> NamesAsync(IncusClient client, string stack, CancellationToken cancellationToken) =>
        [.. (await client.Instances.ListAsync(cancellationToken).ConfigureAwait(false))
            .Where(instance => InstanceFacts.StackOf(instance) == stack).Select(instance => instance.Name)];
}
