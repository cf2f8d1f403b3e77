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
        Of($"name: {name}\ninstances:\n{string.Concat(instances.Select(instance => $"  {instance}: {{ image: {image} }}\n"))}");

    public static StackFile Of(string text) => new(text);

    /// <summary>The same, on a btrfs pool of the stack's own.</summary>
    public static StackFile On(string pool, string name, IEnumerable<string> instances, string image) => new(
        $"name: {name}\nstorage_pools: {{ {pool}: {{ driver: btrfs, config: {{ size: 2GiB }} }} }}\ninstances:\n"
        + string.Concat(instances.Select(instance => $"  {instance}: {{ image: {image}, disk: {{ pool: {pool} }} }}\n")));

    public void Dispose() => _folder.Delete(recursive: true);
}
