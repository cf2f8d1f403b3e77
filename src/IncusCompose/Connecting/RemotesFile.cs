using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Connecting;

/// <summary>What is used of a <c>config.yml</c> of Incus's client. What else stands in it (aliases, defaults) is passed over.</summary>
/// <param name="DefaultRemote"><c>default-remote</c>; null where the file names none.</param>
/// <param name="Remotes"><c>remotes</c>.</param>
internal sealed record RemotesFile(string? DefaultRemote, IReadOnlyList<IncusRemote> Remotes)
{
    /// <summary>Reads a file; null where there is none.</summary>
    /// <exception cref="IncusException">The file cannot be read or is not what Incus's client writes.</exception>
    public static RemotesFile? Read(string path, IDocumentFormat format)
    {
        if (!File.Exists(path))
            return null;
        DocumentReadResult read;
        try
        {
            using var stream = File.OpenRead(path);
            read = format.Read(path, stream, DocumentLimits.Default);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IncusException($"The remotes file {path} can not be read: {error.Message}", "Make it readable, or set INCUS_CONF to another folder", error);
        }

        if (read.Diagnostics.FirstOrDefault(d => d.Severity == DiagnosticSeverity.Error) is { } problem)
            throw Broken(problem.ToString());
        if (read.Root is null)
            return new RemotesFile(null, []);
        var root = Mapping(read.Root, "the file");
        return new RemotesFile(
            root.Find("default-remote") is { } name ? Text(name, "default-remote") : null,
            root.Find("remotes") is { } remotes and not ScalarNode { IsNull: true }
                ? [.. Mapping(remotes, "remotes").Entries.Select(entry => ReadRemote(entry.Key.Value, entry.Value))]
                : []);
    }

    private static IncusRemote ReadRemote(string name, DocumentNode node)
    {
        var path = $"remotes.{name}";
        var remote = Mapping(node, path);
        var addresses = Value("addr")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        // Only the built-in local remote may leave its address out: it is filled in whatever stands here.
        if (addresses.Length == 0 && name != ClientConfiguration.LocalRemote)
            throw Broken($"{node.Location}: {path}: the remote has no address");
        return new IncusRemote
        {
            Name = name,
            Addresses = addresses,
            Protocol = Value("protocol") is { Length: > 0 } protocol ? protocol : "incus",
            AuthType = Value("auth_type"),
            Public = Value("public") is "true",
            Project = Value("project") is { Length: > 0 } project ? project : null,
            LastWorkingAddress = Value("last_working_address"),
        };

        string? Value(string key) => remote.Find(key) is { } value ? Text(value, $"{path}.{key}") : null;
    }

    private static MappingNode Mapping(DocumentNode node, string path) =>
        node as MappingNode ?? throw Broken($"{node.Location}: {path}: a mapping is wanted here");

    private static string? Text(DocumentNode node, string path) => node switch
    {
        ScalarNode { IsNull: true } => null,
        ScalarNode scalar => scalar.Value,
        _ => throw Broken($"{node.Location}: {path}: text is wanted here"),
    };

    private static IncusException Broken(string problem) =>
        new($"The remotes file is broken: {problem}", "Mend it, or set INCUS_CONF to another folder");
}
