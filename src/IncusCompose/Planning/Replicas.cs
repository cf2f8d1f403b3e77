using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Planning;

/// <summary>Several instances of one definition: <c>web</c> with three replicas is <c>web-1</c>, <c>web-2</c> and <c>web-3</c>.</summary>
internal static class Replicas
{
    /// <summary>The most of one definition; a typing mistake should not fill a server.</summary>
    public const int Most = 1000;

    public static string NameOf(string group, int number) => string.Create(CultureInfo.InvariantCulture, $"{group}-{number}");

    /// <summary>The number of a replica; null for what is no replica of the group.</summary>
    public static int? NumberOf(string group, string name) =>
        name.Length > group.Length + 1 && name.StartsWith(group, StringComparison.Ordinal) && name[group.Length] == '-'
            && int.TryParse(name.AsSpan(group.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            && NameOf(group, number) == name
            ? number
            : null;

    /// <summary>The stack with every replica as an instance of its own; what depends on a definition depends on all of its replicas.</summary>
    /// <param name="stack">The stack as the file says.</param>
    /// <param name="scale">Numbers of replicas that win over the file's.</param>
    public static StackDefinition Expand(StackDefinition stack, IReadOnlyDictionary<string, int>? scale = null)
    {
        int? CountOf(InstanceDefinition instance) =>
            scale is not null && scale.TryGetValue(instance.Name, out var count) ? count : instance.Replicas;

        if (!stack.Instances.Values.Any(instance => CountOf(instance) is not null))
            return stack;
        var names = stack.Instances.Values.ToDictionary(
            instance => instance.Name,
            instance => CountOf(instance) is { } count ? Enumerable.Range(1, count).Select(number => NameOf(instance.Name, number)).ToArray() : [instance.Name],
            StringComparer.Ordinal);
        var aliases = new Dictionary<string, string>(StringComparer.Ordinal);
        var instances = new Dictionary<string, InstanceDefinition>(StringComparer.Ordinal);
        foreach (var instance in stack.Instances.Values)
        {
            IReadOnlyList<InstanceDependency> dependencies =
                [.. instance.DependsOn.SelectMany(dependency => names.GetValueOrDefault(dependency.Instance, [dependency.Instance]).Select(name => dependency with { Instance = name }))];
            var isGroup = CountOf(instance) is not null;
            foreach (var name in names[instance.Name])
            {
                // A name that an instance of its own has too is reported by the validator.
                instances[name] = instance with { Name = name, DependsOn = dependencies, Replicas = null, Group = isGroup ? instance.Name : null };
                if (isGroup)
                    aliases[$"instances.{name}"] = $"instances.{instance.Name}";
            }
        }

        return stack with { Instances = instances, Source = stack.Source.WithAliases(aliases) };
    }

    /// <summary>Refuses options that name what the stack does not have.</summary>
    /// <exception cref="PlanOptionException">Says what there is.</exception>
    public static void Require(StackDefinition stack, PlanOptions options)
    {
        foreach (var (name, count) in options.Scale)
        {
            if (!stack.Instances.TryGetValue(name, out var instance))
                throw new PlanOptionException($"There is no instance {Excerpts.Quote(name)} in stack {stack.Name}; {Suggestions.DidYouMean(name, stack.Instances.Keys, $"it has: {string.Join(", ", stack.Instances.Keys)}")}");
            if (instance.Replicas is null)
                throw new PlanOptionException($"{name} has no number of replicas to change; give it `replicas: {count}` in the file first");
            if (count is < 0 or > Most)
                throw new PlanOptionException($"{count} is no number of replicas; write one from 0 to {Most}");
        }

        foreach (var name in options.Update)
        {
            if (!Expand(stack, options.Scale).Instances.ContainsKey(name) && !stack.Instances.ContainsKey(name))
                throw new PlanOptionException($"There is no instance {Excerpts.Quote(name)} in stack {stack.Name}; it has: {string.Join(", ", stack.Instances.Keys)}");
        }
    }
}
