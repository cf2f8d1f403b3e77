using Incus.Client;

namespace IncusCompose.Resources;

/// <summary>Requests that fail for what others do at that moment, and do not when they are sent again.</summary>
internal static class Attempts
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Sends a request until it succeeds, with twice as long a pause each time.</summary>
    /// <param name="request">Sends it.</param>
    /// <param name="most">How often at most.</param>
    /// <param name="passes">True for a failure that may not come again.</param>
    /// <param name="cancellationToken">Ends the pauses.</param>
    /// <exception cref="IncusException">The last attempt failed, or one did otherwise.</exception>
    public static async Task RepeatAsync(Func<Task> request, int most, Func<IncusException, bool> passes, CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await request().ConfigureAwait(false);
                return;
            }
            catch (IncusException error) when (attempt < most && passes(error))
            {
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
                pause *= 2;
            }
        }
    }
}
