using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Exporting;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Resources.Networks;

/// <summary>Forwards of networks. Source: Incus doc/howto/network_forwards.md.</summary>
internal sealed class NetworkForwardKind : OnNetworkKind<NetworkForward>
{
    public const string KindName = "network-forward";

    /// <summary>The cluster member that a bridge's forward is on.</summary>
    private const string Target = "target";

    private static readonly ItemList<NetworkForwardPort> Ports = new(
        "ports",
        () => new NetworkForwardPort(),
        [
            new("protocol", port => port.Protocol, (port, text) => port with { Protocol = text }),
            new("listen_port", port => NetworkText.Listed(port.ListenPort), (port, text) => port with { ListenPort = text }),
        ],
        [
            new("target_address", port => NetworkText.Address(port.TargetAddress), (port, text) => port with { TargetAddress = text }),
            new("target_port", port => NetworkText.Listed(port.TargetPort), (port, text) => port with { TargetPort = text }),
            new("snat", port => port.Snat == true ? "true" : "", (port, text) => port with { Snat = text == "true" ? true : port.Snat is null ? null : false }),
            new("description", port => port.Description.Trim(), (port, text) => port with { Description = text }),
        ]);

    public override string Name => KindName;

    public override bool ConcernsAllMembers(ResourceId id, LiveResource? live, DesiredResource? desired, ServerObservation server) => IsAnnounced(id, server);

    protected override IReadOnlyList<string> NetworkTypes => ["bridge", "ovn"];

