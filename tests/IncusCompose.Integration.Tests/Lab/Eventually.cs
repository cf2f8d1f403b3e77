namespace IncusCompose.Integration.Tests.Lab;

/// <summary>Waits for a state of the world for which the server sends no event.</summary>
public static class Eventually
{
    /// <summary>Reads until the value is as wanted.</summary>
    /// <exception cref="TimeoutException">It did not become so in time; the message holds the last value.</exception>
    public static async Task<T> GetAsync<T>(Func<Task<T>> read, Func<T, bool> wanted, TimeSpan? limit = null)
    {
        var end = DateTime.UtcNow + (limit ?? TimeSpan.FromSeconds(20));
        while (true)
        {
            var value = await read();
            if (wanted(value))
                return value;
            if (DateTime.UtcNow > end)
                throw new TimeoutException($"It stayed: {value}");
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }
}
