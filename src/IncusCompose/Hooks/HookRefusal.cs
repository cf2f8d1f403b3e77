using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Hooks;

/// <summary>A stack file may come from somebody else: commands on the user's own machine are run only where the user says so.</summary>
internal static class HookRefusal
{
    public const string Advice = "allow it with -AllowHostHooks (--allow-host-hooks)";

    /// <summary>Refuses the changes that would run commands on this machine.</summary>
    public static void Apply(Dictionary<ResourceId, ResourceChange> changes)
    {
        foreach (var change in changes.Values.Where(change => change.Refused is null).ToList())
        {
            if (Of(change) is { } refused)
                changes[change.Id] = change with { Refused = refused };
        }
    }

    /// <summary>Why a change is refused that would run commands on this machine; null where it would not.</summary>
    public static string? Of(ResourceChange change)
    {
        var hooks = ChangeHooks.OnHost(change);
        var steps = InstanceKind.StepsOf(change).Where(step => step.Step.Ansible is not null && change.Properties.Any(property => property.IsStep && property.Path == step.PlanPath)).ToList();
        string[] parts =
        [
            .. hooks.Count == 0 ? Array.Empty<string>() : [$"{(hooks.Count == 1 ? "hook" : "hooks")} {string.Join(", ", hooks.Select(HooksDefinition.WordOf))}"],
            .. steps.Count == 0 ? Array.Empty<string>() : [$"{(steps.Count == 1 ? "step" : "steps")} {string.Join(", ", steps.Select(step => step.Label))} with Ansible"],
        ];
        return parts.Length == 0 ? null : $"its {string.Join(" and its ", parts)} would run commands on this machine; {Advice}";
    }

    /// <summary>Why an instance is not made that could not be stopped or deleted without commands on this machine; null where it could.</summary>
    public static string? OfEnd(ResourceChange creation)
    {
        var hooks = RecordedWords.ReadHooks(creation.Desired!.Properties);
        HookPoint[] end = [HookPoint.PreStop, HookPoint.PostStop, HookPoint.PreRemove, HookPoint.PostRemove];
        var onHost = end.Where(point => hooks?.At(point).Any(step => step.OnHost) == true).Select(HooksDefinition.WordOf).ToList();
        return onHost.Count == 0 ? null
            : $"its {(onHost.Count == 1 ? "hook" : "hooks")} {string.Join(", ", onHost)} would run commands on this machine at its end; {Advice}";
    }
}
