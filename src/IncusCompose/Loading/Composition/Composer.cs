using IncusCompose.Diagnostics;
using IncusCompose.Loading.Dialects;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Interpolation;
using IncusCompose.Loading.Shapes;
using IncusCompose.Validation;

namespace IncusCompose.Loading.Composition;

/// <summary>
/// Makes one document of all that a stack consists of: each file has its variables replaced, its <c>include</c> brought in
/// and its <c>extends</c> resolved, the files are laid over one another, and <c>defaults</c> are laid under every instance.
/// </summary>
/// <param name="format">Reads the files' text.</param>
/// <param name="workingDirectory">Where relative paths of the command line start.</param>
/// <param name="variables">The variables of the whole stack.</param>
/// <param name="diagnostics">Where problems go.</param>
internal sealed class Composer(IDocumentFormat format, string workingDirectory, VariableScope variables, DiagnosticList diagnostics)
{
    private readonly CompositionBudget _budget = new();

    /// <summary>Reads the files.</summary>
    public DocumentReader Reader => field ??= new DocumentReader(format, workingDirectory, Report, diagnostics, _budget);

    /// <summary>True where the first file is one of docker compose.</summary>
    public bool IsCompose { get; private set; }

    /// <summary>Lays documents over one another.</summary>
    public DocumentMerger Merger => field ??= new DocumentMerger(diagnostics, _budget);

    /// <summary>The document of a stack; null where something it consists of cannot be read.</summary>
    /// <param name="files">The main files, each laid over the ones before it; at least one.</param>
    /// <param name="origin">What their values go by.</param>
    /// <param name="name">The stack's name where the command line says one.</param>
    /// <param name="fill">Reads the files of variables, once it is known whether the first file is one of docker compose.</param>
    public MappingNode? Compose(IReadOnlyList<StackFile> files, DocumentOrigin origin, string? name, Action<bool> fill)
    {
        try
        {
            // Every file is read before any is looked into: what is not YAML is said of all of them.
            var roots = files.Select(file => (File: file, Root: Reader.Read(file))).ToList();
            if (roots.Any(read => read.Root is null))
                return null;
            IsCompose = InputDialects.Of(roots[0].Root!, below: null) is ComposeInput;
            fill(IsCompose);
            var isSaid = name is null && IsCompose && variables.Find(ComposeVariables.ProjectName) is { Length: > 0 };
            if (IsCompose)
                name = SayProject(roots.Select(read => read.Root!), origin, name);
            if (Layer([.. roots.Select(read => new OpenDocument(read.File, read.Root!, null))], origin, isMain: true, parents: []) is not { } document)
                return null;
            document = DefaultValues.Apply(document, this);
            if (OverrideTags.Resolve(document, _budget) is not MappingNode resolved)
                return null;
            if (isSaid)
                resolved = Called(resolved, name!);
            return InputDialects.Finish(resolved, NameOf(resolved, origin, name), Report);
        }
        catch (CompositionBudget.Exceeded exceeded)
        {
            diagnostics.Add(Diagnostic.Error(exceeded.Id, new SourceLocation(files[0].Shown, 0, 0), "", exceeded.Message, exceeded.Advice));
            return null;
        }
    }

    /// <summary>Lets the values of a compose file name its project, as in docker.</summary>
    /// <returns>The name where the command line or the environment says one.</returns>
    private string? SayProject(IEnumerable<MappingNode> roots, DocumentOrigin origin, string? name)
    {
        name ??= variables.Find(ComposeVariables.ProjectName) is { Length: > 0 } said ? said : null;
        var written = roots.Select(root => root.Find("name")).OfType<ScalarNode>().LastOrDefault(node => node is { IsNull: false, Value.Length: > 0 })?.Value;
        // A name that is made of variables is not known yet.
        if (name is not null || written?.Contains('$', StringComparison.Ordinal) != true)
            variables.Say(ComposeVariables.ProjectName, name ?? written ?? NameRules.StackNameFrom(Path.GetFileName(origin.Folder)));
        return name;
    }

    /// <summary>The document with another name.</summary>
    private static MappingNode Called(MappingNode document, string name)
    {
        var place = new SourceLocation(ComposeVariables.ProjectName, 0, 0);
        return document with { Entries = [new(new ScalarNode(place, "name"), new ScalarNode(place, name, ScalarStyle.Quoted)), .. document.Entries.Where(entry => entry.Key.Value != "name")] };
    }

    /// <summary>What a stack is called: as the command line says, or the file, or its folder.</summary>
    private static string NameOf(MappingNode document, DocumentOrigin origin, string? name) =>
        name ?? (document.Find("name") is ScalarNode { IsNull: false, Value.Length: > 0 } said ? said.Value : NameRules.StackNameFrom(Path.GetFileName(origin.Folder)));

