using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;

namespace Incus.Client;

/// <summary>One connection to one server: the HTTP handler, the events websocket, and what the server is.</summary>
internal sealed class IncusConnection : IAsyncDisposable
{
    private readonly SocketsHttpHandler handler;
    private readonly HttpMessageInvoker bulkInvoker;
    private readonly HttpMessageInvoker socketInvoker;
    private readonly HttpClient http;
    private readonly ConnectionFailures failures;
    private readonly ServerCertificateCheck certificates;
    private readonly string? socketProject;
    private long requestCount;
    private HashSet<string> extensions = [];

    private IncusConnection(ConnectionOptions options, string address, SocketLocation? socket)
    {
        Options = options;
        Address = address;
        IsUnix = socket is not null;
        socketProject = socket?.Project;
        DisplayName = options.RemoteName is { } name ? $"{name} ({address})" : address;
        certificates = new ServerCertificateCheck(options);
        failures = new ConnectionFailures(DisplayName, socket, options, certificates);
        handler = Transport.CreateHandler(options, socket?.Path, certificates);
        // ClientWebSocket needs a plain invoker: HttpClient would try to buffer the upgraded stream.
        bulkInvoker = new HttpMessageInvoker(handler, disposeHandler: false);
        // With connections of its own: none is a kept one of the other requests.
        var socketHandler = Transport.CreateHandler(options, socket?.Path, certificates);
        socketHandler.PlaintextStreamFilter = static (context, _) => ValueTask.FromResult<Stream>(new ReadToEndStream(context.PlaintextStream));
        socketInvoker = new HttpMessageInvoker(socketHandler, disposeHandler: true);
        http = new HttpClient(handler, disposeHandler: false)
        {
            BaseAddress = IsUnix ? new Uri("http://incus") : new Uri(address),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        http.DefaultRequestHeaders.UserAgent.ParseAdd(options.UserAgent);
        Events = new EventSocket(this);
    }

    public ConnectionOptions Options { get; }

    public string Address { get; }

    public bool IsUnix { get; }

    /// <summary>What messages call the server.</summary>
    public string DisplayName { get; }

    public ServerInfo Server { get; private set; } = new();

    public EventSocket Events { get; }

    /// <summary>The certificate that the server showed; null over a Unix socket.</summary>
    public X509Certificate2? ServerCertificate => certificates.Accepted;

    public long RequestCount => Interlocked.Read(ref requestCount);

    /// <summary>Connects to the first address that answers.</summary>
    /// <returns>The connection, and the project its requests begin with.</returns>
    public static async Task<(IncusConnection Connection, string Project)> OpenAsync(ConnectionOptions options, CancellationToken cancellationToken)
    {
        if (options.Addresses.Count == 0)
            throw new ArgumentException("There is no address to connect to", nameof(options));
        IncusUnreachableException? first = null;
        foreach (var address in options.Addresses)
        {
            var connection = Unopened(options, address);
            try
            {
                var server = await connection.RefreshServerAsync(cancellationToken).ConfigureAwait(false);
                if (!options.AllowUntrusted && server.Auth == "untrusted")
                    throw connection.failures.NotTrusted();
                return (connection, options.Project ?? connection.socketProject ?? IncusClient.DefaultProject);
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

    /// <summary>A connection that has not been used yet.</summary>
    internal static IncusConnection Unopened(ConnectionOptions options, string address)
    {
        var socket = Transport.SocketOf(address, options);
        return new IncusConnection(options, socket is null ? Transport.NormalizeHttps(address) : $"unix://{socket.Path}", socket);
    }

    public bool HasExtension(string name) => extensions.Contains(name);

    public void RequireExtension(string name, string feature)
    {
        if (!HasExtension(name))
            throw new IncusExtensionMissingException(name, feature, Server.Environment.ServerVersion);
    }

    public async Task<ServerInfo> RefreshServerAsync(CancellationToken cancellationToken)
    {
        var caller = new ApiCaller(this, IncusClient.DefaultProject, null);
        var server = (await caller.GetAsync("/1.0", IncusJson.Default.EnvelopeServerInfo, cancellationToken).ConfigureAwait(false)).Value;
        extensions = new(server.ApiExtensions, StringComparer.Ordinal);
        Server = server;
        return server;
    }

    /// <summary>Sends a request; the answer's content is still to be read.</summary>
    /// <exception cref="IncusUnreachableException">No answer came.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await SendOnceAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusUnreachableException exception) when (exception.Reason == UnreachableReason.ConnectionLost && request.Method == HttpMethod.Get)
        {
            // It may have been a kept connection that the server closed meanwhile; reading again does no harm.
            using var again = new HttpRequestMessage(HttpMethod.Get, request.RequestUri);
            return await SendOnceAsync(again, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref requestCount);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (ConnectionFailures.IsFailure(exception, cancellationToken))
        {
            throw Unreachable(exception, request);
        }
    }

    /// <summary>Opens a websocket of the API.</summary>
    /// <param name="url">Path and query.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <param name="isBulk">True for one that nobody may read from for a while.</param>
    /// <exception cref="IncusUnreachableException">No answer came.</exception>
    /// <exception cref="IncusException">The server refused; the status tells how.</exception>
    public async Task<ClientWebSocket> OpenWebSocketAsync(string url, CancellationToken cancellationToken, bool isBulk = false)
    {
        Interlocked.Increment(ref requestCount);
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.CollectHttpResponseDetails = true;
            // Pings find out that the other side is gone when no data is due.
            socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(15);
            // A socket that waits for a slow disk reads no answers meanwhile: that is no reason to give it up.
            socket.Options.KeepAliveTimeout = isBulk ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(15);
            var address = new UriBuilder(new Uri(http.BaseAddress!, url));
            address.Scheme = address.Scheme == Uri.UriSchemeHttps ? "wss" : "ws";
            await socket.ConnectAsync(address.Uri, isBulk ? bulkInvoker : socketInvoker, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch (Exception exception)
        {
            var status = socket.HttpStatusCode;
            socket.Dispose();
            var request = $"GET {url.Split('?')[0]}";
            if (exception is WebSocketException && (int)status >= 300)
                throw ErrorMapping.FromAnswer(status, null, request, DisplayName);
            if (exception is WebSocketException or HttpRequestException or IOException || ConnectionFailures.IsFailure(exception, cancellationToken))
                throw failures.From(exception, request);
            throw;
        }
    }

    /// <summary>Asks the server to speak another protocol on the connection (HTTP status 101).</summary>
    /// <param name="url">Path and query.</param>
    /// <param name="protocol">The protocol's name.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>What goes both ways from then on; disposing of it closes the connection.</returns>
    /// <exception cref="IncusUnreachableException">No answer came.</exception>
    /// <exception cref="IncusException">The server refused; the message tells why.</exception>
    public async Task<Stream> UpgradeAsync(string url, string protocol, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.Add(new(protocol));
        var response = await SendOnceAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            if (response.StatusCode != System.Net.HttpStatusCode.SwitchingProtocols)
            {
                await new ApiCaller(this, IncusClient.DefaultProject, null).ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
                throw new IncusException($"{Describe(request)}: the server does not speak {protocol}") { Request = Describe(request) };
            }

            return await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            response.Dispose();
            throw;
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
        failures.From(exception, Describe(request));

    public async ValueTask DisposeAsync()
    {
        await Events.DisposeAsync().ConfigureAwait(false);
        http.Dispose();
        bulkInvoker.Dispose();
        socketInvoker.Dispose();
        handler.Dispose();
    }
}
