namespace Incus.Client.Tests;

/// <summary>Connects to the address given and prints how that failed: the part of a test that another user runs.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        try
        {
            await using var client = await IncusClient.ConnectAsync(new ConnectionOptions { Addresses = [arguments[0]] });
            Console.WriteLine("connected");
            return 0;
        }
        catch (IncusUnreachableException exception)
        {
            Console.WriteLine($"{exception.Reason}: {exception.Message}");
            return 1;
        }
    }
}
