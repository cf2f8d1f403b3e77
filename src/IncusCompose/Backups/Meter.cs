using Incus.Client;
using IncusCompose.Resources;

namespace IncusCompose.Backups;

/// <summary>Tells how far one resource has come; of the bytes that pass, only as much as somebody can read.</summary>
internal sealed class Meter(IProgress<CopyEvent>? progress, ResourceId id, string text, long? total = null) : IProgress<OperationProgress>
{
    private const long Step = 4 * 1024 * 1024;

    private long _told = -Step;

    /// <summary>Takes note of how many bytes have passed.</summary>
    public void Count(long bytes)
    {
        if (progress is null || (bytes - _told < Step && bytes != total))
            return;
        _told = bytes;
        progress.Report(new CopyEvent(id, $"{text} {bytes / 1_000_000} MB")
        {
            Percent = total is > 0 ? (int)Math.Min(100, bytes * 100 / total.Value) : null,
        });
    }

    /// <summary>Says what goes on.</summary>
    public void Say(string doing) => progress?.Report(new CopyEvent(id, doing));

    /// <summary>Says that the resource is done.</summary>
    public void End(string done) => progress?.Report(new CopyEvent(id, done) { Ended = true });

    /// <summary>Passes on what the server says.</summary>
    public void Report(OperationProgress value) => progress?.Report(new CopyEvent(id, value.Text) { Percent = value.Percent });
}
