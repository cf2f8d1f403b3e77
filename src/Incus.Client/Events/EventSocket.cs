namespace Incus.Client;

internal sealed class EventSocket(IncusConnection connection) : IAsyncDisposable
{
    public Task<bool> EnsureOpenAsync(string project, CancellationToken cancellationToken)
    {
        _ = connection;
        return Task.FromResult(false);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
