using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Volumes and host paths in an instance, in the short and the long form.</summary>
internal static class MountShapes
{
    private const string PersistForm = "`/folder:/path` or `./folder:/path`";
    // Source: Incus doc/reference/devices_disk.md, propagation.
    /// <summary>How mounts below a mount are shared with the host.</summary>
    public static IReadOnlyList<string> Propagations { get; } = ["private", "shared", "slave", "unbindable", "rshared", "rslave", "runbindable", "rprivate"];

    private const string ShortForm = "`volume:/path`, `./folder:/path` or `/folder:/path:ro`";

    /// <summary>One item of an instance's <c>volumes</c>.</summary>
    public static FormsShape<VolumeMount> Mount { get; } = new()
    {
        Scalar = new ScalarShape<Draft>(ShortForm, ParseShort) { ProblemId = "BadVolume", Pattern = "^[^:]+:[^:]+(:[A-Za-z,]+)?$" }.Then<Draft, VolumeMount>(Complete),
        Mapping = LongForm().Then<Draft, VolumeMount>(Complete),
    };

    /// <summary>One item of an instance's <c>persist</c>.</summary>
    public static FormsShape<PersistedFolder> Persisted { get; } = new()
    {
        Scalar = new ScalarShape<PersistedFolder>(PersistForm, ParsePersisted) { ProblemId = "BadPersist", Pattern = "^[^:]+:[^:]+$" }.Then<PersistedFolder, PersistedFolder>(Complete),
        Mapping = new ObjectShape<PersistedFolder>(_ => new PersistedFolder { Source = "", Target = "" })
            .Add("source", Scalars.Word("a path on the host such as `/srv/web`"), "The folder on the host; made where it is not there", (folder, value) => folder with { Source = value }, required: true)
            .Add("target", Scalars.Word("an absolute path such as `/data`"), "The absolute path in the instance", (folder, value) => folder with { Target = value }, required: true)
            .Add("owner", Owner, "Whom it belongs to in the instance when it is made; the user of `ssh`, else root, where the key is missing", (folder, value) => folder with { Owner = value })
            .Foreign("shift", "leave it out: its user and group numbers are those of the instance always")
            .Foreign("read_only", "write it under `volumes`, which has `read_only`")
            .Then<PersistedFolder, PersistedFolder>(Complete),
    };

    /// <summary>A user and a group by numbers.</summary>
    private static ScalarShape<FolderOwner> Owner => new("a user's number such as `1000`, or its and a group's such as `1000:100`", text =>
        FolderOwner.Parse(text) is { } owner ? new(owner) : new(null!, "is no number of a user", "say `id -u NAME` in the instance for it"))
    { ProblemId = "BadOwner", Pattern = "^[0-9]+(:[0-9]+)?$" };

    private sealed record Draft
    {
        public string Source { get; init; } = "";

        public string Target { get; init; } = "";

        public bool ReadOnly { get; init; }

        public bool? Shift { get; init; }

        /// <summary>What it is; null where the source says it.</summary>
        public MountType? Type { get; init; }

        /// <summary>What is said of a path of the host.</summary>
        public BindWords Bind { get; init; } = new();

        /// <summary>What is said of a volume.</summary>
        public VolumeWords Volume { get; init; } = new();

        /// <summary>What <c>tmpfs</c> says; its target is empty.</summary>
        public TmpfsMount? Tmpfs { get; init; }
    }

    private sealed record BindWords
    {
        public string? Propagation { get; init; }

        public bool CreateHostPath { get; init; }
    }

    private sealed record VolumeWords
    {
        public string? Subpath { get; init; }

        public bool? NoCopy { get; init; }
    }

    private enum MountType
    {
        Volume,
        Bind,
        Tmpfs,
    }

