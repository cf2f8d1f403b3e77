using IncusCompose.Diagnostics;
using IncusCompose.Loading.Dialects;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Composition;

/// <summary>
/// Brings in the files that a document includes. Each is a stack file of its own: its relative paths start from its own
/// folder, its <c>.env</c> and its <c>defaults</c> are its own, and what it makes must not be in the including file too.
/// Source: https://docs.docker.com/reference/compose-file/include/
/// </summary>
internal static class Inclusion
{
    private const string Key = "include";

    /// <summary>What a file says of itself, and not for the stack that includes it.</summary>
    private static readonly string[] s_ownKeys = ["name", "description", DefaultValues.Key, Key];

    /// <summary>What must be the same for a whole stack.</summary>
    private static readonly string[] s_sharedKeys = ["remote", "project"];

    /// <summary>The document with what it includes; null where some of that cannot be read.</summary>
    /// <param name="document">The document, its variables replaced.</param>
    /// <param name="origin">What its values go by.</param>
    /// <param name="open">The documents that are being included, this one last.</param>
    /// <param name="composer">Reads and merges.</param>
    public static MappingNode? Apply(OpenDocument document, DocumentOrigin origin, IReadOnlyList<OpenDocument> open, Composer composer)
    {
        var root = document.Root;
        if (root.Find(Key) is not { } include || include.IsReset())
            return root;
        root = root with { Entries = [.. root.Entries.Where(entry => entry.Key.Value != Key)] };
        if (include is ScalarNode { IsNull: true })
            return root;
        if (!composer.TryBind(CompositionShapes.Include, include, Site.Root.At(Key), origin, out var entries))
            return null;
        var imported = new Import(root, composer);
        var isWhole = true;
        foreach (var entry in entries.Where(entry => entry.Paths.Count > 0))
        {
            if (Read(entry, document.File, origin, open, composer) is { } included)
                imported.Add(included, entry.Paths[0].Place);
            else
                isWhole = false;
        }

        return isWhole ? imported.Root : null;
    }

    private static MappingNode? Read(IncludeEntry entry, StackFile by, DocumentOrigin origin, IReadOnlyList<OpenDocument> open, Composer composer)
    {
        var documents = new List<OpenDocument>(entry.Paths.Count);
        foreach (var (path, place) in entry.Paths)
        {
            if (IsRemote(path))
            {
                composer.Report(Diagnostic.Error("RemoteInclude", place, Key, $"{Excerpts.Quote(path)} is not on this machine", "fetch it first, and include the file"));
                return null;
            }

            var file = composer.Reader.Named(path, origin.Folder, by);
            if (open.FirstOrDefault(other => other.File.Path == file.Path) is { } loop)
            {
                var circle = open.SkipWhile(other => other != loop).Select(other => other.File.Shown).Append(file.Shown);
                composer.Report(Diagnostic.Error("IncludeCycle", place, Key,
                    $"the files include one another in a circle: {string.Join(" -> ", circle)}{(open.SkipWhile(other => other != loop).Skip(1).FirstOrDefault()?.NamedAt is { } begin ? $", which {begin} begins" : "")}",
                    "remove one of the includes"));
                return null;
            }

            if (composer.Reader.Read(file, place) is not { } root)
                return null;
            documents.Add(new OpenDocument(file, root, place));
        }

        var folder = entry.ProjectDirectory is { } directory ? Path.GetFullPath(directory, origin.Folder) : Path.GetDirectoryName(documents[0].File.Path)!;
        var inside = new DocumentOrigin(folder, ScopeOf(entry, folder, by, origin, composer));
        if (composer.Layer(documents, inside, isMain: false, open) is not { } whole)
            return null;
        // From here on it is part of another stack, whose tags are not for it.
        return composer.Resolve(DefaultValues.Apply(whole, composer));
    }

    private static Interpolation.VariableScope ScopeOf(IncludeEntry entry, string folder, StackFile by, DocumentOrigin origin, Composer composer)
    {
        var scope = origin.Variables.Within();
        if (entry.EnvironmentFiles is { } named)
        {
            foreach (var (path, place) in named)
            {
                var full = Path.GetFullPath(path, origin.Folder);
                scope.Fill(composer.ReadVariables(full, composer.Reader.ShownAs(full, by), scope, place).Values);
            }
        }
        else if (Path.Combine(folder, EnvironmentFiles.DefaultName) is var beside && folder != origin.Folder && File.Exists(beside))
        {
            scope.Fill(composer.ReadVariables(beside, composer.Reader.ShownAs(beside, by), scope, place: null).Values);
        }

        return scope;
    }

    private static bool IsRemote(string path) =>
        path.Contains("://", StringComparison.Ordinal) || path.StartsWith("oci:", StringComparison.Ordinal) || path.StartsWith("git@", StringComparison.Ordinal);

