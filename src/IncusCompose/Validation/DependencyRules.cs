using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources.Images;

namespace IncusCompose.Validation;

/// <summary>Dependencies must exist and must not go round in circles.</summary>
internal static class DependencyRules
{
    public static void CheckExistence(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (index, dependency) in instance.DependsOn.Bound())
            {
                var path = findings.DependencyPath(instance, index);
                if (!stack.Instances.TryGetValue(dependency.Instance, out var other))
                {
                    if (!dependency.Required)
                        continue;
                    if (stack.InactiveInstances.TryGetValue(dependency.Instance, out var inactive))
                    {
                        findings.Error("InactiveDependency", path,
                            $"`{inactive.Name}` is not active ({findings.Place($"instances.{inactive.Name}.activate")})",
                            $"activate it with --activate {inactive.Activate[0]} (-Activate {inactive.Activate[0]}), give `{instance.Name}` the same `activate`, or say `required: false` of the dependency");
                        continue;
                    }

                    findings.Error("UnknownDependency", path, $"there is no instance {Excerpts.Quote(dependency.Instance)} in this stack",
                        findings.DidYouMean(dependency.Instance, stack.Instances, "add it under `instances`, or remove the dependency"));
                }
                else if (!seen.Add(dependency.Instance))
                {
                    findings.Warning("DuplicateDependency", path, $"`{dependency.Instance}` is named twice", "remove one of the two");
                }
                else if (dependency.Condition == DependencyCondition.Healthy && other.Healthcheck is null && !ImageHealth.MayComeWith(other, stack))
                {
                    findings.Error("NoHealthcheck", path, $"`{dependency.Instance}` has no health check, so it never becomes healthy",
                        $"give it a `healthcheck`, or wait for `condition: ready` or `started`");
                }
                else if (dependency.Condition == DependencyCondition.Completed && other.Provision.Count > 0)
                {
                    findings.Error("ProvisionedJob", path, $"`{dependency.Instance}` has `provision` steps, which need it to run, and is waited for to end",
                        "wait for `condition: ready`, or let its image do the work");
                }
                else if (dependency.Condition == DependencyCondition.Completed && other.Ephemeral)
                {
                    findings.Error("EphemeralJob", path, $"`{dependency.Instance}` is ephemeral: once it has completed it is gone, and would be made again by every apply",
                        "remove its `ephemeral`");
                }
            }
        }
    }

    /// <summary>Reports each cycle once, as the cycle, at the dependency that closes it.</summary>
    public static void CheckCycles(StackDefinition stack, Findings findings)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in stack.Instances.Keys)
        {
            // Depth first without recursion: a chain may be as long as the file.
            var path = new List<(InstanceDefinition Instance, int Next)>();
            var depths = new Dictionary<string, int>(StringComparer.Ordinal);
            if (!done.Contains(start))
                Enter(stack.Instances[start]);
            while (path.Count > 0)
            {
                var (instance, next) = path[^1];
                if (next == instance.DependsOn.Count)
                {
                    path.RemoveAt(path.Count - 1);
                    depths.Remove(instance.Name);
                    done.Add(instance.Name);
                    continue;
                }

                path[^1] = (instance, next + 1);
                if (instance.DependsOn[next] is not { Instance: var name } || done.Contains(name) || !stack.Instances.TryGetValue(name, out var dependency))
                    continue;
                if (depths.TryGetValue(name, out var depth))
                {
                    var cycle = path.Skip(depth).Select(step => step.Instance.Name).Append(name);
                    findings.Error("DependencyCycle", findings.DependencyPath(instance, next),
                        $"the dependencies go round in a circle: {string.Join(" -> ", cycle)}", "remove one of them");
                }
                else
                {
                    Enter(dependency);
                }
            }

            void Enter(InstanceDefinition instance)
            {
                depths.Add(instance.Name, path.Count);
                path.Add((instance, 0));
            }
        }
    }
}
