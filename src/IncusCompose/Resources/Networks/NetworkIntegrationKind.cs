using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Networks;

/// <summary>Network integrations, which belong to the whole server. Source: Incus doc/howto/network_integrations.md.</summary>
internal sealed class NetworkIntegrationKind : ConfiguredKind<NetworkIntegration>
{
    public const string KindName = "network-integration";

    private const string Extension = "network_integrations";

    public override string Name => KindName;

    public override bool IsKeptAsDefinition => true;

    public override string? AdviceWhenRestricted => "have an administrator make it, and mark it external: true";

    public static ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var integration in context.Stack.NetworkIntegrations.Values)
        {
            var path = $"network_integrations.{integration.Name}";
            context.Require(Extension, path, "A network integration");
            var properties = BagOf(integration.Description, integration.Config);
            properties.Add(PropertyPath.Type, integration.Type);
            yield return new DesiredResource { Id = IdOf(integration.Name), DefinitionPath = path, External = integration.External, Properties = properties };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        scope.Client.HasExtension(Extension)
            ? [.. (await scope.ServerView.NetworkIntegrations.ListAsync(cancellationToken).ConfigureAwait(false)).Select(integration => Describe(IdOf(integration), integration))]
            : [];

    public override bool IsSeenInFull(PlanningContext context) => context.IsUnrestricted;

    public override string? ReplacementRefusal(LiveResource live, PlanOptions options) => Users.Refusal(((NetworkIntegration)live.Raw).UsedBy);

    public override IReadOnlyList<string> UsersOf(LiveResource live) => ((NetworkIntegration)live.Raw).UsedBy;

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        var integration = new NetworkIntegrationDefinition { Name = live.Id.Name, External = context.IsExternal(live) };
        return stack with
        {
            NetworkIntegrations = ExportContext.With(stack.NetworkIntegrations, integration.Name, integration.External ? integration : integration with
            {
                Type = ((NetworkIntegration)live.Raw).Type,
                Description = ExportContext.Text(live),
                Config = ExportContext.ConfigOf(this, live),
            }),
        };
    }

    protected override ResourceId IdOf(NetworkIntegration resource) => IdOf(resource.Name);

    protected override ResourceFields FieldsOf(NetworkIntegration resource)
    {
        var fields = base.FieldsOf(resource);
        fields.Set(PropertyPath.Type, resource.Type);
        return fields;
    }

    protected override Task<Versioned<NetworkIntegration>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.NetworkIntegrations.FindAsync(id.Name, cancellationToken);

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        context.Client.NetworkIntegrations.CreateAsync(
            new NetworkIntegration { Name = id.Name, Type = fields.Word(PropertyPath.Type), Description = fields.Word(PropertyPath.Description), Config = fields.Config },
            cancellationToken);

    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<NetworkIntegration> found, NetworkIntegration changed, CancellationToken cancellationToken) =>
        client.NetworkIntegrations.UpdateAsync(id.Name, changed, found.ETag, cancellationToken);

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        context.Client.NetworkIntegrations.DeleteAsync(id.Name, cancellationToken);
}