    /// <summary>Takes over what included files make.</summary>
    private sealed class Import(MappingNode root, Composer composer)
    {
        private readonly List<MappingEntry> _entries = [.. root.Entries];

        public MappingNode Root => root with { Entries = _entries };

        public void Add(MappingNode included, SourceLocation includedAt)
        {
            foreach (var entry in included.Entries)
            {
                var key = entry.Key.Value;
                if (key.StartsWith("x-", StringComparison.Ordinal) || s_ownKeys.Contains(key))
                    continue;
                var position = _entries.FindIndex(other => other.Key.Value == key);
                if (s_sharedKeys.Contains(key))
                    CompareShared(entry, position < 0 ? null : _entries[position], includedAt);
                else if (position < 0)
                    _entries.Add(entry);
                else
                    _entries[position] = _entries[position] with { Value = Join(key, _entries[position].Value, entry.Value, includedAt) };
            }
        }

        private DocumentNode Join(string key, DocumentNode here, DocumentNode there, SourceLocation includedAt)
        {
            if (there is ScalarNode { IsNull: true })
                return here;
            if (here is not MappingNode mine)
                return here is ScalarNode { IsNull: true } ? there : here;
            // What is wrong with it is said once it is bound.
            if (there is not MappingNode theirs)
                return there;
            var places = mine.Entries.ToDictionary(entry => entry.Key.Value, entry => entry, StringComparer.Ordinal);
            var entries = new List<MappingEntry>(mine.Entries);
            foreach (var entry in theirs.Entries)
            {
                if (!places.TryGetValue(entry.Key.Value, out var known))
                {
                    entries.Add(entry);
                }
                else if (!IsSame(known.Value, entry.Value, isAnywhere: !SaysFiles(key, entry.Value)))
                {
                    composer.Report(Diagnostic.Error("IncludeConflict", known.Key.Location, $"{key}.{entry.Key.Value}",
                        $"the file that is included at {includedAt} has it too, at {entry.Key.Location}",
                        "give one of the two another name, or change the included one by a second file: `include: [{path: [FILE, CHANGES]}]`"));
                }
            }

            return mine with { Entries = entries };
        }

        private void CompareShared(MappingEntry there, MappingEntry? here, SourceLocation includedAt)
        {
            if (here is null || !IsSame(here.Value, there.Value))
            {
                composer.Report(Diagnostic.Warning("IncludedWord", there.Key.Location, there.Key.Value,
                    $"an included file does not say where the stack goes: this does not count, since the file is included at {includedAt}",
                    $"write `{there.Key.Value}` in the main file, or remove it here"));
            }
        }

        /// <summary>True for what was included twice, or says the same, in whatever order.</summary>
        /// <param name="one">What one file says.</param>
        /// <param name="other">What the other says.</param>
        /// <param name="isAnywhere">True where it means the same whichever folder its file is in.</param>
        private static bool IsSame(DocumentNode one, DocumentNode other, bool isAnywhere = false) => (one, other) switch
        {
            (ScalarNode a, ScalarNode b) => a.Value == b.Value && a.IsNull == b.IsNull,
            (SequenceNode a, SequenceNode b) => a.Items.Count == b.Items.Count && a.Items.Zip(b.Items).All(pair => IsSame(pair.First, pair.Second, isAnywhere)),
            (MappingNode a, MappingNode b) => ReferenceEquals(a, b)
                || ((isAnywhere || a.Origin?.Folder == b.Origin?.Folder) && a.Entries.Count == b.Entries.Count
                    && a.Entries.Index().All(entry => EntryOf(b, entry.Item.Key.Value, entry.Index) is { } same && IsSame(entry.Item.Value, same, isAnywhere))),
            // A name alone says as much as one with nothing in it.
            (ScalarNode { IsNull: true }, MappingNode { Entries.Count: 0 }) or (MappingNode { Entries.Count: 0 }, ScalarNode { IsNull: true }) => true,
            _ => false,
        };

        /// <summary>The value of a key, which mostly stands at the same place.</summary>
        private static DocumentNode? EntryOf(MappingNode mapping, string key, int index) =>
            mapping.Entries[index] is { } entry && entry.Key.Value == key ? entry.Value : mapping.Find(key);

        /// <summary>Whether a definition can name files, which are others for each folder.</summary>
        private static bool SaysFiles(string section, DocumentNode definition) =>
            section switch
            {
                "networks" or ComposeWhole.NetworksWord => false,
                "volumes" => definition is MappingNode volume && (volume.Find("content") ?? volume.Find("import") ?? volume.Find("source") ?? volume.Find(ComposeDriverOptions.Word)) is not null,
                "secrets" or "configs" => definition is not MappingNode given || given.Entries.Any(entry => entry.Key.Value is not ("environment" or "content" or "name" or "external")),
                _ => true,
            };
    }
}
