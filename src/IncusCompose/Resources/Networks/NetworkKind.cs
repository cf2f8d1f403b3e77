using System.Net;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Graphs;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Networks;

/// <summary>Networks. Source: Incus doc/reference/network_bridge.md and its siblings.</summary>
internal sealed class NetworkKind : ConfiguredKind<Network>
{
    public const string KindName = "network";

    private const int MostAttempts = 4;

    public override string Name => KindName;

    public override GraphShape Shape => GraphShape.Hexagon;

    public override (string Name, bool IsDefault)? ProjectFeature => ("features.networks", false);

    public static ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        LiveAddresses.CheckNetworks(context);
        foreach (var declared in context.Stack.Networks.Values)
        {
            // Another interface in the file may be what mends it.
            if (context.Server.Find(IdOf(declared.Name))?.Raw is Network { Status: "Unavailable" } down && down.Config.GetValueOrDefault("parent") == declared.Config.GetValueOrDefault("parent"))
                context.Error("Unavailable", $"networks.{declared.Name}", $"the server has the network \"{declared.Name}\" and could not bring it up", "its log says why, and it tries again every minute: mend that on the server's host, such as an interface that is missing");
            var partners = NetworkNames.PartnersOf(declared, context.Stack);
            var network = NetworkNames.Share(declared, partners, context.Server);
            var properties = NetworkMembers.PropertiesOf(network, context);
            if (!string.IsNullOrEmpty(network.Description))
                properties.Add(PropertyPath.Description, network.Description);
            properties.Add(PropertyPath.Type, network.Type);
            yield return new DesiredNetwork
            {
                Id = IdOf(network.Name),
                DefinitionPath = $"networks.{network.Name}",
                External = network.External,
                // Of those that answer for each other the last one tells all of them where the others are.
                DependsOn = [.. Named(network.Type, network.Config), .. NetworkNames.Before(declared, partners).Select(partner => IdOf(partner.Name))],
                Names = [.. WordsOf(network, context)],
                Properties = properties,
                Declared = declared,
                Partners = partners,
            };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        [.. await Task.WhenAll((await scope.NetworksAsync().ConfigureAwait(false)).Select(async network =>
            Describe(IdOf(network), scope.AsksMembers(IdOf(network), network) ? await NetworkMembers.ReadAsync(scope.Client, network, cancellationToken).ConfigureAwait(false) : network))).ConfigureAwait(false)];

    // "auto" becomes a real address; any will do.
    public override bool IsSame(string path, DesiredResource desired, string live) =>
        base.IsSame(path, desired, live) || (desired.Properties[path] == "auto" && live is not ("" or "none"));

    public override bool IsOnAllMembers => true;

    public override bool IsUnknown(string path, LiveResource live) => NetworkMembers.IsUnknown(path, ((Network)live.Raw).SilentMembers);

    // A bridge that is not told its addresses and its NAT chooses them.
    public override bool IsServerFilled(string path) =>
        PropertyPath.IsConfig(path, out var key) && key is "ipv4.address" or "ipv6.address" or "ipv4.nat" or "ipv6.nat";

    // Without an address a bridge would have none, while one that was never given any chooses its own.
    public override string? ValueWhenDropped(string path) =>
        PropertyPath.IsConfig(path, out var key) && key is "ipv4.address" or "ipv6.address" ? "auto" : null;

    // What Incus does not manage has no configuration to write a mark in.
    public override bool CanAdopt(LiveResource live) => ((Network)live.Raw).Managed && base.CanAdopt(live);

    public override async Task ApplyAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        await base.ApplyAsync(context, change, cancellationToken).ConfigureAwait(false);
        if (change.Desired is DesiredNetwork { Partners.Count: > 0 } desired && change.Action is ChangeAction.Create or ChangeAction.Update or ChangeAction.Replace)
            await ShareNamesAsync(context, desired, cancellationToken).ConfigureAwait(false);
    }

    public override string? ReplacementRefusal(LiveResource live, PlanOptions options) => Users.Refusal(((Network)live.Raw).UsedBy);

    public override void Translate(ResourceFields fields, Func<ResourceId, string?> names)
    {
        if (fields.Config.TryGetValue("security.acls", out var acls))
            fields.Config["security.acls"] = NetworkText.Translated(acls, NetworkAclKind.IdOf, names);
        foreach (var key in NetworkZoneKind.NetworkKeys.Where(fields.Config.ContainsKey))
            fields.Config[key] = NetworkText.Translated(fields.Config[key], NetworkZoneKind.IdOf, names);
        if (fields.Word(PropertyPath.Type) == "ovn" && fields.Config.TryGetValue("network", out var uplink))
            fields.Config["network"] = names(IdOf(uplink)) ?? uplink;
    }

