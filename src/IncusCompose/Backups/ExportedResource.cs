using System.IO.Compression;
using System.Text;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Backups;

/// <summary>
/// An exported instance or volume that is to be in another place. The server takes its configuration from the archive, with
/// the mark of where it was, and looks at an instance's devices as they are there: it refuses one whose storage pools it does
/// not have. Incus 6.0 has no way to tell it others.
/// </summary>
internal static class ExportedResource
{
    /// <summary>True for data that can be changed on its way.</summary>
    public static bool IsReadable(StackBackup backup) => backup is { OptimizedStorage: false, Compression: "gzip" or "none" };

    /// <summary>The archive, not compressed, with what it says of its resource translated.</summary>
    /// <param name="archive">The export.</param>
    /// <param name="compression">How it is compressed.</param>
    /// <param name="format">Reads the description in it.</param>
    /// <param name="place">The new values of configuration keys that are there.</param>
    /// <param name="translate">Gives a device's options their new values; null where none changes.</param>
    public static Stream Translate(
        Stream archive, string compression, IDocumentFormat format, IReadOnlyDictionary<string, string> place, Action<SortedDictionary<string, string>>? translate) =>
        new EditedArchive(
            compression == "gzip" ? new GZipStream(archive, CompressionMode.Decompress) : archive,
            path => path is "backup/index.yaml" or "backup/container/backup.yaml" or "backup/virtual-machine/backup.yaml",
            content => Translate(content, format, place, translate));

    internal static byte[] Translate(byte[] description, IDocumentFormat format, IReadOnlyDictionary<string, string> place, Action<SortedDictionary<string, string>>? translate)
    {
        using var stream = new MemoryStream(description);
        var read = format.Read("backup.yaml", stream, DocumentLimits.Default with { MaxBytes = description.Length + 1 });
        if (read.Root is not MappingNode root)
        {
            return translate is null ? description : throw new InvalidDataException("the description of the instance in its archive cannot be read");
        }

        // The index holds the same as a part of it.
        root = root.Find("config") as MappingNode ?? root;
        var lines = Encoding.UTF8.GetString(description).Split('\n');
        foreach (var resource in ResourcesIn(root))
        {
            foreach (var entry in (resource.Find("config") as MappingNode)?.Entries ?? [])
            {
                // Where that cannot be, it is set once the resource is there: nothing is lost but for whoever is cut off before.
                if (entry.Value is ScalarNode value && place.TryGetValue(entry.Key.Value, out var now) && now != value.Value)
                    _ = TryReplace(lines, value, now);
            }

            if (translate is not null)
                TranslateDevices(lines, resource, translate);
        }

        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    /// <summary>The instance or volume, and its snapshots.</summary>
    private static IEnumerable<MappingNode> ResourcesIn(MappingNode root) =>
        new[] { root.Find("container"), root.Find("instance"), root.Find("volume") }
            .Concat((root.Find("snapshots") as SequenceNode)?.Items ?? [])
            .Concat((root.Find("volume_snapshots") as SequenceNode)?.Items ?? [])
            .OfType<MappingNode>();

    private static void TranslateDevices(string[] lines, MappingNode resource, Action<SortedDictionary<string, string>> translate)
    {
        foreach (var device in (resource.Find("devices") as MappingNode)?.Entries ?? [])
        {
            if (device.Value is not MappingNode options)
                continue;
            var values = options.Entries.Where(option => option.Value is ScalarNode).ToDictionary(option => option.Key.Value, option => (ScalarNode)option.Value);
            var translated = new SortedDictionary<string, string>(values.ToDictionary(pair => pair.Key, pair => pair.Value.Value), StringComparer.Ordinal);
            translate(translated);
            foreach (var (key, node) in values.Where(pair => translated.GetValueOrDefault(pair.Key) is { } now && now != pair.Value.Value))
            {
                if (!TryReplace(lines, node, translated[key]))
                    throw new InvalidDataException($"line {node.Location.Line} of the description of the instance in its archive cannot be changed");
            }
        }
    }

    /// <summary>Only the value is changed, where it stands: whatever else the server has written stays as it is.</summary>
    private static bool TryReplace(string[] lines, ScalarNode node, string value)
    {
        var line = lines[node.Location.Line - 1];
        var start = node.Location.Column - 1;
        string[] written = [node.Value, $"\"{node.Value}\"", $"'{node.Value}'"];
        if (!written.Any(text => line.AsSpan(start).TrimEnd().SequenceEqual(text)))
            return false;
        lines[node.Location.Line - 1] = line[..start] + '"' + value + '"';
        return true;
    }
}
