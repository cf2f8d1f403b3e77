using System.Threading.Channels;

namespace Incus.Client;

/// <summary>What one who waits for an operation hears from the events: a state, or that something is the matter.</summary>
internal readonly record struct OperationNews(OperationInfo? Info, Exception? Failure, bool HaveToRead, bool EventsAreGone)
{
    public OperationNews(OperationInfo info) : this(info, null, false, false) { }

    public OperationNews(Exception failure) : this(null, failure, false, false) { }

    /// <summary>Events may have been missed.</summary>
    public static OperationNews ReadAgain => new(null, null, true, false);

    /// <summary>No more events will come.</summary>
    public static OperationNews NoEvents => new(null, null, false, true);
}

/// <summary>The events of one operation, for one who waits for it.</summary>
internal sealed class OperationWatch(EventSocket events, string id) : IDisposable
{
    private readonly Channel<OperationNews> channel = Channel.CreateUnbounded<OperationNews>(new UnboundedChannelOptions { SingleReader = true });

    public string Id { get; } = id;

    public ChannelReader<OperationNews> News => channel.Reader;

    public void Send(OperationNews news) => channel.Writer.TryWrite(news);

    public void Dispose() => events.Forget(this);
}

/// <summary>
/// The final states of the operations that ended last: an operation may end before the answer to the request that
/// started it has been read.
/// </summary>
internal sealed class FinalOperations(int capacity)
{
    private readonly Dictionary<string, OperationInfo> byId = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();

    public void Add(OperationInfo info)
    {
        // Events come out of order and some come twice: the first final state stands.
        if (!byId.TryAdd(info.Id, info))
            return;
        order.Enqueue(info.Id);
        if (order.Count > capacity)
            byId.Remove(order.Dequeue());
    }

    public OperationInfo? Find(string id) => byId.GetValueOrDefault(id);
}
