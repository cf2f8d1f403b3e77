using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>One connection to one server: the HTTP client, the events websocket, and what the server is.</summary>
internal sealed class IncusConnection : IAsyncDisposable
{
    private readonly HttpClient http;
    private long requestCount;
    private HashSet<string> extensions = [];

    private IncusConnection(ConnectionOptions options, string address, string? socketPath)
    {
        Options = options;
        Address = address;
        SocketPath = socketPath;
        DisplayName = options.RemoteName is { } name ? $"{name} ({address})" : address;
        http = new HttpClient(CreateHandler(options, socketPath))
        {
            BaseAddress = socketPath is null ? new Uri(address) : new Uri("http://incus"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.UserAgent.ParseAdd(options.UserAgent);
        Events = new EventSocket(this);
    }

    public ConnectionOptions Options { get; }

    public string Address { get; }

    public string? SocketPath { get; }

    public string DisplayName { get; }

    public ServerInfo Server { get; private set; } = new();

    public EventSocket Events { get; }

    public long RequestCount => Interlocked.Read(ref requestCount);

    public HttpMessageInvoker Invoker => http;

    public static async Task<(IncusConnection Connection, string Project)> OpenAsync(ConnectionOptions options, CancellationToken cancellationToken)
    {
        if (options.Addresses.Count == 0)
            throw new ArgumentException("There is no address to connect to", nameof(options));
        IncusUnreachableException? first = null;
        foreach (var address in options.Addresses)
        {
            var socket = SocketOf(address, options);
            var connection = new IncusConnection(options, socket is null ? address.TrimEnd('/') : $"unix://{socket.Path}", socket?.Path);
            try
            {
                await connection.RefreshServerAsync(cancellationToken).ConfigureAwait(false);
                return (connection, options.Project ?? socket?.Project ?? IncusClient.DefaultProject);
            }
            catch (IncusUnreachableException exception)
            {
                first ??= exception;
                await connection.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                await connection.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        throw first!;
    }

    public bool HasExtension(string name) => extensions.Contains(name);

    public void RequireExtension(string name, string feature)
    {
        if (!HasExtension(name))
            throw new IncusExtensionMissingException(name, feature, Server.Environment.ServerVersion);
    }

    public async Task<ServerInfo> RefreshServerAsync(CancellationToken cancellationToken)
    {
        var caller = new ApiCaller(this, Options.Project ?? IncusClient.DefaultProject, null);
        var server = (await caller.GetAsync("/1.0", IncusJson.Default.EnvelopeServerInfo, cancellationToken).ConfigureAwait(false)).Value;
        extensions = new(server.ApiExtensions, StringComparer.Ordinal);
        Server = server;
        return server;
    }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref requestCount);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw Unreachable(exception, request);
        }
    }

    /// <summary>Method and path, for messages: the query may hold secrets.</summary>
    public static string Describe(HttpRequestMessage request)
    {
        var uri = request.RequestUri!;
        var path = (uri.IsAbsoluteUri ? uri.AbsolutePath : uri.OriginalString).Split('?')[0];
        return $"{request.Method} {path}";
    }

    public IncusUnreachableException Unreachable(Exception exception, HttpRequestMessage request) =>
        new(UnreachableReason.Other, $"{DisplayName} could not be reached: {exception.Message}", null, exception) { Request = Describe(request) };

    public async ValueTask DisposeAsync()
    {
        await Events.DisposeAsync().ConfigureAwait(false);
        http.Dispose();
    }

    private static SocketLocation? SocketOf(string address, ConnectionOptions options)
    {
        if (!address.StartsWith("unix:", StringComparison.Ordinal))
            return null;
        var path = address["unix:".Length..];
        if (path.StartsWith("//", StringComparison.Ordinal))
            path = path[2..];
        return path.Length > 0
            ? new SocketLocation(path, "address", null)
            : (options.Environment ?? new IncusEnvironment()).FindSocket();
    }

    private static SocketsHttpHandler CreateHandler(ConnectionOptions options, string? socketPath)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = socketPath is null,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        };
        if (socketPath is not null)
        {
            handler.ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            };
        }
        return handler;
    }
}
