using IncusCompose.Definition;
using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading.Composition;

/// <summary>A folder with stack files, removed with everything in it.</summary>
internal sealed class StackFolder : IDisposable
{
    private readonly TemporaryFolder _folder;

    public StackFolder(params (string Name, string Text)[] files) : this(false, files)
    {
    }

    public StackFolder(bool inMemory, params (string Name, string Text)[] files)
    {
        _folder = new TemporaryFolder(inMemory);
        foreach (var (name, text) in files)
            Write(name, text);
    }

    public string Path => _folder.Path;

    public StackFolder Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return this;
    }

    public LoadResult Load(LoadOptions? options = null, params string[] files) => StackText.Loader.Load(files.Length == 0 ? ["stack.yaml"] : files, (options ?? new LoadOptions()) with
    {
        WorkingDirectory = Path,
        Variables = options?.Variables ?? new Dictionary<string, string> { ["HOME"] = "/home/ann" },
    });

    /// <summary>The stack of files without errors and warnings.</summary>
    public StackDefinition Require(LoadOptions? options = null, params string[] files)
    {
        var result = Load(options, files);
        Assert.Empty(result.Diagnostics.Select(d => d.ToString()));
        return result.Definition!;
    }

    public string[] Problems(LoadOptions? options = null, params string[] files) => [.. Load(options, files).Diagnostics.Select(d => d.ToString())];

    public void Dispose() => _folder.Dispose();
}
