using System.Net.Sockets;
using System.Text;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>One daemon serves several clients over one socket, its own hooks among them.</summary>
[Collection(LabCollection.Name)]
public sealed class SharedSocketTests(LabFixture fixture)
{
    // A connection that stays silent would hold the others up until the pool drops it, a minute later.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Bursts_of_requests_never_hold_up_another_client()
    {
        for (var round = 0; round < 150; round++)
        {
            // A pool that has connections enough opens no more: each round begins with an empty one, and keeps what it has.
            await using var client = await IncusClient.ConnectAsync(ConnectionOptions.Unix(fixture.Lab.Socket));
            await Task.WhenAll(Enumerable.Range(0, 4 + (round % 8)).Select(_ => client.Projects.FindAsync("default")));
            var answer = AskAsANewClientAsync(fixture.Lab.Socket);
            Assert.True(await Task.WhenAny(answer, Task.Delay(Patience)) == answer, $"nobody else was answered after round {round}");
            Assert.StartsWith("HTTP/1.1 200 OK", await answer, StringComparison.Ordinal);
        }
    }

    private static async Task<string> AskAsANewClientAsync(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync("GET /1.0 HTTP/1.1\r\nHost: incus\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync();
    }
}
