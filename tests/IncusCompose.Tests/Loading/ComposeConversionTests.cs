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

    [Fact]
    public void What_a_secret_variable_says_of_networks_projects_pools_and_volumes_is_not_written_out()
    {
        const string yaml = """
            project: { create: true, features: { images: $FLAG_TOKEN }, restrictions: { devices.disk.paths: /$NAME_TOKEN } }
            networks:
              back:
                ipv4: 10.9.8.1/24
                dns: { domain: $NAME_TOKEN, search: [$NAME_TOKEN, b.test] }
                dhcp: { expiry: $NAME_TOKEN }
                acls: [$NAME_TOKEN]
                routes: [$SUBNET_TOKEN]
                forwards: { 10.9.8.9: { target_address: $ADDRESS_TOKEN } }
            network_zones: { shop.test: { nameservers: [$NAME_TOKEN] } }
            network_acls: { hunter2hunter2: {} }
            storage_pools: { fast: { driver: dir, source: $NAME_TOKEN } }
            volumes: { data: { pool: fast, initial: { uid: $NUMBER_TOKEN } } }
            instances: { web: { image: busybox } }
            """;
        var variables = new Dictionary<string, string>
        {
            ["NAME_TOKEN"] = "hunter2hunter2", ["FLAG_TOKEN"] = "false", ["ADDRESS_TOKEN"] = "10.9.8.55", ["SUBNET_TOKEN"] = "10.55.44.0/24", ["NUMBER_TOKEN"] = "987654",
        };
        var before = StackText.Load(yaml, variables);
        AssertNoErrors(0, yaml, before.Diagnostics);
        var converted = new ComposeEngine(new YamlDocumentFormat()).Convert(before);
        // The name of the ACL is a key, which holds no variable.
        var text = converted.Text.Replace("\n  hunter2hunter2:", "", StringComparison.Ordinal);
        Assert.All(variables.Values.Where(value => value != "false"), secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        Assert.DoesNotContain("false", text, StringComparison.Ordinal);

        // With the variables set, it is the same again.
        var again = StackText.Load(converted.Text, converted.Variables.ToDictionary(variable => variable.Name, variable => variable.Path switch
        {
            var path when path.EndsWith("features.images", StringComparison.Ordinal) => variables["FLAG_TOKEN"],
            var path when path.EndsWith("target_address", StringComparison.Ordinal) => variables["ADDRESS_TOKEN"],
            var path when path.EndsWith("ipv4.routes", StringComparison.Ordinal) => variables["SUBNET_TOKEN"],
            var path when path.EndsWith("initial.uid", StringComparison.Ordinal) => variables["NUMBER_TOKEN"],
            var path when path.EndsWith("devices.disk.paths", StringComparison.Ordinal) => "/" + variables["NAME_TOKEN"],
            var path when path.EndsWith("dns.search", StringComparison.Ordinal) => variables["NAME_TOKEN"] + ",b.test",
            _ => variables["NAME_TOKEN"],
        }));
        AssertNoErrors(0, converted.Text, again.Diagnostics);
        Assert.Equal(Definitions.Show(before.Definition!), Definitions.Show(again.Definition!));
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
