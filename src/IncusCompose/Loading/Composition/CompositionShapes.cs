using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Composition;

/// <summary>Text of a file and where it stands.</summary>
internal sealed record PlacedText(string Text, SourceLocation Place);

/// <summary>One item of <c>include</c>.</summary>
internal sealed record IncludeEntry
{
    /// <summary>The file, and those laid over it.</summary>
    public IReadOnlyList<PlacedText> Paths { get; init; } = [];

    /// <summary>The files with its variables; null: <c>.env</c> in its folder.</summary>
    public IReadOnlyList<PlacedText>? EnvironmentFiles { get; init; }

    /// <summary>The folder that its relative paths start from; null: the first file's.</summary>
    public string? ProjectDirectory { get; init; }
}

/// <summary>What an instance extends.</summary>
internal sealed record ExtendsEntry
{
    /// <summary>The other instance.</summary>
    public string Instance { get; init; } = "";

    /// <summary>The file that it is in; null: the same.</summary>
    public string? File { get; init; }
}

/// <summary>What files can say about other files.</summary>
internal static class CompositionShapes
{
    private static readonly ScalarShape<string> s_stackFile = Scalars.Word("a stack file's path such as `./db/stack.yaml`");
    private static readonly Shape<PlacedText> s_path = Placed(s_stackFile);
    private static readonly Shape<PlacedText> s_environmentFile = Placed(Scalars.Word("a file's path such as `./db.env`"));
    private static readonly ScalarShape<string> s_instance = Scalars.Word("an instance's name");
    private static readonly Shape<IncludeEntry> s_includedPath = s_path.As(path => new IncludeEntry { Paths = [path] });

    private static readonly ObjectShape<IncludeEntry> s_inclusion = new ObjectShape<IncludeEntry>(_ => new IncludeEntry())
        .Add("path", OneOrMore(s_path, "[./db/stack.yaml, ./db-override.yaml]"), "The file; of a list, each file is laid over the ones before it", (entry, value) => entry with { Paths = value }, required: true)
        .Add("env_file", OneOrMore(s_environmentFile, "[./db.env]"), "Files with variables for it; `.env` in its folder where the key is missing", (entry, value) => entry with { EnvironmentFiles = value })
        .Add("project_directory", Scalars.Word("a folder's path such as `./db`"), "The folder that its relative paths start from; that of the file where the key is missing", (entry, value) => entry with { ProjectDirectory = value })
        .Foreign("file", "write `path`");

    /// <summary>The value of <c>include</c>.</summary>
    public static FormsShape<IReadOnlyList<IncludeEntry>> Include { get; } = new()
    {
        Scalar = s_includedPath.As<IncludeEntry, IReadOnlyList<IncludeEntry>>(entry => [entry]),
        Mapping = s_inclusion.As<IncludeEntry, IReadOnlyList<IncludeEntry>>(entry => [entry]),
        Sequence = new ListShape<IncludeEntry>(new FormsShape<IncludeEntry> { Scalar = s_includedPath, Mapping = s_inclusion }, "[./db/stack.yaml]").As(Bound),
    };

    /// <summary>The value of <c>extends</c>.</summary>
    public static FormsShape<ExtendsEntry> Extends { get; } = new()
    {
        Scalar = s_instance.As(name => new ExtendsEntry { Instance = name }),
        Mapping = new ObjectShape<ExtendsEntry>(_ => new ExtendsEntry())
            .Add("instance", s_instance, "The other instance; this one's name where the key is missing", (entry, value) => entry with { Instance = value })
            .Add("service", s_instance, "The same as `instance`, in compose's word", (entry, value) => entry with { Instance = value })
            .Add("file", s_stackFile, "The file that it is in; this one where the key is missing", (entry, value) => entry with { File = value })
            .Then<ExtendsEntry, ExtendsEntry>(NamedOnce),
    };

    private static bool NamedOnce(ExtendsEntry from, DocumentNode node, Site site, BindingContext context, out ExtendsEntry entry)
    {
        entry = from;
        if (node is not MappingNode mapping || mapping.Find("instance") is not { } instance || instance.IsNothing() || mapping.Find("service") is not { } service || service.IsNothing())
            return true;
        context.Error("SaidTwice", service, site.At("service"), "`service` and `instance` say the same thing", "remove one of the two");
        return false;
    }

    private static FormsShape<IReadOnlyList<PlacedText>> OneOrMore(Shape<PlacedText> item, string example) => new()
    {
        Scalar = item.As<PlacedText, IReadOnlyList<PlacedText>>(one => [one]),
        Sequence = new ListShape<PlacedText>(item, example).As(Bound),
    };

    private static Shape<PlacedText> Placed(Shape<string> text) => text.Then((string from, DocumentNode node, Site _, BindingContext _, out PlacedText value) =>
    {
        value = new PlacedText(from, node.Location);
        return true;
    });

    /// <summary>Without the gaps that items leave which could not be read.</summary>
    private static IReadOnlyList<T> Bound<T>(IReadOnlyList<T> items)
        where T : class =>
        [.. items.Where(item => (T?)item is not null)];
}
