using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Incus.Client;

/// <summary>
/// A view of a connection to an Incus server: one project and, on a cluster, optionally one member.
/// <see cref="ForProject"/> and <see cref="ForTarget"/> make further views of the same connection, which share its
/// HTTP client and its events websocket. Safe for use by several threads.
/// </summary>
public sealed class IncusClient : IAsyncDisposable
{
    /// <summary>The project that always exists.</summary>
    public const string DefaultProject = "default";

    private readonly ApiCaller caller;
    private readonly bool ownsConnection;

    private IncusClient(ApiCaller caller, bool ownsConnection)
    {
        this.caller = caller;
        this.ownsConnection = ownsConnection;
        Instances = new InstanceApi(caller);
        Images = new ImageApi(caller);
        Networks = new NetworkApi(caller);
        NetworkAcls = new NetworkAclApi(caller);
        NetworkAddressSets = new NetworkAddressSetApi(caller);
        NetworkZones = new NetworkZoneApi(caller);
        NetworkIntegrations = new NetworkIntegrationApi(caller);
        StoragePools = new StoragePoolApi(caller);
        StorageVolumes = new StorageVolumeApi(caller);
        StorageBuckets = new StorageBucketApi(caller);
        Profiles = new ProfileApi(caller);
        Projects = new ProjectApi(caller);
        Operations = new OperationApi(caller);
        Certificates = new CertificateApi(caller);
        Cluster = new ClusterApi(caller);
        ClusterGroups = new ClusterGroupApi(caller);
        Metadata = new MetadataApi(caller);
        Events = new IncusEvents(caller);
    }

    /// <summary>Connects to a server and reads what it is (<c>GET /1.0</c>).</summary>
    /// <param name="options">How to reach it.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client; dispose it to close the connection.</returns>
    /// <exception cref="IncusUnreachableException">No address answers, or one side does not trust the other.</exception>
    /// <exception cref="IncusException">The server answers, but not as Incus.</exception>
    public static async Task<IncusClient> ConnectAsync(ConnectionOptions options, CancellationToken cancellationToken = default)
    {
        var (connection, project) = await IncusConnection.OpenAsync(options, cancellationToken).ConfigureAwait(false);
        return new IncusClient(new ApiCaller(connection, project, null), ownsConnection: true);
    }

    /// <summary>Connects to a remote with the certificates of the user's configuration directory.</summary>
    /// <param name="remote">The remote.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client; dispose it to close the connection.</returns>
    /// <exception cref="IncusUnreachableException">No address answers, or one side does not trust the other.</exception>
    /// <exception cref="IncusException">The remote can not be used, or the server answers, but not as Incus.</exception>
    public static Task<IncusClient> ConnectAsync(IncusRemote remote, CancellationToken cancellationToken = default)
    {
        var environment = new IncusEnvironment();
        var configuration = ClientConfiguration.Combine(environment, [remote], remote.Name);
        return ConnectAsync(configuration.OptionsFor(remote.Name), cancellationToken);
    }

    /// <summary>What the server said of itself when the connection was opened, or at the last <see cref="RefreshServerAsync"/>.</summary>
    public ServerInfo Server => caller.Connection.Server;

    /// <summary>The name of the remote that it was connected to; its address where it was connected to by address.</summary>
    public string Name => caller.Connection.Options.RemoteName ?? Address;

    /// <summary>Address in use: <c>unix:///path</c> or <c>https://host:port</c>.</summary>
    public string Address => caller.Connection.Address;

    /// <summary>Project of every request of this view.</summary>
    public string Project => caller.Project;

    /// <summary>Cluster member (or <c>@group</c>) of every request of this view; null for none.</summary>
    public string? Target => caller.Target;

    /// <summary>Number of HTTP requests and websocket connections that the whole connection has made so far.</summary>
    public long RequestCount => caller.Connection.RequestCount;

    /// <summary>Instances.</summary>
    public InstanceApi Instances { get; }

    /// <summary>Images and their aliases.</summary>
    public ImageApi Images { get; }

    /// <summary>Networks.</summary>
    public NetworkApi Networks { get; }

    /// <summary>Network ACLs.</summary>
    public NetworkAclApi NetworkAcls { get; }

    /// <summary>Network address sets.</summary>
    public NetworkAddressSetApi NetworkAddressSets { get; }

    /// <summary>DNS zones.</summary>
    public NetworkZoneApi NetworkZones { get; }

    /// <summary>Network integrations.</summary>
    public NetworkIntegrationApi NetworkIntegrations { get; }

    /// <summary>Storage pools.</summary>
    public StoragePoolApi StoragePools { get; }

    /// <summary>Custom storage volumes.</summary>
    public StorageVolumeApi StorageVolumes { get; }

    /// <summary>Storage buckets and their keys.</summary>
    public StorageBucketApi StorageBuckets { get; }

    /// <summary>Profiles.</summary>
    public ProfileApi Profiles { get; }

    /// <summary>Projects.</summary>
    public ProjectApi Projects { get; }

    /// <summary>Operations.</summary>
    public OperationApi Operations { get; }

    /// <summary>Trusted certificates.</summary>
    public CertificateApi Certificates { get; }

