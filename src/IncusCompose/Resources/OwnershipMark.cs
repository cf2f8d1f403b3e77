namespace IncusCompose.Resources;

/// <summary>
/// The mark that a stack leaves on each resource that it makes, in the resource's own configuration on the server:
/// whose it is, and what was last applied to it. It is the only state that a stack has.
/// </summary>
/// <param name="Stack">The owning stack's name.</param>
/// <param name="Project">The Incus project that the stack lives in (its networks and pools may live elsewhere).</param>
/// <param name="Key">The path of the definition in the file, such as <c>instances.web</c>.</param>
/// <param name="Applied">What was last applied.</param>
internal sealed record OwnershipMark(string Stack, string Project, string Key, AppliedRecord Applied)
{
    public const string Prefix = "user.incus-compose.";
    private const string InstancesPrefix = "instances.";
    private const string StackKey = Prefix + "stack";
    private const string ProjectKey = Prefix + "project";
    private const string DefinitionKey = Prefix + "key";
    private const string ResourceKey = Prefix + "resource";
    private const string AppliedKey = Prefix + "applied";

    /// <summary>
    /// The mark in a resource's configuration; null where there is none, and where it was written for another resource:
    /// a copy (<c>incus copy</c>) or a renamed one carries the configuration along, but it is its maker's, not the stack's.
    /// </summary>
    public static OwnershipMark? Read(ResourceId id, IReadOnlyDictionary<string, string> config) =>
        config.GetValueOrDefault(ResourceKey) == id.ToString() ? Read(config) : null;

    /// <summary>The mark in a configuration, whatever it was written for.</summary>
    public static OwnershipMark? Read(IReadOnlyDictionary<string, string> config)
    {
        if (!config.TryGetValue(StackKey, out var stack) || stack.Length == 0)
            return null;
        return new OwnershipMark(
            stack,
            config.GetValueOrDefault(ProjectKey, "default"),
            config.GetValueOrDefault(DefinitionKey, ""),
            AppliedRecord.Parse(config.GetValueOrDefault(AppliedKey)));
    }

    /// <summary>The resource that a mark in a configuration was written for; null where there is none.</summary>
    public static string? ResourceIn(IReadOnlyDictionary<string, string> config) => config.GetValueOrDefault(ResourceKey);

    /// <summary>Writes the mark into a resource's configuration.</summary>
    public void Write(ResourceId id, IDictionary<string, string> config)
    {
        config[ResourceKey] = id.ToString();
        config[StackKey] = Stack;
        config[ProjectKey] = Project;
        config[DefinitionKey] = Key;
        config[AppliedKey] = Applied.ToString();
    }

    /// <summary>What a mark says of where its resource is; only a resource of that name there bears it.</summary>
    public static IReadOnlyDictionary<string, string> PlaceOf(ResourceId id, string project) =>
        new Dictionary<string, string> { [ResourceKey] = id.ToString(), [ProjectKey] = project };

    /// <summary>Takes a mark out of a resource's configuration.</summary>
    public static void Erase(IDictionary<string, string> config)
    {
        foreach (var key in config.Keys.Where(key => key.StartsWith(Prefix, StringComparison.Ordinal)).ToList())
            config.Remove(key);
    }

    /// <summary>The name of the instance's definition, which replicas share; null where it marks something else.</summary>
    public string? InstanceDefinition => Key.StartsWith(InstancesPrefix, StringComparison.Ordinal) ? Key[InstancesPrefix.Length..] : null;

    /// <summary>True where the mark is that of a stack.</summary>
    public bool BelongsTo(string stack, string project) => Stack == stack && Project == project;
}
