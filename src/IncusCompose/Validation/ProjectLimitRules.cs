using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Projects;

namespace IncusCompose.Validation;

/// <summary>
/// A project that the stack makes must have room for what the file says. What comes from profiles of the server, and what else is in
/// the project, is looked at once there is a server (<see cref="Requirements.ProjectRules"/>).
/// </summary>
internal static class ProjectLimitRules
{
    private static readonly (string Key, string Word, string Example)[] s_sums =
    [
        ("limits.memory", "memory", "memory: 512MiB"), ("limits.cpu", "cpu", "cpu: 2"), ("limits.processes", "limits.processes", "limits: {processes: 500}"),
    ];

    public static void Check(StackDefinition stack, Findings findings)
    {
        if (stack.Project is not { Create: true } project)
            return;
        CheckCount("limits.instances", "instances", stack.Instances.Values, project, findings);
        CheckCount("limits.containers", "containers", stack.Instances.Values.Where(instance => instance.Type == InstanceType.Container), project, findings);
        CheckCount("limits.virtual-machines", "virtual machines", stack.Instances.Values.Where(instance => instance.Type == InstanceType.VirtualMachine), project, findings);
        foreach (var (key, word, example) in s_sums.Where(sum => project.Config.ContainsKey(sum.Key)))
            CheckSum(key, word, example, stack, project, findings);
    }

    private static void CheckCount(string key, string noun, IEnumerable<InstanceDefinition> instances, ProjectDefinition project, Findings findings)
    {
        if (!project.Config.TryGetValue(key, out var text) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var most))
            return;
        var count = instances.Sum(instance => (long)(instance.Replicas ?? 1));
        if (count > most)
            findings.Error("ProjectLimit", PathOf(key, findings), $"there may be {most} {noun} in the project, and the stack has {count}", "have fewer of them, or raise the limit");
    }

    /// <summary>What can be counted is a plain number: no share of the host's memory, and no CPUs by their numbers.</summary>
    private static void CheckSum(string key, string word, string example, StackDefinition stack, ProjectDefinition project, Findings findings)
    {
        var sum = 0L;
        foreach (var instance in stack.Instances.Values.Where(instance => key != "limits.processes" || instance.Type == InstanceType.Container))
        {
            if (InstanceForm.ConfigOf(instance).GetValueOrDefault(key) is not { Length: > 0 } value)
                continue;
            if (ProjectSums.TryCount(key, value, out var count))
            {
                sum += count * (instance.Replicas ?? 1);
                continue;
            }

            var path = $"instances.{instance.Name}";
            findings.Error(
                "ProjectLimit", new[] { $"{path}.{word}", $"{path}.config.{key}" }.FirstOrDefault(findings.Has) ?? path,
                $"the project limits what all its instances have of it together ({key}), and {Excerpts.Quote(value)} cannot be counted", $"write a number, such as `{example}`");
        }

        if (ProjectSums.TryCount(key, project.Config[key], out var most) && sum > most)
        {
            findings.Error(
                "ProjectLimit", PathOf(key, findings),
                $"the instances of the project may have {project.Config[key]} between them ({key}), and those of the stack would have {ProjectSums.Show(key, sum)}",
                "give some of them less, or raise the limit");
        }
    }

    private static string PathOf(string key, Findings findings) =>
        new[] { $"project.{key.Replace('-', '_')}", $"project.config.{key}" }.FirstOrDefault(findings.Has) ?? "project";
}
