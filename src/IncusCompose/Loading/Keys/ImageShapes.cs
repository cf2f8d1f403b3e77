using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Images, in the short and the long form.</summary>
internal static class ImageShapes
{
    private static ScalarShape<string> Source { get; } = Scalars.Word("an image such as `images:debian/12`");

    private static ListShape<string> Names { get; } = new(Scalars.Word("a name"), "[a, b]");

    /// <summary>When an image is looked for. Compose's word for the first is known too.</summary>
    public static ScalarShape<ImagePull> Pull { get; } = Scalars.Choice(("missing", ImagePull.Missing), ("always", ImagePull.Always), ("never", ImagePull.Never), ("if_not_present", ImagePull.Missing));

    /// <summary>The same of an instance, whose image may be built.</summary>
    public static ScalarShape<ImagePull> PullPolicy { get; } = Scalars.Choice(("missing", ImagePull.Missing), ("always", ImagePull.Always), ("never", ImagePull.Never), ("if_not_present", ImagePull.Missing), ("build", ImagePull.Build));

    private static ObjectShape<ImageCredentials> CredentialsForm { get; } = new ObjectShape<ImageCredentials>(_ => new ImageCredentials("", ""))
        .Add("username", Scalars.Word("a user's name"), "The user's name", (credentials, value) => credentials with { Username = value }, required: true)
        .Add("password", Scalars.Word("a variable such as `${REGISTRY_TOKEN}`"), "The password or token, which is never shown", (credentials, value) => credentials with { Password = value }, required: true);

    /// <summary>A value of <c>images</c>.</summary>
    public static FormsShape<ImageDefinition> Image { get; } = new()
    {
        Scalar = Source.Named((name, value) => new ImageDefinition { Name = name, Source = value }),
        Mapping = new ObjectShape<ImageDefinition>(name => new ImageDefinition { Name = name, Source = "" })
            .Add("source", Source, "Where it comes from: `remote:alias`, or an alias or fingerprint on the server", (image, value) => image with { Source = value })
            .Add("file", HostPath("./app.tar.xz"), "Its one file on this machine, as `incus image export` writes it", (image, value) => image with { File = value })
            .Add("metadata", HostPath("./metadata.tar.xz"), "The metadata of an image in two files", (image, value) => image with { Metadata = value })
            .Add("rootfs", HostPath("./rootfs.squashfs"), "The root file system of an image in two files: squashfs or a tar archive, or a disk in qcow2 for virtual machines", (image, value) => image with { Rootfs = value })
            .Add("publish", Scalars.Word("an instance such as `builder`"), "The stack's instance that it is made from, once that is ready", (image, value) => image with { Publish = value })
            .Add("build", BuildShapes.Build, "The folder of this machine that it is built of, with a `Dockerfile`, by the `buildah`, `podman` or `docker` of this machine's `PATH`; beside `source` only where that does not have it", (image, value) => image with { Build = value })
            .Add("alias", Scalars.Word("an alias"), "An alias to give it on the server", (image, value) => image with { Aliases = [value, .. image.Aliases.Where(alias => alias != value)] })
            .Add("aliases", Names, "More aliases", (image, value) => image with { Aliases = [.. image.Aliases.Concat(value.Where(alias => (string?)alias is not null)).Distinct()] })
            .Add("profiles", Names, "Profiles of instances that are made from it and name none", (image, value) => image with { Profiles = [.. value.Where(profile => (string?)profile is not null)] })
            .Add("auto_update", Scalars.Boolean, "Whether the server keeps it up to date", (image, value) => image with { AutoUpdate = value })
            .Add("pull", Pull, "When it is fetched: `missing`, where the server does not have it (the default); `always`, where its name leads to another one by now, too; `never`: the server must have it", (image, value) => image with { Pull = value })
            .Add("credentials", CredentialsForm, "Who may fetch it from its registry or server", (image, value) => image with { Credentials = value })
            .Foreign("pull_policy", "write `pull`")
            .Foreign("url", "write `source` with a remote, or `file` with what was downloaded")
            .Then((ImageDefinition image, DocumentNode node, Site site, BindingContext context, out ImageDefinition value) =>
            {
                value = image;
                return IsComplete(image, node, site, context);
            }),
    };

    private static bool IsComplete(ImageDefinition image, DocumentNode node, Site site, BindingContext context)
    {
        var said = new (string Word, bool Is)[] { ("source", image.Source.Length > 0), ("file", image.File is not null), ("metadata", image.Metadata is not null || image.Rootfs is not null), ("publish", image.Publish is not null), ("build", image.Build is not null && image.Source.Length == 0) };
        var words = said.Where(one => one.Is).Select(one => one.Word).ToList();
        if (words.Count != 1)
        {
            // What could not be read has been reported.
            if (words.Count > 0 || node is not MappingNode mapping || !mapping.Entries.Any(entry => said.Any(one => one.Word == entry.Key.Value) && entry.Value is not ScalarNode { IsNull: true }))
                context.Error("BadImage", node, site, words.Count == 0 ? "the key `source` is missing" : $"it comes from several places: {string.Join(" and ", words.Select(word => $"`{word}`"))}", "write one of `source`, `file`, `metadata` with `rootfs`, `publish`, and `build`");
            return false;
        }

        if (words[0] == "metadata" && (image.Metadata is null || image.Rootfs is null))
        {
            context.Error("BadImage", node, site, $"the key `{(image.Metadata is null ? "metadata" : "rootfs")}` is missing", "an image in two files has both; one in a single file is `file`");
            return false;
        }

        foreach (var (word, isSaid) in words[0] == "source" ? [] : new[] { ("auto_update", image.AutoUpdate is not null), ("credentials", image.Credentials is not null), ("pull", image.Pull is not null && (image.Publish is not null || image.Build is not null)) })
        {
            if (isSaid)
                context.Error("BadImage", node, site.At(word), $"`{word}` means nothing for an image from `{words[0]}`", "remove it");
        }

        return true;
    }

    private static Shape<string> HostPath(string example) => Scalars.Word($"a path on this machine such as `{example}`").Then((string path, DocumentNode _, Site site, BindingContext context, out string value) =>
    {
        value = MountShapes.Absolute(path, context, site);
        return true;
    });
}
