using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <content>What an instance is called, and the names that it knows.</content>
internal static partial class ComposeWords
{
    private static ObjectShape<InstanceDefinition> AddNames(ObjectShape<InstanceDefinition> instance) => instance
        .Add("mac_address", CommonShapes.MacAddress, "A fixed MAC address of its first interface", (made, value) => made with { MacAddress = value })
        .Add("network_mode", NetworkMode, "`none`: it is on no network; `bridge`: on those of its profiles", (made, value) => made with { NoNetwork = value })
        .Add("links", new ListShape<string>(Link, "[db]").As<IReadOnlyList<string>, IReadOnlyList<string>>(links => [.. links.Where(link => link is not null)]), "Instances that must have started before it, as `depends_on` has them", (made, value) => Say(made, words => words with { Links = value }))
        .Add("annotations", CommonShapes.Labels, "Kept on the instance as `user.annotation.NAME`", (made, value) => made.FillAll(value, "user.annotation."));

    private static ScalarShape<bool> NetworkMode { get; } = new("`none` or `bridge`", text => text switch
    {
        "none" => new(true),
        "bridge" or "default" => new(false),
        "host" => new(false, "is not there: an instance has network interfaces of its own", "publish what it serves under `ports`, or write `network: macvlan` for an address in the host's network"),
        _ when text.StartsWith("service:", StringComparison.Ordinal) || text.StartsWith("container:", StringComparison.Ordinal) =>
            new(false, "is not there: every instance has network interfaces of its own", "write `networks` with a network that both are on"),
        _ => new(false, "is not known here", $"write `networks: [{text}]`"),
    })
    { ProblemId = "BadNetworkMode", Words = ["none", "bridge", "default"] };

    private static ScalarShape<string> Link { get; } = new("an instance's name", text => text.Split(':') switch
    {
        [var name] when name.Length > 0 => new(name),
        [var name, var alias] when name == alias => new(name),
        [var name, var alias] => new("", $"gives `{name}` another name, `{alias}`, which its network does not know", $"write `{name}`, or call the instance `{alias}`"),
        _ => new("", "is no name of an instance"),
    })
    { ProblemId = "BadLink", Pattern = "^[^:]+(:[^:]+)?$" };
}
