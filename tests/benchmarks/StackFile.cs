namespace IncusCompose.Benchmarks;

/// <summary>A stack file for the time of a benchmark.</summary>
internal sealed class StackFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("incus-compose-bench-");

    private StackFile(string text)
    {
        Path = System.IO.Path.Combine(_folder.FullName, "stack.yaml");
        File.WriteAllText(Path, text);
    }

    public string Path { get; }

    public static StackFile Of(string name, IEnumerable<string> instances, string image) =>
        new($"name: {name}\ninstances:\n{string.Concat(instances.Select(instance => $"  {instance}: {{ image: {image} }}\n"))}");

    public void Dispose() => _folder.Delete(recursive: true);
}
