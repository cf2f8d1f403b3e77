using Incus.Client;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Guests;

/// <summary>What is to be done to an instance's files, as a plan shows it.</summary>
internal static class GuestChanges
{
    /// <summary>The change with what is to be done to the files of its instance, which may be the whole change.</summary>
    public static ResourceChange With(ResourceChange change)
    {
        if (change.Desired is not DesiredInstance desired || change.Properties.Any(property => property.IsFile))
            return change;
        var isNew = change is { Live: null } or { Action: ChangeAction.Replace or ChangeAction.Rebuild };
        var record = isNew ? GuestRecord.Empty : GuestRecord.Read(((Instance)change.Live!.Raw).Config);
        if (desired.Files.Count == 0 && record.Entries.Count == 0)
            return change;
        var due = Of(desired, record, isNew ? null : desired.Look, isNew).ToList();
        return due.Count == 0
            ? change
            : change with { Action = change.Action == ChangeAction.None ? ChangeAction.Update : change.Action, Properties = [.. change.Properties, .. due] };
    }

    private const string WrittenBefore = "as it was written before";

    private static IEnumerable<PropertyChange> Of(DesiredInstance desired, GuestRecord record, GuestLook? look, bool isNew)
    {
        foreach (var file in desired.Files)
        {
            var entry = record.Entries.GetValueOrDefault(file.Target);
            if (isNew)
                yield return Property(file.Label, PropertyDifference.Added, null, file.Describe());
            else if (look is null)
            {
                // It cannot be looked at: what was written last has to do. Folders are made with what is in them.
                if (file.Kind != InstanceFileKind.Directory && !(record.Holds(file) && record.HoldsAs(file)))
                    yield return Property(file.Label, entry is null ? PropertyDifference.Added : PropertyDifference.Changed, entry is null ? null : Was(file, WrittenBefore, isDrift: false), entry is null ? file.Describe() : Will(file, WrittenBefore, isDrift: false));
            }
            else if (look.Differences.GetValueOrDefault(file.Target) is { } difference)
            {
                var isDrift = entry is not null && record.Holds(file) && record.HoldsAs(file);
                if (entry is null && difference == "gone")
                    yield return Property(file.Label, PropertyDifference.Added, null, file.Describe());
                else
                    yield return Property(file.Label, isDrift ? PropertyDifference.Drifted : PropertyDifference.Changed, Was(file, difference, isDrift), Will(file, difference, isDrift));
            }
            else if (file.Kind != InstanceFileKind.Directory && (entry is null || entry.Label != file.Label || (!file.IsSecret && !record.Holds(file))))
            {
                yield return Property(file.Label, PropertyDifference.Recorded, file.Describe(), file.Describe());
            }
        }

        var wanted = desired.Files.Select(file => file.Target).ToHashSet(StringComparer.Ordinal);
        foreach (var (target, entry) in record.Entries.Where(entry => !wanted.Contains(entry.Key)))
        {
            // What somebody changed is theirs by now: it stays, and is forgotten.
            yield return look is null || look.Removable.Contains(target)
                ? Property(entry.Label, PropertyDifference.Removed, entry.IsSecret ? "(secret)" : target, null)
                : Property(entry.Label, PropertyDifference.Recorded, null, "gone or changed in the instance, no longer looked after");
        }
    }

    // The permissions of a secret are none; that it was changed is told of what is to be.
    private static string Was(GuestFile file, string difference, bool isDrift) =>
        !file.IsSecret ? difference : isDrift || IsOfAccess(difference) ? $"(secret, {difference})" : "(secret)";

    private static string Will(GuestFile file, string difference, bool isDrift) => file switch
    {
        { IsSecret: true } when IsOfAccess(difference) => $"(secret, {file.DescribeAccess()})",
        { IsSecret: true } when !isDrift => "(secret, changed)",
        _ => file.Describe(),
    };

    private static bool IsOfAccess(string difference) => difference.StartsWith("mode ", StringComparison.Ordinal) || difference.StartsWith("owner ", StringComparison.Ordinal);

    private static PropertyChange Property(string path, PropertyDifference difference, string? before, string? after) =>
        new(path, difference, ChangeImpact.Live, before, after) { IsFile = true };
}