    /// <summary>The cluster.</summary>
    public ClusterApi Cluster { get; }

    /// <summary>Groups of cluster members.</summary>
    public ClusterGroupApi ClusterGroups { get; }

    /// <summary>Description of configuration keys.</summary>
    public MetadataApi Metadata { get; }

    /// <summary>Events.</summary>
    public IncusEvents Events { get; }

    /// <summary>Whether the server has an API extension (doc/api-extensions.md).</summary>
    /// <param name="name">Name of the extension.</param>
    /// <returns>Whether it has it.</returns>
    public bool HasExtension(string name) => caller.Connection.HasExtension(name);

    /// <summary>Makes sure that the server has an API extension.</summary>
    /// <param name="name">Name of the extension.</param>
    /// <param name="feature">What needs it; the subject of the message, such as "Creating an instance from an OCI image".</param>
    /// <exception cref="IncusExtensionMissingException">It does not have it.</exception>
    public void RequireExtension(string name, string feature) => caller.Connection.RequireExtension(name, feature);

    /// <summary>Reads what the server says of itself again.</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The new <see cref="Server"/>.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task<ServerInfo> RefreshServerAsync(CancellationToken cancellationToken = default) =>
        caller.Connection.RefreshServerAsync(cancellationToken);

    /// <summary>The same connection, another project.</summary>
    /// <param name="project">Name of the project; need not exist yet.</param>
    /// <returns>A view; it needs no disposal.</returns>
    public IncusClient ForProject(string project) => new(new ApiCaller(caller.Connection, project, caller.Target, caller.FinishesChanges), ownsConnection: false);

    /// <summary>The same connection, requests directed to a cluster member.</summary>
    /// <param name="member">Name of the member, or <c>@group</c> for placement; null for none.</param>
    /// <returns>A view; it needs no disposal.</returns>
    public IncusClient ForTarget(string? member) => new(new ApiCaller(caller.Connection, caller.Project, member, caller.FinishesChanges), ownsConnection: false);

    /// <summary>
    /// The same connection; a request that changes something is not given up once it is sent. Where it is cancelled meanwhile,
    /// it ends when the server has answered, so that what the server was asked for is done, refused, or an operation by then.
    /// </summary>
    /// <returns>A view; it needs no disposal.</returns>
    public IncusClient FinishingChanges() => new(new ApiCaller(caller.Connection, caller.Project, caller.Target, finishesChanges: true), ownsConnection: false);

    /// <summary>
    /// Gets a client certificate trusted by a server that issued a trust token. The server is recognised by the
    /// fingerprint in the token; nothing is sent to a server with another certificate.
    /// </summary>
    /// <param name="token">The token's text, as <c>incus config trust add NAME</c> prints it.</param>
    /// <param name="clientCertificate">The client certificate to get trusted, with its key.</param>
    /// <param name="address">Address of the server, where the token's are not the ones to use; null to try those.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The address that answered and the server's certificate, to be stored.</returns>
    /// <exception cref="FormatException">It is not a trust token.</exception>
    /// <exception cref="IncusUnreachableException">No address answers with the right certificate.</exception>
    /// <exception cref="IncusForbiddenException">The server does not accept the token: used up, expired, or not its own.</exception>
    /// <exception cref="IncusException">The server refuses otherwise.</exception>
    public static async Task<TrustResult> TrustAsync(
        string token, X509Certificate2 clientCertificate, string? address = null, CancellationToken cancellationToken = default)
    {
        var parsed = TrustToken.Parse(token);
        var (connection, _) = await IncusConnection.OpenAsync(
            new ConnectionOptions
            {
                Addresses = address is null ? parsed.Addresses : [address],
                ClientCertificate = clientCertificate,
                ServerFingerprint = parsed.Fingerprint,
                AllowUntrusted = true,
                UseEvents = false,
            },
            cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var caller = new ApiCaller(connection, DefaultProject, null);
            if (connection.Server.Auth != "trusted")
            {
                using var content = ApiCaller.JsonBody(new JsonObject { ["type"] = "client", ["trust_token"] = parsed.Encoded });
                await SendTokenAsync(caller, content, cancellationToken).ConfigureAwait(false);
            }
            return new TrustResult(connection.Address, connection.ServerCertificate!);
        }
    }

    private static async Task SendTokenAsync(ApiCaller caller, HttpContent content, CancellationToken cancellationToken)
    {
        try
        {
            await caller.SendAsync(HttpMethod.Post, "/1.0/certificates", content, null, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusForbiddenException exception)
        {
            throw new IncusForbiddenException(
                $"{caller.Connection.DisplayName} does not accept the trust token", "It works once and may have expired: get a new one (incus config trust add CLIENT-NAME)",
                exception)
            {
                Request = exception.Request,
                StatusCode = exception.StatusCode,
                ServerMessage = exception.ServerMessage,
            };
        }
        catch (IncusConflictException)
        {
            // The certificate is trusted already, which is what was asked for.
        }
    }

    /// <summary>Closes the connection, when this is the client that opened it; a view closes nothing.</summary>
    /// <returns>When it is closed.</returns>
    public ValueTask DisposeAsync() => ownsConnection ? caller.Connection.DisposeAsync() : ValueTask.CompletedTask;
}
