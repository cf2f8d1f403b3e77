using System.Collections.Concurrent;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Hooks;

/// <summary>
/// The hooks around one change of a plan. What stops or deletes an instance goes by what is recorded on it, what makes and
/// starts it by the file; and each hook runs once, however often the change has to be tried.
/// </summary>
/// <param name="runner">Runs them.</param>
/// <param name="change">The change.</param>
internal sealed class ChangeHooks(HookRunner runner, ResourceChange change)
{
    private readonly ConcurrentDictionary<HookPoint, bool> _ran = new();

    /// <summary>True where there is something to run at a moment.</summary>
    public bool Has(HookPoint point) => Applies(point) && HooksAt(change, point)?.At(point).Count > 0;

    /// <summary>True where a restart has to be a stop and a start, for what runs in between. An ephemeral instance would be gone.</summary>
    public bool NeedStopBeforeStart => Has(HookPoint.PostStop) && change.Live?.Raw is Instance { Ephemeral: false };

    /// <exception cref="HookFailedException">A step failed that may not.</exception>
    public Task RunAsync(HookPoint point, CancellationToken cancellationToken) =>
        Has(point) && _ran.TryAdd(point, true) ? runner.RunAsync(change.Name, HooksAt(change, point), point, cancellationToken) : Task.CompletedTask;

    /// <summary>True where a change has something to run once the instance is ready.</summary>
    public static bool HasPostReady(ResourceChange change) =>
        change.Kind == InstanceKind.KindName && PointsOf(change).Contains(HookPoint.PostReady) && HooksAt(change, HookPoint.PostReady)?.At(HookPoint.PostReady).Count > 0;

    /// <summary>The hooks that a change may run and that have a command on the machine that runs the tool.</summary>
    public static IReadOnlyList<HookPoint> OnHost(ResourceChange change) =>
        change.Kind == InstanceKind.KindName ? [.. PointsOf(change).Where(point => HooksAt(change, point)?.At(point).Any(step => step.OnHost) == true)] : [];

    /// <summary>The definition that says what runs at a moment.</summary>
    public static HooksDefinition? HooksAt(ResourceChange change, HookPoint point) =>
        point is HookPoint.PreStop or HookPoint.PostStop or HookPoint.PreRemove or HookPoint.PostRemove || change.Desired is null
            ? Recorded(change)
            : RecordedWords.ReadHooks(change.Desired.Properties);

    /// <summary>
    /// A change without the hooks of a stop that it takes out: for a stop that comes before what the change writes, so that one that
    /// fails does not stand in the way of its own removal.
    /// </summary>
    public static ResourceChange WithoutDropped(ResourceChange change)
    {
        if (change is not { Live.Raw: Instance instance, Desired: { } desired } || RecordedWords.ReadHooks(instance.Config) is not { } recorded)
            return change;
        var wanted = RecordedWords.ReadHooks(desired.Properties);
        var left = recorded.Points.Where(point => point.Key is not (HookPoint.PreStop or HookPoint.PostStop) || wanted?.At(point.Key).Count > 0).ToDictionary();
        if (left.Count == recorded.Points.Count)
            return change;
        var config = new Dictionary<string, string>(instance.Config);
        config.Remove(RecordedWords.Hooks);
        if (left.Count > 0)
            config[RecordedWords.Hooks] = RecordedWords.Write(recorded with { Points = left });
        return change with { Live = change.Live with { Raw = instance with { Config = config } } };
    }

    // What has stopped is not stopped once more.
    private bool Applies(HookPoint point) => point is not (HookPoint.PreStop or HookPoint.PostStop) || IsUp(change);

    private static HooksDefinition? Recorded(ResourceChange change) =>
        change.Live?.Raw is Instance instance ? RecordedWords.ReadHooks(instance.Config) : null;

    private static bool IsUp(ResourceChange change) => change.Live?.Raw is Instance { StatusCode: not StatusCode.Stopped };

    private static IEnumerable<HookPoint> PointsOf(ResourceChange change)
    {
        IEnumerable<HookPoint> start = [HookPoint.PostStart, HookPoint.PostReady];
        IEnumerable<HookPoint> stop = IsUp(change) ? [HookPoint.PreStop, HookPoint.PostStop] : [];
        IEnumerable<HookPoint> create = [HookPoint.PreCreate, HookPoint.PostCreate, .. start];
        IEnumerable<HookPoint> remove = [HookPoint.PreRemove, .. stop, HookPoint.PostRemove];
        return change.Action switch
        {
            ChangeAction.Create => create,
            // What was paused goes on.
            ChangeAction.Start when change.Live?.Raw is Instance { StatusCode: StatusCode.Frozen } => [],
            ChangeAction.Start => start,
            ChangeAction.Update when change.Starts => start,
            ChangeAction.Update when !change.Restarts => [],
            ChangeAction.Update or ChangeAction.Restart or ChangeAction.Rebuild => [.. stop, .. start],
            ChangeAction.Replace => [.. remove, .. create],
            ChangeAction.Delete => remove,
            ChangeAction.Stop => stop,
            _ => [],
        };
    }
}
