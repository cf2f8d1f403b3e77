using System.Buffers;
using System.Net.WebSockets;

namespace Incus.Client;

/// <summary>
/// What a copy from another server is to do (Incus doc/howto/move_instances.md, mode <c>relay</c>: the data passes through
/// this machine, and neither server has to reach the other).
/// </summary>
public sealed record MigrationOptions
{
    /// <summary>True to leave the snapshots out.</summary>
    public bool WithoutSnapshots { get; init; }

    /// <summary>
    /// True to bring what exists already to the state of the source (extensions <c>container_incremental_copy</c> and
    /// <c>custom_volume_refresh</c>): only differences are sent, and snapshots become those of the source.
    /// </summary>
    public bool Refresh { get; init; }

    /// <summary>Is told how many bytes have passed so far; called on any thread.</summary>
    public Action<long>? Counted { get; init; }
}

/// <summary>
/// Passes the websockets of two operations on to each other: that of a server which gives something away, and that of the
/// server which takes it.
/// </summary>
internal sealed class MigrationRelay
{
    private const string Control = "control";
    private const int ChunkSize = 128 * 1024;

    /// <summary>How long the servers may take to notice that the other side is gone.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(30);

    private readonly ApiCaller source;
    private readonly ApiCaller target;
    private readonly Action<long>? counted;
    private readonly List<ClientWebSocket> sockets = [];
    private long passed;

    private MigrationRelay(ApiCaller source, ApiCaller target, Action<long>? counted)
    {
        this.source = source;
        this.target = target;
        this.counted = counted;
    }

    /// <summary>Carries a copy out, until both servers are done with it.</summary>
    /// <param name="source">The server that has it.</param>
    /// <param name="give">Begins the operation there.</param>
    /// <param name="target">The server that is to have it.</param>
    /// <param name="take">Begins the operation there.</param>
    /// <param name="counted">See <see cref="MigrationOptions.Counted"/>.</param>
    /// <param name="progress">Told what the taking server says.</param>
    /// <param name="cancellationToken">Ends it; the servers take back what they can.</param>
    /// <returns>How many bytes passed.</returns>
    /// <exception cref="IncusException">It failed; the message is that of both servers, where both say something.</exception>
    public static async Task<long> RunAsync(
        ApiCaller source, Func<Task<IncusOperation>> give, ApiCaller target, Func<Task<IncusOperation>> take,
        Action<long>? counted, IProgress<OperationProgress>? progress, CancellationToken cancellationToken)
    {
        var relay = new MigrationRelay(source, target, counted);
        IncusOperation? giving = null;
        IncusOperation? taking = null;
        try
        {
            giving = await give().ConfigureAwait(false);
            taking = await take().ConfigureAwait(false);
            var passing = await relay.ConnectAsync(giving, taking, cancellationToken).ConfigureAwait(false);
            await taking.WaitAsync(progress, cancellationToken).ConfigureAwait(false);
            await passing.WaitAsync(LongestEnd, cancellationToken).ConfigureAwait(false);
            return relay.passed;
        }
        catch (Exception error) when (error is IncusException or WebSocketException or TimeoutException or OperationCanceledException)
        {
            // Both find out by their sockets; only then is there nothing more to come from them.
            relay.Close();
            var causes = await Task.WhenAll(EndOfAsync(giving), EndOfAsync(taking)).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            // Where one fails, the other's sockets break off: of what both say, one is the reason.
            if (causes is [{ } atSource, { } atTarget])
            {
                throw new IncusOperationException($"{atSource.Problem.TrimEnd('.')}. {target.Connection.DisplayName} says: {atTarget.Problem}")
                {
                    Operation = atTarget.Operation,
                    ServerMessage = $"{atSource.ServerMessage}; {atTarget.ServerMessage}",
                    StatusCode = atTarget.StatusCode,
                };
            }

            if (error is IncusException)
                throw;
            if (causes.FirstOrDefault(cause => cause is not null) is { } only)
                throw only;
            throw new IncusException($"The copy between {source.Connection.DisplayName} and {target.Connection.DisplayName} was interrupted", "Run it again", error);
        }
        finally
        {
            relay.Close();
        }
    }

    /// <summary>Opens the sockets of both sides. From then on the data flows.</summary>
    private async Task<Task> ConnectAsync(IncusOperation giving, IncusOperation taking, CancellationToken cancellationToken)
    {
        var (from, to) = (OperationSockets.MigrationSecretsOf(giving.Info), OperationSockets.MigrationSecretsOf(taking.Info));
        var passing = new List<Task>();
        foreach (var name in to.Keys.OrderBy(static name => name != Control))
        {
            var one = await OperationSockets.OpenAsync(source, giving, from, name, cancellationToken, isBulk: true).ConfigureAwait(false);
            sockets.Add(one);
            var other = await OperationSockets.OpenAsync(target, taking, to, name, cancellationToken, isBulk: true).ConfigureAwait(false);
            sockets.Add(other);
            passing.Add(PassAsync(one, other));
            passing.Add(PassAsync(other, one));
        }

        return Task.WhenAll(passing);
    }

    /// <summary>Passes one direction of a socket on until it is closed.</summary>
    private async Task PassAsync(ClientWebSocket from, ClientWebSocket to)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            while (true)
            {
                var part = await from.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).ConfigureAwait(false);
                if (part.MessageType == WebSocketMessageType.Close)
                    break;
                await to.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, CancellationToken.None).ConfigureAwait(false);
                counted?.Invoke(Interlocked.Add(ref passed, part.Count));
            }

            await to.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is WebSocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // One side went away, or all is over: the operations tell which, and the other side is to know.
            to.Abort();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Close()
    {
        foreach (var socket in sockets)
            socket.Dispose();
    }

    /// <summary>Waits for the end of an operation whose sockets are closed.</summary>
    /// <returns>Why it failed; null where it did not, or nobody knows.</returns>
    private static async Task<IncusException?> EndOfAsync(IncusOperation? operation)
    {
        if (operation is null)
            return null;
        using var limit = new CancellationTokenSource(LongestEnd);
        try
        {
            await operation.CancelAsync(limit.Token).ConfigureAwait(false);
            await operation.WaitAsync(null, limit.Token).ConfigureAwait(false);
            return null;
        }
        catch (IncusOperationException error)
        {
            return error;
        }
        catch (Exception error) when (error is IncusException or OperationCanceledException)
        {
            return error as IncusUnreachableException;
        }
    }
}
