using System.Globalization;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <summary>An instance as it should be, with what depends on its profiles.</summary>
internal sealed record DesiredInstance : DesiredResource
{
    /// <summary>The storage pool of the root disk, wherever the word for it stands; null where there is no telling.</summary>
    public string? RootPool { get; init; }

    /// <summary>The configuration that comes from its profiles.</summary>
    public required IReadOnlyDictionary<string, string> ProfileConfig { get; init; }
}

/// <summary>Containers and virtual machines, with their devices. Source: Incus doc/reference/instance_options.md.</summary>
internal sealed class InstanceKind : ConfiguredKind<Instance>
{
    public const string KindName = "instance";

    // When the instance last started at the time when a change was applied that waits for its next start.
    // It is pending for as long as the instance has not started since.
    private const string PendingRestartKey = OwnershipMark.Prefix + "pending-restart";

    public override string Name => KindName;

    public static ResourceId IdOf(string name) => new(KindName, name);

    public static string TypeName(InstanceType type) =>
        type == InstanceType.VirtualMachine ? InstanceTypes.VirtualMachine : InstanceTypes.Container;

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
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

            yield return new DesiredInstance
            {
                Id = id,
                DefinitionPath = $"instances.{instance.Name}",
                Properties = properties,
                RootPool = rootPool,
                ProfileConfig = InstanceForm.ProfileConfig(instance, context),
                DependsOn =
                [
                    .. InstanceForm.ProfilesOf(instance).Select(ProfileKind.IdOf),
                    .. DeviceUses.Of(ResourceFields.From(properties).DeviceMap()),
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

    public override ChangeImpact ImpactOf(string path, DesiredResource desired, LiveResource live, MetadataConfiguration? metadata)
    {
        if (path == PropertyPath.Type)
            return ChangeImpact.Replace;
        if (path == PropertyPath.Image)
            return ChangeImpact.Rebuild;
        var instance = (Instance)live.Raw;
        if (PropertyPath.IsConfig(path, out var key))
            return ConfigEffects.ImpactOf(key, instance.Type, metadata);
        // The root disk cannot move to another pool in place.
        if (PropertyPath.IsDevice(path, out var device, out var option) && option == "pool"
            && instance.ExpandedDevices.GetValueOrDefault(device)?.GetValueOrDefault("path") == "/"
            && instance.ExpandedDevices[device].GetValueOrDefault("pool") != ((DesiredInstance)desired).RootPool)
            return ChangeImpact.Replace;
        return ChangeImpact.Live;
    }

    public override string LostByReplacement => "its root disk and snapshots are lost";

    public override string? DeletionRefusal(LiveResource live) =>
        ((Instance)live.Raw).ExpandedConfig.GetValueOrDefault("security.protection.delete") is "true" or "1" or "yes" or "on"
            ? $"it is protected from deletion; allow it first with: incus config unset {live.Id.Name} security.protection.delete"
            : null;

    public override Task<bool> SettleAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) =>
        InstanceWork.SettleAsync(context, [change.Name], cancellationToken);

    public override string StateOf(LiveResource live) => ((Instance)live.Raw).Status;

    /// <summary>What a change means for an instance that runs, or that should and does not.</summary>
    public override ResourceChange Refine(ResourceChange change, ResourcePlanner planner)
    {
        var instance = (Instance)change.Live!.Raw;
        if (NeverFinished(instance))
            return change with { Action = ChangeAction.Replace, Refused = null, Reason = "its creation did not finish and it never ran" };
        var stopped = instance.StatusCode is StatusCode.Stopped;
        // An ephemeral instance is gone once it is stopped: there is nothing to rebuild.
        if (change.Action == ChangeAction.Rebuild && instance.Ephemeral)
        {
            change = change with
            {
                Action = ChangeAction.Replace,
                Reason = LostByReplacement,
                Refused = planner.Options.AllowReplace
                    ? ReplacementRefusal(change.Live, planner.Options)
                    : "it is ephemeral and cannot be rebuilt, only made anew; allow it with -AllowReplace (--allow-replace)",
            };
        }

        if (change.Action is ChangeAction.Replace or ChangeAction.Rebuild)
            return change with { Restarts = !stopped, Starts = stopped };
        if (stopped)
        {
            return change.Action == ChangeAction.None
                ? change with { Action = ChangeAction.Start, Starts = true, Reason = "it is stopped" }
                : change with { Starts = true };
        }

        if (instance.StatusCode == StatusCode.Frozen && change.Action == ChangeAction.None)
            return change with { Action = ChangeAction.Start, Starts = true, Reason = "it is frozen" };
        var reasons = RestartReasons(change, instance, planner).ToList();
        if (reasons.Count == 0)
            return change;
        var reason = "restart needed for " + string.Join(", ", reasons);
        if (planner.Options.AllowRestart)
        {
            return change with
            {
                Action = change.Action == ChangeAction.None ? ChangeAction.Restart : change.Action,
                Restarts = true,
                Reason = reason,
            };
        }

        // Nothing to write where it is noted already that a restart is due.
        var noted = change.Action == ChangeAction.None && IsPending(instance);
        return change with
        {
            Action = noted ? ChangeAction.None : ChangeAction.Update,
            PendingRestart = true,
            Reason = reason,
        };
    }

    public override async Task CreateAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken) =>
        await CreateAsync(context, desired, kept: null, cancellationToken).ConfigureAwait(false);

