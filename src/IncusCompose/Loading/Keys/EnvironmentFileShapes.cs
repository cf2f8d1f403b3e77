using IncusCompose.Definition;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Files with environment variables of an instance.</summary>
internal static class EnvironmentFileShapes
{
    private static readonly ScalarShape<string> s_path = Scalars.Word("a file's path such as `./web.env`");

    private static readonly Shape<Draft> s_label = Scalars.Word("a file's path such as `./web.labels`").As(path => new Draft { Path = path, Word = "label_file", Into = "labels" });

    private static readonly Shape<Draft> s_short = s_path.As(path => new Draft { Path = path });

    private static readonly ObjectShape<Draft> s_long = new ObjectShape<Draft>(_ => new Draft())
        .Add("path", s_path, "The file", (file, value) => file with { Path = value }, required: true)
        .Add("required", Scalars.Boolean, "`false` to go on where it is not there", (file, value) => file with { Required = value })
        .Add("format", Scalars.Choice(("dotenv", false), ("raw", true)), "`dotenv` (where the key is missing), or `raw` for values that are taken as they stand there", (file, value) => file with { IsRaw = value });

    private sealed record Draft
    {
        public string Path { get; init; } = "";

        public bool Required { get; init; } = true;

        public bool IsRaw { get; init; }

        /// <summary>The word that names it.</summary>
        public string Word { get; init; } = "env_file";

        /// <summary>The word that it says in other words.</summary>
        public string Into { get; init; } = "environment";
    }

    /// <summary>The value of an instance's <c>env_file</c>, as the variables of all files together: the later win.</summary>
    public static FormsShape<IReadOnlyDictionary<string, string>> Files { get; } = new()
    {
        Scalar = s_short.Then<Draft, IReadOnlyDictionary<string, string>>(ReadOne),
        Mapping = s_long.Then<Draft, IReadOnlyDictionary<string, string>>(ReadOne),
        Sequence = new ListShape<IReadOnlyDictionary<string, string>>(
            new FormsShape<IReadOnlyDictionary<string, string>>
            {
                Scalar = s_short.Then<Draft, IReadOnlyDictionary<string, string>>(ReadOne),
                Mapping = s_long.Then<Draft, IReadOnlyDictionary<string, string>>(ReadOne),
            },
            "[./web.env]").As(files => files.Where(file => (object?)file is not null).Aggregate(Maps.Empty, Over)),
    };

    /// <summary>The value of an instance's <c>label_file</c>, as the labels of all files together: the later win.</summary>
    public static FormsShape<IReadOnlyDictionary<string, string>> Labels { get; } = new()
    {
        Scalar = s_label.Then<Draft, IReadOnlyDictionary<string, string>>(ReadOne),
        Sequence = new ListShape<IReadOnlyDictionary<string, string>>(s_label.Then<Draft, IReadOnlyDictionary<string, string>>(ReadOne), "[./web.labels]")
            .As(files => files.Where(file => (object?)file is not null).Aggregate(Maps.Empty, Over)),
    };

    /// <summary>Variables laid over others.</summary>
    public static IReadOnlyDictionary<string, string> Over(IReadOnlyDictionary<string, string> below, IReadOnlyDictionary<string, string> above)
    {
        if (below.Count == 0)
            return above;
        var variables = new Dictionary<string, string>(below, StringComparer.Ordinal);
        foreach (var (name, value) in above)
            variables[name] = value;
        return variables.AsReadOnly();
    }

    private static bool ReadOne(Draft file, DocumentNode node, Site site, BindingContext context, out IReadOnlyDictionary<string, string> variables)
    {
        variables = Maps.Empty;
        if (file.Path.Length == 0)
            return false;
        var path = Path.GetFullPath(file.Path, context.BaseDirectory);
        if (!file.Required && !File.Exists(path))
            return true;
        var shown = Path.IsPathRooted(file.Path) || Path.GetDirectoryName(node.Location.File) is not { } folder ? file.Path : Path.Combine(folder, file.Path);
        var content = EnvironmentFiles.Read(path, shown, context.Variables, context.Diagnostics, context.Hidden, node.Location, file.IsRaw);
        variables = content.Values;
        context.EnvironmentPaths.Add(path);
        foreach (var (name, place) in content.Places)
            context.Locate(Site.Root.At(site.Path[..site.Path.LastIndexOf("." + file.Word, StringComparison.Ordinal)]).At(file.Into).At(name), place);
        return true;
    }
}
