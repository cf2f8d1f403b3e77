using System.Diagnostics;
using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Loading;
using IncusCompose.Tests.Loading;

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
        var digests = new List<string> { DigestOf(Build) };
        digests.Add(DigestOf(Build with { Target = "a" }));
        digests.Add(DigestOf(Build with { Arguments = new Dictionary<string, string> { ["A"] = "1" } }));
        digests.Add(DigestOf(Build with { Arguments = new Dictionary<string, string> { ["A"] = "2" } }));
        digests.Add(DigestOf(Build with { DockerfileInline = "FROM scratch" }));
        Write("src/main.c", "int other;");
        digests.Add(DigestOf(Build));
        Write("src/more.c", "");
        digests.Add(DigestOf(Build));
        Write("Dockerfile", "FROM scratch\nCMD a");
        digests.Add(DigestOf(Build));
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "link"), "/etc/passwd");
        digests.Add(DigestOf(Build));
        Assert.Equal(digests.Count, digests.Distinct().Count());
    }

    [Fact]
    public void What_no_builder_gets_makes_no_other_image()
    {
        var before = DigestOf(Build);
        Write("notes.md", "a");
        Write(".git/index", "a");
        using (var made = Process.Start("mkfifo", Path.Combine(_folder.FullName, "pipe"))!)
            made.WaitForExit();
        Assert.Equal(before, DigestOf(Build));
        // Where it lies does not count either: on another machine it is the same.
        var copy = Directory.CreateTempSubdirectory("incus-compose-test-");
        try
        {
            foreach (var file in new[] { "Dockerfile", ".dockerignore", "src/main.c" })
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(copy.FullName, file))!);
                File.Copy(Path.Combine(_folder.FullName, file), Path.Combine(copy.FullName, file));
            }

            Assert.Equal(before, DigestOf(new BuildDefinition { Context = copy.FullName }));
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
        var before = DigestOf(Build);
        Write("src/other.c", "a");
        Assert.Equal(before, DigestOf(Build));
        Write("src/main.c", "a");
        Assert.NotEqual(before, DigestOf(Build));
    }

    [Fact]
    public void What_is_not_there_is_named()
    {
        Assert.Contains("there is no file", Assert.Throws<IOException>(() => DigestOf(Build with { Dockerfile = "other" })).Message, StringComparison.Ordinal);
        Assert.Contains("there is no folder /nowhere", Assert.Throws<IOException>(() => DigestOf(new BuildDefinition { Context = "/nowhere" })).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder.FullName, "Dockerfile"));
        Assert.Contains("has no Dockerfile", Assert.Throws<IOException>(() => DigestOf(Build)).Message, StringComparison.Ordinal);
        Write("Containerfile", "FROM scratch");
        Assert.NotEqual("", DigestOf(Build));
        // What the builder fetches, only it can look at.
        Assert.NotEqual("", DigestOf(new BuildDefinition { Context = "https://git.example/app.git#main" }));
    }

    [Fact]
    public void What_the_stack_itself_is_or_writes_to_is_no_source_as_long_as_no_instruction_names_it()
    {
        Write(".env", "A=1");
        Write("web.env", "B=1");
        Write("token.txt", "t");
        Write("data/pg/base", "1");
        Write("data/init.sql", "1");
        Write("read/only", "1");
        var folder = _folder.FullName;
        Write("compose.yaml", """
            services:
              web: {build: ., env_file: web.env, volumes: ["./read:/read:ro", "./data:/var/lib/data", ".:/app"], secrets: [token]}
            secrets: {token: {file: ./token.txt}}

            """);
        var stack = StackText.Loader.Load(["compose.yaml"], new LoadOptions { WorkingDirectory = folder, Variables = new Dictionary<string, string>() }).Definition!;
        var own = OwnPaths.Of(stack);
        string Digest(string instructions)
        {
            Write("Dockerfile", instructions);
            return BuildInputs.DigestOf(Build, own);
        }

        var all = Digest("FROM scratch\nCOPY . /app\nCOPY * /app/\nRUN --mount=type=bind,target=/x true");
        var some = Digest("FROM scratch\nCOPY [\"data/init.sql\", \"/\"]\nADD --chown=1 ./.[e]nv ${X}rc /app/\nRUN --mount=type=bind,source=token.txt,target=/x true");
        Write("data/pg/base", "2");
        Assert.Equal(all, Digest("FROM scratch\nCOPY . /app\nCOPY * /app/\nRUN --mount=type=bind,target=/x true"));
        foreach (var (path, counts) in new[] { ("compose.yaml", false), ("web.env", false), ("data/pg/base", false), ("data/init.sql", true), (".env", true), ("token.txt", true), ("read/only", true), ("src/main.c", true) })
        {
            Write(path, "3");
            var again = Digest("FROM scratch\nCOPY [\"data/init.sql\", \"/\"]\nADD --chown=1 ./.[e]nv ${X}rc /app/\nRUN --mount=type=bind,source=token.txt,target=/x true");
            Assert.True(counts == (again != some), path);
            some = again;
        }

        // What a whole folder of the stack's own is named by counts with all that is in it; another stage's is another matter.
        var named = Digest("FROM scratch\nCOPY data /data");
        var other = Digest("FROM scratch\nCOPY --from=base data /data");
        Write("data/pg/base", "4");
        Assert.NotEqual(named, Digest("FROM scratch\nCOPY data /data"));
        Assert.Equal(other, Digest("FROM scratch\nCOPY --from=base data /data"));
    }

    [Fact]
    public void A_file_of_any_size_is_read_in_bounded_memory()
    {
        using (var large = File.Create(Path.Combine(_folder.FullName, "large")))
            large.SetLength((1L << 30) + 1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var digest = DigestOf(Build);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 << 20);
        Assert.NotEqual("", digest);
    }

    private static string DigestOf(BuildDefinition build) => BuildInputs.DigestOf(build, OwnPaths.None);

    private void Write(string path, string text)
    {
        var file = Path.Combine(_folder.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