    public override IReadOnlyList<string> UsersOf(LiveResource live) => ((Network)live.Raw).UsedBy;

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        var (raw, network) = ((Network)live.Raw, new NetworkDefinition { Name = live.Id.Name, External = context.IsExternal(live) });
        // A prefix of this form with NAT is one that the server chose. Of an IPv4 address nobody can tell, and fixed
        // addresses of instances stand on it: it is written.
        var chosen = raw.Config.GetValueOrDefault("ipv6.nat") == "true" && raw.Config.GetValueOrDefault("ipv6.address", "") is var address
            && address.StartsWith("fd42:", StringComparison.Ordinal) && address.EndsWith("::1/64", StringComparison.Ordinal);
        if (network.External)
            return stack with { Networks = ExportContext.With(stack.Networks, network.Name, network) };
        var (config, members) = ExportContext.Fold(ExportContext.ConfigOf(this, live, (key, _) => chosen && key is "ipv6.address" or "ipv6.nat"), raw.Members);
        return stack with
        {
            Networks = ExportContext.With(stack.Networks, network.Name, network with { Type = raw.Type, Description = ExportContext.Text(live), Config = config, Members = members }),
        };
    }

    protected override ResourceId IdOf(Network resource) => IdOf(resource.Name);

    protected override IReadOnlyList<ResourceId> UsesOf(ResourceId id, Network resource) => [.. Named(resource.Type, resource.Config)];

    public override bool IsSeenInFull(PlanningContext context) => true;

    /// <summary>
    /// What the file names in a network. The uplink is one of the default project's networks, which a project with networks of
    /// its own does not show.
    /// </summary>
    private static IEnumerable<NamedResource> WordsOf(NetworkDefinition network, PlanningContext context)
    {
        var path = $"networks.{network.Name}";
        foreach (var acl in NetworkAclKind.In(network.Config.GetValueOrDefault("security.acls")))
            yield return new NamedResource(acl, $"{path}.acls", $"{path}.config.security.acls");
        foreach (var zone in NetworkZoneKind.WordsIn(network.Config, path))
            yield return zone;
        if ((context.Project == "default" || !context.HasOwn("features.networks")) && network.Type == "ovn" && network.Config.GetValueOrDefault("network") is { Length: > 0 } uplink and not "none")
            yield return new NamedResource(IdOf(uplink), $"{path}.uplink", $"{path}.config.network");
    }

    /// <summary>The ACLs, the zones and the uplink that a network names.</summary>
    public static IEnumerable<ResourceId> Named(string type, IReadOnlyDictionary<string, string> config) =>
    [
        .. NetworkAclKind.In(config.GetValueOrDefault("security.acls")),
        .. NetworkZoneKind.In(config),
        .. type == "ovn" && config.GetValueOrDefault("network") is { Length: > 0 } uplink and not "none" ? [IdOf(uplink)] : Enumerable.Empty<ResourceId>(),
    ];

    protected override async Task<Versioned<Network>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        await client.Networks.FindAsync(id.Name, cancellationToken).ConfigureAwait(false) is { } found
            ? new Versioned<Network>(await NetworkMembers.ReadAsync(client, found.Value, cancellationToken).ConfigureAwait(false), found.ETag)
            : null;

    // A cluster says that it has failed from the beginning until it is done.
    protected override bool IsUnfinished(Network resource) => resource.Status is "Pending" or "Errored";

    protected override ResourceFields FieldsOf(Network resource)
    {
        var fields = base.FieldsOf(resource);
        fields.Set(PropertyPath.Type, resource.Type);
        foreach (var (path, value) in NetworkMembers.ToProperties(resource))
            fields.Set(path, value);
        return fields;
    }

    protected override Network WithFields(Network resource, ResourceFields fields) => base.WithFields(resource, fields) with { Members = NetworkMembers.In(fields) };

    protected override async Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken)
    {
        var network = new Network
        {
            Name = id.Name,
            Type = fields.Word(PropertyPath.Type),
            Description = fields.Word(PropertyPath.Description),
            Config = fields.Config,
            Members = NetworkMembers.In(fields),
        };
        try
        {
            await NetworkMembers.CreateAsync(context.Client, network, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusConflictException error) when (error.ServerMessage?.StartsWith("Network interface", StringComparison.Ordinal) == true)
        {
            // The server has no network of that name, so nothing of its own can take the link away.
            throw new IncusException(
                $"The host has a network link \"{id.Name}\" that Incus does not manage",
                $"Name the network otherwise, or remove the link on the host, if an Incus daemon that was killed left it: ip link delete {id.Name}",
                error)
            {
                StatusCode = error.StatusCode,
                ServerMessage = error.ServerMessage,
                Request = error.Request,
            };
        }
    }

    /// <summary>
    /// Two changes at the same time can fail each other, and the server answers a failed change by restoring what it had
    /// read before: what was written meanwhile is gone without a word. So it is looked at once more.
    /// </summary>
    protected override async Task PutAsync(IncusClient client, ResourceId id, Versioned<Network> found, Network changed, CancellationToken cancellationToken)
    {
        // What members have of their own comes first: until it is as wanted, nothing says that it is.
        await NetworkMembers.UpdateAsync(client, found.Value, changed, cancellationToken).ConfigureAwait(false);
        await TryAgainAsync(() => client.Networks.UpdateAsync(id.Name, changed, found.ETag, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (await GetAsync(client, id, cancellationToken).ConfigureAwait(false) is { } now && IsAsBefore(now.Value, found.Value))
            throw new IncusPreconditionFailedException($"The change of the network {id.Name} was taken back by somebody else's, which failed");
    }

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        TryAgainAsync(() => context.Client.Networks.DeleteAsync(id.Name, cancellationToken), cancellationToken);

    /// <summary>
    /// The server makes and changes a bridge with commands of the host, one after another, and keeps nobody from doing so
    /// at the same time: another client with the same network (or the server itself, for a client that was killed). Then a
    /// command fails; the next attempt does not meet that any more.
    /// </summary>
    public static Task TryAgainAsync(Func<Task> request, CancellationToken cancellationToken) =>
        Attempts.RepeatAsync(request, MostAttempts, IsFailedCommand, cancellationToken);

    /// <summary>Tells a network and its partners where the others' names are answered, which is known once they are there.</summary>
    private async Task ShareNamesAsync(ApplyContext context, DesiredNetwork changed, CancellationToken cancellationToken)
    {
        var planned = context.Plan.Resources.ToDictionary(change => change.Id);
        var live = new Dictionary<string, Network>(StringComparer.Ordinal);
        foreach (var name in changed.Partners.Select(partner => partner.Name).Prepend(changed.Declared.Name))
        {
            if (await GetAsync(context.Client, IdOf(name), cancellationToken).ConfigureAwait(false) is { } found)
                live[name] = found.Value;
        }

        foreach (var id in live.Keys.Select(IdOf).ToList())
        {
            // One whose own change is still to come does the same for all of them after it.
            if (planned.GetValueOrDefault(id) is not { Desired: DesiredNetwork desired } change
                || (change.Action != ChangeAction.None && id != changed.Id && !changed.DependsOn.Contains(id)))
                continue;
            foreach (var further in desired.Partners.Where(partner => !live.ContainsKey(partner.Name)))
            {
                if (await GetAsync(context.Client, IdOf(further.Name), cancellationToken).ConfigureAwait(false) is { } found)
                    live[further.Name] = found.Value;
            }

            if (!desired.Partners.All(partner => live.ContainsKey(partner.Name)))
                continue;
            var (path, value) = (PropertyPath.Config(NetworkNames.Servers), NetworkNames.ServersOf(desired.Declared, desired.Partners, live.GetValueOrDefault));
            if (value is null || (live[id.Name].Config.GetValueOrDefault(NetworkNames.Servers) == value && desired.Properties[path] == value))
                continue;
            await SetAsync(context, desired with { Properties = new PropertyBag(desired.Properties) { { path, value } } }, path, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsFailedCommand(IncusException error) =>
        (error.StatusCode == HttpStatusCode.InternalServerError && error is not IncusConflictException)
        || IsOfAnotherAcl(error);

    /// <summary>True where the server stumbled over an ACL or a network that was just deleted while it looked for an ACL's users.</summary>
    public static bool IsOfAnotherAcl(IncusException error) => error.ServerMessage?.StartsWith("Failed getting ACL ", StringComparison.Ordinal) == true;

    private static bool IsAsBefore(Network now, Network before) =>
        now.Description == before.Description && now.Config.Count == before.Config.Count && !now.Config.Except(before.Config).Any();
}
