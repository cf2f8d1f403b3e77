using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;

namespace IncusCompose.Resources.Networks;

/// <summary>Load balancers of OVN networks. Source: Incus doc/howto/network_load_balancers.md.</summary>
internal sealed class NetworkLoadBalancerKind : OnNetworkKind<NetworkLoadBalancer>
{
    public const string KindName = "network-load-balancer";

    private static readonly ItemList<NetworkLoadBalancerBackend> Backends = new(
        "backends",
        () => new NetworkLoadBalancerBackend(),
        [new("name", backend => backend.Name, (backend, text) => backend with { Name = text })],
        [
            new("target_address", backend => NetworkText.Address(backend.TargetAddress), (backend, text) => backend with { TargetAddress = text }),
            new("target_port", backend => NetworkText.Listed(backend.TargetPort), (backend, text) => backend with { TargetPort = text }),
            new("description", backend => backend.Description.Trim(), (backend, text) => backend with { Description = text }),
        ]);

    private static readonly ItemList<NetworkLoadBalancerPort> Ports = new(
        "ports",
        () => new NetworkLoadBalancerPort(),
        [
            new("protocol", port => port.Protocol, (port, text) => port with { Protocol = text }),
            new("listen_port", port => NetworkText.Listed(port.ListenPort), (port, text) => port with { ListenPort = text }),
        ],
        [
            new("target_backend", port => string.Join(",", port.TargetBackend.Order(StringComparer.Ordinal)), (port, text) => port with { TargetBackend = [.. NetworkText.Items(text)] }),
            new("description", port => port.Description.Trim(), (port, text) => port with { Description = text }),
        ]);

    public override string Name => KindName;

    public override bool ConcernsAllMembers(ResourceId id, LiveResource? live, DesiredResource? desired, ServerObservation server) => IsAnnounced(id, server);

    protected override IReadOnlyList<string> NetworkTypes => ["ovn"];

    protected override string Extension => "network_load_balancer";

    public static ResourceId IdOf(string network, string address) => new(KindName, NetworkText.Address(address), network);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var network in context.Stack.Networks.Values)
        {
            foreach (var balancer in network.LoadBalancers.Values)
            {
                var path = $"networks.{network.Name}.load_balancers.{balancer.ListenAddress}";
                if (!context.Require(Extension, path, "A load balancer") || !MayBeOn(network, path, context))
                    break;
                if (balancer.Config.Keys.Any(key => key.StartsWith("healthcheck", StringComparison.Ordinal)))
                    context.Require("network_load_balancer_health_check", path, "A load balancer's health check");
                // The server takes blanks off its ends.
                var properties = BagOf(balancer.Description?.Trim(), balancer.Config);
                foreach (var (item, value) in Backends.ToProperties(balancer.Backends.Values.Select(BackendOf)).Concat(Ports.ToProperties(balancer.Ports.Select(port => PortOf(port, balancer)))))
                    properties.Add(item, value);
                yield return new DesiredResource { Id = IdOf(network.Name, balancer.ListenAddress), DefinitionPath = path, Properties = properties, DependsOn = [NetworkKind.IdOf(network.Name)] };
            }
        }
    }

    public override string AddressOf(LiveResource live) => $"/1.0/networks/{live.Id.Scope}/load-balancers/{live.Id.Name}";

    protected override NetworkDefinition Export(NetworkDefinition network, LiveResource live, ExportContext context)
    {
        var raw = (NetworkLoadBalancer)live.Raw;
        var balancer = new NetworkLoadBalancerDefinition
        {
            ListenAddress = live.Id.Name,
            Description = ExportContext.Text(live),
            Backends = raw.Backends.ToDictionary(backend => backend.Name, DefinitionOf),
            Ports = [.. raw.Ports.Select(port => DefinitionOf(port, raw))],
            Config = ExportContext.ConfigOf(this, live),
        };
        return network with { LoadBalancers = ExportContext.With(network.LoadBalancers, balancer.ListenAddress, balancer) };
    }

    protected override ResourceId IdOf(string network, NetworkLoadBalancer resource) => IdOf(network, resource.ListenAddress);

    protected override async Task<IReadOnlyList<NetworkLoadBalancer>> ListAsync(IncusClient client, string network, CancellationToken cancellationToken) =>
        await client.Networks.LoadBalancers(network).ListAsync(cancellationToken).ConfigureAwait(false);

    protected override ResourceFields FieldsOf(NetworkLoadBalancer resource)
    {
        var fields = base.FieldsOf(resource);
        foreach (var (item, value) in Backends.ToProperties(resource.Backends).Concat(Ports.ToProperties(resource.Ports)))
            fields.Set(item, value);
        return fields;
    }

    protected override NetworkLoadBalancer WithFields(NetworkLoadBalancer resource, ResourceFields fields) => base.WithFields(resource, fields) with
    {
        Backends = Backends.FromProperties(fields.Words, resource.Backends),
        Ports = Ports.FromProperties(fields.Words, resource.Ports),
    };

    protected override Task<Versioned<NetworkLoadBalancer>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.Networks.LoadBalancers(id.Scope!).FindAsync(id.Name, cancellationToken);

    protected override Task PostOneAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        context.Client.Networks.LoadBalancers(id.Scope!).CreateAsync(WithFields(new NetworkLoadBalancer { ListenAddress = id.Name }, fields), cancellationToken);

    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<NetworkLoadBalancer> found, NetworkLoadBalancer changed, CancellationToken cancellationToken) =>
        client.Networks.LoadBalancers(id.Scope!).UpdateAsync(id.Name, changed, found.ETag, cancellationToken);

    protected override Task RemoveOneAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.Networks.LoadBalancers(id.Scope!).DeleteAsync(id.Name, cancellationToken);

    private static NetworkBackendDefinition DefinitionOf(NetworkLoadBalancerBackend backend) => new()
    {
        Name = backend.Name,
        TargetAddress = backend.TargetAddress,
        TargetPort = ExportContext.Word(backend.TargetPort),
        Description = ExportContext.Word(backend.Description),
    };

    private static NetworkBalancedPortDefinition DefinitionOf(NetworkLoadBalancerPort port, NetworkLoadBalancer balancer) => new()
    {
        Protocol = port.Protocol,
        ListenPort = port.ListenPort,
        // All of them need not be said.
        Backends = port.TargetBackend.ToHashSet().SetEquals(balancer.Backends.Select(backend => backend.Name)) ? [] : port.TargetBackend,
        Description = ExportContext.Word(port.Description),
    };

    private static NetworkLoadBalancerBackend BackendOf(NetworkBackendDefinition backend) => new()
    {
        Name = backend.Name,
        TargetAddress = backend.TargetAddress,
        TargetPort = backend.TargetPort ?? "",
        Description = backend.Description ?? "",
    };

    private static NetworkLoadBalancerPort PortOf(NetworkBalancedPortDefinition port, NetworkLoadBalancerDefinition balancer) => new()
    {
        Protocol = port.Protocol,
        ListenPort = port.ListenPort,
        TargetBackend = port.Backends.Count > 0 ? port.Backends : [.. balancer.Backends.Keys],
        Description = port.Description ?? "",
    };
}
