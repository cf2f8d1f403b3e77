using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;

namespace IncusCompose.Loading;

/// <content>Volumes and buckets, and what instances mount.</content>
internal static partial class StackWriter
{
    private sealed partial class Writer
    {
        private DocumentNode Mount(VolumeMount mount)
        {
            if (mount.Tmpfs is { } tmpfs)
            {
                return new Entries(mask).Text("type", "tmpfs").Text("target", mount.Target)
                    .Node("tmpfs", tmpfs is { Size: null, Mode: null } ? null : new Entries(mask).Text("size", tmpfs.Size).Text("mode", tmpfs.Mode).ToNode()).ToNode();
            }

            if (mount is { Shift: null, Subpath: null, Propagation: null, CreateHostPath: false, NoCopy: null } && !mount.Source.Contains(':', StringComparison.Ordinal) && !mount.Target.Contains(':', StringComparison.Ordinal))
                return Scalar($"{mount.Source}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}");
            return new Entries(mask)
                .Text("source", mount.Source)
                .Text("target", mount.Target)
                .Flag("read_only", mount.ReadOnly)
                .Flag("shift", mount.Shift)
                .Node("bind", mount is { Propagation: null, CreateHostPath: false } ? null : new Entries(mask).Text("propagation", mount.Propagation).Flag("create_host_path", mount.CreateHostPath).ToNode())
                .Node("volume", mount is { Subpath: null, NoCopy: null } ? null : new Entries(mask).Text("subpath", mount.Subpath).Flag("nocopy", mount.NoCopy).ToNode())
                .ToNode();
        }

        private DocumentNode Folder(PersistedFolder folder)
        {
            if (folder.Owner is null && !folder.Source.Contains(':', StringComparison.Ordinal) && !folder.Target.Contains(':', StringComparison.Ordinal))
                return Scalar($"{folder.Source}:{folder.Target}");
            return new Entries(mask)
                .Text("source", folder.Source)
                .Text("target", folder.Target)
                .Text("owner", folder.Owner?.ToString())
                .ToNode();
        }

        private MappingNode Volume(VolumeDefinition volume)
        {
            var config = new Unsaid(volume.Config, mask);
            return new Entries(mask)
                .Text("pool", volume.Pool)
                .Text("target", volume.Target)
                .Text("size", volume.Size)
                .Text("content_type", volume.ContentType == "filesystem" ? null : volume.ContentType)
                .Text("source", volume.Source)
                .Text("import", volume.Import)
                .Node("content", volume.Content.Count == 0 ? null : List(volume.Content.Select(Content)))
                .Node("initial", Initial(config))
                .Node("snapshots", volume.Snapshots is null ? null : Snapshots(volume.Snapshots))
                .Text("description", volume.Description)
                .Values("config", config.Rest)
                .Flag("external", volume.External)
                .ToNode();
        }

        private static MappingNode? Initial(Unsaid config) => OrNothing(new Entries(Plain)
            .Text("uid", config.Take("initial.uid", text => IsNumber(text, 0, int.MaxValue)))
            .Text("gid", config.Take("initial.gid", text => IsNumber(text, 0, int.MaxValue)))
            .Text("mode", config.Take("initial.mode", StorageShapes.Mode.Accepts))
            .ToNode());

        private MappingNode Bucket(BucketDefinition bucket) => new Entries(mask)
            .Text("pool", bucket.Pool)
            .Text("size", bucket.Size)
            .Map("keys", bucket.Keys, BucketKey)
            .Text("description", bucket.Description)
            .Values("config", bucket.Config)
            .Flag("external", bucket.External)
            .ToNode();

        private DocumentNode BucketKey(BucketKeyDefinition key) => key == new BucketKeyDefinition { Name = key.Name, Role = key.Role }
            ? Scalar(key.Role)
            : new Entries(mask)
                .Text("role", key.Role == BucketKeyDefinition.DefaultRole ? null : key.Role)
                .Text("description", key.Description)
                .Text("access_key", key.AccessKey)
                .Text("secret_key", key.SecretKey)
                .ToNode();

        private DocumentNode Content(VolumeContent content) => content == new VolumeContent { Source = content.Source }
            ? Scalar(content.Source)
            : new Entries(mask)
                .Text("source", content.Source)
                .Text("target", content.Target == "/" ? null : content.Target)
                .Text("uid", content.Uid?.ToString(CultureInfo.InvariantCulture))
                .Text("gid", content.Gid?.ToString(CultureInfo.InvariantCulture))
                .ToNode();
    }
}
