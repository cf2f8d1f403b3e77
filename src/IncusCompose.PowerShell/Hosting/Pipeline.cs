using System.Threading.Channels;
using IncusCompose.PowerShell.Errors;

namespace IncusCompose.PowerShell.Hosting;

/// <summary>
/// The way from asynchronous code to the pipeline. May be used from any thread: everything is queued, and carried out
/// in order on the pipeline thread. What is written after the work has ended is dropped.
/// </summary>
internal sealed class Pipeline
{
    private readonly ChannelWriter<Action<ICmdletHost>> _queue;
    private readonly CancellationToken _cancellation;

    internal Pipeline(ChannelWriter<Action<ICmdletHost>> queue, CancellationToken cancellation)
    {
        _queue = queue;
        _cancellation = cancellation;
    }

    /// <inheritdoc cref="ICmdletHost.WriteObject"/>
    public void WriteObject(object value) => Post(host => host.WriteObject(value));

    /// <inheritdoc cref="ICmdletHost.WriteError"/>
    public void WriteError(CmdletError error) => Post(host => host.WriteError(error));

    /// <inheritdoc cref="ICmdletHost.WriteWarning"/>
    public void WriteWarning(string text) => Post(host => host.WriteWarning(text));

    /// <inheritdoc cref="ICmdletHost.WriteVerbose"/>
    public void WriteVerbose(string text) => Post(host => host.WriteVerbose(text));

    /// <inheritdoc cref="ICmdletHost.WriteProgress"/>
    public void WriteProgress(ProgressUpdate update) => Post(host => host.WriteProgress(update));

    /// <inheritdoc cref="ICmdletHost.ShouldProcess"/>
    /// <exception cref="OperationCanceledException">The cmdlet was stopped before there was an answer.</exception>
    public Task<bool> ShouldProcessAsync(string description, string question, string caption) =>
        AskAsync(host => host.ShouldProcess(description, question, caption));

    /// <inheritdoc cref="ICmdletHost.ResolvePath"/>
    public Task<IReadOnlyList<string>> ResolvePathAsync(string path, bool literal) =>
        AskAsync(host => host.ResolvePath(path, literal));

    /// <summary>Runs a function on the pipeline thread and hands back what it returns.</summary>
    private async Task<T> AskAsync<T>(Func<ICmdletHost, T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        // An exception of the host (the user chose to halt) ends the pump, which cancels this token: so does a stop.
        await using var registration = _cancellation.Register(() => answer.TrySetCanceled(_cancellation)).ConfigureAwait(false);
        Post(host => answer.TrySetResult(question(host)));
        return await answer.Task.ConfigureAwait(false);
    }

    private void Post(Action<ICmdletHost> item) => _queue.TryWrite(item);
}
