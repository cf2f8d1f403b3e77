using Incus.Client;
using IncusCompose.Readiness;

namespace IncusCompose.Instances;

/// <summary>The variables that describe an instance to the commands of its stack's file.</summary>
internal static class InstanceVariables
{
    /// <param name="stack">The stack's name.</param>
    /// <param name="project">The Incus project.</param>
    /// <param name="instance">The instance's name.</param>
    /// <param name="live">The instance as the server has it; null where it does not.</param>
    /// <param name="state">Its live state; null where it has none.</param>
    public static Dictionary<string, string> Describe(string stack, string project, string instance, Instance? live, InstanceState? state) => new()
    {
        ["INCUS_COMPOSE_STACK"] = stack,
        ["INCUS_COMPOSE_PROJECT"] = project,
        ["INCUS_COMPOSE_INSTANCE"] = instance,
        ["INCUS_COMPOSE_STATUS"] = state?.Status ?? "",
        ["INCUS_COMPOSE_ADDRESS"] = live is null || state is null ? "" : NicAddresses.Of(live, state).FirstOrDefault(""),
    };

    /// <summary>A step's own variables with those that describe the instance, which win.</summary>
    public static Dictionary<string, string> With(this IReadOnlyDictionary<string, string> own, IReadOnlyDictionary<string, string> described) =>
        own.Concat(described).GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Last().Value);
}
