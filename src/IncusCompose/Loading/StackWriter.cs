using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading;

/// <summary>A definition as a document, in the canonical form: every key in its declared order, defaults left out.</summary>
internal static class StackWriter
{
    /// <param name="stack">The definition.</param>
    /// <param name="mask">Shows a value by its key: the value itself, or what may be shown of it.</param>
    public static DocumentNode ToDocument(StackDefinition stack, Func<string, string, string> mask)
    {
        var writer = new Writer(mask);
        return writer.Stack(stack);
    }

    private sealed class Writer(Func<string, string, string> mask)
    {
        public MappingNode Stack(StackDefinition stack) => new Entries(mask)
            .Text("name", stack.Name)
            .Text("description", stack.Description)
            .Text("remote", stack.Remote)
            .Node("project", stack.Project is null ? null : Project(stack.Project))
            .Map("instances", stack.Instances, Instance)
            .Map("networks", stack.Networks, Network)
            .Map("storage_pools", stack.StoragePools, Pool)
            .Map("volumes", stack.Volumes, Volume)
            .Map("profiles", stack.Profiles, Profile)
            .Map("images", stack.Images, Image)
            .ToNode();

        private DocumentNode Project(ProjectDefinition project)
        {
            if (!project.Create && project.Description is null && project.Config.Count == 0)
                return Scalar(project.Name);
            return new Entries(mask)
                .Text("name", project.Name)
                .Flag("create", project.Create)
                .Text("description", project.Description)
                .Values("config", project.Config)
                .ToNode();
        }

        private MappingNode Instance(InstanceDefinition instance) => new Entries(mask)
            .Text("image", instance.Image)
            .Text("type", instance.Type == InstanceType.VirtualMachine ? "virtual-machine" : null)
            .Text("description", instance.Description)
            .Node("profiles", instance.Profiles is null ? null : List(instance.Profiles.Select(Scalar)))
            .Text("cpu", instance.Cpu)
            .Text("memory", instance.Memory)
            .Node("disk", instance.Disk is null ? null : Disk(instance.Disk))
            .Node("networks", instance.Networks.Count == 0 ? null : List(instance.Networks.Select(Attachment)))
            .Node("volumes", instance.Volumes.Count == 0 ? null : List(instance.Volumes.Select(Mount)))
            .Node("ports", instance.Ports.Count == 0 ? null : List(instance.Ports.Select(Port)))
            .Values("environment", instance.Environment)
            .Node("cloud_init", instance.CloudInit is null ? null : CloudInit(instance.CloudInit))
            .Node("depends_on", instance.DependsOn.Count == 0 ? null : List(instance.DependsOn.Select(dependency => Scalar(dependency.Instance))))
            .Flag("autostart", instance.Autostart)
            .Text("boot_priority", instance.BootPriority?.ToString(CultureInfo.InvariantCulture))
            .Values("labels", instance.Labels)
            .Flag("ephemeral", instance.Ephemeral)
            .Values("config", instance.Config)
            .Map("devices", instance.Devices, Values)
            .ToNode();

        private DocumentNode Disk(RootDiskDefinition disk) => disk is { Pool: null, Size: not null }
            ? Scalar(disk.Size)
            : new Entries(mask).Text("size", disk.Size).Text("pool", disk.Pool).ToNode();

        private DocumentNode Attachment(NetworkAttachment nic) => nic == new NetworkAttachment { Network = nic.Network }
            ? Scalar(nic.Network)
            : new Entries(mask)
                .Text("network", nic.Network)
                .Text("ipv4", nic.Ipv4)
                .Text("ipv6", nic.Ipv6)
                .Text("mac", nic.Mac)
                .Text("name", nic.Name)
                .ToNode();

        private DocumentNode Mount(VolumeMount mount)
        {
            if (mount.Shift is null && !mount.Source.Contains(':', StringComparison.Ordinal) && !mount.Target.Contains(':', StringComparison.Ordinal))
                return Scalar($"{mount.Source}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}");
            return new Entries(mask)
                .Text("source", mount.Source)
                .Text("target", mount.Target)
                .Flag("read_only", mount.ReadOnly)
                .Flag("shift", mount.Shift)
                .ToNode();
        }

        private DocumentNode Port(PortMapping port)
        {
            var published = Range(port.HostPort, port.Count);
            var target = Range(port.InstancePort, port.Count);
            if (port.InstanceAddress == "127.0.0.1")
            {
                var host = port.HostAddress.Contains(':', StringComparison.Ordinal) ? $"[{port.HostAddress}]:" : $"{port.HostAddress}:";
                // 22:22 alone would be a number in base 60 to old YAML readers.
                return new ScalarNode(SourceLocation.None, $"{host}{published}:{target}/{port.Protocol}", ScalarStyle.Plain);
            }

            return new Entries(mask)
                .Text("target", target)
                .Text("published", published)
                .Text("host_ip", port.HostAddress)
                .Text("protocol", port.Protocol)
                .Text("instance_ip", port.InstanceAddress)
                .ToNode();
        }

