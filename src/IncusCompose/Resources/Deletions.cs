using Incus.Client;

namespace IncusCompose.Resources;

/// <summary>Deletions, where somebody else may be faster.</summary>
internal static class Deletions
{
    // Of an instance or snapshot that it is deleting already, when that is done; as for a deletion that had to be sent twice.
    private const string DeletedMeanwhile = "instance delete operation: A matching non-reusable operation has now succeeded";

    /// <summary>Waits for a deletion; what is gone already is as good as deleted.</summary>
    public static async Task OrGoneAsync(this Task deletion)
    {
        try
        {
            await deletion.ConfigureAwait(false);
        }
        catch (IncusException error) when (error is IncusNotFoundException || error.ServerMessage?.Contains(DeletedMeanwhile, StringComparison.Ordinal) == true)
        {
            // Which is what was wanted.
        }
    }
}
