using Incus.Client;
using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Guests;
using IncusCompose.Provision;
using IncusCompose.Requirements;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Resources.Networks;
using IncusCompose.Resources.Projects;
using IncusCompose.Resources.Storage;

namespace IncusCompose.Resources;

/// <summary>What a kind is told when it says what its resources should be.</summary>
/// <param name="Stack">The definition.</param>
/// <param name="Project">The Incus project that the stack lives in.</param>
/// <param name="Server">What is live.</param>
/// <param name="Remotes">The user's remotes, for image references.</param>
internal sealed record PlanningContext(StackDefinition Stack, string Project, ServerObservation Server, ClientConfiguration Remotes)
{
    private readonly List<Diagnostic> _problems = [];
    private Placement? _placement;

    /// <summary>What is live, as the stack sees it.</summary>
    public ServerObservation Server { get; init; } = StrayedVolumes.SeenBy(Stack, Project, Server.SeenBy(Stack.Name, Project));

    /// <summary>The interface by which the host stands in its network; null where the stack does not need to know.</summary>
    public HostUplink? Uplink { get; init; }

    /// <summary>The steps that follow the changes of instances, by the instances' names; none where they have none.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<PlannedStep>> Steps { get; init; } = new Dictionary<string, IReadOnlyList<PlannedStep>>();

    /// <summary>The server: its version and its extensions; null where only a look at what it holds matters.</summary>
    public ServerInfo? About { get; init; }

    /// <summary>The members of the cluster; null where the server is in none, or the stack does not need to know.</summary>
    public IReadOnlyList<string>? Members { get; init; }

    /// <summary>The DNS zones of all projects; null where the stack does not need to know, or the server does not tell.</summary>
    public IReadOnlyCollection<string>? Zones { get; init; }

    /// <summary>What the client may not do; null where it may do everything, or there is no telling.</summary>
    public RestrictedClient? Restricted { get; init; }

    /// <summary>Where in the cluster instances and volumes are to be; what cannot be is reported once it is asked for.</summary>
    public Placement Placement => _placement ??= Placement.Of(this);

    /// <summary>What the images that are followed lead to where they come from, by reference and type of instance.</summary>
    public IReadOnlyDictionary<(string Reference, string Type), string> NewestImages { get; init; } = new Dictionary<(string, string), string>();

    /// <summary>Which images of registries those are, by reference.</summary>
    public IReadOnlyDictionary<string, ImageDigest> ImageDigests { get; init; } = new Dictionary<string, ImageDigest>();

    /// <summary>The images that are built on this machine, by their keys, and what they are built of.</summary>
    public IReadOnlyDictionary<string, PlannedBuild> Builds { get; init; } = new Dictionary<string, PlannedBuild>();

    /// <summary>What images run by themselves, by reference: of those whose arguments alone the file says, and that had to be asked for.</summary>
    public IReadOnlyDictionary<string, ImageEntrypoint> Entrypoints { get; init; } = new Dictionary<string, ImageEntrypoint>();

    /// <summary>How images say that they are healthy, by reference: of those that had to be asked for.</summary>
    public IReadOnlyDictionary<string, ImageHealthcheck> ImageHealth { get; init; } = new Dictionary<string, ImageHealthcheck>();

    /// <summary>What becomes of the variables that come from images, where instances are rebuilt from others, by the instances' names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string?>> ImageEnvironment { get; init; } = new Dictionary<string, IReadOnlyDictionary<string, string?>>();

    /// <summary>The users that instances run as by name, by the instances' names: of those that had to be looked into.</summary>
    public IReadOnlyDictionary<string, ProcessUser> Users { get; init; } = new Dictionary<string, ProcessUser>();

    /// <summary>
    /// True where the client sees all there is where the stack's project keeps what a feature governs: in the project itself, or
    /// in the default project for a client that is not restricted to some others.
    /// </summary>
    /// <param name="feature">The project feature, which is off where a project does not say it.</param>
    public bool SeesAllOf(string feature) =>
        IsUnrestricted || HasOwn(feature);

    /// <summary>True where the client is known not to be restricted to some projects: the server keeps its configuration from those that are.</summary>
    public bool IsUnrestricted => About is null or { Config.Count: > 0 } or { AuthUserMethod: "unix" };

    /// <summary>True where the stack's project has resources of its own where a feature governs them, as far as can be known.</summary>
    /// <param name="feature">The project feature, which is off where a project does not say it.</param>
    public bool HasOwn(string feature) =>
        Project == "default"
        || (LiveProject is { Raw: Project live } ? ObserveScope.HasOwn(live.Config, feature, isDefault: false)
            : Stack.Project is { Create: true } made && ObserveScope.HasOwn(made.Config, feature, isDefault: false));

    /// <summary>Reports what the server's version lacks, before anything is changed.</summary>
    /// <param name="extension">The API extension that it takes.</param>
    /// <param name="path">What in the file needs it.</param>
    /// <param name="feature">The same in words, to begin a sentence.</param>
    /// <returns>True where the server has it.</returns>
    public bool Require(string extension, string path, string feature)
    {
        if (About is null || About.ApiExtensions.Contains(extension))
            return true;
        Error("MissingExtension", path, $"{feature} needs the API extension \"{extension}\", which Incus {About.Environment.ServerVersion} does not have",
            Requirements.Extensions.SinceOf(extension) is { } since ? $"use Incus {since} or later, or remove it" : "use a newer Incus, or remove it");
        return false;
    }

    /// <summary>What instances get besides their configuration, and what was seen of it.</summary>
    public GuestContents Guests { get; init; } = GuestContents.None;

    /// <summary>Problems that only a look at the server could show.</summary>
    public IReadOnlyList<Diagnostic> Problems => _problems;

    /// <summary>The project that the stack lives in; null where it has still to be made, or may not be looked at.</summary>
    public LiveResource? LiveProject => Server.Find(ProjectKind.IdOf(Project));

    public void Report(Diagnostic problem) => _problems.Add(Stack.Source.Hidden.Hide(problem));

    public void Error(string id, string path, string message, string advice = "") =>
        Report(Diagnostic.Error(id, Stack.Source.Find(path), Stack.Source.Said(path), message, advice));
}
