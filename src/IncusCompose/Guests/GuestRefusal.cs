using Incus.Client;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Guests;

/// <summary>What cannot be done without the stack's file, which alone says what its instances' files hold.</summary>
internal static class GuestRefusal
{
    /// <summary>Refuses to make more replicas of a definition whose instances have files: the server knows them, but not their content.</summary>
    /// <exception cref="PlanOptionException">Says what to do instead.</exception>
    public static void OfScale(ServerObservation server, string stack, string project, IReadOnlyDictionary<string, int> scale)
    {
        foreach (var (group, count) in scale)
        {
            var replicas = server.OfKind(InstanceKind.KindName)
                .Where(live => live.Mark?.BelongsTo(stack, project) == true && live.Mark.Key == $"instances.{group}" && Replicas.NumberOf(group, live.Id.Name) is not null).ToList();
            if (replicas.Count > 0 && count > replicas.Count && replicas.Any(live => GuestRecord.Read(((Instance)live.Raw).Config).Entries.Count > 0))
                throw new PlanOptionException($"The instances of {group} have files, secrets or configs, which only the stack's file knows; change the number with it: up --scale {group}={count}, or Invoke-IncusCompose -Scale");
        }
    }
}