    private static ScalarShape<MountType?> TypeOfMount => new("`volume`, `bind` or `tmpfs`", text => text switch
    {
        "volume" => new(MountType.Volume),
        "bind" => new(MountType.Bind),
        "tmpfs" => new(MountType.Tmpfs),
        "image" => new(null, "is not there: Incus mounts no images into instances", "take what is needed into the instance's own image (`build` with `COPY --from=IMAGE`), or fill a volume with it (`content` under `volumes`)"),
        "cluster" => new(null, "is a volume that docker's swarm has from its own drivers", "write `volume`, and under `volumes` the `pool` that all members of the cluster have"),
        "npipe" => new(null, "is of Windows hosts", "leave the mount out"),
        _ => new(null, "is not known here", "write `volume`, `bind` or `tmpfs`"),
    })
    { ProblemId = "BadMountType", Words = ["volume", "bind", "tmpfs"] };

    private static ObjectShape<Draft> LongForm() => new ObjectShape<Draft>(_ => new Draft())
        .Add("source", Scalars.Word("a volume's name or a host path such as `./data`"), "A volume, or a path on the host", (mount, value) => mount with { Source = value })
        .Add("target", Scalars.Word("an absolute path such as `/data`"), "The absolute path in the instance", (mount, value) => mount with { Target = value }, required: true)
        .Add("read_only", Scalars.Boolean, "Whether the instance may not write", (mount, value) => mount with { ReadOnly = value })
        .Add("readonly", Scalars.Boolean, "The same as `read_only`", (mount, value) => mount with { ReadOnly = value })
        .Add("shift", Scalars.Boolean, "Whether user and group numbers are mapped onto the host path's", (mount, value) => mount with { Shift = value })
        .Add("type", TypeOfMount, "`volume`, `bind` (a host path) or `tmpfs` (in memory, without a source); told from the source by default", (mount, value) => mount with { Type = value })
        .Add("bind", Bind(), "What compose says of a host path", (mount, value) => mount with { Bind = value })
        .Add("volume", OfVolume(), "What compose says of a volume", (mount, value) => mount with { Volume = value })
        .Add("tmpfs", OfTmpfs(), "What compose says of a file system in memory", (mount, value) => mount with { Tmpfs = value })
        .Foreign(ForeignWords.OfMount);

    private static ObjectShape<BindWords> Bind() => new ObjectShape<BindWords>(_ => new BindWords())
        .Add("propagation", Scalars.Choice(Propagations.Select(word => (word, word)).ToArray()), "How mounts below it are shared with the host: `rprivate` and its like", (bind, value) => bind with { Propagation = value })
        .Add("create_host_path", Scalars.Boolean, "Whether it is made as a folder where it is not there, and the server surely runs on this machine", (bind, value) => bind with { CreateHostPath = value })
        .Foreign(ForeignWords.OfBind);

    private static ObjectShape<VolumeWords> OfVolume() => new ObjectShape<VolumeWords>(_ => new VolumeWords())
        .Add("subpath", new ScalarShape<string>("a relative path such as `logs/web`", text =>
            text.StartsWith('/') || text.Split('/').Any(part => part is "" or "." or "..") ? new("", "is no path within a volume", "write one such as `logs/web`") : new(text))
        { ProblemId = "BadPath", Pattern = "^[^/]" }, "A folder in the volume, in place of the whole", (volume, value) => volume with { Subpath = value })
        .Add("nocopy", Scalars.Boolean, "`true` to leave a new volume empty, `false` to fill it with what the image has at the target; filled for applications (OCI images) where the key is missing", (volume, value) => volume with { NoCopy = value })
        .Foreign(ForeignWords.OfMountedVolume);

