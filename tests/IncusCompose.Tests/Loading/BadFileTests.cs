using IncusCompose.Diagnostics;
using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading;

/// <summary>
/// Each file in Bad/ has its exact problems beside it. INCUS_COMPOSE_REGENERATE=1 writes them anew: read what it wrote
/// as a user would before it is committed.
/// </summary>
public class BadFileTests
{
    private static readonly string s_folder = Path.Combine(StackText.Here(), "Bad");

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(s_folder, "*.yaml").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_bad_file_is_answered_with_all_its_problems_and_what_to_do(string file)
    {
        var result = StackText.Loader.Load([file], new LoadOptions
        {
            WorkingDirectory = s_folder,
            Variables = new Dictionary<string, string> { ["HOME"] = "/home/ann", ["EMPTY"] = "" },
        });

        var actual = string.Concat(result.Diagnostics.Select(d => d.ToString().Replace(s_folder, "/stacks", StringComparison.Ordinal) + "\n"));
        var expectedFile = Path.Combine(s_folder, Path.ChangeExtension(file, ".txt"));
        if (Environment.GetEnvironmentVariable("INCUS_COMPOSE_REGENERATE") == "1")
            File.WriteAllText(expectedFile, actual);
        Assert.Equal(File.ReadAllText(expectedFile), actual);
        Assert.Equal(result.Succeeded, result.Diagnostics.All(d => d.Severity != DiagnosticSeverity.Error));
    }

    [Fact]
    public void There_are_enough_bad_files() => Assert.True(Files.Count >= 20);
}
