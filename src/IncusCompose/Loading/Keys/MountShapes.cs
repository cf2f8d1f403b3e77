using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Volumes and host paths in an instance, in the short and the long form.</summary>
internal static class MountShapes
{
    private const string ShortForm = "`volume:/path`, `./folder:/path` or `/folder:/path:ro`";

    /// <summary>One item of an instance's <c>volumes</c>.</summary>
    public static FormsShape<VolumeMount> Mount { get; } = new()
    {
        Scalar = new ScalarShape<Draft>(ShortForm, ParseShort) { ProblemId = "BadVolume" }.Then<Draft, VolumeMount>(Complete),
        Mapping = LongForm().Then<Draft, VolumeMount>(Complete),
    };

    private sealed record Draft
    {
        public string Source { get; init; } = "";

        public string Target { get; init; } = "";

        public bool ReadOnly { get; init; }

        public bool? Shift { get; init; }

        /// <summary>True for a host path, false for a volume, null where the source says it.</summary>
        public bool? IsBind { get; init; }
    }

    private static ObjectShape<Draft> LongForm() => new ObjectShape<Draft>(_ => new Draft())
        .Add("source", Scalars.Word("a volume's name or a host path such as `./data`"), "A volume, or a path on the host", (mount, value) => mount with { Source = value }, required: true)
        .Add("target", Scalars.Word("an absolute path such as `/data`"), "The absolute path in the instance", (mount, value) => mount with { Target = value }, required: true)
        .Add("read_only", Scalars.Boolean, "Whether the instance may not write", (mount, value) => mount with { ReadOnly = value })
        .Add("readonly", Scalars.Boolean, "The same as `read_only`", (mount, value) => mount with { ReadOnly = value })
        .Add("shift", Scalars.Boolean, "Whether user and group numbers are mapped onto the host path's", (mount, value) => mount with { Shift = value })
        .Add("type", Scalars.Choice<bool?>(("volume", false), ("bind", true)), "`volume` or `bind` (a host path); told from the source by default", (mount, value) => mount with { IsBind = value });

    private static Parsed<Draft> ParseShort(string text)
    {
        var parts = text.Split(':');
        if (parts.Length is 0 or 1)
        {
            return text.StartsWith('/')
                ? Problem("says where, but not what to mount there", $"write a volume's name before it, as in `data:{text}`")
                : Problem("says what, but not where to mount it", $"write the path in the instance after it, as in `{text}:/data`");
        }

        if (parts.Length > 3)
            return Problem("has too many colons", "use the long form with `source` and `target` for paths with colons");
        if (parts.Length == 3 && parts[2] is not ("ro" or "rw"))
            return Problem($"ends in `{parts[2]}`, which is no option here", "write `ro` or `rw`, or use the long form");
        return new(new Draft { Source = parts[0], Target = parts[1], ReadOnly = parts.Length == 3 && parts[2] == "ro" });

        static Parsed<Draft> Problem(string problem, string advice) => new(null!, problem, advice);
    }

    private static bool Complete(Draft draft, DocumentNode node, Site site, BindingContext context, out VolumeMount mount)
    {
        mount = null!;
        // The long form has said already which of its keys is missing.
        if (draft.Source.Length == 0 || draft.Target.Length == 0)
        {
            if (node is ScalarNode)
                context.Error("BadVolume", node, site, "source or target is empty", $"write {ShortForm}");
            return false;
        }

        if (!draft.Target.StartsWith('/'))
        {
            context.Error("BadVolume", node, site, $"the path in the instance, {BindingContext.Excerpt(draft.Target, site)}, is not absolute", $"write `/{draft.Target.TrimStart('.', '/')}`");
            return false;
        }

        var isHostPath = draft.IsBind ?? LooksLikePath(draft.Source);
        if (!isHostPath && draft.Source.Contains('/', StringComparison.Ordinal))
        {
            context.Error("BadVolume", node, site, $"{BindingContext.Excerpt(draft.Source, site)} is neither a volume's name nor a path that begins with `/`, `./`, `../` or `~/`",
                draft.IsBind == false ? "a volume's name has no slash" : $"write `./{draft.Source}` for a folder beside this file");
            return false;
        }

        mount = new VolumeMount
        {
            Source = isHostPath ? Absolute(draft.Source, context) : draft.Source,
            Target = draft.Target,
            IsHostPath = isHostPath,
            ReadOnly = draft.ReadOnly,
            Shift = draft.Shift,
        };
        return true;
    }

    private static bool LooksLikePath(string source) =>
        source is "." or ".." or "~" || source.StartsWith('/') || source.StartsWith("./", StringComparison.Ordinal)
        || source.StartsWith("../", StringComparison.Ordinal) || source.StartsWith("~/", StringComparison.Ordinal);

    private static string Absolute(string path, BindingContext context)
    {
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
            path = (context.Variables("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)) + path[1..];
        var full = Path.GetFullPath(path, context.BaseDirectory);
        return full.Length > 1 ? full.TrimEnd('/') : full;
    }
}