        private MappingNode CloudInit(CloudInitDefinition data) => new Entries(mask)
            .Text("user_data", data.UserData)
            .Text("vendor_data", data.VendorData)
            .Text("network_config", data.NetworkConfig)
            .ToNode();

        private MappingNode Network(NetworkDefinition network) => new Entries(mask)
            .Text("type", network.Type == "bridge" ? null : network.Type)
            .Text("description", network.Description)
            .Values("config", network.Config)
            .Flag("external", network.External)
            .ToNode();

        private MappingNode Pool(StoragePoolDefinition pool) => new Entries(mask)
            .Text("driver", pool.Driver)
            .Text("description", pool.Description)
            .Values("config", pool.Config)
            .Flag("external", pool.External)
            .ToNode();

        private MappingNode Volume(VolumeDefinition volume) => new Entries(mask)
            .Text("pool", volume.Pool)
            .Text("size", volume.Size)
            .Text("content_type", volume.ContentType == "filesystem" ? null : volume.ContentType)
            .Text("description", volume.Description)
            .Values("config", volume.Config)
            .Flag("external", volume.External)
            .ToNode();

        private MappingNode Profile(ProfileDefinition profile) => new Entries(mask)
            .Text("description", profile.Description)
            .Values("config", profile.Config)
            .Map("devices", profile.Devices, Values)
            .Flag("external", profile.External)
            .ToNode();

        private DocumentNode Image(ImageDefinition image) => image is { Alias: null, AutoUpdate: null }
            ? Scalar(image.Source)
            : new Entries(mask)
                .Text("source", image.Source)
                .Text("alias", image.Alias)
                .Flag("auto_update", image.AutoUpdate)
                .ToNode();

        private MappingNode Values(IReadOnlyDictionary<string, string> values)
        {
            var entries = new Entries(mask);
            foreach (var (key, value) in values)
                entries.Text(key, value);
            return entries.ToNode();
        }

        private static string Range(int first, int count) =>
            count == 1 ? first.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{first}-{first + count - 1}");

        private static SequenceNode List(IEnumerable<DocumentNode> items) => new(SourceLocation.None, [.. items]);
    }

    /// <summary>The entries of a mapping under construction; what is null or at its default is not written.</summary>
    private sealed class Entries(Func<string, string, string> mask)
    {
        private readonly List<MappingEntry> _entries = [];

        public Entries Text(string key, string? value) => Node(key, value is null ? null : Scalar(mask(key, value)));

        public Entries Flag(string key, bool? value) => Node(key, value is null ? null : Scalar(value.Value ? "true" : "false"));

        public Entries Flag(string key, bool value) => Flag(key, value ? true : null);

        public Entries Values(string key, IReadOnlyDictionary<string, string> values) => Map(key, values.ToDictionary(pair => pair.Key, pair => mask(pair.Key, pair.Value)), Scalar);

        public Entries Map<T>(string key, IReadOnlyDictionary<string, T> items, Func<T, DocumentNode> write)
        {
            if (items.Count == 0)
                return this;
            return Node(key, new MappingNode(SourceLocation.None, [.. items.Select(item => new MappingEntry(Key(item.Key), write(item.Value)))]));
        }

        public Entries Node(string key, DocumentNode? node)
        {
            if (node is not null)
                _entries.Add(new MappingEntry(Key(key), node));
            return this;
        }

        public MappingNode ToNode() => new(SourceLocation.None, _entries);
    }

    /// <summary>A key: as written, since variables in keys are not replaced.</summary>
    private static ScalarNode Key(string key) => Unambiguous(new ScalarNode(SourceLocation.None, key));

    /// <summary>Text that reads back as the same text.</summary>
    private static ScalarNode Scalar(string value) =>
        Unambiguous(new ScalarNode(SourceLocation.None, value.Replace("$", "$$", StringComparison.Ordinal)));

    /// <summary>Quotes what would else be no value, a merge key, or another spelling of true and false.</summary>
    private static ScalarNode Unambiguous(ScalarNode node)
    {
        if (node.IsNull || node.Value is "<<" or "True" or "TRUE" or "False" or "FALSE")
            return node with { Style = ScalarStyle.Quoted };
        return node.Value.Contains('\n', StringComparison.Ordinal) ? node with { Style = ScalarStyle.Block } : node;
    }
}
