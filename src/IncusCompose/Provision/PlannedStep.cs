using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;

namespace IncusCompose.Provision;

/// <summary>A step of an instance with what it is called and the digest of its content.</summary>
/// <param name="Step">The step.</param>
/// <param name="Label">Its name, else its number among the steps, from 1.</param>
/// <param name="Digest">The digest of its content; of the second of two same steps another one.</param>
internal sealed record PlannedStep(ProvisionStep Step, string Label, string Digest)
{
    /// <summary>How plans name it among the properties of its instance.</summary>
    public string PlanPath => $"provision.{Label}";

    /// <summary>Reads again: true where the content is still what it was when the step was planned. Throws <see cref="IOException"/> where it cannot be read any more.</summary>
    public required Func<bool> IsCurrent { get; init; }

    /// <summary>The steps of every instance of a stack that has some; files are read for it.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="problems">Receives what cannot be read.</param>
    public static IReadOnlyDictionary<string, IReadOnlyList<PlannedStep>> Of(StackDefinition stack, ICollection<Diagnostic> problems)
    {
        var planned = new Dictionary<string, IReadOnlyList<PlannedStep>>(StringComparer.Ordinal);
        var files = FilesOf(stack);
        foreach (var instance in stack.Instances.Values.Where(instance => instance.Provision.Count > 0))
        {
            var steps = new List<PlannedStep>();
            foreach (var (index, step) in instance.Provision.Index())
            {
                var key = $"instances.{instance.Group ?? instance.Name}.provision";
                var path = stack.Source.Contains($"{key}[{index}]") ? $"{key}[{index}]" : key;
                try
                {
                    string Read() => StepContent.DigestOf(step, stack.Folder, files);
                    var digest = Read();
                    var before = steps.Count(other => other.Digest == digest || other.Digest.StartsWith(digest + "-", StringComparison.Ordinal));
                    steps.Add(new PlannedStep(step, step.Name ?? LabelAt(index), before == 0 ? digest : string.Create(CultureInfo.InvariantCulture, $"{digest}-{before + 1}")) { IsCurrent = () => Read() == digest });
                }
                catch (IOException error)
                {
                    problems.Add(Diagnostic.Error("BadProvision", stack.Source.Find(path), path, error.Message, stack.Folder is null ? "" : $"paths start from {stack.Folder}"));
                }
            }

            planned[instance.Name] = steps;
        }

        return planned;
    }

    /// <summary>The stack's own files, and what others in its folder would be called: no part of a playbook beside them.</summary>
    private static IReadOnlyCollection<string> FilesOf(StackDefinition stack) => stack.Folder is null
        ? []
        : stack.Paths.Concat(StackFileFinder.Names.Select(name => Path.Combine(stack.Folder, name))).ToHashSet(StringComparer.Ordinal);

    private static string LabelAt(int index) => (index + 1).ToString(CultureInfo.InvariantCulture);
}
