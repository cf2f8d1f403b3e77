using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Files that are kept in an instance, in the short and the long form.</summary>
internal static class GuestFileShapes
{
    private const string ShortForm = "`SOURCE:TARGET` such as `./app.conf:/etc/app.conf`";

    /// <summary>The value of <c>files</c>.</summary>
    public static Shape<IReadOnlyList<FileDefinition>> Files { get; } = new ListShape<FileDefinition>(new FormsShape<FileDefinition>
    {
        Scalar = new ScalarShape<Draft>(ShortForm, ParseShort) { ProblemId = "BadFileEntry" }.Then<Draft, FileDefinition>(Complete),
        Mapping = LongForm().Then<Draft, FileDefinition>(Complete),
    }, "[\"./app.conf:/etc/app.conf\"]").As<IReadOnlyList<FileDefinition>, IReadOnlyList<FileDefinition>>(files => [.. files.Where(file => (FileDefinition?)file is not null)]);

    /// <param name="File">What is said so far, its paths as they are written.</param>
    /// <param name="Template">The path of a file with variables in it.</param>
    private sealed record Draft(FileDefinition File, string? Template = null);

    private static ObjectShape<Draft> LongForm() => new ObjectShape<Draft>(_ => new Draft(new FileDefinition { Target = "" }))
        .Add("target", ProvisionShapes.Target, "The absolute path in the instance; folders on the way are made. Of a file from `source` it may end with `/`, for the folder to put it in",
            (draft, value) => draft with { File = draft.File with { Target = value } }, required: true)
        .Add("content", Scalars.Text, "The file's text", (draft, value) => draft with { File = draft.File with { Content = value } })
        .Add("source", ProvisionShapes.HostPath, "A file on this machine, or a folder with all that is in it", (draft, value) => draft with { File = draft.File with { Source = value } })
        .Add("template", Scalars.Word("a path such as `./app.conf.tmpl`"), "A file on this machine whose variables are replaced, as in this file", (draft, value) => draft with { Template = value })
        .Add("owner", Scalars.Word("a user's name or number"), "The instance's user who owns it; root where the key is missing", (draft, value) => draft with { File = draft.File with { Owner = value } })
        .Add("group", Scalars.Word("a group's name or number"), "The instance's group that owns it; the owner's where the key is missing", (draft, value) => draft with { File = draft.File with { Group = value } })
        .Add("mode", ProvisionShapes.Mode, "Permissions; `0644` where the key is missing, `0755` for what can be run here", (draft, value) => draft with { File = draft.File with { Mode = value } })
        .Foreign("uid", "write `owner`")
        .Foreign("gid", "write `group`")
        .Foreign("path", "write `target`")
        .Foreign("dest", "write `target`")
        .Foreign("src", "write `source`")
        .Foreign("permissions", "write `mode`");

    private static Parsed<Draft> ParseShort(string text) => text.Split(':') switch
    {
        [{ Length: > 0 } source, ['/', _, ..] target] => new(new Draft(new FileDefinition { Source = source, Target = target })),
        [{ Length: > 0 }, { Length: > 0 } target] when !target.StartsWith('/') => new(null!, $"leads to `{target}`, which is no absolute path", $"write `/{target.TrimStart('.', '/')}`"),
        [_] => new(null!, "says only one of the two paths", $"write {ShortForm}"),
        [_, _] => new(null!, "lacks one of the two paths", $"write {ShortForm}"),
        _ => new(null!, "has too many colons", "use the long form with `source`, `target`, `mode` and `owner`"),
    };

    private static bool Complete(Draft draft, DocumentNode node, Site site, BindingContext context, out FileDefinition file)
    {
        file = draft.File;
        var said = new (string Word, bool Is)[] { ("content", file.Content is not null), ("source", file.Source is not null), ("template", draft.Template is not null) }.Where(one => one.Is).Select(one => one.Word).ToList();
        if (said.Count != 1)
        {
            // What could not be read has been reported.
            if (said.Count > 1 || node is not MappingNode mapping || !mapping.Entries.Any(entry => entry.Key.Value is "content" or "source" or "template"))
                context.Error("BadFileEntry", node, site, said.Count == 0 ? "it says nothing of what is in the file" : $"it has {string.Join(" and ", said.Select(word => $"`{word}`"))}", "write one of `content`, `source` and `template`");
            return false;
        }

        // The target has been reported where it is missing or wrong.
        if (file.Target.Length == 0)
            return false;
        if (draft.Template is not null)
        {
            if (!TemplateText.TryRead(MountShapes.Absolute(draft.Template, context, site), node, site.At("template"), context, out var text))
                return false;
            file = file with { Content = text, Target = file.Target.EndsWith('/') ? file.Target + Path.GetFileName(draft.Template) : file.Target };
        }

        if (file.Source is not null)
            file = file with { Source = MountShapes.Absolute(file.Source, context, site) };
        if (file.Source is not null || !file.Target.EndsWith('/'))
            return true;
        context.Error("BadPath", node, site.At("target"), "a text has no name to put into a folder", $"write the file's path, such as `{file.Target}app.conf`");
        return false;
    }
}
