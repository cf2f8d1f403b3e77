using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Graphs;
using IncusCompose.Guests;
using IncusCompose.Planning;
using IncusCompose.Provision;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources.Instances;

/// <summary>Containers and virtual machines, with their devices. Source: Incus doc/reference/instance_options.md.</summary>
internal sealed partial class InstanceKind : ConfiguredKind<Instance>
{
    public const string KindName = "instance";

    private const string ProtectionKey = "security.protection.delete";

    public override string Name => KindName;

    public override GraphShape Shape => GraphShape.Box;

    public static ResourceId IdOf(string name) => new(KindName, name);

    public static string TypeName(InstanceType type) =>
        type == InstanceType.VirtualMachine ? InstanceTypes.VirtualMachine : InstanceTypes.Container;

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        var jobs = context.Stack.Instances.Values.SelectMany(instance => instance.DependsOn)
            .Where(dependency => dependency.Condition == DependencyCondition.Completed).Select(dependency => dependency.Instance).ToHashSet();
        foreach (var instance in context.Stack.Instances.Values)
        {
            var id = IdOf(instance.Name);
            var (properties, rootPool) = InstanceForm.Build(instance, context, context.Server.Find(id));
            foreach (var profile in InstanceForm.ProfilesOf(instance))
            {
                if (!context.Stack.Profiles.ContainsKey(profile) && context.Server.Find(ProfileKind.IdOf(profile)) is null && !ProfileComesWithProject(context, profile))
                {
                    context.Error(
                        "MissingProfile", $"instances.{instance.Name}.profiles", $"there is no profile \"{profile}\" in the file or on the server",
                        "add it under profiles: or create it with: incus profile create " + profile);
                }
            }

            LiveAddresses.CheckInterfaces(instance, context);
            LiveAddresses.CheckNames(instance, ResourceFields.From(properties).DeviceMap(), context);
            var place = context.Placement.Of(id);
            if (place?.Wanted is { } target)
                properties.Add(PropertyPath.Target, target);
            yield return new DesiredInstance
            {
                Id = id,
                DefinitionPath = $"instances.{instance.Group ?? instance.Name}",
                Properties = properties,
                RootPool = rootPool,
                RootDisk = context.Server.Find(id)?.Raw is Instance there ? RootDisk.Of(there, context.Server) : null,
                Place = place,
                ImageWord = instance.Image,
                ImageFingerprint = StackImages.FingerprintOf(instance, context),
                ImageDigest = StackImages.DigestOf(instance, context),
                UserPlace = instance.ProcessUser is null ? null : $"{context.Stack.Source.Find(ProcessUsers.PathOf(instance))}: {ProcessUsers.PathOf(instance)}",
                ImageEnvironment = context.ImageEnvironment.GetValueOrDefault(instance.Name, new Dictionary<string, string?>()),
                ProfileConfig = InstanceForm.ProfileConfig(instance, context),
                OwnConfig = InstanceForm.OwnConfigOf(instance, context),
                Folders = [.. instance.Volumes.Where(mount => mount.CreateHostPath).Select(mount => mount.Source).Distinct(StringComparer.Ordinal)],
                Fills = VolumeFilling.Look(instance, context),
                Steps = context.Steps.GetValueOrDefault(instance.Name, []),
                Files = context.Guests.FilesOf(instance.Name),
                Look = context.Guests.LookAt(instance.Name),
                Conditions = [.. instance.DependsOn.Where(dependency => context.Stack.Instances.ContainsKey(dependency.Instance))],
                RunsToCompletion = jobs.Contains(instance.Name),
                Group = instance.Group,
                Update = instance.Update,
                Names = [.. InstanceForm.WordsOf(instance)],
                DependsOn =
                [
                    .. InstanceForm.ProfilesOf(instance).Select(ProfileKind.IdOf),
                    .. DeviceUses.WithParents(ResourceFields.From(properties).DeviceMap()),
                    .. context.Placement.VolumesOf(id),
                    .. Placement.GroupOf(instance.Target) is { } group ? [ClusterGroupKind.IdOf(group)] : Array.Empty<ResourceId>(),
                    ImageKind.IdOf(instance, context.Stack),
                    .. instance.DependsOn.Select(dependency => IdOf(dependency.Instance)),
                ],
            };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken) =>
        // Instances always live in their own project: where that has yet to be made, there are none.
        scope.ViewFor("instances", isDefault: true) is { } view
            ? [.. (await view.Instances.ListAsync(cancellationToken).ConfigureAwait(false)).Select(instance => Describe(IdOf(instance), instance))]
            : [];

