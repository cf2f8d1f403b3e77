using IncusCompose.Definition;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <summary>Sizes that only grow.</summary>
internal static class Sizes
{
    private static readonly string s_path = PropertyPath.Config("size");

    /// <summary>The same change, refused where it makes what holds data smaller.</summary>
    /// <param name="change">A change of something that exists.</param>
    /// <param name="advice">What to do instead.</param>
    public static ResourceChange RefuseShrinking(ResourceChange change, string advice)
    {
        if (change is not { Action: ChangeAction.Update, Live: { } live })
            return change;
        // A size that is dropped from the file is a limit that goes.
        var shrinks = change.Steps.Any(step => (step.Path == s_path || (PoolMembers.IsOfMember(step.Path, out _, out var key) && key == "size")) && step.Value is not null
            && ByteSize.TryParse(step.Value, out var wanted)
            && live.Properties[step.Path] is { } size && ByteSize.TryParse(size, out var current) && wanted < current);
        return shrinks ? change with { Refused = advice } : change;
    }

    /// <summary>A number of bytes as people read it.</summary>
    public static string Show(long bytes)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        var (size, unit) = ((double)bytes, 0);
        for (; size >= 1024 && unit < units.Length - 1; unit++)
            size /= 1024;
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{size:0.#} {units[unit]}");
    }
}
