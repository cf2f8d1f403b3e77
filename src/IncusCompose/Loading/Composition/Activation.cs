using System.Collections.ObjectModel;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Interpolation;

namespace IncusCompose.Loading.Composition;

/// <summary>
/// Parts a stack into the instances that are to exist and those that nobody asked for: one with <c>activate</c> exists
/// only where one of its words was given, or where it was named itself, which gives all of its words.
/// Source: https://docs.docker.com/compose/how-tos/profiles/
/// </summary>
internal static class Activation
{
    /// <summary>The variable with the words, commas between them; the command line wins.</summary>
    public const string Variable = "INCUS_COMPOSE_ACTIVATE";

    private const string Everything = "*";

    /// <summary>The stack without its inactive instances, which are kept beside the others.</summary>
    /// <param name="stack">The stack as its files say.</param>
    /// <param name="options">The words and the names that were given.</param>
    /// <param name="variables">Where the variable is looked for.</param>
    /// <param name="isCompose">True for a compose file, of which docker compose's own variable speaks, too.</param>
    /// <param name="diagnostics">Is told of words that no instance has.</param>
    public static StackDefinition Apply(StackDefinition stack, LoadOptions options, VariableScope variables, bool isCompose, DiagnosticList diagnostics)
    {
        var given = options.Activate.Count > 0
            ? options.Activate
            : (variables.Find(Variable) ?? (isCompose ? variables.Find(ComposeVariables.Profiles) : null) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var known = stack.Instances.Values.SelectMany(instance => instance.Activate).ToHashSet(StringComparer.Ordinal);
        foreach (var word in given.Where(word => word != Everything && !known.Contains(word)))
        {
            diagnostics.Add(Diagnostic.Warning("UnknownActivation", SourceLocation.None, "", $"no instance has {Excerpts.Quote(word)} under `activate`",
                known.Count == 0 ? "" : Suggestions.DidYouMean(word, known, $"the stack has: {string.Join(", ", known.Order(StringComparer.Ordinal).Take(20))}")));
        }

        var words = given.Concat(options.ActivateInstances.SelectMany(name => stack.Instances.GetValueOrDefault(name)?.Activate ?? [])).ToHashSet(StringComparer.Ordinal);
        if (words.Contains(Everything) || stack.Instances.Values.All(IsActive))
            return stack;
        return stack with
        {
            Instances = Where(stack.Instances, IsActive),
            InactiveInstances = Where(stack.Instances, instance => !IsActive(instance)),
        };

        bool IsActive(InstanceDefinition instance) => instance.Activate.Count == 0 || instance.Activate.Any(words.Contains);
    }

    private static ReadOnlyDictionary<string, InstanceDefinition> Where(IReadOnlyDictionary<string, InstanceDefinition> instances, Func<InstanceDefinition, bool> isWanted) =>
        instances.Where(pair => isWanted(pair.Value)).ToDictionary(StringComparer.Ordinal).AsReadOnly();
}
