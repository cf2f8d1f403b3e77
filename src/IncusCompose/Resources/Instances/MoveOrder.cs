using Incus.Client;
using IncusCompose.Planning;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources.Instances;

/// <summary>When volumes are moved to another member of a cluster: with the instances that use them, and never from under one.</summary>
internal static class MoveOrder
{
    /// <summary>Sees to it that whatever uses a volume that is moved is moved too, or uses it no more by then.</summary>
    public static void WithTheirUsers(Dictionary<ResourceId, ResourceChange> changes, string project)
    {
        foreach (var change in changes.Values.Where(change => change.Kind == VolumeKind.KindName && InstanceKind.IsMove(change) && change.Refused is null).ToList())
        {
            foreach (var address in ((StorageVolume)change.Live!.Raw).UsedBy)
            {
                if (Users.InstanceIn(address) is not { } instance)
                    continue;
                var user = instance.Project == project ? changes.GetValueOrDefault(InstanceKind.IdOf(instance.Name)) : null;
                changes[change.Id] = After(changes[change.Id], user, instance.Name);
            }
        }

        // A volume that is only taken into the stack stays where it is for now, and so do those that use it.
        foreach (var change in changes.Values.Where(change => InstanceKind.IsMove(change) && change.DependsOn.Any(IsAdopted)).ToList())
            changes[change.Id] = Stays(change);

        bool IsAdopted(ResourceId id) => id.Kind == VolumeKind.KindName && changes.GetValueOrDefault(id)?.Action == ChangeAction.Adopt;
    }

    private static ResourceChange Stays(ResourceChange change)
    {
        var others = change.Properties.Where(property => property.Step?.Path != PropertyPath.Target).ToList();
        return change with
        {
            Action = change.Action == ChangeAction.Rebuild || others.Exists(property => property.Difference != PropertyDifference.Unmanaged) ? change.Action
                : change.Starts ? ChangeAction.Start : ChangeAction.None,
            Properties = others,
            Refused = change.Action == ChangeAction.Rebuild ? change.Refused : null,
            Restarts = change.Action == ChangeAction.Rebuild && change.Restarts,
            Reason = "it is moved with its volume in the next apply",
        };
    }

    private static ResourceChange After(ResourceChange volume, ResourceChange? user, string name) => user switch
    {
        { Action: ChangeAction.Replace } => volume,
        { PendingRestart: true, Restarts: false } when InstanceKind.IsMove(user) => volume with { Action = ChangeAction.None, Properties = [], Reason = $"it stays until {user.Id} is moved" },
        not null when InstanceKind.IsMove(user) => volume,
        // What the file no longer has there lets go of it first.
        { Action: ChangeAction.Delete } => LetGo(volume, user),
        { Action: ChangeAction.Update or ChangeAction.Rebuild } when user.Desired is not null && !user.DependsOn.Contains(volume.Id) => LetGo(volume, user),
        _ => volume with { Refused = $"the instance {name} uses it, and is not moved with it; stop it, and detach the volume first" },
    };

    private static ResourceChange LetGo(ResourceChange volume, ResourceChange user) => volume with { DependsOn = [.. volume.DependsOn.Append(user.Id).Distinct()] };
}
