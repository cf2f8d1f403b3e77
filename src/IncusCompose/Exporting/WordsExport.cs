using System.Collections.Immutable;
using IncusCompose.Definition;

namespace IncusCompose.Exporting;

/// <summary>Configuration that an instance or a profile has words for.</summary>
internal sealed record WordsExport
{
    private const string LabelPrefix = "user.label.", EnvironmentPrefix = "environment.";

    /// <summary>What the words for resources, security, the kernel and the like say.</summary>
    public required ImmutableSortedDictionary<string, string> Options { get; init; }

    /// <summary>cloud-init data; null: none.</summary>
    public CloudInitDefinition? CloudInit { get; init; }

    /// <summary>Snapshots that the server takes; null: none that the word can say.</summary>
    public SnapshotsDefinition? Snapshots { get; init; }

    /// <summary>Environment variables.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Labels, which instances have a word for.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Maps.Empty;

    /// <summary>Takes what words can say out of a configuration.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="type">Whose it is; null: a profile's.</param>
    /// <param name="context">How words are read.</param>
    public static WordsExport Take(SortedDictionary<string, string> config, InstanceType? type, ExportContext context)
    {
        var data = new CloudInitDefinition(TakeOne("cloud-init.user-data"), TakeOne("cloud-init.vendor-data"), TakeOne("cloud-init.network-config"));
        return new WordsExport
        {
            Options = OptionExport.Take(config, type, context),
            CloudInit = data == new CloudInitDefinition() ? null : data,
            Snapshots = SnapshotsExport.Take(config),
            Environment = TakeAll(EnvironmentPrefix),
            Labels = type is null ? Maps.Empty : TakeAll(LabelPrefix),
        };

        string? TakeOne(string key) => config.Remove(key, out var value) ? value : null;

        IReadOnlyDictionary<string, string> TakeAll(string prefix)
        {
            var found = config.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal) && entry.Key.Length > prefix.Length).ToList();
            found.ForEach(entry => config.Remove(entry.Key));
            return new SortedDictionary<string, string>(found.ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value), StringComparer.Ordinal).AsReadOnly();
        }
    }
}