    /// <summary>On a bridge each member of a cluster has forwards of its own, so that two may have one of the same address.</summary>
    public static ResourceId IdOf(string network, string address, string? member = null) => new(KindName, NetworkText.Address(address), network) { Member = member };

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var network in context.Stack.Networks.Values)
        {
            foreach (var forward in network.Forwards.Values)
            {
                var path = $"networks.{network.Name}.forwards.{forward.ListenAddress}";
                if (!MayBeOn(network, path, context))
                    break;
                if (forward.Ports.Any(port => port.Snat == true))
                    context.Require("network_forward_snat", path, "A forward's `snat`");
                // The server takes blanks off its ends.
                var properties = BagOf(forward.Description?.Trim(), WithAddress(forward.Config));
                foreach (var (port, value) in Ports.ToProperties(forward.Ports.Select(PortOf)))
                    properties.Add(port, value);
                if (forward.Target is not null)
                {
                    CheckTarget(network, forward.Target, $"{path}.target", context);
                    properties.Add(Target, forward.Target);
                }

                yield return new DesiredResource { Id = ChooseId(network.Name, forward, context), DefinitionPath = path, Properties = properties, DependsOn = [NetworkKind.IdOf(network.Name)] };
            }
        }
    }

    /// <summary>
    /// The id of the forward that the file means: of those of its address the stack's own, wherever it is, else the one where it
    /// is to be. Whatever else has the address on another member is somebody else's, and not in the way.
    /// </summary>
    private static ResourceId ChooseId(string network, NetworkForwardDefinition forward, PlanningContext context)
    {
        var wanted = IdOf(network, forward.ListenAddress, forward.Target);
        return context.Server.OfKind(KindName)
            .Where(live => IsSameAddress(live.Id, wanted))
            .OrderBy(live => live.Mark?.BelongsTo(context.Stack.Name, context.Project) != true)
            .ThenBy(live => live.Id.Member != forward.Target)
            .ThenBy(live => live.Id.Member, StringComparer.Ordinal)
            .FirstOrDefault(live => forward.Target is null || live.Id.Member == forward.Target || live.Mark?.BelongsTo(context.Stack.Name, context.Project) == true)?.Id ?? wanted;
    }

    private static bool IsSameAddress(ResourceId id, ResourceId other) => id with { Member = null } == other with { Member = null };

    // Where the file says nothing, somebody may have made it on any member meanwhile.
    public override LiveResource? Locate(DesiredResource desired, ServerObservation server) =>
        base.Locate(desired, server)
        ?? (desired.Id.Member is null ? server.OfKind(KindName).FirstOrDefault(live => IsSameAddress(live.Id, desired.Id)) : null);

    private static void CheckTarget(NetworkDefinition network, string target, string path, PlanningContext context)
    {
        if (context.About is { Environment.ServerClustered: false })
            Placement.RefuseWithoutCluster(context, path);
        else if (network.Type == "ovn")
            context.Error("TargetOfShared", path, "an OVN network is one for all members, so that its forwards are on none of them", "remove `target`");
        else if (context.Members is { } members && !members.Contains(target))
            context.Error("UnknownMember", path, $"the cluster has no member {Excerpts.Quote(target)}", Suggestions.DidYouMean(target, members, $"name one of: {string.Join(", ", members)}"));
    }

    public override string AddressOf(LiveResource live) => $"/1.0/networks/{live.Id.Scope}/forwards/{live.Id.Name}";

    public override string? MemberOf(LiveResource? live) => live?.Properties[Target];

    public override string? MemberOf(DesiredResource desired) => desired.Properties[Target];

    // The server says where it put it.
    public override bool IsServerFilled(string path) => path == Target;

    // It is on one member, and is moved by being made anew.
    public override ChangeImpact ImpactOf(string path, DesiredResource desired, LiveResource live, MetadataConfiguration? metadata) =>
        path == Target ? ChangeImpact.Replace : base.ImpactOf(path, desired, live, metadata);

    /// <summary>Where it was on another member, what was made there instead goes.</summary>
    public override async Task PutBackAsync(ApplyContext context, LiveResource kept, CancellationToken cancellationToken)
    {
        if (kept.Id.Member is not null && kept.Mark is { } mark)
        {
            foreach (var other in await ListAsync(context.Client, kept.Id.Scope!, cancellationToken).ConfigureAwait(false))
            {
                var id = IdOf(kept.Id.Scope!, other);
                if (id != kept.Id && IsSameAddress(id, kept.Id) && OwnershipMark.Read(id, other.Config)?.BelongsTo(mark.Stack, mark.Project) == true)
                    await RemoveAsync(context, id, cancellationToken).OrGoneAsync().ConfigureAwait(false);
            }
        }

        await base.PutBackAsync(context, kept, cancellationToken).ConfigureAwait(false);
    }

    protected override NetworkDefinition Export(NetworkDefinition network, LiveResource live, ExportContext context)
    {
        if (network.Forwards.TryGetValue(live.Id.Name, out var another))
        {
            context.Note("TwoForwards", $"networks.{network.Name}.forwards.{live.Id.Name}", $"the cluster members {another.Target} and {live.Id.Member} both have a forward of {live.Id.Name}, and a file has room for one of an address", $"delete one of the two: incus network forward delete {network.Name} {live.Id.Name} --target {live.Id.Member}");
            return network;
        }

        var forward = new NetworkForwardDefinition
        {
            ListenAddress = live.Id.Name,
            Description = ExportContext.Text(live),
            Ports = [.. ((NetworkForward)live.Raw).Ports.Select(DefinitionOf)],
            Config = ExportContext.ConfigOf(this, live),
            Target = live.Properties[Target],
        };
        return network with { Forwards = ExportContext.With(network.Forwards, forward.ListenAddress, forward) };
    }

    protected override ResourceId IdOf(string network, NetworkForward resource) => IdOf(network, resource.ListenAddress, Placement.MemberOf(resource.Location));

    protected override async Task<IReadOnlyList<NetworkForward>> ListAsync(IncusClient client, string network, CancellationToken cancellationToken) =>
        await client.Networks.Forwards(network).ListAsync(cancellationToken).ConfigureAwait(false);

    protected override ResourceFields FieldsOf(NetworkForward resource)
    {
        var fields = base.FieldsOf(resource);
        foreach (var (port, value) in Ports.ToProperties(resource.Ports))
            fields.Set(port, value);
        fields.Set(Target, Placement.MemberOf(resource.Location));
        return fields;
    }

    protected override NetworkForward WithFields(NetworkForward resource, ResourceFields fields) =>
        base.WithFields(resource, fields) with { Ports = Ports.FromProperties(fields.Words, resource.Ports) };

    protected override Task<Versioned<NetworkForward>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        Forwards(client, id).FindAsync(id.Name, cancellationToken);

    protected override Task PostOneAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken)
    {
        var client = fields.Words.GetValueOrDefault(Target) is { } member ? context.Client.ForTarget(member) : context.Client;
        return client.Networks.Forwards(id.Scope!).CreateAsync(WithFields(new NetworkForward { ListenAddress = id.Name }, fields), cancellationToken);
    }

    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<NetworkForward> found, NetworkForward changed, CancellationToken cancellationToken) =>
        Forwards(client, id).UpdateAsync(id.Name, changed, found.ETag, cancellationToken);

    protected override Task RemoveOneAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        Forwards(client, id).DeleteAsync(id.Name, cancellationToken);

    /// <summary>The forwards of the member that has it: no other finds it.</summary>
    private static NetworkForwardApi Forwards(IncusClient client, ResourceId id) =>
        (id.Member is null ? client : client.ForTarget(id.Member)).Networks.Forwards(id.Scope!);

    private static IReadOnlyDictionary<string, string> WithAddress(IReadOnlyDictionary<string, string> config) =>
        config.ToDictionary(entry => entry.Key, entry => entry.Key == "target_address" ? NetworkText.Address(entry.Value) : entry.Value);

    private static NetworkForwardPortDefinition DefinitionOf(NetworkForwardPort port) => new()
    {
        Protocol = port.Protocol,
        ListenPort = port.ListenPort,
        TargetAddress = port.TargetAddress,
        TargetPort = ExportContext.Word(port.TargetPort),
        Snat = port.Snat == true ? true : null,
        Description = ExportContext.Word(port.Description),
    };

    private static NetworkForwardPort PortOf(NetworkForwardPortDefinition port) => new()
    {
        Protocol = port.Protocol,
        ListenPort = port.ListenPort,
        TargetAddress = port.TargetAddress,
        TargetPort = port.TargetPort ?? "",
        Snat = port.Snat,
        Description = port.Description ?? "",
    };
}
