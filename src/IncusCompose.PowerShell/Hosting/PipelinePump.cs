using System.Threading.Channels;

namespace IncusCompose.PowerShell.Hosting;

/// <summary>
/// Runs asynchronous work beside the pipeline thread, and carries out there what the work wants written or asked.
/// Only that thread may write to a PowerShell pipeline.
/// </summary>
internal static class PipelinePump
{
    /// <summary>Runs work to its end. Blocks the calling thread, which must be the pipeline thread.</summary>
    /// <param name="host">Where to write.</param>
    /// <param name="work">The work; its token is cancelled by <paramref name="stop"/> and by an exception of the host.</param>
    /// <param name="stop">The user's stop.</param>
    /// <returns>The exception that the work ended with; null where it ended well.</returns>
    /// <remarks>
    /// An exception of the host (the pipeline was stopped, a later command wants no more objects, the user's
    /// <c>-ErrorAction Stop</c>) cancels the work, waits for its end, and is thrown on as it was.
    /// </remarks>
    public static Exception? Run(ICmdletHost host, Func<Pipeline, CancellationToken, Task> work, CancellationToken stop)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var queue = Channel.CreateUnbounded<Action<ICmdletHost>>(new UnboundedChannelOptions { SingleReader = true });
        var worker = Task.Run(() => RunWorkAsync(new Pipeline(queue.Writer, cancellation.Token), queue.Writer, work, cancellation.Token), CancellationToken.None);
        try
        {
            while (queue.Reader.WaitToReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult())
            {
                while (queue.Reader.TryRead(out var item))
                    item(host);
            }
        }
        catch
        {
            cancellation.Cancel();
            worker.GetAwaiter().GetResult();
            throw;
        }

        return worker.GetAwaiter().GetResult();
    }

    /// <summary>The queue is completed by the work's end, whichever end it is: that is what ends the pump.</summary>
    private static async Task<Exception?> RunWorkAsync(
        Pipeline pipeline, ChannelWriter<Action<ICmdletHost>> queue, Func<Pipeline, CancellationToken, Task> work, CancellationToken cancellation)
    {
        try
        {
            await work(pipeline, cancellation).ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031 // Whatever the work threw is handed to the pipeline thread, which throws it on.
        catch (Exception exception)
        {
            return exception;
        }
#pragma warning restore CA1031
        finally
        {
            queue.TryComplete();
        }
    }
}
