using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Instances;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;

namespace IncusCompose.Building;

/// <summary>
/// What a built image says of itself, and the same in the form in which a server keeps it beside the root file system: it makes
/// images of a registry into that form by itself. Sources: OCI image-spec, config.md; OCI runtime-spec, config.md; Incus
/// cmd/incusd/instance.go, instanceCreateFromImage.
/// </summary>
/// <param name="Architecture">The architecture as the builder calls it, such as <c>amd64</c>.</param>
/// <param name="Entrypoint">The program, without the arguments that a container may replace.</param>
/// <param name="Command">Those arguments.</param>
/// <param name="Environment">Variables, each as <c>NAME=value</c>.</param>
/// <param name="Folder">The folder that the program runs in.</param>
/// <param name="User">Who runs it: a name or a number, and with a colon a group.</param>
/// <param name="Created">When it was built.</param>
internal sealed record ImageConfig(
    string Architecture, IReadOnlyList<string> Entrypoint, IReadOnlyList<string> Command, IReadOnlyList<string> Environment, string Folder, string User, DateTimeOffset Created)
{
    /// <summary>How it says that it is healthy; null where it does not.</summary>
    public HealthCheckDefinition? Healthcheck { get; init; }

    // What every program expects, and images that begin with nothing do not say.
    private const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The architecture as Incus calls it.</summary>
    public string IncusArchitecture => MachineArchitecture.OfOci(Architecture).Name;

    /// <summary>Reads what a builder prints of an image.</summary>
    /// <param name="json">An object with the image's architecture, and its configuration as <c>config</c> or <c>Config</c>; or a list of one.</param>
    /// <exception cref="JsonException">It is something else.</exception>
    public static ImageConfig Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var image = document.RootElement;
        if (image.ValueKind == JsonValueKind.Array && image.GetArrayLength() > 0)
            image = image[0];
        var whole = image;
        // buildah has it among other things, in two forms, of which only one has health checks.
        if (Find(image, "OCIv1") is { } inner)
            image = inner;
        if (image.ValueKind != JsonValueKind.Object || Text(image, "architecture") is not { } architecture)
            throw new JsonException("it does not say what it is built for");
        var config = Find(image, "config");
        IReadOnlyList<string> List(string name) => config is { } said && Find(said, name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(item => item.GetString() ?? "")] : [];
        string Word(string name) => config is { } said ? Text(said, name) ?? "" : "";
        return new ImageConfig(
            architecture, List("Entrypoint"), List("Cmd"), List("Env"), Word("WorkingDir"), Word("User"),
            DateTimeOffset.TryParse(Text(image, "created"), CultureInfo.InvariantCulture, out var created) ? created : DateTimeOffset.UnixEpoch)
        {
            Healthcheck = HealthcheckOf(Find(whole, "Docker") is { } docker ? Find(docker, "config") : config) ?? HealthcheckOf(whole),
        };
    }

    private static HealthCheckDefinition? HealthcheckOf(JsonElement? said) => said is { } config && Find(config, "Healthcheck") is { } check
        ? OciImageConfig.HealthcheckOf(check, Find(config, "Shell") is { ValueKind: JsonValueKind.Array } shell ? [.. shell.EnumerateArray().Select(word => word.GetString() ?? "")] : [])
        : null;

    /// <summary>What the server runs of it.</summary>
    /// <param name="accounts">The users and groups of the image.</param>
    /// <exception cref="IncusException">It names a user or group that is not in the image.</exception>
    public string ToRuntimeConfig(AccountFiles accounts)
    {
        var user = RunnerOf(User, accounts);
        var environment = Environment.ToList();
        if (!environment.Exists(variable => variable.StartsWith("PATH=", StringComparison.Ordinal)))
            environment.Insert(0, DefaultPath);
        if (!environment.Exists(variable => variable.StartsWith("HOME=", StringComparison.Ordinal)))
            environment.Add($"HOME={user.Home}");
        static JsonArray Words(IEnumerable<string> words) => new([.. words.Select(word => (JsonNode?)word)]);
        return new JsonObject
        {
            ["ociVersion"] = "1.0.2",
            ["process"] = new JsonObject
            {
                ["user"] = new JsonObject { ["uid"] = user.User, ["gid"] = user.Group },
                ["args"] = Words(Entrypoint.Concat(Command)),
                ["env"] = Words(environment),
                ["cwd"] = Folder.Length == 0 ? "/" : Folder,
            },
            ["root"] = new JsonObject { ["path"] = "rootfs" },
        }.ToJsonString();
    }

    /// <summary>Who runs the program, in numbers.</summary>
    /// <param name="said">A name or a number, and with a colon a group; empty: root.</param>
    /// <param name="accounts">The users and groups of the image.</param>
    /// <exception cref="IncusException">The image has no such user or group.</exception>
    internal static (uint User, uint Group, string Home) RunnerOf(string said, AccountFiles accounts)
    {
        var (name, group) = said.Split(':', 2) is [var first, var second] ? (first, second) : (said, "");
        name = name.Length == 0 ? "0" : name;
        var account = accounts.FindUser(name);
        var user = account?.Number ?? AccountFiles.Number(name)
            ?? throw new IncusException($"The image runs as the user {name}, whom its own {AccountFiles.UsersPath} does not know", "make that user in the Dockerfile, or write a number after `USER`");
        var own = group.Length == 0 ? account?.Group ?? 0 : accounts.FindGroup(group)
            ?? throw new IncusException($"The image runs as the group {group}, which its own {AccountFiles.GroupsPath} does not know", "make that group in the Dockerfile, or write a number after `USER`");
        return (user, own, account?.Home ?? (user == 0 ? "/root" : "/"));
    }

    /// <summary>What the server calls it, in JSON, which is YAML too. Without properties Incus 7.0 would end at its import.</summary>
    /// <param name="description">The image in words.</param>
    public string ToMetadata(string description) => new JsonObject
    {
        ["architecture"] = IncusArchitecture,
        ["creation_date"] = Math.Max(1, Created.ToUnixTimeSeconds()),
        ["properties"] = new JsonObject { ["type"] = "oci", ["architecture"] = IncusArchitecture, ["description"] = description },
    }.ToJsonString();

    private static JsonElement? Find(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var property in value.EnumerateObject())
        {
            if (property.NameEquals(name) || property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return property.Value;
        }

        return null;
    }

    private static string? Text(JsonElement value, string name) => Find(value, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
