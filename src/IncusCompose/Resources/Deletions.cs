using Incus.Client;

namespace IncusCompose.Resources;

/// <summary>Deletions, where somebody else may be faster.</summary>
internal static class Deletions
{
    /// <summary>Waits for a deletion; what is gone already is as good as deleted.</summary>
    public static async Task OrGoneAsync(this Task deletion)
    {
        try
        {
            await deletion.ConfigureAwait(false);
        }
        catch (IncusNotFoundException)
        {
            // Which is what was wanted.
        }
    }
}