    // The group that it is to be in has other members in the file.
    public override bool IsFilesChange(string path, DesiredResource desired, string live) =>
        path == PropertyPath.Target && ((DesiredInstance)desired).Place?.WasGood.Contains(live) == true;

    // Where it is counts as the server's choice as long as the file does not say.
    public override bool IsServerFilled(string path) => path == PropertyPath.Target;

    public override bool StaysWhenDropped(string path) => path == PropertyPath.Target;

    // Records of earlier versions hold the file's word for the image, not what it led to.
    public override bool IsSame(string path, DesiredResource desired, string live) =>
        path == PropertyPath.Target ? ((DesiredInstance)desired).Place?.Good.Contains(live) == true : base.IsSame(path, desired, live) || (path == PropertyPath.Image && live == ((DesiredInstance)desired).ImageWord);

    public override bool IsServerFilled(string path, LiveResource live) => OciApplications.IsFilled(path, (Instance)live.Raw);

    public override ChangeImpact ImpactOf(string path, DesiredResource desired, LiveResource live, MetadataConfiguration? metadata)
    {
        if (path == PropertyPath.Type)
            return ChangeImpact.Replace;
        if (path == PropertyPath.Image)
            return ChangeImpact.Rebuild;
        var instance = (Instance)live.Raw;
        if (PropertyPath.IsConfig(path, out var key))
            return IsOnlyAboutSsh(key, (DesiredInstance)desired, instance) ? ChangeImpact.Live : ConfigEffects.ImpactOf(key, instance.Type, metadata);
        // Said of a volume before it is made. Source: Incus internal/server/instance/drivers/driver_lxc.go, Update.
        if (PropertyPath.IsDevice(path, out _, out var initial) && initial.StartsWith("initial.", StringComparison.Ordinal) && desired.Properties.Contains(path))
            return ChangeImpact.Replace;
        return ChangeImpact.Live;
    }

    public override string AdviceWhenTaken => "rename one of the two, delete the other, or give the stack a project of its own";

    public override string AdviceWhenRenamed(ResourceId now, ResourceId before) => $"stop it and give it back its name: incus rename {now.Name} {before.Name}";

    public override string LostByReplacement => "its root disk and snapshots are lost";

    public override string? DeletionRefusal(LiveResource live) =>
        IsProtected((Instance)live.Raw)
            ? $"it is protected from deletion; allow it first with: incus config set {live.Id.Name} {ProtectionKey}=false"
            : null;

    // Made under the same name for another run of a command.
    public override bool IsAnother(ResourceChange change, LiveResource now) =>
        (change.Desired is null ? RecordedWords.ReadRun(change.Live) : RecordedWords.ReadRun(change.Desired.Properties)) is { } run
        && run != RecordedWords.ReadRun(now);

    /// <summary>Lets an instance be deleted that its definition protects: one that was made by what is taken back.</summary>
    public static async Task UnprotectAsync(IncusClient client, string name, CancellationToken cancellationToken)
    {
        if ((await client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value is not { } instance || !IsProtected(instance))
            return;
        // Its own word counts more than that of its profiles.
        await client.Instances.UpdateAsync(
            name, now => now with { Config = new Dictionary<string, string>(now.Config) { [ProtectionKey] = "false" } }, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
    }

    public override Task<bool> SettleAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) =>
        InstanceWork.SettleAsync(context, [change.Name], cancellationToken);

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        var (whole, instance) = GuestExport.Add(stack, InstanceExport.Describe(live, stack, context), context);
        return whole with { Instances = ExportContext.With(whole.Instances, live.Id.Name, instance) };
    }

    public override string StateOf(LiveResource live) => ((Instance)live.Raw).Status;

    public override string? SilentMemberOf(LiveResource live) =>
        live.Raw is Instance { StatusCode: StatusCode.Error, Architecture: "", Location: { Length: > 0 } member } ? member : null;

    public override string? MemberOf(DesiredResource desired) => (desired as DesiredInstance)?.Place?.Target is { } target && Placement.GroupOf(target) is null ? target : null;

