using IncusCompose.Diagnostics;
using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading;

/// <summary>The examples: each can be read as it stands, and is listed with a page of its own.</summary>
public class ExampleTests
{
    private static readonly string s_folder = Path.GetFullPath(Path.Combine(StackText.Here(), "../../../examples"));

    public static TheoryData<string> Folders => [.. Directory.EnumerateDirectories(s_folder).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Folders))]
    public void An_example_loads_without_a_problem_and_is_listed_with_a_page_of_its_own(string folder)
    {
        Assert.Contains($"| [{folder}]({folder}) |", File.ReadAllText(Path.Combine(s_folder, "README.md")), StringComparison.Ordinal);
        Assert.StartsWith("# ", File.ReadAllText(Path.Combine(s_folder, folder, "README.md")), StringComparison.Ordinal);
        // Somebody with a key of their own.
        using var home = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(home.Path, ".ssh"));
        File.WriteAllText(Path.Combine(home.Path, ".ssh", "id_ed25519.pub"), Ssh.Keys.Ann + "\n");
        foreach (var file in new[] { "stack.yaml", "compose.yaml" }.Where(file => File.Exists(Path.Combine(s_folder, folder, file))))
        {
            var result = StackText.Loader.Load([file], new LoadOptions { WorkingDirectory = Path.Combine(s_folder, folder), Variables = new Dictionary<string, string> { ["HOME"] = home.Path } });
            Assert.DoesNotContain(result.Diagnostics, problem => problem.Severity == DiagnosticSeverity.Error);
            // Comments are half of an example.
            Assert.StartsWith("#", File.ReadAllText(Path.Combine(s_folder, folder, file)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Every_file_of_an_example_loads_with_its_stack_or_over_it(string folder)
    {
        using var home = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(home.Path, ".ssh"));
        File.WriteAllText(Path.Combine(home.Path, ".ssh", "id_ed25519.pub"), Ssh.Keys.Ann + "\n");
        LoadResult Load(params string[] files) => StackText.Loader.Load(files, new LoadOptions { WorkingDirectory = Path.Combine(s_folder, folder), Activate = ["*"], Variables = new Dictionary<string, string> { ["HOME"] = home.Path } });

        var first = new[] { "stack.yaml", "compose.yaml" }.First(file => File.Exists(Path.Combine(s_folder, folder, file)));
        var alone = Load(first);
        Assert.DoesNotContain(alone.Diagnostics, problem => problem.Severity == DiagnosticSeverity.Error);
        var over = Directory.EnumerateFiles(Path.Combine(s_folder, folder), "*.yaml").Except(alone.Definition!.Paths).Select(file => Path.GetFileName(file)!).ToList();
        Assert.Equal(folder == "multi-file" ? ["production.yaml"] : [], over);
        foreach (var file in over)
            Assert.DoesNotContain(Load(first, file).Diagnostics, problem => problem.Severity == DiagnosticSeverity.Error);
    }

    [Fact]
    public void The_example_of_several_files_says_in_production_what_its_page_says()
    {
        var options = new LoadOptions { WorkingDirectory = Path.Combine(s_folder, "multi-file"), Variables = new Dictionary<string, string>() };
        Assert.DoesNotContain("mail-catcher", StackText.Loader.Load(["stack.yaml", "production.yaml"], options).Require().Instances.Keys);
        var stack = StackText.Loader.Load(["stack.yaml", "production.yaml"], options with { Activate = ["debug"] }).Require();
        Assert.Contains("mail-catcher", stack.Instances.Keys);
        var web = stack.Instances["web"];
        Assert.Equal(("2GiB", "production", 80), (web.Memory, web.Environment["MODE"], Assert.Single(web.Ports).HostPort));
        Assert.Empty(web.Labels);
    }
}
