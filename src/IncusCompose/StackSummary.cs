using Incus.Client;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose;

/// <summary>One resource of a stack as it is on the server.</summary>
/// <param name="Id">The resource.</param>
/// <param name="Key">The path of its definition in the stack file, such as <c>instances.web</c>.</param>
/// <param name="Status">The server's own word, such as <c>Running</c>; empty where the kind has none.</param>
public sealed record StackResource(ResourceId Id, string Key, string Status)
{
    /// <summary>The resource's kind.</summary>
    public string Kind => Id.Kind;

    /// <summary>The resource's name.</summary>
    public string Name => Id.Name;
}

/// <summary>A stack as it is on the server, known by its marks.</summary>
public sealed record StackSummary
{
    /// <summary>The stack's name.</summary>
    public required string Name { get; init; }

    /// <summary>The Incus project that it lives in.</summary>
    public required string Project { get; init; }

    /// <summary>The server that it is on, as the front end names it; empty where nobody named it.</summary>
    public string Server { get; init; } = "";

    /// <summary>Everything that is marked as the stack's, by kind and name.</summary>
    public required IReadOnlyList<StackResource> Resources { get; init; }

    /// <summary>The instances' names.</summary>
    public IReadOnlyList<string> Instances => NamesOf(InstanceKind.KindName);

    /// <summary>The names of its definitions of instances, each with those of the instances that it has; of replicas there are several.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Definitions =>
        Resources.Where(resource => resource.Kind == InstanceKind.KindName)
            .GroupBy(resource => resource.Key[(resource.Key.IndexOf('.', StringComparison.Ordinal) + 1)..], StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => (IReadOnlyList<string>)[.. group.Select(resource => resource.Name).Order(StringComparer.Ordinal)], StringComparer.Ordinal);

    /// <summary>The networks' names.</summary>
    public IReadOnlyList<string> Networks => NamesOf(NetworkKind.KindName);

    /// <summary>The volumes' names.</summary>
    public IReadOnlyList<string> Volumes => NamesOf(VolumeKind.KindName);

    /// <summary>The profiles' names.</summary>
    public IReadOnlyList<string> Profiles => NamesOf(ProfileKind.KindName);

    /// <summary>How many of the instances run.</summary>
    public int Running => Resources.Count(resource => resource.Kind == InstanceKind.KindName && resource.Status is "Running" or "Ready");

    internal static StackSummary Of(string name, string project, IEnumerable<LiveResource> resources) => new()
    {
        Name = name,
        Project = project,
        Resources =
        [
            .. resources
                .OrderBy(live => ResourceKinds.RankOf(live.Id))
                .ThenBy(live => live.Id.ToString(), StringComparer.Ordinal)
                .Select(live => new StackResource(live.Id, live.Mark!.Key, StatusOf(live.Raw))),
        ],
    };

    private static string StatusOf(object raw) => raw switch
    {
        Instance instance => instance.Status,
        Network network => network.Status,
        StoragePool pool => pool.Status,
        _ => "",
    };

    private IReadOnlyList<string> NamesOf(string kind) =>
        [.. Resources.Where(resource => resource.Kind == kind).Select(resource => resource.Name)];
}
