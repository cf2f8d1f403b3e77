using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Resources;

namespace IncusCompose.Exporting;

/// <summary>What a kind is told when it writes a live resource as a definition.</summary>
/// <param name="Server">What is live.</param>
/// <param name="Project">The project that is looked at.</param>
/// <param name="Remotes">The user's remotes, for image references.</param>
internal sealed record ExportContext(ServerObservation Server, string Project, ClientConfiguration Remotes)
{
    private readonly List<Diagnostic> _notes = [];

    /// <summary>What is in the file and is to be the stack's own.</summary>
    public required IReadOnlySet<ResourceId> Owned { get; init; }

    /// <summary>How a file is written and read.</summary>
    public required IDocumentFormat Format { get; init; }

    /// <summary>The members of the cluster; null where the server is in none.</summary>
    public IReadOnlyList<string>? Members { get; init; }

    /// <summary>What lies where stacks have written to, by the instances' names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<FoundFile>> Files { get; init; } = new Dictionary<string, IReadOnlyList<FoundFile>>();

    /// <summary>What the one file of an image that came from no server ends in, null where it is two files, by the images; see <see cref="ImageExport"/>.</summary>
    public IReadOnlyDictionary<ResourceId, string?> ImageForms { get; init; } = new Dictionary<ResourceId, string?>();

    /// <summary>The values of what is known to be a secret.</summary>
    public HiddenValues Secrets { get; init; } = HiddenValues.None;

    /// <summary>Commands that print the contents of files, by the contents.</summary>
    public Dictionary<string, string> Pulls { get; } = new(StringComparer.Ordinal);

    /// <summary>Variables that secrets of the stack come from.</summary>
    public List<SecretVariable> Variables { get; } = [];

    /// <summary>What whoever uses the file should know.</summary>
    public IReadOnlyList<Diagnostic> Notes => _notes;

    /// <summary>True for what the stack uses and does not own.</summary>
    public bool IsExternal(LiveResource live) => !Owned.Contains(live.Id);

    /// <summary>Tells whoever uses the file something.</summary>
    public void Note(string id, string path, string message, string advice = "") => _notes.Add(Diagnostic.Warning(id, SourceLocation.None, path, message, advice));

    /// <summary>
    /// The configuration of a resource that is worth a line: what was applied to it, and of the rest what is neither the
    /// server's own filling nor its default.
    /// </summary>
    /// <param name="kind">The resource's kind.</param>
    /// <param name="live">The resource.</param>
    /// <param name="isFilled">Of what no stack made: whether a value is what the server fills in.</param>
    public static IReadOnlyDictionary<string, string> ConfigOf(ResourceKind kind, LiveResource live, Func<string, string, bool> isFilled)
    {
        var config = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, value) in live.Properties)
        {
            if (!PropertyPath.IsConfig(path, out var key))
                continue;
            if (live.Mark?.Applied is { } applied && applied.Contains(path))
                // The file's word (auto, a device's path) where the server has its own way to say it.
                config[key] = applied.Plain(path) is { } said && (said == "auto" || kind.IsRewritten(path)) ? said : value;
            // What a stack did not say, the server did.
            else if (live.Mark is not null ? !kind.IsServerFilled(path, live) : !isFilled(key, value))
                config[key] = value;
        }

        return config.AsReadOnly();
    }

    /// <summary>A map with one more entry.</summary>
    public static IReadOnlyDictionary<string, T> With<T>(IReadOnlyDictionary<string, T> map, string key, T value) =>
        new Dictionary<string, T>(map, StringComparer.Ordinal) { [key] = value };

    /// <summary>The configuration of a resource of which the server fills nothing in by itself.</summary>
    public static IReadOnlyDictionary<string, string> ConfigOf(ResourceKind kind, LiveResource live) => ConfigOf(kind, live, (_, _) => false);

    /// <summary>What members of a cluster have of their own, as a definition says it: beside the rest where it is the same for all, else by the members' names.</summary>
    /// <param name="config">The configuration that is the same everywhere.</param>
    /// <param name="members">What each member has; empty where there are none.</param>
    public static (IReadOnlyDictionary<string, string> Config, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Members) Fold(
        IReadOnlyDictionary<string, string> config, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> members)
    {
        if (members.Count == 0 || members.Values.All(member => member.Count == 0))
            return (config, System.Collections.ObjectModel.ReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>.Empty);
        var first = members.Values.First();
        return members.Values.All(member => member.Count == first.Count && !member.Except(first).Any())
            ? (config.Overlaid(first), System.Collections.ObjectModel.ReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>.Empty)
            : (config, new SortedDictionary<string, IReadOnlyDictionary<string, string>>(members.ToDictionary(), StringComparer.Ordinal).AsReadOnly());
    }

    /// <summary>What the server says of a field; null where it has nothing to say, which is empty to it.</summary>
    public static string? Word(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>Free text, or nothing.</summary>
    public static string? Text(LiveResource live) => live.Properties[PropertyPath.Description];
}
