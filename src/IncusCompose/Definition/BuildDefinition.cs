namespace IncusCompose.Definition;

/// <summary>
/// How an image is built from sources on this machine, by <c>buildah</c>, <c>podman</c> or <c>docker</c>. Source: compose-spec
/// build.md.
/// </summary>
public sealed record BuildDefinition
{
    /// <summary>The folder that it is built from, an absolute path; or an address that the builder fetches it from.</summary>
    public required string Context { get; init; }

    /// <summary>The file with the instructions, from the context on or absolute; null: the builder's default.</summary>
    public string? Dockerfile { get; init; }

    /// <summary>The instructions themselves, in place of a file.</summary>
    public string? DockerfileInline { get; init; }

    /// <summary>Values for the instructions' <c>ARG</c>.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = Maps.Empty;

    /// <summary>The stage that is wanted; null: the last one.</summary>
    public string? Target { get; init; }

    /// <summary>Labels of the image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Maps.Empty;

    /// <summary>What it is built for, such as <c>linux/arm64</c>; null: what the server runs.</summary>
    public string? Platform { get; init; }

    /// <summary>True where nothing of an earlier build is used.</summary>
    public bool NoCache { get; init; }

    /// <summary>True where the images that it begins with are fetched anew.</summary>
    public bool Pull { get; init; }

    /// <summary>The builder's network for its steps; null: its default.</summary>
    public string? Network { get; init; }

    /// <summary>The size of <c>/dev/shm</c> for its steps, as the builder reads it; null: its default.</summary>
    public string? ShmSize { get; init; }

    /// <summary>Names that its steps know, each as <c>NAME:ADDRESS</c>.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    /// <summary>More contexts by name: absolute paths, or addresses that the builder knows.</summary>
    public IReadOnlyDictionary<string, string> AdditionalContexts { get; init; } = Maps.Empty;

    /// <summary>Secrets of the stack that its steps can mount.</summary>
    public IReadOnlyList<BuildSecret> Secrets { get; init; } = [];

    /// <summary>Agents and keys for SSH that its steps can use, as the builder reads them.</summary>
    public IReadOnlyList<string> Ssh { get; init; } = [];

    /// <summary>True where the context is a folder of this machine.</summary>
    internal bool IsLocal => IsPath(Context);

    /// <summary>True for a path; what the builder fetches names how.</summary>
    internal static bool IsPath(string context) =>
        !context.Contains("://", StringComparison.Ordinal) && !context.StartsWith("git@", StringComparison.Ordinal) && !context.StartsWith("github.com/", StringComparison.Ordinal);

    /// <summary>All of it but the places of folders on this machine, in words that are the same for the same build.</summary>
    internal IReadOnlyList<string> Words =>
    [
        IsLocal ? "" : Context, Dockerfile ?? "", DockerfileInline ?? "", Target ?? "", Platform ?? "", NoCache ? "no_cache" : "", Network ?? "", ShmSize ?? "",
        .. Pairs("args", Arguments), .. Pairs("labels", Labels), .. Pairs("contexts", AdditionalContexts.ToDictionary(pair => pair.Key, pair => IsPath(pair.Value) ? "" : pair.Value)),
        "hosts", .. ExtraHosts, "secrets", .. Secrets.Select(secret => $"{secret.Source}={secret.Target}"), "ssh", .. Ssh,
    ];

    /// <summary>True where both build the same.</summary>
    internal bool IsSameAs(BuildDefinition other) =>
        Context == other.Context && Pull == other.Pull && Words.SequenceEqual(other.Words)
        && AdditionalContexts.OrderBy(pair => pair.Key, StringComparer.Ordinal).SequenceEqual(other.AdditionalContexts.OrderBy(pair => pair.Key, StringComparer.Ordinal));

    private static IEnumerable<string> Pairs(string name, IReadOnlyDictionary<string, string> values) =>
        values.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}").Prepend(name);
}

/// <summary>A secret of the stack that the steps of a build can mount.</summary>
/// <param name="Source">Its key in the file's <c>secrets</c>.</param>
/// <param name="Target">What the steps call it.</param>
public sealed record BuildSecret(string Source, string Target);
