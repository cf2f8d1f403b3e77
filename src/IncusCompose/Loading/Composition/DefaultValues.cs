using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Composition;

/// <summary>Lays <c>defaults</c> under every instance of a document.</summary>
internal static class DefaultValues
{
    public const string Key = "defaults";

    private const string Instances = "instances";

    /// <summary>The document with its defaults in its instances; they stay where they are, to be checked like an instance.</summary>
    public static MappingNode Apply(MappingNode document, Composer composer)
    {
        if (document.Find(Key) is not MappingNode defaults || defaults.IsReset())
            return document;
        if (defaults.Entries.FirstOrDefault(entry => entry.Key.Value == Extension.Key) is { } extends)
        {
            composer.Report(Diagnostic.Error("DefaultsExtend", extends.Key.Location, $"{Key}.{Extension.Key}", "what all instances have cannot be taken from one of them",
                "write it under `defaults` itself"));
            defaults = defaults with { Entries = [.. defaults.Entries.Where(entry => entry != extends)] };
        }

        return document with
        {
            Entries =
            [
                .. document.Entries.Select(entry => entry.Key.Value switch
                {
                    Key => entry with { Value = defaults },
                    Instances when entry.Value is MappingNode instances => entry with { Value = Under(instances, defaults, composer) },
                    _ => entry,
                }),
            ],
        };
    }

    /// <summary>The instances of a mapping with defaults under each.</summary>
    public static DocumentNode Under(DocumentNode instance, string name, MappingNode defaults, Composer composer) =>
        instance is MappingNode or ScalarNode { IsNull: true } ? composer.Merger.MergeInstance(defaults, instance, name) : instance;

    private static MappingNode Under(MappingNode instances, MappingNode defaults, Composer composer) => instances with
    {
        Entries = [.. instances.Entries.Select(entry => entry with { Value = Under(entry.Value, entry.Key.Value, defaults, composer) })],
    };
}
