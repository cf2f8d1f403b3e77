using IncusCompose.Diagnostics;
using IncusCompose.Loading.Dialects;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Composition;

/// <summary>
/// Gives instances what the instances say that they extend, of the same file or of another one, by the rules of merging.
/// Of another file only the instance is taken, with that file's <c>defaults</c>; its relative paths start from that file's folder.
/// Source: https://docs.docker.com/reference/compose-file/services/#extends
/// </summary>
/// <param name="composer">Reads and merges.</param>
/// <param name="origin">What the file's values go by.</param>
/// <param name="file">The file.</param>
/// <param name="root">Its document, with what it includes.</param>
/// <param name="below">The files that it is laid over, whose instances can be extended too; null: none.</param>
internal sealed class Extension(Composer composer, DocumentOrigin origin, StackFile file, MappingNode root, MappingNode? below)
{
    public const string Key = "extends";

    /// <summary>With so many to compare, a hint is not worth the time.</summary>
    private const int MostSuggestions = 200;

    private readonly Dictionary<string, Library?> _libraries = new(StringComparer.Ordinal);
    private readonly Dictionary<(Library, string), DocumentNode> _resolved = [];

    /// <summary>A file whose instances can be extended.</summary>
    private sealed class Library(StackFile file, DocumentOrigin origin, MappingNode? instances, MappingNode? below, MappingNode? defaults)
    {
        private readonly Dictionary<string, MappingEntry> _instances =
            (below?.Entries ?? []).Concat(instances?.Entries ?? []).GroupBy(entry => entry.Key.Value).ToDictionary(named => named.Key, named => named.Last(), StringComparer.Ordinal);

        public StackFile File { get; } = file;

        public DocumentOrigin Origin { get; } = origin;

        public MappingNode? Defaults { get; } = defaults;

        public IEnumerable<string> Names => _instances.Keys;

        public MappingEntry? Find(string name) => _instances.GetValueOrDefault(name);
    }

    /// <summary>An instance on the way to what it extends.</summary>
    private sealed record Step(Library Library, string Name, DocumentNode Value, SourceLocation Place);

    /// <summary>The document, whose instances extend nothing any more.</summary>
    public MappingNode Apply()
    {
        if (root.Find("instances") is not MappingNode instances || !instances.Entries.Any(entry => Says(entry.Value)))
            return root;
        var library = new Library(file, origin, instances, below?.Find("instances") as MappingNode, defaults: null);
        _libraries[file.Path] = library;
        var whole = instances with
        {
            Entries = [.. instances.Entries.Select(entry => Says(entry.Value) ? entry with { Value = Resolve(library, entry) } : entry)],
        };
        return root with { Entries = [.. root.Entries.Select(entry => entry.Key.Value == "instances" ? entry with { Value = whole } : entry)] };
    }

    private static bool Says(DocumentNode instance) => instance is MappingNode mapping && mapping.Find(Key) is not null;

    /// <summary>Follows what is extended to its end, and merges on the way back: without recursion, since a chain may be as long as the file.</summary>
    private DocumentNode Resolve(Library library, MappingEntry instance)
    {
        var chain = new List<Step>();
        var seen = new HashSet<(Library, string)>();
        DocumentNode? result = null;
        for (var (at, entry) = (library, instance); ;)
        {
            var name = entry.Key.Value;
            if (_resolved.TryGetValue((at, name), out result))
            {
                // Another file's defaults lie under what is taken from it.
                chain.Add(new Step(at, name, result, entry.Key.Location));
                result = null;
                break;
            }

            if (!seen.Add((at, name)))
            {
                var circle = chain.SkipWhile(step => step.Library != at || step.Name != name).Append(new Step(at, name, entry.Value, entry.Key.Location));
                var last = chain[^1];
                composer.Report(Diagnostic.Error("ExtendsCycle", (last.Value as MappingNode)?.Find(Key)?.Location ?? last.Place, $"instances.{last.Name}.{Key}",
                    $"the instances extend one another in a circle: {string.Join(" -> ", circle.Select(step => $"{step.Name} ({step.Place})"))}", "remove one of the `extends`"));
                break;
            }

            chain.Add(new Step(at, name, entry.Value, entry.Key.Location));
            if (Target(at, name, entry.Value) is not var (nextLibrary, nextEntry))
                break;
            (at, entry) = (nextLibrary, nextEntry);
        }

        for (var i = chain.Count - 1; i >= 0; i--)
        {
            var (at, name, value, _) = chain[i];
            var own = Without(value);
            result = result is null || own is not MappingNode ? own : ComposeWhole.CalledAs(name, own, composer.Merger.MergeInstance(result, own, name));
            _resolved[(at, name)] = result;
            if (i > 0 && chain[i - 1].Library != at && at.Defaults is { } defaults)
                result = DefaultValues.Under(result, name, defaults, composer);
        }

        return result!;
    }

    /// <summary>What an instance extends; null where it extends nothing, or nothing that is there.</summary>
    private (Library, MappingEntry)? Target(Library at, string name, DocumentNode instance)
    {
        if (instance is not MappingNode mapping || mapping.Find(Key) is not { } extends || extends is ScalarNode { IsNull: true } || extends.IsReset())
            return null;
        var site = Site.Root.At("instances").At(name).At(Key);
        if (!composer.TryBind(CompositionShapes.Extends, extends, site, extends.Origin ?? at.Origin, out var target))
            return null;
        var wanted = target.Instance.Length > 0 ? target.Instance : name;
        if (target.File is null && target.Instance.Length == 0)
        {
            composer.Report(Diagnostic.Error("MissingKey", extends.Location, site.Path, "neither an instance nor a file is named", "write `extends: NAME`, or `extends: {file: FILE, instance: NAME}`"));
            return null;
        }

        if ((target.File is null ? at : Open(target.File, extends, at)) is not { } library)
            return null;
        if (library.Find(wanted) is { } entry)
            return (library, entry);
        composer.Report(Diagnostic.Error("UnknownExtends", extends.Location, site.Path, $"there is no instance {Excerpts.Quote(wanted)} in {library.File.Shown}",
            Suggestions.DidYouMean(wanted, library.Names.Where(other => other != name || library != at).Take(MostSuggestions), "name one that is there")));
        return null;
    }

    private Library? Open(string path, DocumentNode extends, Library at)
    {
        var folder = (extends.Origin ?? at.Origin).Folder;
        var other = composer.Reader.Named(path, folder, at.File);
        if (_libraries.TryGetValue(other.Path, out var library))
            return library;
        if (composer.Reader.Read(other, extends.Location) is { } document)
        {
            var inside = new DocumentOrigin(Path.GetDirectoryName(other.Path)!, origin.Variables);
            InputDialect? dialect = null;
            document = composer.Interpolate(document, inside, isMain: false, ref dialect);
            library = new Library(other, inside, document.Find("instances") as MappingNode, below: null, document.Find(DefaultValues.Key) as MappingNode);
        }

        _libraries[other.Path] = library;
        return library;
    }

    private static DocumentNode Without(DocumentNode instance) => instance is MappingNode mapping && mapping.Find(Key) is not null
        ? mapping with { Entries = [.. mapping.Entries.Where(entry => entry.Key.Value != Key)] }
        : instance;
}
