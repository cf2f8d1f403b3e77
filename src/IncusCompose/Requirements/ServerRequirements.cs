using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources;

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

    /// <summary>True where a stack has keys that are not known here, about which its server is to be asked.</summary>
    public static bool HasUnknownKeys(StackDefinition stack) => UnknownKeys(stack).Any();

    /// <summary>Reports each key that is neither known here nor, by what it says of itself, to the server.</summary>
    public static void CheckUnknownKeys(PlanningContext context, MetadataConfiguration metadata)
    {
        foreach (var keys in UnknownKeys(context.Stack).GroupBy(unknown => unknown.Entity))
        {
            if (ConfigCatalog.Of(keys.Key, metadata) is not { } catalog)
                continue;
            foreach (var (_, path, key) in keys.Where(unknown => catalog.Find(unknown.Key) is null))
            {
                context.Error("UnknownConfigKey", path, $"this server (Incus {context.About!.Environment.ServerVersion}) has no configuration key `{key}`",
                    Diagnostics.Suggestions.DidYouMean(key, catalog.Names, "remove it; what is your own goes under `user.`"));
            }
        }
    }

    // Only of these does every server say all that it knows.
    private static IEnumerable<(string Entity, string Path, string Key)> UnknownKeys(StackDefinition stack)
    {
        var all = stack.Instances.Values.SelectMany(instance => Of("instance", $"instances.{instance.Name}", instance.Config))
            .Concat(stack.Profiles.Values.Where(profile => !profile.External).SelectMany(profile => Of("instance", $"profiles.{profile.Name}", profile.Config)))
            .Concat(stack.Projects.Values.SelectMany(other => Of("project", $"projects.{other.Name}", other.Config)));
        return stack.Project is { Create: true } project ? all.Concat(Of("project", "project", project.Config)) : all;

        static IEnumerable<(string, string, string)> Of(string entity, string path, IReadOnlyDictionary<string, string> config) =>
            config.Keys.Where(key => ConfigCatalog.Of(entity)!.Find(key) is null).Select(key => (entity, $"{path}.config.{key}", key));
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
