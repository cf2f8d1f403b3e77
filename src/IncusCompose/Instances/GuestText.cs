using Incus.Client;
using IncusCompose.Definition;

namespace IncusCompose.Instances;

/// <summary>Small files of an instance. The guest may have put anything in their place, and may answer slowly or never: both end.</summary>
internal static class GuestText
{
    private const int Most = 4 * 1024 * 1024;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    /// <summary>The text (UTF-8) of a file, or of the one that a link leads to; null where nothing is.</summary>
    /// <exception cref="IncusException">It is no file, is larger than 4 MiB, or did not come in time.</exception>
    public static Task<string?> ReadAsync(IncusClient client, string instance, string path, CancellationToken cancellationToken) =>
        ReadAsync(client, instance, (files, token) => files.ReadTextAsync(path, Most, token), cancellationToken);

    /// <summary>Reads several over one connection.</summary>
    /// <exception cref="IncusException">They did not come in time, or the instance could not be asked.</exception>
    public static async Task<T> ReadAsync<T>(
        IncusClient client, string instance, Func<InstanceFiles, CancellationToken, Task<T>> readAsync, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_limit);
        try
        {
            var files = await client.Instances.OpenFilesAsync(instance, limit.Token).ConfigureAwait(false);
            await using var opened = files.ConfigureAwait(false);
            return await readAsync(files, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IncusException($"Files of instance {instance} could not be read within {Duration.Format(s_limit)}", "Look whether it still answers: incus file pull, or restart it");
        }
    }
}
