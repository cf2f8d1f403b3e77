using Incus.Client;
using IncusCompose.Resources;

namespace IncusCompose.Planning;

/// <summary>One value to write: a null value removes the property.</summary>
internal readonly record struct PropertyStep(string Path, string? Value);

/// <summary>
/// The three-way comparison: what the file says, what was last applied, and what is live. It decides for each property
/// whose change a difference is, and with that what becomes of it.
/// </summary>
internal static class PropertyComparer
{
    public static IReadOnlyList<PropertyChange> Compare(
        ResourceKind kind,
        DesiredResource desired,
        LiveResource live,
        MetadataConfiguration? metadata)
    {
        var paths = desired.Properties.Paths
            .Union(live.Properties.Paths)
            .Union(AppliedTo(live).Paths)
            .Order(StringComparer.Ordinal);
        var changes = new List<PropertyChange>();
        foreach (var path in paths)
        {
            var wanted = desired.Properties[path];
            var current = live.Properties[path];
            if (Judge(kind, path, desired, live) is not { } difference)
                continue;
            // What is shared has no record of one stack's applying.
            if (kind.IsShared && difference == PropertyDifference.Recorded)
                continue;
            var impact = difference is PropertyDifference.Unmanaged or PropertyDifference.Recorded
                ? ChangeImpact.Live
                : kind.ImpactOf(path, desired, live, metadata);
            var next = difference == PropertyDifference.Unmanaged ? current : wanted;
            changes.Add(new PropertyChange(
                PropertyPath.Display(path), difference, impact, PropertyPath.Show(path, current), PropertyPath.Show(path, next))
            {
                Step = difference is PropertyDifference.Unmanaged or PropertyDifference.Recorded ? null : new PropertyStep(path, wanted ?? kind.ValueWhenDropped(path)),
            });
        }

        return changes;
    }

    private static PropertyDifference? Judge(ResourceKind kind, string path, DesiredResource desired, LiveResource live)
    {
        var wanted = desired.Properties[path];
        var current = live.Properties[path];
        var applied = AppliedTo(live);
        if (wanted is null)
        {
            if (current is null)
                return applied.Contains(path) ? PropertyDifference.Recorded : null;
            if (kind.StaysWhenDropped(path))
                return applied.Contains(path) ? PropertyDifference.Recorded : null;
            if (applied.Contains(path) || GoesWithItsDevice(path, desired, live))
                return PropertyDifference.Removed;
            return kind.IsServerFilled(path, live) ? null : PropertyDifference.Unmanaged;
        }

        var appliedAsIs = applied.Matches(path, wanted);
        if (current is not null && kind.IsSame(path, desired, current))
            return appliedAsIs ? null : PropertyDifference.Recorded;
        if (appliedAsIs && current is not null && kind.IsFilesChange(path, desired, current))
            return PropertyDifference.Changed;
        if (appliedAsIs)
            return kind.IsRewritten(path) || kind.IsUnknown(path, live) ? null : PropertyDifference.Drifted;
        return current is null && !applied.Contains(path) ? PropertyDifference.Added : PropertyDifference.Changed;
    }

    /// <summary>
    /// True for an option of a device that the stack once made and that is to go, or to be one of another type: what
    /// somebody added to it cannot stay without it.
    /// </summary>
    private static bool GoesWithItsDevice(string path, DesiredResource desired, LiveResource live)
    {
        if (!PropertyPath.IsDevice(path, out var device, out _))
            return false;
        var type = PropertyPath.Device(device, PropertyPath.Type);
        return AppliedTo(live).Contains(type) && desired.Properties[type] != live.Properties[type];
    }

    private static AppliedRecord AppliedTo(LiveResource live) => live.Mark?.Applied ?? AppliedRecord.Empty;
}
