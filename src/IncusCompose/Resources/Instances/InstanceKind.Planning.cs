using System.Globalization;
using Incus.Client;
using IncusCompose.Guests;
using IncusCompose.Planning;
using IncusCompose.Provision;
using IncusCompose.Resources.Images;
using IncusCompose.Ssh;

namespace IncusCompose.Resources.Instances;

/// <content>What is to be done with an instance: what a change means for one that runs, or that should and does not.</content>
internal sealed partial class InstanceKind
{
    // When the instance last started at the time when a change was applied that waits for its next start.
    // It is pending for as long as the instance has not started since.
    private const string PendingRestartKey = OwnershipMark.Prefix + "pending-restart";

    /// <summary>What a change means for an instance that runs, or that should and does not.</summary>
    public override ResourceChange Refine(ResourceChange change, ResourcePlanner planner)
    {
        var (refined, waits) = (RefineOthers(change, planner), RootDiskMove.Of(change) is not null);
        // No restart moves it. What waits for a restart as well says it already.
        if (waits && refined is { Restarts: false, PendingRestart: false, Starts: false, Refused: null, Action: ChangeAction.None or ChangeAction.Update } && UpdateOrder.WhyNotNow(change, planner.Options) is { } advice)
            refined = refined with { Reason = $"{refined.Reason}; {advice}" };
        return change.Desired is DesiredInstance { RootDisk: { } disk } ? Sizes.RefuseShrinking(refined, [disk]) : refined;
    }

    private ResourceChange RefineOthers(ResourceChange change, ResourcePlanner planner)
    {
        var (instance, given) = ((Instance)change.Live!.Raw, change);
        if (NeverFinished(instance))
            return change with { Action = ChangeAction.Replace, Refused = null, Reason = "its creation did not finish and it never ran" };
        // What could not start is in error for a moment, and stopped after that.
        var stopped = instance.StatusCode is StatusCode.Stopped or StatusCode.Error or StatusCode.Aborting;
        if (change.Action is ChangeAction.None or ChangeAction.Update && MovedImages.MayFollow(instance, planner.Options) && MovedImages.Describe(change) is { } moved)
            change = change with { Action = ChangeAction.Rebuild, Reason = moved };
        change = RefineMove(change, instance, planner);
        if (change.Action is ChangeAction.None or ChangeAction.Update && RootDiskMove.IsUnfinished(instance))
            change = change with { Action = ChangeAction.Update, Reason = change.Reason.Length > 0 ? change.Reason : $"a move of its root disk was interrupted: {(stopped ? "it stays the machine that it was for cloud-init" : "what was noted for that goes")}" };
        // An ephemeral instance is gone once it is stopped: there is nothing to rebuild.
        if (change.Action == ChangeAction.Rebuild && instance.Ephemeral)
        {
            change = change with
            {
                Action = ChangeAction.Replace,
                Reason = change.Reason.Length > 0 ? $"{change.Reason}; {LostByReplacement}" : LostByReplacement,
                Refused = planner.Options.AllowReplace
                    ? ReplacementRefusal(change.Live!, planner.Options)
                    : "it is ephemeral and cannot be rebuilt, only made anew; allow it with -AllowReplace (--allow-replace)",
            };
        }

        if (change.Action is ChangeAction.Replace or ChangeAction.Rebuild)
            return change with { Restarts = !stopped, Starts = stopped };
        if (stopped && change is { RunsToCompletion: true, Action: ChangeAction.None } && instance.LastUsedAt.Year > 1970)
            return change;
        if (stopped)
        {
            return change.Action == ChangeAction.None
                ? change with { Action = ChangeAction.Start, Starts = true, Reason = "it is stopped" }
                : change with { Starts = true };
        }

        if (instance.StatusCode == StatusCode.Frozen && change.Action == ChangeAction.None)
            return change with { Action = ChangeAction.Start, Starts = true, Reason = "it is frozen" };
        var cold = HotPlugging.Refused(change, instance).Select(name => $"devices.{name}").ToList();
        if (cold.Count > 0 && !planner.Options.AllowRestart)
            return change with { Refused = $"it runs, and the server changes {string.Join(", ", cold)} only while it is stopped; allow that with -AllowRestart (--allow-restart)" };
        var reasons = cold.Concat(RestartReasons(change, instance, planner)).ToList();
        if (reasons.Count == 0)
            return change;
        var reason = "restart needed for " + string.Join(", ", reasons) + (change.Reason.Length > 0 && (change.Restarts || RootDiskMove.Of(given) is not null) ? "; " + change.Reason : "");
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

    /// <summary>An instance that is to stay as it is may be started all the same.</summary>
    public override ResourceChange Keep(ResourceChange change) =>
        ((Instance)change.Live!.Raw).StatusCode is StatusCode.Stopped or StatusCode.Frozen
            ? change with { Action = ChangeAction.Start, Starts = true, Reason = "it is there already" }
            : change with { Action = ChangeAction.None, Reason = "it is there already" };

    /// <summary>Its files that differ, and the steps that its record does not have; all of them where its disk is made anew.</summary>
    public override ResourceChange WithSteps(ResourceChange change)
    {
        change = GuestChanges.With(change);
        var steps = StepsOf(change);
        var record = change is { Live.Raw: Instance instance, Action: not (ChangeAction.Replace or ChangeAction.Rebuild) } ? ProvisionRecord.Read(instance.Config) : ProvisionRecord.Empty;
        var due = steps.Where(step => !record.IsDone(step)).Select(step => record.RanDifferently(step, steps)
            ? new PropertyChange(step.PlanPath, PropertyDifference.Changed, ChangeImpact.Live, "ran with another content", step.Step.ToString()) { IsStep = true }
            : new PropertyChange(step.PlanPath, PropertyDifference.Added, ChangeImpact.Live, null, step.Step.ToString()) { IsStep = true }).ToList();
        return due.Count == 0
            ? change
            : change with { Action = change.Action == ChangeAction.None ? ChangeAction.Update : change.Action, Properties = [.. change.Properties, .. due] };
    }

    /// <summary>The steps of the instance that a change is of, done or not.</summary>
    public static IReadOnlyList<PlannedStep> StepsOf(ResourceChange change) => (change.Desired as DesiredInstance)?.Steps ?? [];

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
            if (changes && !IsOnlyAboutSsh(key, desired, instance) && ConfigEffects.ImpactOf(key, instance.Type, planner.Metadata) == ChangeImpact.Restart)
                yield return own.Config.ContainsKey(key) || instance.Config.ContainsKey(key) ? $"config.{key}" : $"config.{key} of its profiles";
        }

        if (IsPending(instance))
            yield return "changes applied before";
    }

    /// <summary>True where a change of cloud-init's data comes of another user or key alone: that is done without cloud-init.</summary>
    private static bool IsOnlyAboutSsh(string key, DesiredInstance desired, Instance live)
    {
        if (key is not (SshCloudInit.UserDataKey or SshCloudInit.VendorDataKey))
            return false;
        var expected = desired.OwnConfig.GetValueOrDefault(key);
        if (RecordedWords.ReadSsh(live.Config) is { } ssh && SshCloudInit.Place(ssh, RecordedWords.ReadPersist(live.Config), desired.OwnConfig, desired.ProfileConfig) is var place && place.Key == key)
            expected = place.Value;
        return live.Config.GetValueOrDefault(key) == expected;
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
        && !RootDiskMove.IsUnfinished(instance)
        && !instance.Config.ContainsKey("volatile.apply_template");
}
