using System.Text;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Tests.Planning;
using IncusCompose.Yaml;

namespace IncusCompose.Tests.Loading;

/// <summary>A compose file and the stack file that is made of it are planned the same, whatever it says.</summary>
public class ComposeConversionTests
{
    [Fact]
    public void Compose_files_made_at_random_and_what_they_are_converted_to_plan_the_same()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var yaml = new RandomCompose(seed).Make();
            var compose = StackText.Load(yaml, s_variables);
            AssertNoErrors(seed, yaml, compose.Diagnostics);

            var converted = new ComposeEngine(new YamlDocumentFormat()).Convert(compose);

            Assert.DoesNotContain(RandomCompose.Secret, converted.Text, StringComparison.Ordinal);
            var stack = StackText.Load(converted.Text, converted.Variables.ToDictionary(variable => variable.Name, _ => RandomCompose.Secret).Concat(s_variables).ToDictionary());
            AssertNoErrors(seed, converted.Text, stack.Diagnostics);
            Assert.Equal(Definitions.Show(compose.Definition!), Definitions.Show(stack.Definition!));
            Assert.Equal(Plan(compose.Definition!), Plan(stack.Definition!));
        }
    }

    private static readonly Dictionary<string, string> s_variables = new() { ["TOKEN"] = RandomCompose.Secret };

    private static void AssertNoErrors(int seed, string yaml, IReadOnlyList<Diagnostic> diagnostics) =>
        Assert.True(diagnostics.All(diagnostic => diagnostic.Severity != DiagnosticSeverity.Error), $"seed {seed}:\n{string.Join('\n', diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error))}\n{yaml}");

    /// <summary>The plan as text, and all that it would send.</summary>
    private static string Plan(StackDefinition stack)
    {
        var world = new PlanningWorld()
            .With(new Network { Name = RandomCompose.ExternalNetwork, Type = "bridge", Managed = true })
            .With(new StorageVolume { Name = RandomCompose.ExternalVolume, Type = "custom" });
        world.Secrets["token"] = Encoding.UTF8.GetBytes(RandomCompose.Secret);
        var plan = world.Plan(Replicas.Expand(stack, new Dictionary<string, int>()));
        var text = new StringBuilder(PlanningWorld.Text(plan));
        foreach (var resource in plan.Resources.Where(resource => resource.Desired is not null).OrderBy(resource => resource.Id.ToString(), StringComparer.Ordinal))
        {
            foreach (var property in resource.Desired!.Properties)
                text.Append(resource.Id).Append(' ').Append(property.Key).Append('=').AppendLine(property.Value);
        }

        return text.ToString();
    }
}
