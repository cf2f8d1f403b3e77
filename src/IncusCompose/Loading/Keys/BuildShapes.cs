using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>How an image is built, in compose's words. Source: compose-spec build.md.</summary>
internal static class BuildShapes
{
    /// <summary>A folder of this machine, from the folder of the file on that says it; or an address.</summary>
    private static Shape<string> Place { get; } = Scalars.Word("a folder such as `./web`").Then((string place, DocumentNode _, Site site, BindingContext context, out string value) =>
    {
        value = BuildDefinition.IsPath(place) ? MountShapes.Absolute(place, context, site) : place;
        return true;
    });

    private static FormsShape<BuildSecret> Secret { get; } = new()
    {
        Scalar = Scalars.Word("a secret's name").As(name => new BuildSecret(name, name)),
        Mapping = new ObjectShape<BuildSecret>(_ => new BuildSecret("", ""))
            .Add("source", Scalars.Word("a secret's name"), "Which one: its key in `secrets` at the top of the file", (secret, value) => secret with { Source = value }, required: true)
            .Add("target", Scalars.Word("a name"), "What the steps call it; its key where this is missing", (secret, value) => secret with { Target = value })
            .Foreign([Owner("uid"), Owner("gid"), Owner("mode")])
            .Then((BuildSecret said, DocumentNode _, Site _, BindingContext _, out BuildSecret secret) =>
            {
                secret = said with { Target = said.Target.Length > 0 ? said.Target : said.Source };
                return secret.Source.Length > 0;
            }),
    };

    private static ObjectShape<BuildDefinition> Mapping { get; } = new ObjectShape<BuildDefinition>(_ => new BuildDefinition { Context = "" })
        .Add("context", Place, "The folder that it is built from, or the address of a repository; the stack file's own folder where the key is missing", (build, value) => build with { Context = value })
        .Add("dockerfile", Scalars.Word("a path such as `Dockerfile.dev`"), "The file with the instructions, from the context on; `Dockerfile` (or `Containerfile`) where the key is missing", (build, value) => build with { Dockerfile = value })
        .Add("dockerfile_inline", Scalars.Word("instructions that begin with `FROM`"), "The instructions themselves, in place of a file", (build, value) => build with { DockerfileInline = value })
        .Add("args", CommonShapes.BuildArguments, "Values for the instructions' `ARG`, which are never shown where they are secrets", (build, value) => build with { Arguments = value })
        .Add("target", Scalars.Word("a stage's name"), "The stage that is wanted; the last one where the key is missing", (build, value) => build with { Target = value })
        .Add("labels", CommonShapes.Labels, "Labels of the image", (build, value) => build with { Labels = value })
        .Add("platforms", new ListShape<string>(Scalars.Word("a platform such as `linux/arm64`"), "[linux/amd64]"), "The one platform that it is built for; the server's own where the key is missing", (build, value) => build with { Platform = string.Join(' ', value) })
        .Add("no_cache", Scalars.Boolean, "Whether nothing of earlier builds is used", (build, value) => build with { NoCache = value })
        .Add("pull", Scalars.Boolean, "Whether the images that it begins with are fetched anew", (build, value) => build with { Pull = value })
        .Add("network", Scalars.Word("a network such as `host` or `none`"), "The builder's network for the steps", (build, value) => build with { Network = value })
        .Add("shm_size", Scalars.Word("a size such as `128m`"), "The size of `/dev/shm` for the steps", (build, value) => build with { ShmSize = value })
        .Add("extra_hosts", Hosts(), "Names that the steps know", (build, value) => build with { ExtraHosts = value })
        .Add("additional_contexts", CommonShapes.Labels, "More folders, images (`docker-image://`) or repositories by name, for `FROM` and `COPY --from`", (build, value) => build with { AdditionalContexts = value })
        .Add("secrets", new ListShape<BuildSecret>(Secret, "[npmrc]"), "Secrets of the file, from a file or the environment, that the steps can mount", (build, value) => build with { Secrets = [.. value.Where(secret => secret is not null)] })
        .Add("ssh", Agents(), "Agents or keys for SSH that the steps can use", (build, value) => build with { Ssh = value })
        .Foreign([.. ForeignWords.OfBuild]);

    /// <summary>The folder alone, or all of it.</summary>
    public static Shape<BuildDefinition> Build { get; } = new FormsShape<BuildDefinition>
    {
        Scalar = Place.As(place => new BuildDefinition { Context = place }),
        Mapping = Mapping,
    }.Then<BuildDefinition, BuildDefinition>(Complete);

    private static FormsShape<IReadOnlyList<string>> Hosts() => new()
    {
        Sequence = new ListShape<string>(Scalars.Word("text such as `db:192.0.2.10`"), "[\"db:192.0.2.10\"]").As<IReadOnlyList<string>, IReadOnlyList<string>>(hosts => [.. hosts.Where(host => (string?)host is not null).Select(host => host.IndexOf('=', StringComparison.Ordinal) is > 0 and var cut ? $"{host[..cut]}:{host[(cut + 1)..]}" : host)]),
        Mapping = new MapShape<string>(Scalars.Word("an address"), "db: 192.0.2.10").As<IReadOnlyDictionary<string, string>, IReadOnlyList<string>>(hosts => [.. hosts.Select(host => $"{host.Key}:{host.Value}")]),
    };

    private static FormsShape<IReadOnlyList<string>> Agents() => new()
    {
        Sequence = new ListShape<string>(Scalars.Word("`default`, or text such as `name=path`"), "[default]").As<IReadOnlyList<string>, IReadOnlyList<string>>(agents => [.. agents.Where(agent => (string?)agent is not null)]),
        Mapping = CommonShapes.Labels.As<IReadOnlyDictionary<string, string>, IReadOnlyList<string>>(agents => [.. agents.Select(agent => agent.Value.Length == 0 ? agent.Key : $"{agent.Key}={agent.Value}")]),
    };

    private static bool Complete(BuildDefinition said, DocumentNode node, Site site, BindingContext context, out BuildDefinition build)
    {
        build = said.Context.Length > 0 ? said : said with { Context = MountShapes.Absolute(".", context, site) };
        if (said.Dockerfile is not null && said.DockerfileInline is not null)
            context.Error("BadBuild", node, site.At("dockerfile_inline"), "the instructions are said twice: `dockerfile` and `dockerfile_inline`", "write one of the two");
        if (said.Platform?.Contains(' ', StringComparison.Ordinal) == true)
            context.Error("BadBuild", node, site.At("platforms"), "an image is built for one platform, that of the server", "leave it out, or name the one");
        foreach (var name in said.AdditionalContexts.Where(pair => pair.Value.StartsWith("service:", StringComparison.Ordinal)).Select(pair => pair.Key))
            context.Error("BadBuild", node, site.At("additional_contexts").At(name), "the image of another service is no context here", "build that stage in the same file, or push it and write `docker-image://`");
        build = build with
        {
            AdditionalContexts = said.AdditionalContexts.ToDictionary(pair => pair.Key, pair => BuildDefinition.IsPath(pair.Value) ? MountShapes.Absolute(pair.Value, context, site) : pair.Value, StringComparer.Ordinal),
        };
        return true;
    }

    private static ForeignWord Owner(string word) => new(word, ForeignSeverity.Warning, "the builder decides who may read it", "leave it out");
}
