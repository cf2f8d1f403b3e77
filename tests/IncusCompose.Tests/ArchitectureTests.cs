using System.Xml.Linq;

namespace IncusCompose.Tests;

/// <summary>The house's own rules, so that they stay true.</summary>
public class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["Incus.Client"] = [],
        ["IncusCompose"] = ["Incus.Client"],
        ["IncusCompose.Yaml"] = ["IncusCompose", "YamlDotNet"],
        ["IncusCompose.PowerShell"] = ["IncusCompose", "PowerShellStandard.Library"],
        ["IncusCompose.Cli"] = ["IncusCompose", "IncusCompose.Yaml", "Spectre.Console", "System.CommandLine"],
    };

    [Fact]
    public void Every_project_references_only_what_it_may_know()
    {
        var source = Path.Combine(FindRoot(), "src");
        Assert.Equal(MayReference.Keys.Order(), Directory.GetDirectories(source).Select(Path.GetFileName).Order());
        foreach (var (name, allowed) in MayReference)
        {
            var project = XDocument.Load(Path.Combine(source, name, name + ".csproj"));
            var references = project.Descendants("ProjectReference")
                // Built beside it, but not compiled against: loaded apart from everything else at run time.
                .Where(item => item.Attribute("ReferenceOutputAssembly")?.Value != "false")
                .Select(item => Path.GetFileNameWithoutExtension(item.Attribute("Include")!.Value.Replace('\\', '/')))
                .Concat(project.Descendants("PackageReference").Select(item => item.Attribute("Include")!.Value));
            Assert.Equal(allowed.Order(), references.Order());
        }
    }

    [Fact]
    public void Planner_and_scheduler_know_the_questions_and_the_kinds_answer_them()
    {
        var kinds = Resources.ResourceKinds.All;

        Assert.Equal(kinds.Count, kinds.Select(kind => kind.Name).Distinct().Count());
        Assert.Equal(
            [
                "project", "other-project", "cluster-group", "certificate", "storage-pool", "network-integration", "network-address-set", "network-acl", "network-zone", "network-zone-record", "network",
                "network-forward", "network-load-balancer", "network-peer", "volume", "bucket", "profile", "image", "instance",
            ],
            kinds.Select(kind => kind.Name));
        var engine = Path.Combine(FindRoot(), "src", "IncusCompose");
        foreach (var file in Directory.GetFiles(Path.Combine(engine, "Planning"), "*.cs").Append(Path.Combine(engine, "Applying", "StackApplier.cs")))
        {
            var text = System.IO.File.ReadAllText(file);
            Assert.All(kinds, kind => Assert.DoesNotContain(kind.GetType().Name, text));
        }
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "IncusCompose.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests do not stand in a checkout of IncusCompose.");
    }
}
