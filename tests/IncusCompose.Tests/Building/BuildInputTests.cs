using System.Diagnostics;
using IncusCompose.Building;
using IncusCompose.Definition;

namespace IncusCompose.Tests.Building;

/// <summary>What decides whether an image is built anew.</summary>
public sealed class BuildInputTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("incus-compose-test-");

    public BuildInputTests()
    {
        Write("Dockerfile", "FROM scratch");
        Write("src/main.c", "int main;");
        Write(".dockerignore", "*.md");
    }

    private BuildDefinition Build => new() { Context = _folder.FullName };

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_source_a_word_and_an_instruction_make_another_image()
    {
        var digests = new List<string> { BuildInputs.DigestOf(Build) };
        digests.Add(BuildInputs.DigestOf(Build with { Target = "a" }));
        digests.Add(BuildInputs.DigestOf(Build with { Arguments = new Dictionary<string, string> { ["A"] = "1" } }));
        digests.Add(BuildInputs.DigestOf(Build with { Arguments = new Dictionary<string, string> { ["A"] = "2" } }));
        digests.Add(BuildInputs.DigestOf(Build with { DockerfileInline = "FROM scratch" }));
        Write("src/main.c", "int other;");
        digests.Add(BuildInputs.DigestOf(Build));
        Write("src/more.c", "");
        digests.Add(BuildInputs.DigestOf(Build));
        Write("Dockerfile", "FROM scratch\nCMD a");
        digests.Add(BuildInputs.DigestOf(Build));
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "link"), "/etc/passwd");
        digests.Add(BuildInputs.DigestOf(Build));
        Assert.Equal(digests.Count, digests.Distinct().Count());
    }

    [Fact]
    public void What_no_builder_gets_makes_no_other_image()
    {
        var before = BuildInputs.DigestOf(Build);
        Write("notes.md", "a");
        Write(".git/index", "a");
        using (var made = Process.Start("mkfifo", Path.Combine(_folder.FullName, "pipe"))!)
            made.WaitForExit();
        Assert.Equal(before, BuildInputs.DigestOf(Build));
        // Where it lies does not count either: on another machine it is the same.
        var copy = Directory.CreateTempSubdirectory("incus-compose-test-");
        try
        {
            foreach (var file in new[] { "Dockerfile", ".dockerignore", "src/main.c" })
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(copy.FullName, file))!);
                File.Copy(Path.Combine(_folder.FullName, file), Path.Combine(copy.FullName, file));
            }

            Assert.Equal(before, BuildInputs.DigestOf(new BuildDefinition { Context = copy.FullName }));
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    [Fact]
    public void What_is_kept_below_an_ignored_folder_counts()
    {
        Write(".dockerignore", "src\n!src/main.c");
        var before = BuildInputs.DigestOf(Build);
        Write("src/other.c", "a");
        Assert.Equal(before, BuildInputs.DigestOf(Build));
        Write("src/main.c", "a");
        Assert.NotEqual(before, BuildInputs.DigestOf(Build));
    }

    [Fact]
    public void What_is_not_there_is_named()
    {
        Assert.Contains("there is no file", Assert.Throws<IOException>(() => BuildInputs.DigestOf(Build with { Dockerfile = "other" })).Message, StringComparison.Ordinal);
        Assert.Contains("there is no folder /nowhere", Assert.Throws<IOException>(() => BuildInputs.DigestOf(new BuildDefinition { Context = "/nowhere" })).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder.FullName, "Dockerfile"));
        Assert.Contains("has no Dockerfile", Assert.Throws<IOException>(() => BuildInputs.DigestOf(Build)).Message, StringComparison.Ordinal);
        Write("Containerfile", "FROM scratch");
        Assert.NotEqual("", BuildInputs.DigestOf(Build));
        // What the builder fetches, only it can look at.
        Assert.NotEqual("", BuildInputs.DigestOf(new BuildDefinition { Context = "https://git.example/app.git#main" }));
    }

    private void Write(string path, string text)
    {
        var file = Path.Combine(_folder.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
