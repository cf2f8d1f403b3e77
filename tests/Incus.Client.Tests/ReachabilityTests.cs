using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Incus.Client.Tests;

/// <summary>Why a server can not be reached, each cause made for real.</summary>
public sealed class ReachabilityTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("incus-reach-");

    private string SocketPath => Path.Combine(folder.FullName, "unix.socket");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_missing_socket_means_no_daemon_and_says_who_named_the_place()
    {
        var plain = await FailAsync(ConnectionOptions.Unix(SocketPath));
        Assert.Equal(UnreachableReason.NoDaemon, plain.Reason);
        Assert.Contains($"There is no Incus socket at {SocketPath}", plain.Message, StringComparison.Ordinal);
        Assert.Matches("Install it|Start it", plain.Advice);
        Assert.Equal("GET /1.0", plain.Request);

        var named = await FailAsync(ConnectionOptions.Unix() with
        {
            Environment = new IncusEnvironment(name => name == "INCUS_SOCKET" ? SocketPath : null),
        });
        Assert.Contains("(from INCUS_SOCKET)", named.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_without_listener_means_that_the_daemon_has_stopped()
    {
        StaleSocket.Create(SocketPath);
        var failure = await FailAsync(ConnectionOptions.Unix(SocketPath));
        Assert.Equal(UnreachableReason.NotRunning, failure.Reason);
        Assert.Contains("Nobody listens", failure.Message, StringComparison.Ordinal);
        Assert.Contains("systemctl start", failure.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_of_others_means_no_permission_and_names_the_group()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            return; // Only root can become somebody else.
        using var listener = Listen();
        File.SetUnixFileMode(SocketPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_101_101);
        var start = new ProcessStartInfo("setpriv", [
            "--reuid=65534", "--regid=65534", "--clear-groups", Environment.ProcessPath!, "exec", typeof(ReachabilityTests).Assembly.Location, $"unix://{SocketPath}",
        ]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_CLI_HOME"] = start.Environment["HOME"] = folder.FullName;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(output.StartsWith("NoPermission: User ", StringComparison.Ordinal), output + await errors);
        Assert.Contains("incus-admin", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_that_no_socket_can_have_is_said_to_be_too_long()
    {
        var failure = await FailAsync(ConnectionOptions.Unix("/tmp/" + new string('x', 200)));
        Assert.Contains("too long", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_whose_owner_hangs_up_is_a_lost_connection()
    {
        using var listener = Listen();
        var hangUp = Task.Run(async () =>
        {
            for (var n = 0; n < 2; n++) // A read is tried twice.
            {
                using var client = await listener.AcceptAsync();
            }
        });
        var failure = await FailAsync(ConnectionOptions.Unix(SocketPath));
        Assert.Equal(UnreachableReason.ConnectionLost, failure.Reason);
        await hangUp;
    }

    [Fact]
    public async Task A_connection_is_made_with_the_first_bytes_and_not_before()
    {
        using var listener = Listen();
        await using var stream = new UnixSocketStream(SocketPath);
        var reading = stream.ReadAsync(new byte[10]).AsTask();
        Assert.False(listener.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead));

        await stream.WriteAsync("ping"u8.ToArray());

        using var server = await listener.AcceptAsync();
        var buffer = new byte[10];
        Assert.Equal(4, await server.ReceiveAsync(buffer));
        await server.SendAsync("pong!"u8.ToArray());
        Assert.Equal(5, await reading);
    }

    [Fact]
    public async Task A_connection_that_was_never_made_can_be_closed_while_somebody_reads()
    {
        var stream = new UnixSocketStream(SocketPath);
        var reading = stream.ReadAsync(new byte[10]).AsTask();
        await stream.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.WriteAsync(new byte[1]).AsTask());
    }

    [Fact]
    public async Task A_port_without_listener_is_refused()
    {
        var port = FreePort();
        var failure = await FailAsync(Https($"127.0.0.1:{port}"));
        Assert.Equal(UnreachableReason.Refused, failure.Reason);
        Assert.Contains($"Nothing listens at https://127.0.0.1:{port}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_host_is_a_question_of_names()
    {
        var failure = await FailAsync(Https("no-such-host.invalid"));
        Assert.Equal(UnreachableReason.NameResolution, failure.Reason);
        Assert.Contains("https://no-such-host.invalid:8443", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_says_nothing_runs_into_the_time_limit()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var failure = await FailAsync(Https($"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}") with { ConnectTimeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal(UnreachableReason.Timeout, failure.Reason);
        Assert.Contains("0.3 seconds", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_who_gives_up_gets_a_cancellation_and_no_diagnosis()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            IncusClient.ConnectAsync(Https($"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"), cancel.Token));
    }

    [Fact]
    public async Task Older_TLS_is_not_spoken()
    {
        using var certificate = CertificateFiles.ReadOrCreate(Path.Combine(folder.FullName, "a.crt"), Path.Combine(folder.FullName, "a.key"));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var tls = new SslStream(client.GetStream());
            await Assert.ThrowsAnyAsync<Exception>(() => tls.AuthenticateAsServerAsync(certificate, false, SslProtocols.Tls12, false));
        });
        var failure = await FailAsync(Https($"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}") with
        {
            ServerCertificate = X509CertificateLoader.LoadCertificate(certificate.RawData),
        });
        Assert.Equal(UnreachableReason.Other, failure.Reason);
        Assert.Contains("TLS 1.3", failure.Message, StringComparison.Ordinal);
        await serving;
    }

    [Fact]
    public async Task A_web_server_is_not_taken_for_Incus()
    {
        using var listener = Listen();
        var serving = Task.Run(async () =>
        {
            using var client = await listener.AcceptAsync();
            await client.ReceiveAsync(new byte[4096]);
            await client.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"u8.ToArray());
        });
        var failure = await Assert.ThrowsAsync<IncusException>(() => IncusClient.ConnectAsync(ConnectionOptions.Unix(SocketPath)));
        Assert.Contains("is not one of the Incus API", failure.Message, StringComparison.Ordinal);
        await serving;
    }

    [Fact]
    public async Task The_first_address_that_answers_is_used_and_the_first_failure_reported()
    {
        var port = FreePort();
        var failure = await FailAsync(Https($"127.0.0.1:{port}") with { Addresses = [$"https://127.0.0.1:{port}", "no-such-host.invalid"] });
        Assert.Equal(UnreachableReason.Refused, failure.Reason);
    }

    [Theory]
    [InlineData("host", "https://host:8443")]
    [InlineData("host:99", "https://host:99")]
    [InlineData("https://host", "https://host:8443")]
    [InlineData("https://host:443/", "https://host:443")]
    [InlineData("[::1]", "https://[::1]:8443")]
    [InlineData("https://[fe80::1]:8444", "https://[fe80::1]:8444")]
    public void Addresses_are_completed(string written, string complete) => Assert.Equal(complete, Transport.NormalizeHttps(written));

    [Theory]
    [InlineData("http://host")]
    [InlineData("ftp://host")]
    [InlineData("https://")]
    public void What_is_no_address_is_refused(string written) => Assert.Throws<ArgumentException>(() => Transport.NormalizeHttps(written));

    private static ConnectionOptions Https(string address) => new() { Addresses = [address] };

    private static Task<IncusUnreachableException> FailAsync(ConnectionOptions options) =>
        Assert.ThrowsAsync<IncusUnreachableException>(() => IncusClient.ConnectAsync(options));

    private Socket Listen()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(SocketPath));
        socket.Listen();
        return socket;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
