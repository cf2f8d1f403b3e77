using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;
using IncusCompose.Validation;

namespace IncusCompose.Loading;

/// <content>Words that stand for keys of Incus's configuration, as their tables say.</content>
internal static partial class StackWriter
{
    private sealed partial class Writer
    {
        /// <summary>The short words stand beside <c>boot</c>, where they can say it.</summary>
        private static IReadOnlyDictionary<string, string> WithoutAutostart(InstanceDefinition instance)
        {
            var options = instance.Options;
            if (instance.Autostart is not null)
                options = options.With(InstanceDefinition.AutostartKey, null);
            return instance.BootPriority is null ? options : options.With(InstanceDefinition.BootPriorityKey, null);
        }

        /// <summary>Options that the loader checks, and the others under their own word.</summary>
        private MappingNode Device(IReadOnlyDictionary<string, string> device)
        {
            var known = device.Where(option => DeviceRules.IsKnown(device, option.Key)).ToDictionary();
            var entries = new Entries(mask);
            foreach (var (key, value) in known)
                entries.Text(key, value);
            return entries.Values(DeviceShapes.RawWord, device.Where(option => !known.ContainsKey(option.Key)).ToDictionary()).ToNode();
        }

        private DocumentNode? Disk(RootDiskDefinition? disk, IReadOnlyDictionary<string, string> options)
        {
            if (disk is null && !options.ContainsKey(DiskShapes.PriorityKey))
                return null;
            disk ??= new RootDiskDefinition(null);
            return new Entries(mask).Words(DiskShapes.Disk, disk.Options.With("size", disk.Size).With("pool", disk.Pool).With(DiskShapes.PriorityKey, options.GetValueOrDefault(DiskShapes.PriorityKey)));
        }
    }

    private sealed partial class Entries
    {
        public Entries Options(IReadOnlyDictionary<string, string> options, params ReadOnlySpan<string> words)
        {
            if (options.Count == 0)
                return this;
            foreach (var word in words)
            {
                if (Words(OptionWords.Groups.Single(group => group.Word == word).Shape, options) is { } node and not MappingNode { Entries.Count: 0 })
                    Node(word, node);
            }

            return this;
        }

        /// <summary>What the words of a shape say of these keys: alone where the short form can say it, else as a mapping.</summary>
        public DocumentNode Words(ConfigShape shape, IReadOnlyDictionary<string, string> values)
        {
            var entries = new Entries(mask);
            foreach (var entry in shape.Entries)
            {
                var word = entry.Word;
                switch (entry)
                {
                    case ConfigShape.Entry.Group group when Words(group.Shape, values) is { } node and not MappingNode { Entries.Count: 0 }:
                        entries.Node(word.Path, node);
                        break;
                    case ConfigShape.Entry.Names:
                        entries.Values(word.Path, values.Where(pair => word.Covers(pair.Key)).ToDictionary(pair => pair.Key[word.Key.Length..], pair => pair.Value));
                        break;
                    case ConfigShape.Entry.Values list when values.TryGetValue(word.Key, out var value):
                        entries.Node(word.Path, new SequenceNode(SourceLocation.None, [.. value.Split(list.Separator).Select(item => Scalar(mask(word.Key, item)))]));
                        break;
                    case ConfigShape.Entry.Value one when values.TryGetValue(word.Key, out var value) && one.Holds(value):
                        entries.Text(word.Path, value);
                        break;
                }
            }

            var mapping = entries.ToNode();
            return shape.ShortKey is { } key && mapping.Entries.Count == 1 && values.TryGetValue(key, out var alone) && mapping.Entries[0].Value is ScalarNode
                && shape.Entries.Any(entry => entry.Word.Key == key && entry.Word.Path == mapping.Entries[0].Key.Value)
                ? Scalar(mask(key, alone))
                : mapping;
        }
    }
}
