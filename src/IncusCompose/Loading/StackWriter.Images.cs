using IncusCompose.Definition;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading;

/// <content>How images are built.</content>
internal static partial class StackWriter
{
    private sealed partial class Writer
    {
        private DocumentNode Build(BuildDefinition build)
        {
            if (build.IsSameAs(new BuildDefinition { Context = build.Context }))
                return Scalar(build.Context);
            return new Entries(mask)
                .Text("context", build.Context)
                .Text("dockerfile", build.Dockerfile)
                .Text("dockerfile_inline", build.DockerfileInline)
                .Values("args", build.Arguments)
                .Text("target", build.Target)
                .Values("labels", build.Labels)
                .Node("platforms", build.Platform is null ? null : List([Scalar(build.Platform)]))
                .Flag("no_cache", build.NoCache ? true : null)
                .Flag("pull", build.Pull ? true : null)
                .Text("network", build.Network)
                .Text("shm_size", build.ShmSize)
                .Node("extra_hosts", Words(build.ExtraHosts))
                .Values("additional_contexts", build.AdditionalContexts)
                .Node("secrets", build.Secrets.Count == 0 ? null : List(build.Secrets.Select(Secret)))
                .Node("ssh", Words(build.Ssh))
                .ToNode();

            DocumentNode Secret(BuildSecret secret) => secret.Source == secret.Target ? Scalar(secret.Source) : new Entries(mask).Text("source", secret.Source).Text("target", secret.Target).ToNode();
        }

        private DocumentNode Image(ImageDefinition image) => image is { Source.Length: > 0, Build: null, Aliases.Count: 0, AutoUpdate: null, Profiles: null, Pull: null, Credentials: null }
            ? Scalar(image.Source)
            : new Entries(mask)
                .Text("source", image.Source.Length == 0 ? null : image.Source)
                .Text("file", image.File)
                .Text("metadata", image.Metadata)
                .Text("rootfs", image.Rootfs)
                .Text("publish", image.Publish)
                .Node("build", image.Build is null ? null : Build(image.Build))
                .Node("aliases", Words(image.Aliases))
                .Node("profiles", image.Profiles is null ? null : List(image.Profiles.Select(Scalar)))
                .Flag("auto_update", image.AutoUpdate)
                .Text("pull", image.Pull?.ToString().ToLowerInvariant())
                .Node("credentials", image.Credentials is null ? null : new Entries(mask).Text("username", image.Credentials.Username).Text("password", image.Credentials.Password).ToNode())
                .ToNode();
    }
}
