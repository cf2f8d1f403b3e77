using System.Runtime.CompilerServices;
using IncusCompose.Definition;
using IncusCompose.Loading;
using IncusCompose.Yaml;

namespace IncusCompose.Tests.Loading;

/// <summary>Loads stack files from text, each in a folder of its own called <c>shop</c>.</summary>
internal static class StackText
{
    public static StackLoader Loader { get; } = new(new YamlDocumentFormat());

    public static LoadResult Load(string yaml, IReadOnlyDictionary<string, string>? variables = null, string? environmentFile = null, LoadOptions? options = null)
    {
        using var folder = new TemporaryFolder();
        var shop = Directory.CreateDirectory(Path.Combine(folder.Path, "shop")).FullName;
        File.WriteAllText(Path.Combine(shop, "stack.yaml"), yaml);
        if (environmentFile is not null)
            File.WriteAllText(Path.Combine(shop, ".env"), environmentFile);
        return Loader.Load(["stack.yaml"], (options ?? new LoadOptions()) with
        {
            WorkingDirectory = shop,
            Variables = variables ?? new Dictionary<string, string> { ["HOME"] = "/home/ann" },
        });
    }

    /// <summary>The definition of a file without errors and warnings.</summary>
    public static StackDefinition Require(string yaml, IReadOnlyDictionary<string, string>? variables = null, string? environmentFile = null, LoadOptions? options = null)
    {
        var result = Load(yaml, variables, environmentFile, options);
        Assert.Empty(result.Diagnostics.Select(d => d.ToString()));
        // An editor must not complain of what is good.
        Assert.Empty(EditorSchema.Problems(EditorSchema.Parse(yaml)!));
        return result.Definition!;
    }

    /// <summary>The one instance, <c>web</c>, of a file that holds these lines under it.</summary>
    public static InstanceDefinition Web(string lines, string rest = "")
    {
        var yaml = "instances:\n  web:\n" + Indent(lines, 4) + "\n" + rest;
        return Require(yaml).Instances["web"];
    }

    /// <summary>The problems of a file, as a person sees them.</summary>
    public static string[] Problems(string yaml, IReadOnlyDictionary<string, string>? variables = null, string? environmentFile = null) =>
        [.. Load(yaml, variables, environmentFile).Diagnostics.Select(d => d.ToString())];

    /// <summary>The problems of the one instance, <c>web</c>, with these lines under it.</summary>
    public static string[] WebProblems(string lines, string rest = "") =>
        Problems("instances:\n  web:\n" + Indent(lines, 4) + "\n" + rest);

    private static string Indent(string lines, int count) =>
        string.Join('\n', lines.Split('\n').Select(line => new string(' ', count) + line));

    public static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}

/// <summary>A folder that is removed with everything in it.</summary>
/// <param name="inMemory">Whether it lies in memory where the machine has a place for that: for files that are written over and over.</param>
internal sealed class TemporaryFolder(bool inMemory = false) : IDisposable
{
    private const string Memory = "/dev/shm";

    public string Path { get; } = inMemory && Directory.Exists(Memory)
        ? Directory.CreateDirectory(System.IO.Path.Combine(Memory, $"incus-compose-test-{Guid.NewGuid():N}")).FullName
        : Directory.CreateTempSubdirectory("incus-compose-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