    private static ObjectShape<TmpfsMount> OfTmpfs() => new ObjectShape<TmpfsMount>(_ => new TmpfsMount(""))
        .Add("size", ComposeWords.Size, "Its size; half of the memory where the key is missing", (tmpfs, value) => tmpfs with { Size = value })
        .Add("mode", new ScalarShape<string>("permissions such as `1777`", text => text.Length is 3 or 4 && text.All(digit => digit is >= '0' and <= '7') ? new(text) : new("", "are not permissions in octal digits")) { ProblemId = "BadMode", Pattern = "^[0-7]{3,4}$" },
            "Its permissions; `1777` where the key is missing", (tmpfs, value) => tmpfs with { Mode = value });

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
        var draft = new Draft { Source = parts[0], Target = parts[1] };
        foreach (var option in parts.Length == 3 ? parts[2].Split(',') : [])
        {
            // Caches of other systems, and what Incus does anyway; of labels it is said that there are none.
            if (option is "rw" or "z" or "Z" or "cached" or "delegated" or "consistent")
                continue;
            if (option is not ("ro" or "shift" or "nocopy") && !Propagations.Contains(option))
                return Problem($"ends in `{parts[2]}`, which is no option here", "write `ro` or `rw`, or use the long form");
            draft = option switch { "ro" => draft with { ReadOnly = true }, "shift" => draft with { Shift = true }, "nocopy" => draft with { Volume = draft.Volume with { NoCopy = true } }, _ => draft with { Bind = draft.Bind with { Propagation = option } } };
        }

        return new(draft);

