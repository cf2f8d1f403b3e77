using Incus.Client;
using IncusCompose.Applying;

namespace IncusCompose.Resources;

/// <summary>Networks. Source: Incus doc/reference/network_bridge.md and its siblings.</summary>
internal sealed class NetworkKind : ConfiguredKind<Network>
{
    public const string KindName = "network";

    private const int MostAttempts = 8;

    public override string Name => KindName;

    public static ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var network in context.Stack.Networks.Values)
        {
            var properties = BagOf(network.Description, network.Config);
            properties.Add(PropertyPath.Type, network.Type);
            yield return new DesiredResource
            {
                Id = IdOf(network.Name),
                DefinitionPath = $"networks.{network.Name}",
                External = network.External,
                Properties = properties,
            };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        scope.ViewFor("features.networks", isDefault: false) is { } view
            ? [.. (await view.Networks.ListAsync(cancellationToken).ConfigureAwait(false)).Select(network => Describe(IdOf(network), network))]
            : [];

    // "auto" becomes a real address; any will do.
    public override bool IsSame(string path, string desired, string live) =>
        desired == live || (desired == "auto" && live is not ("" or "none"));

    // A bridge that is not told its addresses and its NAT chooses them.
    public override bool IsServerFilled(string path) =>
        PropertyPath.IsConfig(path, out var key) && key is "ipv4.address" or "ipv6.address" or "ipv4.nat" or "ipv6.nat";

    protected override ResourceId IdOf(Network resource) => IdOf(resource.Name);

    protected override Task<Versioned<Network>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.Networks.FindAsync(id.Name, cancellationToken);

    protected override bool IsUnfinished(Network resource) => resource.Status == "Pending";

    protected override ResourceFields FieldsOf(Network resource)
    {
        var fields = base.FieldsOf(resource);
        fields.Set(PropertyPath.Type, resource.Type);
        return fields;
    }

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken)
    {
        var network = new Network
        {
            Name = id.Name,
            Type = fields.Word(PropertyPath.Type),
            Description = fields.Word(PropertyPath.Description),
            Config = fields.Config,
        };
        return TryAgainAsync(() => context.Client.Networks.CreateAsync(network, cancellationToken));
    }

    protected override Task PutAsync(IncusClient client, ResourceId id, Network resource, string etag, CancellationToken cancellationToken) =>
        TryAgainAsync(() => client.Networks.UpdateAsync(id.Name, resource, etag, cancellationToken));

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        TryAgainAsync(() => context.Client.Networks.DeleteAsync(id.Name, cancellationToken));

    /// <summary>
    /// The server walks through all links of the host when it makes or removes a bridge, and gives up where one vanishes
    /// under its eyes: some container stopped at that moment. The next walk does not meet that link.
    /// </summary>
    private static async Task TryAgainAsync(Func<Task> request)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await request().ConfigureAwait(false);
                return;
            }
            catch (IncusException error) when (attempt < MostAttempts && IsVanishedLink(error))
            {
            }
        }
    }

    private static bool IsVanishedLink(IncusException error) =>
        error.ServerMessage is { } message
        && message.Contains("link show", StringComparison.Ordinal)
        && message.Contains("does not exist", StringComparison.Ordinal);
}