    public override async Task ApplyAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var name = change.Name;
        switch (change.Action)
        {
            case ChangeAction.Start when ((Instance)change.Live!.Raw).StatusCode == StatusCode.Frozen:
                await context.Client.Instances.UnfreezeAsync(name, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Start:
                await StartAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Restart:
                await RestartAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Update when change.Restarts:
                await UpdateAndRestartAsync(context, change, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Update:
                await UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
                if (change.Starts)
                    await StartAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Rebuild:
                await StopAsync(context, name, cancellationToken).ConfigureAwait(false);
                var image = InstanceSource.FromFingerprint(context.ImageFor(change.Desired!));
                await context.Client.Instances.RebuildAsync(name, image, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
                await UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
                await StartAsync(context, name, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Replace:
                await DeleteAsync(context, change.Live!, cancellationToken).ConfigureAwait(false);
                await CreateAsync(context, change.Desired!, (Instance)change.Live!.Raw, cancellationToken).ConfigureAwait(false);
                break;
            default:
                await base.ApplyAsync(context, change, cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    public override async Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken)
    {
        if (((Instance)live.Raw).StatusCode != StatusCode.Stopped)
            await StopAsync(context, live.Id.Name, cancellationToken).ConfigureAwait(false);
        await base.DeleteAsync(context, live, cancellationToken).ConfigureAwait(false);
    }

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
        .. DeviceUses.Of(resource.ExpandedDevices),
        .. SplitList(OwnershipMark.Read(id, resource.Config)?.Applied.Plain(PropertyPath.DependsOn) ?? "").Select(IdOf),
    ];

    // Also where the restart follows at once: it may not come to that.
    protected override void Annotate(ResourceFields fields, Instance resource, ResourceChange change) =>
        fields.Set(PropertyPath.Config(PendingRestartKey), change.PendingRestart || change.Restarts ? StartStamp(resource) : null);

    protected override Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken) =>
        throw new NotSupportedException("An instance is created from its image, see CreateAsync.");

    protected override async Task PutAsync(IncusClient client, ResourceId id, Versioned<Instance> found, Instance changed, CancellationToken cancellationToken) =>
        await client.Instances.UpdateAsync(id.Name, changed, found.ETag, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);

    protected override async Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken) =>
        await context.Client.Instances.DeleteAsync(id.Name, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);

    private static async Task CreateAsync(ApplyContext context, DesiredResource desired, Instance? kept, CancellationToken cancellationToken)
    {
        var fields = ResourceFields.From(desired.Properties);
        context.MarkOf(desired)?.Write(desired.Id, fields.Config);
        // A replaced instance keeps its hardware addresses, and with them its leases.
        foreach (var (key, value) in kept?.Config.Where(IsHardwareAddress) ?? [])
            fields.Config.TryAdd(key, value);
        var oneStep = context.Client.HasExtension("instance_create_start");
        var create = new InstanceCreate
        {
            Name = desired.Id.Name,
            Type = fields.Word(PropertyPath.Type),
            Description = fields.Word(PropertyPath.Description),
            Source = InstanceSource.FromFingerprint(context.ImageFor(desired)),
            Config = fields.Config,
            Devices = fields.DeviceMap(),
            Profiles = SplitList(fields.Word(PropertyPath.Profiles)),
            Ephemeral = fields.Word(PropertyPath.Ephemeral) == "true",
            Start = oneStep && context.Options.Start,
        };
        await context.Client.Instances.CreateAsync(create, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
        if (!oneStep && context.Options.Start)
            await StartAsync(context, desired.Id.Name, cancellationToken).ConfigureAwait(false);
    }

    private static async Task StartAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        try
        {
            await context.Client.Instances.StartAsync(name, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) is not StatusCode.Running)
                throw;
        }
    }

    /// <summary>Changes an instance and restarts it: in this order, so that what the server refuses to accept stops nothing.</summary>
    private async Task UpdateAndRestartAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        try
        {
            await UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusOperationException) when (!((Instance)change.Live!.Raw).Ephemeral)
        {
            // What cannot be changed while it runs (a daemon that was killed left a proxy at the port) can be once it is stopped.
            await StopAsync(context, change.Name, cancellationToken).ConfigureAwait(false);
            try
            {
                await UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await StartAsync(context, change.Name, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        await RestartAsync(context, change.Name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Restarts gracefully within the time allowed, else by force. One step of the server's, which keeps an ephemeral instance.</summary>
    private static async Task RestartAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        var instances = context.Client.Instances;
        context.Say("restarting");
        try
        {
            if (context.Options.StopTimeout > TimeSpan.Zero)
            {
                await instances.RestartAsync(name, context.Options.StopTimeout, force: false, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
                return;
            }
        }
        catch (IncusException error) when (error is not (IncusUnreachableException or IncusNotFoundException))
        {
            if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) == StatusCode.Stopped)
            {
                await StartAsync(context, name, cancellationToken).ConfigureAwait(false);
                return;
            }
        }

        context.Say("restarting by force");
        await instances.RestartAsync(name, null, force: true, cancellationToken).CompleteAsync(context.Progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops gracefully within the time allowed, then by force.</summary>
    private static async Task StopAsync(ApplyContext context, string name, CancellationToken cancellationToken)
    {
        var instances = context.Client.Instances;
        try
        {
            if (context.Options.StopTimeout > TimeSpan.Zero)
            {
                context.Say("stopping");
                await instances.StopAsync(name, context.Options.StopTimeout, force: false, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
                return;
            }
        }
        catch (IncusNotFoundException)
        {
            return;
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) is null or StatusCode.Stopped)
                return;
        }

        context.Say("stopping by force");
        try
        {
            await instances.StopAsync(name, null, force: true, cancellationToken).CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            if (await StatusAsync(context, name, cancellationToken).ConfigureAwait(false) is not (null or StatusCode.Stopped))
                throw;
        }
    }

    private static async Task<StatusCode?> StatusAsync(ApplyContext context, string name, CancellationToken cancellationToken) =>
        (await context.Client.Instances.FindAsync(name, cancellationToken).ConfigureAwait(false))?.Value.StatusCode;

    /// <summary>
    /// What of the change waits for a restart: every key whose effective value changes, be it the instance's own or come
    /// from its profiles, and what was left waiting before.
    /// </summary>
    private static IEnumerable<string> RestartReasons(ResourceChange change, Instance instance, ResourcePlanner planner)
    {
        var desired = (DesiredInstance)change.Desired!;
        var next = new Dictionary<string, string>(desired.ProfileConfig);
        var own = ResourceFields.From(instance.Config);
        foreach (var step in change.Steps)
            own.Set(step.Path, step.Value);
        foreach (var (key, value) in own.Config)
            next[key] = value;
        foreach (var key in instance.ExpandedConfig.Keys.Union(next.Keys).Order(StringComparer.Ordinal))
        {
            var changes = instance.ExpandedConfig.GetValueOrDefault(key) != next.GetValueOrDefault(key);
            if (changes && ConfigEffects.ImpactOf(key, instance.Type, planner.Metadata) == ChangeImpact.Restart)
                yield return own.Config.ContainsKey(key) || instance.Config.ContainsKey(key) ? $"config.{key}" : $"config.{key} of its profiles";
        }

        if (IsPending(instance))
            yield return "changes applied before";
    }

    private static bool IsPending(Instance instance) =>
        instance.Config.GetValueOrDefault(PendingRestartKey) == StartStamp(instance);

    private static string StartStamp(Instance instance) =>
        instance.LastUsedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    /// <summary>
    /// True for an instance whose creation was cut short (the daemon died): the server has its record, but never came to
    /// note that its root disk is complete (<c>volatile.apply_template</c>), and it never ran. There is nothing to lose in it.
    /// </summary>
    private static bool NeverFinished(Instance instance) =>
        instance.StatusCode == StatusCode.Stopped
        && instance.LastUsedAt.Year <= 1970
        && !instance.Config.ContainsKey("volatile.apply_template");

    private static bool IsHardwareAddress(KeyValuePair<string, string> entry) =>
        entry.Key.StartsWith("volatile.", StringComparison.Ordinal) && entry.Key.EndsWith(".hwaddr", StringComparison.Ordinal)
        && !entry.Key.EndsWith(".last_state.hwaddr", StringComparison.Ordinal);

    private static bool ProfileComesWithProject(PlanningContext context, string profile) =>
        profile == "default" && context.Stack.Project is { Create: true };

    private static IReadOnlyList<string> SplitList(string text) => text.Length == 0 ? [] : text.Split(',');
}