        static Parsed<Draft> Problem(string problem, string advice) => new(null!, problem, advice);
    }

    /// <summary>Reads a short form that stands in no file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="places">Where paths start.</param>
    public static Parsed<VolumeMount> ReadMount(string text, Places places) =>
        ParseShort(text) is { Problem: { } problem } wrong ? new(null!, $"{places.Quote(text)} {problem}", wrong.Advice) : Make(ParseShort(text).Value, places);

    /// <inheritdoc cref="ReadMount"/>
    public static Parsed<PersistedFolder> ReadPersisted(string text, Places places) =>
        ParsePersisted(text) is { Problem: { } problem } wrong ? new(null!, $"{places.Quote(text)} {problem}", wrong.Advice) : Make(ParsePersisted(text).Value, places);

    /// <param name="Directory">The absolute folder that relative paths start from.</param>
    /// <param name="Home">The user's home directory.</param>
    /// <param name="Quote">Shows a value in a message.</param>
    public sealed record Places(string Directory, string Home, Func<string, string> Quote);

    private static Places PlacesOf(BindingContext context, Site site) => new(
        context.BaseDirectory,
        context.Variables("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        text => BindingContext.Excerpt(text, site));

    private static bool Complete(Draft draft, DocumentNode node, Site site, BindingContext context, out VolumeMount mount)
    {
        mount = null!;
        if (node is ScalarNode scalar && scalar.Value.Split(':') is [_, _, var options])
        {
            foreach (var label in options.Split(',').Where(option => option is "z" or "Z"))
                context.Warning("IgnoredWord", node, site, $"`{label}` is passed over: Incus labels no files", "leave it out");
        }

        // The long form has said already which of its keys is missing.
        if (node is not ScalarNode && draft.Target.Length == 0)
            return false;
        if (draft.Type != MountType.Tmpfs && node is not ScalarNode && draft.Source.Length == 0)
        {
            context.Error("MissingKey", node, site, "the key `source` is missing", "add `source:` with a volume's name or a host path such as `./data`");
            return false;
        }

        return IsMade("BadVolume", Make(draft, PlacesOf(context, site)), node, site, context, out mount);
    }

    private static Parsed<VolumeMount> Make(Draft draft, Places places)
    {
        if (draft.Type == MountType.Tmpfs)
        {
            return draft.ReadOnly ? new(null!, "a file system in memory that may not be written holds nothing", "remove `read_only`")
                : draft.Source.Length > 0 ? new(null!, "a file system in memory has no source", "remove `source`, or `type: tmpfs`")
                : NotAbsolute<VolumeMount>(draft.Target, places) ?? new(new VolumeMount { Source = TmpfsMount.Source, Target = draft.Target, IsHostPath = true, Tmpfs = (draft.Tmpfs ?? new TmpfsMount("")) with { Target = draft.Target } });
        }

        if (draft.Source.Length == 0 || draft.Target.Length == 0)
            return new(null!, "source or target is empty", $"write {ShortForm}");
        if (NotAbsolute<VolumeMount>(draft.Target, places) is { } problem)
            return problem;
        var isHostPath = draft.Type is { } type ? type == MountType.Bind : LooksLikePath(draft.Source);
        if (draft.Volume.Subpath is not null && isHostPath)
            return new(null!, "it is a path on the host, and `volume.subpath` is about a volume", "write the whole path as `source`");
        if (draft.Bind.CreateHostPath && !isHostPath)
            return new(null!, "`bind.create_host_path` is about a path on the host, and it is a volume", "leave it out: a volume of the file is made");
        if (!isHostPath && draft.Source.Contains('/', StringComparison.Ordinal))
        {
            return new(null!, $"{places.Quote(draft.Source)} is neither a volume's name nor a path that begins with `/`, `./`, `../` or `~/`",
                draft.Type == MountType.Volume ? "a volume's name has no slash" : $"write `./{draft.Source}` for a folder beside this file");
        }

        return new(new VolumeMount
        {
            Source = isHostPath ? Absolute(draft.Source, places) : draft.Source,
            Target = draft.Target,
            IsHostPath = isHostPath,
            ReadOnly = draft.ReadOnly,
            Shift = draft.Shift,
            Subpath = draft.Volume.Subpath,
            NoCopy = isHostPath ? null : draft.Volume.NoCopy,
            Propagation = draft.Bind.Propagation,
            CreateHostPath = draft.Bind.CreateHostPath,
        });
    }

    private static Parsed<PersistedFolder> ParsePersisted(string text) => text.Split(':') switch
    {
        [var source, var target] when source.Length > 0 && target.Length > 0 => new(new PersistedFolder { Source = source, Target = target }),
        [_, _] => new(null!, "lacks one of the two paths", $"write {PersistForm}"),
        [_] => new(null!, "says only one of the two paths", $"write {PersistForm}"),
        _ => new(null!, "has too many colons", "use the long form with `source`, `target` and `owner`"),
    };

    private static bool Complete(PersistedFolder draft, DocumentNode node, Site site, BindingContext context, out PersistedFolder folder)
    {
        folder = null!;
        // The long form has said already which of its keys is missing.
        return draft.Source.Length > 0 && draft.Target.Length > 0 && IsMade("BadPersist", Make(draft, PlacesOf(context, site)), node, site, context, out folder);
    }

    private static Parsed<PersistedFolder> Make(PersistedFolder draft, Places places)
    {
        if (NotAbsolute<PersistedFolder>(draft.Target, places) is { } problem)
            return problem;
        if (!LooksLikePath(draft.Source))
        {
            return new(null!, $"{places.Quote(draft.Source)} is no path on the host, which begins with `/`, `./`, `../` or `~/`",
                $"write `./{draft.Source}`{(draft.Source.Contains('/', StringComparison.Ordinal) ? "" : "; a volume stands under `volumes`")}");
        }

        var folder = draft with { Source = Absolute(draft.Source, places) };
        return folder.Source == "/" ? new(null!, "the whole of the host is no folder for an instance", "name a folder of its own, such as `/srv/data`") : new(folder);
    }

    private static bool IsMade<T>(string problemId, Parsed<T> made, DocumentNode node, Site site, BindingContext context, out T value)
    {
        value = made.Value;
        if (made.Problem is null)
            return true;
        context.Error(problemId, node, site, made.Problem, made.Advice ?? "");
        return false;
    }

    private static Parsed<T>? NotAbsolute<T>(string target, Places places) =>
        target.StartsWith('/') ? null : new(default!, $"the path in the instance, {places.Quote(target)}, is not absolute", $"write `/{target.TrimStart('.', '/')}`");

    internal static bool LooksLikePath(string source) =>
        source is "." or ".." or "~" || source.StartsWith('/') || source.StartsWith("./", StringComparison.Ordinal)
        || source.StartsWith("../", StringComparison.Ordinal) || source.StartsWith("~/", StringComparison.Ordinal);

    /// <summary>A path of this machine, absolute; a relative one starts from the stack file's folder.</summary>
    public static string Absolute(string path, BindingContext context, Site site) => Absolute(path, PlacesOf(context, site));

    private static string Absolute(string path, Places places)
    {
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
            path = places.Home + path[1..];
        var full = Path.GetFullPath(path, places.Directory);
        return full.Length > 1 ? full.TrimEnd('/') : full;
    }
}
