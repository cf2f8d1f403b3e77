using System.Diagnostics;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <summary>
/// A kind whose resources are a description and a configuration map (and perhaps devices), which is nearly every kind
/// that Incus has: reading, comparing, marking and read-modify-write are the same for all of them.
/// </summary>
internal abstract class ConfiguredKind<T> : ResourceKind
    where T : ConfiguredResource
{
    // Each round re-reads what another client has just written; more rounds than this are a fight, not a race.
    private const int MostRounds = 10;

    // The server has no operation for these, and no event where one failed: a creation is waited for by asking.
    private static readonly TimeSpan LongestCreation = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AskingPause = TimeSpan.FromMilliseconds(100);

    public override async Task<LiveResource?> FindAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken)
    {
        var found = await GetAsync(client, id, cancellationToken).ConfigureAwait(false);
        return found is null ? null : Describe(IdOf(found.Value), found.Value);
    }

    /// <summary>What the server began and never finished (it died meanwhile) holds nothing: it is made anew.</summary>
    public override ResourceChange Refine(ResourceChange change, ResourcePlanner planner) =>
        IsUnfinished((T)change.Live!.Raw)
            ? change with { Action = ChangeAction.Replace, Refused = null, Reason = "its creation did not finish" }
            : change;

    /// <summary>Waits for a creation that is going on; one that the server does not finish is given up.</summary>
    public override async Task<bool> SettleAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        for (var waited = false; ; waited = true)
        {
            var found = await GetAsync(context.Client, change.Id, cancellationToken).ConfigureAwait(false);
            if (found is null || !IsUnfinished(found.Value))
                return waited;
            if (clock.Elapsed > LongestCreation)
                return false;
            context.Say("waiting for its creation to end");
            await Task.Delay(AskingPause, cancellationToken).ConfigureAwait(false);
        }
    }

    public override async Task CreateAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken)
    {
        var fields = ResourceFields.From(desired.Properties);
        context.MarkOf(desired)?.Write(desired.Id, fields.Config);
        await PostAsync(context, desired.Id, fields, cancellationToken).ConfigureAwait(false);
    }

    public override Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) =>
        RewriteAsync(
            context.Client,
            change.Id,
            found =>
            {
                var current = context.PlanAgain(change, Describe(change.Id, found));
                // A restart that the plan found due (a profile changed, which is done by now) is still to be noted.
                current = current with { PendingRestart = current.PendingRestart || change.PendingRestart, Restarts = current.Restarts || change.Restarts };
                // A disk that was made anew by now is noted, whatever else there is: what is planned again knows nothing of it.
                if (change.Action == ChangeAction.Rebuild)
                    current = current with { Action = ChangeAction.Rebuild };
                if (current is { Action: ChangeAction.None, PendingRestart: false, Restarts: false })
                    return null;
                var fields = FieldsOf(found);
                foreach (var step in current.Steps)
                    fields.Set(step.Path, step.Value);
                context.MarkOf(change.Desired!)?.Write(change.Id, fields.Config);
                Annotate(fields, found, current);
                return fields;
            },
            gone: () => throw new PlanOutdatedException([change.Id]),
            cancellationToken);

    public override byte[] Write(LiveResource live) => ResourceText.Write((T)live.Raw);

    public override LiveResource Read(ResourceId id, ReadOnlySpan<byte> text) => Describe(id, ResourceText.Read<T>(text));

    public override bool IsAsKept(LiveResource kept, LiveResource now)
    {
        return Settings(kept).SameAs(Settings(now));

        ResourceFields Settings(LiveResource live)
        {
            var fields = FieldsOf((T)live.Raw);
            foreach (var note in fields.Config.Keys.Where(IsNote).ToList())
                fields.Config.Remove(note);
            return fields;
        }
    }

    public override Task PutBackAsync(ApplyContext context, LiveResource kept, CancellationToken cancellationToken) =>
        RewriteAsync(
            context.Client,
            kept.Id,
            found =>
            {
                var fields = FieldsOf((T)kept.Raw);
                foreach (var (key, value) in found.Config.Where(entry => IsNote(entry.Key)))
                    fields.Config.TryAdd(key, value);
                return fields;
            },
            gone: () => PostAsync(context, kept.Id, FieldsOf((T)kept.Raw), cancellationToken),
            cancellationToken);

    // The server's own, about what is there now.
    private static bool IsNote(string key) => key.StartsWith("volatile.", StringComparison.Ordinal);

    public override bool CanAdopt(LiveResource live) => !IsUnfinished((T)live.Raw);

    public override Task MarkAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) =>
        RewriteAsync(
            context.Client,
            change.Id,
            found =>
            {
                var now = Describe(change.Id, found);
                // Another apply of the same stack was faster.
                if (now.Mark?.BelongsTo(context.Plan.Stack, context.Plan.Project) == true)
                    return null;
                if (now.Mark is not null || (context.Options.Exact && !change.Live!.Properties.SameAs(now.Properties)))
                    throw new PlanOutdatedException([change.Id]);
                var fields = FieldsOf(found);
                foreach (var step in change.Steps)
                    fields.Set(step.Path, step.Value);
                context.MarkOf(change.Desired! with { Applied = Adoption.RecordOf(this, change.Desired!, now) })?.Write(change.Id, fields.Config);
                return fields;
            },
            gone: () => throw new PlanOutdatedException([change.Id]),
            cancellationToken);

    public override Task AdoptAsync(ApplyContext context, DesiredResource desired, Func<string, bool> forget, CancellationToken cancellationToken) =>
        RewriteAsync(
            context.Client,
            desired.Id,
            found =>
            {
                var fields = FieldsOf(found);
                var now = fields.ToBag();
                foreach (var path in now.Paths.Union(desired.Properties.Paths).ToList())
                    fields.Set(path, desired.Properties[path]);
                foreach (var key in fields.Config.Keys.Where(forget).ToList())
                    fields.Config.Remove(key);
                context.MarkOf(desired)?.Write(desired.Id, fields.Config);
                return fields.SameAs(FieldsOf(found)) ? null : fields;
            },
            gone: () => throw new IncusNotFoundException($"{desired.Id} has been deleted meanwhile"),
            cancellationToken);

    /// <summary>Sets one property that became known while the plan was carried out, and records it with the others.</summary>
    protected Task SetAsync(ApplyContext context, DesiredResource desired, string path, CancellationToken cancellationToken) =>
        RewriteAsync(
            context.Client,
            desired.Id,
            found =>
            {
                var fields = FieldsOf(found);
                fields.Set(path, desired.Properties[path]);
                context.MarkOf(desired)?.Write(desired.Id, fields.Config);
                return fields;
            },
            gone: () => throw new IncusNotFoundException($"{desired.Id} has been deleted meanwhile"),
            cancellationToken);

    /// <summary>Reads, changes and writes a resource; where somebody (the server with its own notes, too) wrote in between, once more from the start.</summary>
    /// <param name="client">The project's view of the server.</param>
    /// <param name="id">The resource.</param>
    /// <param name="change">What is to be written in place of what was read; null where nothing is left to do.</param>
    /// <param name="gone">What is to be done where it is not there.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    protected async Task RewriteAsync(IncusClient client, ResourceId id, Func<T, ResourceFields?> change, Func<Task> gone, CancellationToken cancellationToken)
    {
        for (var round = 1; ; round++)
        {
            if (await GetAsync(client, id, cancellationToken).ConfigureAwait(false) is not { } found)
            {
                await gone().ConfigureAwait(false);
                return;
            }

            if (change(found.Value) is not { } fields)
                return;
            try
            {
                await PutAsync(client, id, found, WithFields(found.Value, fields), cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (IncusPreconditionFailedException) when (round < MostRounds)
            {
                // Read it again, compare again.
            }
        }
    }

    public override Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken) =>
        RemoveAsync(context, live.Id, cancellationToken).OrGoneAsync();

    /// <summary>A kind's own notes beside the mark.</summary>
    protected virtual void Annotate(ResourceFields fields, T resource, ResourceChange change)
    {
    }

    protected static PropertyBag BagOf(
        string? description,
        IReadOnlyDictionary<string, string> config,
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? devices = null)
    {
        var fields = ResourceFields.From(config, devices);
        if (!string.IsNullOrEmpty(description))
            fields.Set(PropertyPath.Description, description);
        return fields.ToBag();
    }

    internal LiveResource Describe(ResourceId id, T resource) => new()
    {
        Id = id,
        Properties = LiveBag(resource),
        Mark = OwnershipMark.Read(id, resource.Config),
        Uses = UsesOf(id, resource),
        Raw = resource,
    };

    protected virtual bool IsUnfinished(T resource) => false;

    protected virtual PropertyBag LiveBag(T resource) => FieldsOf(resource).ToBag();

    protected virtual ResourceFields FieldsOf(T resource)
    {
        var fields = ResourceFields.From(resource.Config);
        // Incus has no difference between no description and an empty one.
        if (resource.Description.Length > 0)
            fields.Set(PropertyPath.Description, resource.Description);
        return fields;
    }

    protected virtual T WithFields(T resource, ResourceFields fields) =>
        resource with { Description = fields.Word(PropertyPath.Description), Config = fields.Config };

    protected virtual IReadOnlyList<ResourceId> UsesOf(ResourceId id, T resource) => [];

    public override IReadOnlyList<ResourceId> UsesAfter(ResourceChange change) => UsesOf(change.Id, After(change));

    /// <summary>The resource of a change as the change will leave it.</summary>
    protected T After(ResourceChange change)
    {
        var fields = FieldsOf((T)change.Live!.Raw);
        foreach (var step in change.Steps)
            fields.Set(step.Path, step.Value);
        return WithFields((T)change.Live.Raw, fields);
    }

    protected abstract ResourceId IdOf(T resource);

    protected abstract Task<Versioned<T>?> GetAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken);

    protected abstract Task PostAsync(ApplyContext context, ResourceId id, ResourceFields fields, CancellationToken cancellationToken);

    protected abstract Task PutAsync(IncusClient client, ResourceId id, Versioned<T> found, T changed, CancellationToken cancellationToken);

    protected abstract Task RemoveAsync(ApplyContext context, ResourceId id, CancellationToken cancellationToken);
}
