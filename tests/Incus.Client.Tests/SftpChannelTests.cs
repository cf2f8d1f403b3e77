using System.Net.Sockets;

namespace Incus.Client.Tests;

public sealed class SftpChannelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    [Fact]
    public async Task What_nobody_reads_ends_once_it_is_cancelled_and_the_connection_with_it()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var address = new UnixDomainSocketEndPoint(Path.Combine(_folder, "sftp"));
        listener.Bind(address);
        listener.Listen();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(address);
        using var server = await listener.AcceptAsync();
        // Length, kind 2 (version), version 3; and no word more.
        await server.SendAsync(new byte[] { 0, 0, 0, 5, 2, 0, 0, 0, 3 });
        await using var channel = await SftpChannel.OpenAsync(new NetworkStream(socket), "box", CancellationToken.None);
        using var cancel = new CancellationTokenSource();
        var sent = 0;
        var writing = WriteAsync();
        var waiting = channel.SendAsync(SftpKind.LinkStatus, static message => message.Text("/behind"), cancel.Token);
        // As long as it takes, messages go into the socket's buffers.
        for (var before = -1; before != sent; await Task.Delay(200))
            before = sent;

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing).WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting).WaitAsync(TimeSpan.FromSeconds(10));
        var after = await Assert.ThrowsAsync<IncusException>(() => channel.BeginAsync(SftpKind.Close, static message => message.Number(1u), CancellationToken.None)).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.StartsWith("The connection to the files of box broke: ", after.Message, StringComparison.Ordinal);

        async Task WriteAsync()
        {
            for (; ; sent++)
                await channel.BeginAsync(SftpKind.Write, static message => message.Bytes(new byte[32 * 1024]), cancel.Token);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
