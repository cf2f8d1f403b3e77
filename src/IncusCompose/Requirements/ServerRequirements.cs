using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;
using IncusCompose.Validation;

namespace IncusCompose.Requirements;

/// <summary>Finds what a stack says that its server is too old for, before anything is changed.</summary>
internal static class ServerRequirements
{
    /// <summary>Reports each key and value of a resource that needs an API extension which the server lacks; what instances need, <see cref="ExtensionNeeds"/> finds.</summary>
    public static void Check(DesiredResource resource, PlanningContext context)
    {
        if (resource.External)
            return;
        ValueNeeds.Check(resource, context);
        foreach (var path in resource.Properties.Paths)
        {
            if (Find(resource, path) is { } extension)
                context.Require(extension, PlaceOf(resource.DefinitionPath, path, context), $"`{PropertyPath.Display(path)}`");
        }
    }

    /// <summary>True where raw configuration has keys that are not known here, or values that do not fit what is known: what the server says of them counts.</summary>
    public static bool HasDoubtfulConfig(StackDefinition stack) =>
        RawConfig(stack).Any(raw => ConfigCatalog.Of(raw.Entity)!.Find(raw.Key) is not { } known || ConfigKeyRules.Problem(raw.Key, known.Type, raw.Value) is not null);

    /// <summary>
    /// Reports each key that is neither known here nor, by what it says of itself, to the server, and each value that is none of
    /// the type that the server says.
    /// </summary>
    public static void CheckConfig(PlanningContext context, MetadataConfiguration metadata)
    {
        foreach (var keys in RawConfig(context.Stack).GroupBy(raw => raw.Entity))
        {
            if (ConfigCatalog.Of(keys.Key, metadata) is not { } catalog)
                continue;
            var version = context.About!.Environment.ServerVersion;
            foreach (var (_, path, key, value) in keys)
            {
                if (catalog.Find(key) is { } known)
                {
                    if (ConfigKeyRules.Problem(key, known.Type, value) is { } problem)
                        context.Error("BadConfigValue", path, $"`{key}` {problem}, which this server (Incus {version}) takes alone", known.Type == "bool" ? "write `true` or `false`" : "write a whole number");
                }
                else if (ConfigCatalog.Of(keys.Key)!.Find(key) is null)
                {
                    context.Error("UnknownConfigKey", path, $"this server (Incus {version}) has no configuration key `{key}`",
                        Diagnostics.Suggestions.DidYouMean(key, catalog.Names, "remove it; what is your own goes under `user.`"));
                }
            }
        }
    }

    // Only of these does every server say all that it knows.
    private static IEnumerable<(string Entity, string Path, string Key, string Value)> RawConfig(StackDefinition stack)
    {
        var all = stack.Instances.Values.SelectMany(instance => Of("instance", $"instances.{instance.Name}", instance.Config))
            .Concat(stack.Profiles.Values.Where(profile => !profile.External).SelectMany(profile => Of("instance", $"profiles.{profile.Name}", profile.Config)))
            .Concat(stack.Projects.Values.SelectMany(other => Of("project", $"projects.{other.Name}", other.Config)));
        return stack.Project is { Create: true } project ? all.Concat(Of("project", "project", project.Config)) : all;

        static IEnumerable<(string, string, string, string)> Of(string entity, string path, IReadOnlyDictionary<string, string> config) =>
            config.Select(entry => (entity, $"{path}.config.{entry.Key}", entry.Key, entry.Value));
    }

    private static string? Find(DesiredResource resource, string path) =>
        PropertyPath.IsConfig(path, out var key) ? EntitiesOf(resource).Select(entity => Extensions.For(entity, key)).FirstOrDefault(extension => extension is not null) : null;

    private static IEnumerable<string> EntitiesOf(DesiredResource resource) => resource.Id.Kind switch
    {
        OtherProjectKind.KindName => [ProjectKind.KindName],
        VolumeKind.KindName => ["storage-volume"],
        NetworkKind.KindName => [NetworkKind.KindName, $"network:{resource.Properties[PropertyPath.Type]}"],
        var kind => [kind],
    };

    /// <summary>Where the file says it, in these words or in one of its own; else the resource.</summary>
    private static string PlaceOf(string definition, string path, PlanningContext context)
    {
        var written = $"{definition}.{PropertyPath.Display(path)}";
        var word = PropertyPath.IsConfig(path, out var key) ? $"{definition}.{key.Split('.')[0]}" : definition;
        return context.Stack.Source.Contains(written) ? written : context.Stack.Source.Contains(word) ? word : definition;
    }
}
