using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Projects;

/// <summary>Groups of cluster members. Their mark is in their description, since they have no configuration of their own everywhere. Source: Incus doc/howto/cluster_groups.md.</summary>
internal sealed class ClusterGroupKind : ResourceKind
{
    public const string KindName = "cluster-group";

    private const string MembersPath = "members";

    public override string Name => KindName;

    public override bool IsOfServer => true;

    public override string? AdviceWhenRestricted => "remove it here, and have an administrator make the group";

    public override bool IsKeptAsDefinition => true;

    public override string AdviceWhenTaken => "give the group another name, or remove it from the file to use it as it is";

    public static ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        foreach (var group in context.Stack.ClusterGroups.Values)
        {
            var path = $"cluster_groups.{group.Name}";
            if (context.About is { Environment.ServerClustered: false })
            {
                context.Error("NotClustered", path, "the server is not part of a cluster, and so has no groups of members", "remove `cluster_groups`, or name a cluster with `remote`");
                yield break;
            }

            if (group.Config.Count > 0 && !context.Require("clustering_groups_config", path, "Configuration of a cluster group"))
                yield break;
            var properties = new PropertyBag(group.Config.Select(pair => KeyValuePair.Create(PropertyPath.Config(pair.Key), pair.Value)));
            if (!string.IsNullOrEmpty(group.Description))
                properties.Add(PropertyPath.Description, group.Description);
            if (group.Members.Count > 0)
                properties.Add(MembersPath, string.Join(",", group.Members.Order(StringComparer.Ordinal)));
            yield return new DesiredResource { Id = IdOf(group.Name), DefinitionPath = path, Properties = properties };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken)
    {
        if (!scope.Client.Server.Environment.ServerClustered)
            return [];
        try
        {
            return [.. (await scope.Client.ClusterGroups.ListAsync(cancellationToken).ConfigureAwait(false)).Select(Describe)];
        }
        catch (IncusForbiddenException)
        {
            // Whoever may not see them has made none.
            return [];
        }
    }

    public override async Task<LiveResource?> FindAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        await client.ClusterGroups.FindAsync(id.Name, cancellationToken).ConfigureAwait(false) is { } found ? Describe(found.Value) : null;

    public override string AddressOf(LiveResource live) => $"/1.0/cluster/groups/{live.Id.Name}";

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        // What is not the stack's own is used by its name alone.
        if (context.IsExternal(live))
            return stack;
        var group = new ClusterGroupDefinition
        {
            Name = live.Id.Name,
            Members = [.. ((ClusterGroup)live.Raw).Members.Order(StringComparer.Ordinal)],
            Description = ExportContext.Text(live),
            Config = ExportContext.ConfigOf(this, live),
        };
        return stack with { ClusterGroups = ExportContext.With(stack.ClusterGroups, group.Name, group) };
    }

    // The server's own is never deleted, so that it is no stack's.
    public override bool CanAdopt(LiveResource live) => live.Id.Name != "default";

    public override async Task MarkAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var found = await context.Client.ClusterGroups.FindAsync(change.Name, cancellationToken).ConfigureAwait(false) ?? throw new PlanOutdatedException([change.Id]);
        var now = Describe(found.Value);
        // Another apply of the same stack was faster.
        if (now.Mark?.BelongsTo(context.Plan.Stack, context.Plan.Project) == true)
            return;
        if (now.Mark is not null || (context.Options.Exact && !change.Live!.Properties.SameAs(now.Properties)))
            throw new PlanOutdatedException([change.Id]);
        await context.Client.ClusterGroups.UpdateAsync(
            change.Name, found.Value with { Description = DescribedMark.Write(found.Value.Description, context.MarkOf(change.Desired!)) }, found.ETag, cancellationToken).ConfigureAwait(false);
    }

    public override Task CreateAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken) =>
        context.Client.ClusterGroups.CreateAsync(Written(context, desired, new ClusterGroup()), cancellationToken);

    public override async Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var found = await context.Client.ClusterGroups.FindAsync(change.Name, cancellationToken).ConfigureAwait(false) ?? throw new PlanOutdatedException([change.Id]);
        if (context.PlanAgain(change, Describe(found.Value)).Action != ChangeAction.None)
            await context.Client.ClusterGroups.UpdateAsync(change.Name, Written(context, change.Desired!, found.Value), found.ETag, cancellationToken).ConfigureAwait(false);
    }

    public override async Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken)
    {
        // The server deletes no group that has members.
        if (((ClusterGroup)live.Raw).Members.Count > 0)
            await context.Client.ClusterGroups.UpdateAsync(live.Id.Name, group => group with { Members = [] }, cancellationToken).OrGoneAsync().ConfigureAwait(false);
        await context.Client.ClusterGroups.DeleteAsync(live.Id.Name, cancellationToken).OrGoneAsync().ConfigureAwait(false);
    }

    public override byte[] Write(LiveResource live) => ResourceText.Write((ClusterGroup)live.Raw);

    public override LiveResource Read(ResourceId id, ReadOnlySpan<byte> text) => Describe(ResourceText.Read<ClusterGroup>(text));

    // Its mark is in its description.
    public override bool IsAsKept(LiveResource kept, LiveResource now) =>
        base.IsAsKept(kept, now) && ((ClusterGroup)kept.Raw).Description == ((ClusterGroup)now.Raw).Description;

    public override async Task PutBackAsync(ApplyContext context, LiveResource kept, CancellationToken cancellationToken)
    {
        var was = (ClusterGroup)kept.Raw;
        if (await context.Client.ClusterGroups.FindAsync(was.Name, cancellationToken).ConfigureAwait(false) is not { } found)
            await context.Client.ClusterGroups.CreateAsync(was, cancellationToken).ConfigureAwait(false);
        else
            await context.Client.ClusterGroups.UpdateAsync(was.Name, found.Value with { Members = was.Members, Description = was.Description, Config = was.Config }, found.ETag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The group as it should be.</summary>
    private static ClusterGroup Written(ApplyContext context, DesiredResource desired, ClusterGroup now)
    {
        var config = new Dictionary<string, string>();
        foreach (var (path, value) in desired.Properties)
        {
            if (PropertyPath.IsConfig(path, out var key))
                config[key] = value;
        }

        return now with
        {
            Name = desired.Id.Name,
            Members = desired.Properties[MembersPath] is { Length: > 0 } members ? members.Split(',') : [],
            Description = DescribedMark.Write(desired.Properties[PropertyPath.Description] ?? "", context.MarkOf(desired)),
            Config = config,
        };
    }

    private static LiveResource Describe(ClusterGroup group)
    {
        var (description, mark) = DescribedMark.Read(group.Description);
        var properties = new PropertyBag(group.Config.Where(pair => pair.Value.Length > 0).Select(pair => KeyValuePair.Create(PropertyPath.Config(pair.Key), pair.Value)));
        if (description.Length > 0)
            properties.Add(PropertyPath.Description, description);
        if (group.Members.Count > 0)
            properties.Add(MembersPath, string.Join(",", group.Members.Order(StringComparer.Ordinal)));
        return DescribedMark.Describe(IdOf(group.Name), properties, mark, group);
    }
}
