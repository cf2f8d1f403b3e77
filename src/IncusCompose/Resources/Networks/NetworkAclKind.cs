using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Networks;

/// <summary>Network ACLs. Source: Incus doc/howto/network_acls.md.</summary>
internal sealed class NetworkAclKind : ConfiguredKind<NetworkAcl>
{
    public const string KindName = "network-acl";

    private static readonly ItemList<NetworkAclRule> Ingress = Rules("ingress");
    private static readonly ItemList<NetworkAclRule> Egress = Rules("egress");

    public override string Name => KindName;

    public override string Noun => "network ACL";

    public override bool IsKeptAsDefinition => true;

    public override (string Name, bool IsDefault)? ProjectFeature => ("features.networks", false);

    public static ResourceId IdOf(string name) => new(KindName, name);

    /// <summary>The ACLs in a configuration value.</summary>
    public static IEnumerable<ResourceId> In(string? names) => NetworkText.Items(names).Select(IdOf);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var acl in context.Stack.NetworkAcls.Values)
        {
            var path = $"network_acls.{acl.Name}";
            var (ingress, egress) = (acl.Ingress.Select(RuleOf).ToList(), acl.Egress.Select(RuleOf).ToList());
            if (ingress.Concat(egress).Any(rule => rule.Action == "allow-stateless"))
                context.Require("network_acl_stateless", path, "A rule with the action `allow-stateless`");
            var properties = BagOf(acl.Description, acl.Config);
            foreach (var (rule, value) in Ingress.ToProperties(ingress).Concat(Egress.ToProperties(egress)))
                properties.Add(rule, value);
            yield return new DesiredResource
            {
                Id = IdOf(acl.Name),
                DefinitionPath = path,
                External = acl.External,
                Properties = properties,
                DependsOn = Named(IdOf(acl.Name), ingress.Concat(egress)),
                Names = [.. WordsOf(IdOf(acl.Name), ingress, $"{path}.ingress"), .. WordsOf(IdOf(acl.Name), egress, $"{path}.egress")],
            };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        scope.ViewFor("features.networks", isDefault: false) is { } view && await scope.MayHoldAsync("network-acls", "features.networks").ConfigureAwait(false)
            ? [.. (await view.NetworkAcls.ListAsync(cancellationToken).ConfigureAwait(false)).Select(acl => Describe(IdOf(acl), acl))]
            : [];

    public override bool IsSeenInFull(PlanningContext context) => context.SeesAllOf("features.networks");

    // Each member has the packet filter of a bridge. Source: Incus internal/server/network/acl/driver_common.go, Update.
    public override bool ConcernsAllMembers(ResourceId id, LiveResource? live, DesiredResource? desired, ServerObservation server) =>
        live is not null && desired is not null && BridgeUsers.Has(live, server, withInterfaces: false);

    public override IReadOnlyList<string> UsersOf(LiveResource live) => ((NetworkAcl)live.Raw).UsedBy;

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        var (raw, acl) = ((NetworkAcl)live.Raw, new NetworkAclDefinition { Name = live.Id.Name, External = context.IsExternal(live) });
        return stack with
        {
            NetworkAcls = ExportContext.With(stack.NetworkAcls, acl.Name, acl.External ? acl : acl with
            {
                Description = ExportContext.Text(live),
                Ingress = [.. raw.Ingress.Select(DefinitionOf)],
                Egress = [.. raw.Egress.Select(DefinitionOf)],
                Config = ExportContext.ConfigOf(this, live),
            }),
        };
    }

    /// <summary>An ACL without rules: it is there for the rules of others, and names none.</summary>
    public override DesiredResource? BeforeOthers(DesiredResource desired) =>
        desired with { Properties = FieldsOf(AclOf(desired) with { Ingress = [], Egress = [] }).ToBag(), DependsOn = [] };

    public override LiveResource? BeforeOthers(LiveResource kept) => Describe(kept.Id, (NetworkAcl)kept.Raw with { Ingress = [], Egress = [] });

    /// <summary>The server takes only rules that name what is there, itself included: in a circle all ACLs are made first, without rules.</summary>
    public override async Task CreateAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken)
    {
        var others = NetworkAclCircles.NamedAndMadeLater(context.Plan, desired);
        if (others.Count == 0 && !NetworkAclCircles.IsNamedBefore(context.Plan, desired.Id) && !Names(AclOf(desired), desired.Id.Name))
        {
            await base.CreateAsync(context, desired, cancellationToken).ConfigureAwait(false);
            return;
        }

        await MakeBareAsync(context, [desired, .. others], cancellationToken).ConfigureAwait(false);
        await AdoptAsync(context, desired, static _ => false, cancellationToken).ConfigureAwait(false);
    }

    public override async Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        await MakeBareAsync(context, NetworkAclCircles.NamedAndMadeLater(context.Plan, change.Desired!), cancellationToken).ConfigureAwait(false);
        await base.UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The server keeps an ACL that the rules of another name: in a circle they are taken from those that go as well.</summary>
    public override async Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken)
    {
        foreach (var other in NetworkAclCircles.DeletedLater(context.Plan, live.Id))
        {
            await RewriteAsync(
                context.Client,
                other,
                found => Names(found, live.Id.Name)
                    ? FieldsOf(found with { Ingress = [.. found.Ingress.Where(rule => !Names(rule, live.Id.Name))], Egress = [.. found.Egress.Where(rule => !Names(rule, live.Id.Name))] })
                    : null,
                gone: () => Task.CompletedTask,
                cancellationToken).ConfigureAwait(false);
        }

        await base.DeleteAsync(context, live, cancellationToken).ConfigureAwait(false);
    }

    public override void Translate(ResourceFields fields, Func<ResourceId, string?> names)
    {
        foreach (var list in new[] { Ingress, Egress })
        {
            var rules = list.FromProperties(fields.Words, []);
            foreach (var (path, _) in list.ToProperties(rules))
                fields.Set(path, null);
            foreach (var (path, value) in list.ToProperties(rules.Select(rule => rule with { Source = Subjects(rule.Source), Destination = Subjects(rule.Destination) })))
                fields.Set(path, value);
        }

        string Subjects(string subjects) => string.Join(",", NetworkText.Items(subjects).Select(subject =>
            subject[0] == '$' ? "$" + (names(NetworkAddressSetKind.IdOf(subject[1..])) ?? subject[1..]) : names(IdOf(subject)) ?? subject));
    }

    protected override ResourceId IdOf(NetworkAcl resource) => IdOf(resource.Name);

    protected override IReadOnlyList<ResourceId> UsesOf(ResourceId id, NetworkAcl resource) => Named(id, resource.Ingress.Concat(resource.Egress));

    protected override ResourceFields FieldsOf(NetworkAcl resource)
    {
        var fields = base.FieldsOf(resource);
        foreach (var (rule, value) in Ingress.ToProperties(resource.Ingress).Concat(Egress.ToProperties(resource.Egress)))
            fields.Set(rule, value);
        return fields;
    }

    protected override NetworkAcl WithFields(NetworkAcl resource, ResourceFields fields) => base.WithFields(resource, fields) with
    {
        Ingress = Ingress.FromProperties(fields.Words, resource.Ingress),
        Egress = Egress.FromProperties(fields.Words, resource.Egress),
    };

    // Who uses an ACL the server finds out by looking through all of them and all networks. Where one goes meanwhile that is
    // what is not found, and the answer looks as if it were the ACL.
    protected override async Task<Versioned<NetworkAcl>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken)
    {
        Versioned<NetworkAcl>? found = null;
        await NetworkKind.TryAgainAsync(FindAsync, cancellationToken).ConfigureAwait(false);
        return found;

        async Task FindAsync()
        {
            try
            {
                found = await client.NetworkAcls.GetAsync(id.Name, cancellationToken).ConfigureAwait(false);
            }
            catch (IncusNotFoundException error) when (!NetworkKind.IsOfAnotherAcl(error))
            {
                found = null;
            }
        }
    }

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        context.Client.NetworkAcls.CreateAsync(WithFields(new NetworkAcl { Name = id.Name }, fields), cancellationToken);

    // The server writes the rules of every bridge that uses it.
    protected override Task PutAsync(IncusClient client, ResourceId id, Versioned<NetworkAcl> found, NetworkAcl changed, CancellationToken cancellationToken) =>
        NetworkKind.TryAgainAsync(() => client.NetworkAcls.UpdateAsync(id.Name, changed, found.ETag, cancellationToken), cancellationToken);

    protected override Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        context.Networks.AloneAsync(KindName, () => NetworkKind.TryAgainAsync(() => context.Client.NetworkAcls.DeleteAsync(id.Name, cancellationToken), cancellationToken), cancellationToken);

    /// <summary>Makes ACLs without their rules, where they are not there yet.</summary>
    private Task MakeBareAsync(ApplyContext context, IReadOnlyList<DesiredResource> acls, CancellationToken cancellationToken) =>
        acls.Count == 0 ? Task.CompletedTask : context.Networks.AloneAsync(
            KindName,
            async () =>
            {
                foreach (var acl in acls)
                {
                    var found = await GetAsync(context.Client, acl.Id, cancellationToken).ConfigureAwait(false);
                    // One that is somebody else's the server refuses to make, in its own words.
                    if (found is null || OwnershipMark.Read(acl.Id, found.Value.Config)?.BelongsTo(context.Plan.Stack, context.Plan.Project) != true)
                        await base.CreateAsync(context, BeforeOthers(acl)!, cancellationToken).ConfigureAwait(false);
                }
            },
            cancellationToken);

    private NetworkAcl AclOf(DesiredResource desired) => WithFields(new NetworkAcl { Name = desired.Id.Name }, ResourceFields.From(desired.Properties));

    private static bool Names(NetworkAcl acl, string name) => acl.Ingress.Concat(acl.Egress).Any(rule => Names(rule, name));

    private static bool Names(NetworkAclRule rule, string name) => NetworkText.Items(rule.Source).Concat(NetworkText.Items(rule.Destination)).Contains(name, StringComparer.Ordinal);

    private static IEnumerable<NamedResource> WordsOf(ResourceId self, IReadOnlyList<NetworkAclRule> rules, string path) =>
        from entry in rules.Index()
        from word in new[] { (Name: "source", entry.Item.Source), (Name: "destination", Source: entry.Item.Destination) }
        from id in Named(self, [new NetworkAclRule { Source = word.Source }])
        select new NamedResource(id, $"{path}[{entry.Index}].{word.Name}", $"{path}[{entry.Index}]");

    /// <summary>The other ACLs and the address sets that rules name; what is no name of one is passed over.</summary>
    private static IReadOnlyList<ResourceId> Named(ResourceId self, IEnumerable<NetworkAclRule> rules) =>
    [
        .. rules.SelectMany(rule => NetworkText.Items(rule.Source).Concat(NetworkText.Items(rule.Destination)))
            .Where(subject => subject.Length > 0 && subject[0] is not ('@' or '#') && !char.IsAsciiDigit(subject[0]) && !subject.Contains(':', StringComparison.Ordinal))
            .Select(subject => subject[0] == '$' ? NetworkAddressSetKind.IdOf(subject[1..]) : IdOf(subject))
            .Where(id => id != self)
            .Distinct(),
    ];

    private static NetworkAclRule RuleOf(NetworkAclRuleDefinition rule) => new()
    {
        Action = rule.Action,
        Source = rule.Source ?? "",
        Destination = rule.Destination ?? "",
        Protocol = rule.Protocol ?? "",
        SourcePort = rule.SourcePort ?? "",
        DestinationPort = rule.DestinationPort ?? "",
        IcmpType = rule.IcmpType ?? "",
        IcmpCode = rule.IcmpCode ?? "",
        Description = rule.Description ?? "",
        State = rule.State,
    };

    private static NetworkAclRuleDefinition DefinitionOf(NetworkAclRule rule) => new()
    {
        Action = rule.Action,
        Source = ExportContext.Word(rule.Source),
        Destination = ExportContext.Word(rule.Destination),
        Protocol = ExportContext.Word(rule.Protocol),
        SourcePort = ExportContext.Word(rule.SourcePort),
        DestinationPort = ExportContext.Word(rule.DestinationPort),
        IcmpType = ExportContext.Word(rule.IcmpType),
        IcmpCode = ExportContext.Word(rule.IcmpCode),
        Description = ExportContext.Word(rule.Description),
        State = rule.State,
    };

    private static ItemList<NetworkAclRule> Rules(string direction) => new(
        direction,
        () => new NetworkAclRule(),
        [
            new("protocol", rule => rule.Protocol, (rule, text) => rule with { Protocol = text }),
            new("source", rule => NetworkText.Sorted(rule.Source), (rule, text) => rule with { Source = text }),
            new("destination", rule => NetworkText.Sorted(rule.Destination), (rule, text) => rule with { Destination = text }),
            new("source_port", rule => NetworkText.SortedPorts(rule.SourcePort), (rule, text) => rule with { SourcePort = text }),
            new("destination_port", rule => NetworkText.SortedPorts(rule.DestinationPort), (rule, text) => rule with { DestinationPort = text }),
            new("icmp_type", rule => rule.IcmpType, (rule, text) => rule with { IcmpType = text }),
            new("icmp_code", rule => rule.IcmpCode, (rule, text) => rule with { IcmpCode = text }),
        ],
        [
            new("action", rule => rule.Action, (rule, text) => rule with { Action = text }),
            new("state", rule => rule.State, (rule, text) => rule with { State = text }, "enabled"),
            new("description", rule => rule.Description.Trim(), (rule, text) => rule with { Description = text }),
        ]);
}
