using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Logs;
using IncusCompose.Operating;
using IncusCompose.Readiness;
using IncusCompose.Watching;

namespace IncusCompose;

/// <content>What stacks say, and how they are.</content>
public sealed partial class ComposeEngine
{
    /// <summary>What happens to the instances of a stack from now on, those that are made meanwhile too, until cancelled.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="instances">Only to these, which must be there; null or empty for all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StackTargetException">One that was named is not there.</exception>
    /// <exception cref="IncusException">The server has no events for this client.</exception>
    public IAsyncEnumerable<StackEvent> ReadEventsAsync(
        IncusClient client, string stack, IReadOnlyCollection<string>? instances = null, CancellationToken cancellationToken = default) =>
        StackEvents.ReadAsync(client, stack, instances ?? [], cancellationToken);

    /// <summary>Reads what the instances of a stack have to say: their consoles and, where the guest has one, their journals, merged by time.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="instances">Only of those of these names, or of these definitions; null or empty for all. Where it is followed, those that are made meanwhile too.</param>
    /// <param name="options">Which lines; null for all that there are.</param>
    /// <param name="note">Is told an instance's name and what a user should know about its log, such as that it has none; called on any thread.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="StackTargetException">The stack, or one that was named, is not there.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public IAsyncEnumerable<LogLine> ReadLogAsync(
        IncusClient client,
        string stack,
        IReadOnlyCollection<string>? instances = null,
        LogOptions? options = null,
        Action<string, string>? note = null,
        CancellationToken cancellationToken = default) =>
        new StackLog(client, stack, instances ?? [], options ?? new LogOptions(), note ?? ((_, _) => { })).ReadAsync(cancellationToken);

    /// <summary>How every instance of a stack is right now: status, health, readiness, from what is recorded on the instances alone.</summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name; one that is not there has no instances.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>The instances by name.</returns>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public Task<IReadOnlyList<InstanceHealth>> GetHealthAsync(IncusClient client, string stack, CancellationToken cancellationToken = default) =>
        StackReadiness.ReadAsync(client, stack, cancellationToken);

    /// <summary>
    /// Waits until every instance of a stack is ready: its gates are open, and it is healthy where it has a health check. One
    /// that others wait for to end has come to its end. What does not come is in the results, not thrown.
    /// </summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name; one that is not there gives no results.</param>
    /// <param name="timeout">How long to wait for each instance; null: as long as its gates and its health check say.</param>
    /// <param name="tell">Is told an instance's name and what is being waited for; called on any thread.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public Task<IReadOnlyList<InstanceWaitResult>> WaitForStackAsync(
        IncusClient client, string stack, TimeSpan? timeout = null, Action<string, string>? tell = null, CancellationToken cancellationToken = default) =>
        StackReadiness.WaitAsync(client, stack, timeout, tell, cancellationToken);

    /// <summary>
    /// Watches a stack until cancelled: reports how its instances are, at once and whenever something changed, and repairs
    /// them where <see cref="WatchOptions.Repair"/> says so.
    /// </summary>
    /// <param name="client">The server, in the stack's project.</param>
    /// <param name="stack">The stack's name.</param>
    /// <param name="definition">The stack as its file says; null: from the marks alone, so that drift is shown but not repaired.</param>
    /// <param name="options">How to watch.</param>
    /// <param name="cancellationToken">Ends the watch with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public IAsyncEnumerable<StackStatus> WatchAsync(
        IncusClient client, string stack, StackDefinition? definition = null, WatchOptions? options = null, CancellationToken cancellationToken = default) =>
        new StackWatcher(this, client, stack, definition, options ?? new WatchOptions()).WatchAsync(cancellationToken);
}