    /// <summary>The documents of several files as one: each with what it includes and extends, laid over the ones before it.</summary>
    /// <param name="documents">The documents as they were read.</param>
    /// <param name="origin">What their values go by.</param>
    /// <param name="isMain">True for the files that the user named.</param>
    /// <param name="parents">The files that are being included, outermost first.</param>
    /// <returns>The document; null where something that is included cannot be read.</returns>
    public MappingNode? Layer(IReadOnlyList<OpenDocument> documents, DocumentOrigin origin, bool isMain, IReadOnlyList<OpenDocument> parents)
    {
        MappingNode? merged = null;
        var isWhole = true;
        // What is laid over another tool's file, or under it, and what such a file includes, is in its words, too.
        var dialect = documents.Select(document => InputDialects.Of(document.Root, below: null)).FirstOrDefault(found => found is not null) ?? (parents is [.., var parent] ? parent.Dialect : null);
        foreach (var document in documents)
        {
            var root = Interpolate(document.Root, origin, isMain, ref dialect);
            var opened = document with { Root = root, Dialect = dialect };
            if (Inclusion.Apply(opened, origin, [.. parents, opened], this) is not { } whole)
            {
                isWhole = false;
                continue;
            }

            whole = new Extension(this, origin, document.File, whole, merged).Apply();
            merged = merged is null ? whole : Merger.Merge(merged, whole);
        }

        return isWhole ? merged : null;
    }

    /// <summary>A document with its variables replaced and in the words of a stack file, whose values know what they go by.</summary>
    /// <param name="root">The document as it was read.</param>
    /// <param name="origin">What its values go by.</param>
    /// <param name="isMain">True for the files that the user named.</param>
    /// <param name="dialect">The dialect of the document that it is laid over; becomes its own.</param>
    public MappingNode Interpolate(MappingNode root, DocumentOrigin origin, bool isMain, ref InputDialect? dialect)
    {
        var interpolated = (MappingNode)new Interpolator(origin.Variables, diagnostics).Interpolate(root);
        dialect = InputDialects.Of(interpolated, dialect);
        if (dialect is not null)
            interpolated = dialect.Translate(interpolated, Report);
        return isMain ? interpolated : (MappingNode)Mark(interpolated, origin, new(ReferenceEqualityComparer.Instance));
    }

    /// <summary>Binds a value of the composition itself.</summary>
    public bool TryBind<T>(Shape<T> shape, DocumentNode node, Site site, DocumentOrigin origin, out T value) =>
        shape.TryBind(node, site, ContextOf(origin), out value);

    /// <summary>Reports a problem; secrets that variables brought are not quoted.</summary>
    public void Report(Diagnostic diagnostic) => diagnostics.Add(Hidden.Hide(diagnostic));

    /// <summary>Reads the environment files of a scope.</summary>
    public EnvironmentFileContent ReadVariables(string path, string shown, VariableScope scope, SourceLocation? place) =>
        EnvironmentFiles.Read(path, shown, scope.Find, diagnostics, Hidden, place);

    /// <summary>The document without tags, for what must know what is really in it.</summary>
    public MappingNode Resolve(MappingNode document) => (MappingNode)OverrideTags.Resolve(document, _budget)!;

    private BindingContext ContextOf(DocumentOrigin origin) => new()
    {
        Diagnostics = diagnostics,
        Format = format,
        Origin = origin,
        Hidden = Hidden,
    };

    private HiddenValues Hidden => new(variables.SecretsFound);

    private static DocumentNode Mark(DocumentNode node, DocumentOrigin origin, Dictionary<DocumentNode, DocumentNode> done)
    {
        // What an alias shares stays shared.
        if (done.TryGetValue(node, out var marked))
            return marked;
        marked = node switch
        {
            MappingNode mapping => mapping with
            {
                Origin = origin,
                Entries = [.. mapping.Entries.Select(entry => new MappingEntry((ScalarNode)Mark(entry.Key, origin, done), Mark(entry.Value, origin, done)))],
            },
            SequenceNode sequence => sequence with { Origin = origin, Items = [.. sequence.Items.Select(item => Mark(item, origin, done))] },
            _ => node with { Origin = origin },
        };
        done[node] = marked;
        return marked;
    }
}

/// <summary>A document on its way into a stack.</summary>
/// <param name="File">Its file.</param>
/// <param name="Root">What stands in it.</param>
/// <param name="NamedAt">Where another file names it; null: the command line does.</param>
internal sealed record OpenDocument(StackFile File, MappingNode Root, SourceLocation? NamedAt)
{
    /// <summary>Whose words it is in; null: a stack file's.</summary>
    public InputDialect? Dialect { get; init; }
}
