using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Incus.Client;

/// <summary>Requests and answers of SFTP on one connection. Many may be under way; answers come in any order.</summary>
internal sealed class SftpChannel : IAsyncDisposable
{
    private const uint Version = 3;
    private const int LargestAnswer = 1024 * 1024;

    /// <summary>How long a message that is cancelled in its middle may still take.</summary>
    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(2);

    private readonly Stream stream;
    private readonly string place;
    private readonly SemaphoreSlim writing = new(1);
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<SftpAnswer>> waiting = new();
    private readonly CancellationTokenSource closing = new();
    private Task reading = Task.CompletedTask;
    private volatile IncusException? broken;
    private uint last;

    private SftpChannel(Stream stream, string place)
    {
        this.stream = stream;
        this.place = place;
    }

    /// <summary>Begins.</summary>
    /// <exception cref="IncusException">The other side does not speak it.</exception>
    public static async Task<SftpChannel> OpenAsync(Stream stream, string place, CancellationToken cancellationToken)
    {
        var channel = new SftpChannel(stream, place);
        try
        {
            await channel.WriteAsync(SftpKind.Init, new SftpWriter().Number(Version).Written, cancellationToken).ConfigureAwait(false);
            var answer = await channel.ReadAsync(cancellationToken).ConfigureAwait(false);
            if ((SftpKind)answer[0] != SftpKind.Version)
                throw new InvalidDataException($"it answers with message {answer[0]}");
            channel.reading = channel.ReadAnswersAsync();
            return channel;
        }
        catch (Exception exception)
        {
            await channel.DisposeAsync().ConfigureAwait(false);
            if (exception is IOException or InvalidDataException)
                throw channel.Broken(exception);
            throw;
        }
    }

    /// <summary>Sends a request; what is returned ends with its answer, whatever that says.</summary>
    public async Task<SftpAnswer> SendAsync(SftpKind kind, Action<SftpWriter> content, CancellationToken cancellationToken) =>
        await (await BeginAsync(kind, content, cancellationToken).ConfigureAwait(false)).WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Sends a request.</summary>
    /// <returns>Once it is sent: what ends with its answer.</returns>
    public async Task<Task<SftpAnswer>> BeginAsync(SftpKind kind, Action<SftpWriter> content, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref last);
        var message = new SftpWriter().Number(id);
        content(message);
        var answer = new TaskCompletionSource<SftpAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting[id] = answer;
        if (broken is { } gone)
            throw gone;
        try
        {
            await WriteAsync(kind, message.Written, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw broken ?? Broken(exception);
        }
        return answer.Task;
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        await stream.DisposeAsync().ConfigureAwait(false);
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        closing.Dispose();
        writing.Dispose();
    }

    private async Task WriteAsync(SftpKind kind, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var message = new byte[5 + content.Length];
        BinaryPrimitives.WriteUInt32BigEndian(message, (uint)content.Length + 1);
        message[4] = (byte)kind;
        content.CopyTo(message.AsMemory(5));
        await writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var sending = SendAsync(message);
            try
            {
                await sending.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!sending.IsCompleted)
            {
                // Half a message is the end of the connection: that only where nobody reads it.
                await sending.WaitAsync(LastWrite, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!sending.IsCompleted)
                {
                    await closing.CancelAsync().ConfigureAwait(false);
                    await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                throw;
            }
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task SendAsync(byte[] message)
    {
        await stream.WriteAsync(message, closing.Token).ConfigureAwait(false);
        await stream.FlushAsync(closing.Token).ConfigureAwait(false);
    }

    private async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        var length = new byte[4];
        await stream.ReadExactlyAsync(length, cancellationToken).ConfigureAwait(false);
        var count = BinaryPrimitives.ReadUInt32BigEndian(length);
        if (count is < 5 or > LargestAnswer)
            throw new InvalidDataException($"it announces a message of {count} bytes");
        var message = new byte[count];
        await stream.ReadExactlyAsync(message, cancellationToken).ConfigureAwait(false);
        return message;
    }

    private async Task ReadAnswersAsync()
    {
        try
        {
            while (true)
            {
                var message = await ReadAsync(closing.Token).ConfigureAwait(false);
                if (waiting.TryRemove(BinaryPrimitives.ReadUInt32BigEndian(message.AsSpan(1)), out var answer))
                    answer.TrySetResult(new SftpAnswer((SftpKind)message[0], message.AsMemory(5)));
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or ObjectDisposedException or OperationCanceledException)
        {
            broken = Broken(exception);
            foreach (var id in waiting.Keys)
            {
                if (waiting.TryRemove(id, out var answer))
                    answer.TrySetException(broken);
            }
        }
    }

    private IncusException Broken(Exception exception) =>
        new($"The connection to the files of {place} broke: {exception.Message}", "Check that the server runs, and the instance where it is one, and try again", exception);
}
