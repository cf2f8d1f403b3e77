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

    // Of other tools: what is said of these is said of their own words, which the schema of stack files does not know.
    private static readonly string s_foreign = Path.Combine(StackText.Here(), "Dialects", "Bad");

    /// <summary>All bad files, with their folders.</summary>
    public static IEnumerable<string> Paths => Named(s_folder).Concat(Named(s_foreign));

    public static TheoryData<string> Files => [.. Named(s_folder).Select(file => Path.GetFileName(file))];

    public static TheoryData<string> ForeignFiles => [.. Named(s_foreign).Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_bad_file_is_answered_with_all_its_problems_and_what_to_do(string file) => Check(s_folder, file);

    [Theory]
    [MemberData(nameof(ForeignFiles))]
    public void A_bad_file_of_another_tool_is_answered_in_its_own_words(string file) => Check(s_foreign, file);

    private static IEnumerable<string> Named(string folder) => Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal);

    private static void Check(string folder, string file)
    {
        var result = StackText.Loader.Load([file], new LoadOptions
        {
            WorkingDirectory = folder,
            Variables = new Dictionary<string, string> { ["HOME"] = "/home/ann", ["EMPTY"] = "" },
        });

        var actual = string.Concat(result.Diagnostics.Select(d => d.ToString().Replace(folder, "/stacks", StringComparison.Ordinal) + "\n"));
        var expectedFile = Path.Combine(folder, Path.ChangeExtension(file, ".txt"));
        if (Environment.GetEnvironmentVariable("INCUS_COMPOSE_REGENERATE") == "1")
            File.WriteAllText(expectedFile, actual);
        Assert.Equal(File.ReadAllText(expectedFile), actual);
        Assert.Equal(result.Succeeded, result.Diagnostics.All(d => d.Severity != DiagnosticSeverity.Error));
    }

    [Fact]
    public void There_are_enough_bad_files() => Assert.True(Files.Count >= 20);
}
