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

    /// <summary>
    /// Adds a remote to a file, which is made where there is none with the remotes that Incus's client begins with.
    /// Everything else in it stays, but for comments, which Incus's own client drops as well.
    /// </summary>
    /// <exception cref="IncusException">The file cannot be read or written, or is not what Incus's client writes.</exception>
    public static void Add(string path, IDocumentFormat format, IncusRemote remote)
    {
        var known = Read(path, format);
        MappingNode root;
        if (known is null)
        {
            root = Map(("default-remote", Scalar(ClientConfiguration.LocalRemote)), ("remotes", Map(
                [.. ClientConfiguration.Default().Remotes.Values.Select(begin => (begin.Name, (DocumentNode)Node(begin)))])));
        }
        else
        {
            using var stream = File.OpenRead(path);
            root = (MappingNode?)format.Read(path, stream, DocumentLimits.Default).Root ?? Map();
        }

        var remotes = root.Find("remotes") as MappingNode ?? Map();
        root = With(root, "remotes", With(remotes, remote.Name, Node(remote)));
        var whole = path + ".new";
        try
        {
            using (var writer = new StreamWriter(whole))
                format.Write(root, writer);
            File.Move(whole, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IncusException($"The remotes file {path} can not be written: {error.Message}", "Make its folder writable, or set INCUS_CONF to another one", error);
        }
    }

    private static MappingNode Node(IncusRemote remote)
    {
        var entries = new List<(string, DocumentNode)>
        {
            ("addr", Scalar(string.Join(',', remote.Addresses))),
            ("protocol", Scalar(remote.Protocol)),
            ("public", Scalar(remote.Public ? "true" : "false")),
        };
        if (remote.AuthType is not null)
            entries.Add(("auth_type", Scalar(remote.AuthType)));
        if (remote.Project is not null)
            entries.Add(("project", Scalar(remote.Project)));
        return Map([.. entries]);
    }

    private static MappingNode With(MappingNode mapping, string key, DocumentNode value) =>
        mapping with
        {
            Entries = [.. mapping.Entries.Where(entry => entry.Key.Value != key), new MappingEntry(Scalar(key), value)],
        };

    private static MappingNode Map(params (string Key, DocumentNode Value)[] entries) =>
        new(SourceLocation.None, [.. entries.Select(entry => new MappingEntry(Scalar(entry.Key), entry.Value))]);

    private static ScalarNode Scalar(string value) => new(SourceLocation.None, value);

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
