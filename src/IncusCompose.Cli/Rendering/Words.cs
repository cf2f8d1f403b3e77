using System.Globalization;
using IncusCompose.Applying;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Rendering;

/// <summary>The engine's values in words, symbols and styles; one place for every renderer.</summary>
internal static class Words
{
    /// <summary>The mark before a resource.</summary>
    public static string Symbol(ChangeAction action) => action switch
    {
        ChangeAction.Create => "+",
        ChangeAction.Update => "~",
        ChangeAction.Start => ">",
        ChangeAction.Restart => "*",
        ChangeAction.Rebuild or ChangeAction.Replace => "-/+",
        ChangeAction.Delete => "-",
        ChangeAction.Stop or ChangeAction.Kill or ChangeAction.Pause => ".",
        ChangeAction.Resume => ">",
        ChangeAction.Adopt => "<",
        _ => " ",
    };

    public static Style Style(ChangeAction action) => action switch
    {
        ChangeAction.Create or ChangeAction.Start or ChangeAction.Resume or ChangeAction.Adopt => Rendering.Style.Added,
        ChangeAction.Update or ChangeAction.Restart or ChangeAction.Stop or ChangeAction.Kill or ChangeAction.Pause => Rendering.Style.Changed,
        ChangeAction.Rebuild or ChangeAction.Replace or ChangeAction.Delete => Rendering.Style.Removed,
        _ => Rendering.Style.None,
    };

    /// <summary>What will happen: <c>rebuild</c>.</summary>
    public static string Verb(ChangeAction action) => Name(action);

    /// <summary>What is happening: <c>rebuilding</c>.</summary>
    public static string Doing(ChangeAction action) => action switch
    {
        ChangeAction.None => "keeping",
        ChangeAction.Create => "creating",
        ChangeAction.Update => "updating",
        ChangeAction.Start => "starting",
        ChangeAction.Restart => "restarting",
        ChangeAction.Rebuild => "rebuilding",
        ChangeAction.Replace => "replacing",
        ChangeAction.Delete => "deleting",
        ChangeAction.Stop => "stopping",
        ChangeAction.Kill => "killing",
        ChangeAction.Pause => "pausing",
        ChangeAction.Resume => "resuming",
        ChangeAction.Adopt => "adopting",
        _ => Name(action),
    };

    /// <summary>What has happened: <c>rebuilt</c>.</summary>
    public static string Done(ChangeAction action) => action switch
    {
        ChangeAction.None => "unchanged",
        ChangeAction.Create => "created",
        ChangeAction.Update => "updated",
        ChangeAction.Start => "started",
        ChangeAction.Restart => "restarted",
        ChangeAction.Rebuild => "rebuilt",
        ChangeAction.Replace => "replaced",
        ChangeAction.Delete => "deleted",
        ChangeAction.Stop => "stopped",
        ChangeAction.Kill => "killed",
        ChangeAction.Pause => "paused",
        ChangeAction.Resume => "resumed",
        ChangeAction.Adopt => "adopted",
        _ => Name(action),
    };

    /// <summary>True for what destroys something: data, a root disk, a resource.</summary>
    public static bool Destroys(ChangeAction action) =>
        action is ChangeAction.Rebuild or ChangeAction.Replace or ChangeAction.Delete;

    /// <summary>A value of an enumeration as JSON has it: its name in lower case.</summary>
    public static string Name<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary><c>0.8 s</c>, <c>2 min 5 s</c>.</summary>
    public static string Duration(TimeSpan time) => time.TotalMinutes < 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s");

    /// <summary><c>3 created, 1 updated</c>: the words of a count per action, in the order of the actions.</summary>
    public static string Count(IEnumerable<ChangeAction> actions, Func<ChangeAction, string> word) =>
        string.Join(", ", actions.GroupBy(a => a).OrderBy(g => g.Key).Select(g => $"{g.Count()} {word(g.Key)}"));

    /// <summary>How a change ended, as a person would say it.</summary>
    public static string Outcome(ResourceResult result) => result.Outcome switch
    {
        ChangeOutcome.Unchanged => "unchanged",
        ChangeOutcome.Done => Done(result.Action),
        ChangeOutcome.Failed when result.IsNotReady => $"{Done(result.Action)}, not ready",
        ChangeOutcome.Failed when result.IsStepFailed => $"{Done(result.Action)}, not provisioned",
        ChangeOutcome.Failed when result.IsHookFailedAfterwards => $"{Done(result.Action)}, hook failed",
        ChangeOutcome.Failed => $"{Verb(result.Action)} failed",
        ChangeOutcome.Skipped => "skipped",
        ChangeOutcome.Cancelled => "cancelled",
        ChangeOutcome.RolledBack => "rolled back",
        _ => Name(result.Outcome),
    };

    /// <summary>An amount of data: <c>2.1 MB</c>.</summary>
    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB");
}
