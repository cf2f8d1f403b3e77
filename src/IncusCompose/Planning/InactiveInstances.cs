using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;

namespace IncusCompose.Planning;

/// <summary>
/// Instances of the file that nobody activated this time. Where they are on the server somebody did once: they stay as they
/// are, are no orphans, and are not pruned.
/// </summary>
internal static class InactiveInstances
{
    /// <summary>True for what was made of an instance that is not active now, each of its replicas included.</summary>
    public static bool Include(StackDefinition stack, LiveResource live) => DefinitionOf(stack, live) is not null;

    /// <summary>True for the name of an instance that is not active now, or of one of its replicas.</summary>
    public static bool Include(StackDefinition stack, string name) => stack.InactiveInstances.Values.Any(instance =>
        instance.Name == name || (instance.Replicas is not null && Replicas.NumberOf(instance.Name, name) is not null));

    /// <summary>A note for each of them that is on the server.</summary>
    public static IEnumerable<Diagnostic> Notes(PlanningContext context) => context.Stack.InactiveInstances.Count == 0
        ? []
        : context.Server.Resources
            .Where(live => live.Mark?.BelongsTo(context.Stack.Name, context.Project) == true)
            .Select(live => (Live: live, Definition: DefinitionOf(context.Stack, live)))
            .Where(pair => pair.Definition is not null)
            .OrderBy(pair => pair.Live.Id.Name, StringComparer.Ordinal)
            .Select(pair => new Diagnostic(
                DiagnosticSeverity.Information, "InactiveInstance", context.Stack.Source.Find($"instances.{pair.Definition!.Name}"), $"instances.{pair.Definition.Name}",
                $"{pair.Live.Id} is not active and stays as it is",
                $"activate it with -Activate {pair.Definition.Activate[0]} (--activate {pair.Definition.Activate[0]}), or delete it with Remove-IncusInstance"));

    private static InstanceDefinition? DefinitionOf(StackDefinition stack, LiveResource live) =>
        stack.InactiveInstances.Count > 0 && live.Mark?.Key is { } key && key.StartsWith("instances.", StringComparison.Ordinal)
            ? stack.InactiveInstances.GetValueOrDefault(key["instances.".Length..])
            : null;
}
