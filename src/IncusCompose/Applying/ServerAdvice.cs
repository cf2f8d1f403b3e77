namespace IncusCompose.Applying;

/// <summary>What a user can do about refusals that the server words for its makers.</summary>
internal static class ServerAdvice
{
    // What the server says, and what to do about it. The first that fits.
    private static readonly (string[] Words, string Advice)[] Known =
    [
        (["No space left on device"], "The storage is full: delete what is not needed on it, or give the pool a larger size"),
        (["Disk quota exceeded"], "The disk is full: delete what is not needed on it, or give it a larger size"),
        (["failed to create listening socket", "Address already in use"], "Another network of the host has this address: give the network another one, or none, for the server to choose"),
        (["Failed to listen on", "address already in use"], "Something else on the host listens there: end it, or publish another port"),
    ];

    /// <summary>An error's message, with what to do where that is known.</summary>
    public static string Complete(string message)
    {
        foreach (var (words, advice) in Known)
        {
            if (Array.TrueForAll(words, word => message.Contains(word, StringComparison.Ordinal)))
                return $"{message.TrimEnd()}. {advice}";
        }
        return message;
    }
}
