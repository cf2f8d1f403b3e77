using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Exporting;

/// <summary>Puts replicas that are alike back into the one definition that they came from.</summary>
internal static class ReplicaFolding
{
    public static StackDefinition Fold(StackDefinition stack, ExportContext context)
    {
        var folded = new Dictionary<string, string>(StringComparer.Ordinal);
        var instances = new Dictionary<string, InstanceDefinition>(stack.Instances, StringComparer.Ordinal);
        foreach (var group in stack.Instances.Keys.GroupBy(name => GroupOf(name, context)).Where(group => group.Key is not null))
        {
            var (key, members) = (group.Key!, group.Order(StringComparer.Ordinal).ToList());
            var lives = members.ConvertAll(name => context.Server.Find(InstanceKind.IdOf(name))!);
            if (stack.Instances.ContainsKey(key) || members.Exists(name => !SameFiles(stack.Instances[name], stack.Instances[members[0]])) || lives.Exists(live => !ButForItsPlace(live).SameAs(ButForItsPlace(lives[0])))
                || !members.Select(name => Replicas.NumberOf(key, name)!.Value).Order().SequenceEqual(Enumerable.Range(1, members.Count)))
            {
                context.Note("Replicas", $"instances.{members[0]}", $"the replicas of {key} ({string.Join(", ", members)}) are not alike, and each is written by itself");
                continue;
            }

            var first = stack.Instances[members[0]];
            foreach (var name in members)
            {
                instances.Remove(name);
                folded[name] = key;
            }

            instances[key] = first with { Name = key, Replicas = members.Count };
        }

        return folded.Count == 0 ? stack : stack with
        {
            Instances = instances.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToDictionary(entry => entry.Key, entry => entry.Value with
            {
                DependsOn = [.. entry.Value.DependsOn.Select(dependency => dependency with { Instance = folded.GetValueOrDefault(dependency.Instance, dependency.Instance) }).Distinct()],
            }),
        };
    }

    private static bool SameFiles(InstanceDefinition one, InstanceDefinition other) =>
        one.Files.SequenceEqual(other.Files) && one.Secrets.SequenceEqual(other.Secrets) && one.Configs.SequenceEqual(other.Configs);

    // The server spreads replicas over a cluster.
    private static PropertyBag ButForItsPlace(LiveResource live) => new(live.Properties.Where(property => property.Key != PropertyPath.Target));

    private static string? GroupOf(string name, ExportContext context) =>
        context.Server.Find(InstanceKind.IdOf(name))?.Mark?.InstanceDefinition is { } group && Replicas.NumberOf(group, name) is not null ? group : null;
}