    protected override ResourceId IdOf(Instance resource) => IdOf(resource.Name);

    protected override Task<Versioned<Instance>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        client.Instances.FindAsync(id.Name, cancellationToken);

    protected override ResourceFields FieldsOf(Instance resource)
    {
        var fields = ResourceFields.From(resource.Config, resource.Devices);
        if (resource.Description.Length > 0)
            fields.Set(PropertyPath.Description, resource.Description);
        fields.Set(PropertyPath.Type, resource.Type);
        fields.Set(PropertyPath.Ephemeral, resource.Ephemeral ? "true" : "false");
        fields.Set(PropertyPath.Profiles, string.Join(",", resource.Profiles));
        // What was moved out of the way while its member is under repair still belongs there.
        fields.Set(PropertyPath.Target, resource.Config.GetValueOrDefault("volatile.evacuate.origin") is { Length: > 0 } home ? home : Placement.MemberOf(resource.Location));
        // Only the stack's own record knows these two.
        var applied = OwnershipMark.Read(IdOf(resource), resource.Config)?.Applied;
        fields.Set(PropertyPath.Image, applied?.Plain(PropertyPath.Image) ?? resource.Config.GetValueOrDefault("volatile.base_image"));
        fields.Set(PropertyPath.DependsOn, applied?.Plain(PropertyPath.DependsOn));
        return fields;
    }

    protected override Instance WithFields(Instance resource, ResourceFields fields) =>
        base.WithFields(resource, fields) with
        {
            Devices = fields.DeviceMap(),
            Profiles = SplitList(fields.Word(PropertyPath.Profiles)),
            Ephemeral = fields.Word(PropertyPath.Ephemeral) == "true",
        };

    protected override IReadOnlyList<ResourceId> UsesOf(ResourceId id, Instance resource) =>
    [
        .. resource.Profiles.Select(ProfileKind.IdOf),
        .. DeviceUses.WithParents(resource.ExpandedDevices),
        // Incus 7 takes no member out of a group while an instance is there that the group placed.
        .. resource.Config.TryGetValue("volatile.cluster.group", out var group) ? (ResourceId[])[ClusterGroupKind.IdOf(group)] : [],
        .. DependencyText.Read(OwnershipMark.Read(id, resource.Config)?.Applied.Plain(PropertyPath.DependsOn)).Select(dependency => IdOf(dependency.Instance)),
    ];

    // What its profiles bring is theirs to keep or to let go.
    public override IReadOnlyList<ResourceId> UsesAfter(ResourceChange change) => DeviceUses.WithParents(After(change).Devices);

    // Also where the restart follows at once: it may not come to that.
    protected override void Annotate(ResourceFields fields, Instance resource, ResourceChange change)
    {
        fields.Set(PropertyPath.Config(PendingRestartKey), change.PendingRestart || change.Restarts ? StartStamp(resource) : null);
        RootDiskMove.End(fields.Config, resource.StatusCode);
        // What was made of the disk that it had is gone with it.
        if (change.Action == ChangeAction.Rebuild)
        {
            fields.Set(PropertyPath.Config(ProvisionRecord.Key), null);
            fields.Set(PropertyPath.Config(GuestRecord.Key), null);
            foreach (var key in OciApplications.Outlived(resource, change.Desired!))
                fields.Set(PropertyPath.Config(key), null);
            foreach (var (key, value) in ((DesiredInstance)change.Desired!).ImageEnvironment)
                fields.Set(PropertyPath.Config(key), value);
        }
    }

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        throw new NotSupportedException("An instance is created from its image, see CreateAsync.");

    protected override async Task PutAsync(IncusClient client, ResourceId id, Versioned<Instance> found, Instance changed, CancellationToken cancellationToken) =>
        await client.Instances.UpdateAsync(id.Name, changed, found.ETag, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);

    protected override async Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        await context.Client.Instances.DeleteAsync(id.Name, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);

    private static bool IsProtected(Instance instance) =>
        ConfigTruth.IsTrue(instance.ExpandedConfig.GetValueOrDefault(ProtectionKey));

    private static bool ProfileComesWithProject(PlanningContext context, string profile) =>
        profile == "default" && context.Stack.Project is { Create: true };

    private static IReadOnlyList<string> SplitList(string text) => text.Length == 0 ? [] : text.Split(',');
}
