using System.Globalization;
using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;
using IncusCompose.Resources.Images;

namespace IncusCompose.Loading.Keys;

/// <content>What an application container runs.</content>
internal static partial class ComposeWords
{
    /// <summary>A command as compose reads it: its words, or a line that is split into words as a shell would.</summary>
    private static FormsShape<IReadOnlyList<string>> CommandLine { get; } = new()
    {
        Scalar = new ScalarShape<IReadOnlyList<string>>("a line such as `nginx -g 'daemon off;'`", text => ShellWords.Split(text) is { } words ? new(words) : new([], "has a quote that is not closed", "close it")) { ProblemId = "BadCommand", EmptyIsValue = true },
        Sequence = new ListShape<string>(Scalars.Text, "[nginx, -g, daemon off;]").As<IReadOnlyList<string>, IReadOnlyList<string>>(words => [.. words.Where(word => word is not null)]),
    };

    private static ScalarShape<(string? Name, string? Uid, string? Gid)> ProcessUser { get; } = new("a user such as `1000` or `app`, or one and a group such as `1000:1000` or `app:www`", text => text.Split(':') switch
    {
        // Root is 0 wherever there is one; his own group is, too.
        ["root"] => new((null, "0", "0")),
        [var uid] when IsId(uid) => new((null, uid, null)),
        [var uid, var gid] when IsId(Number(uid)) && IsId(Number(gid)) => new((null, Number(uid), Number(gid))),
        // What the numbers of names are, the image knows.
        [var user] when IsUserName(user) => new((user, null, null)),
        [var user, var group] when (IsId(user) || IsUserName(user)) && (IsId(group) || IsUserName(group)) => new((text, null, null)),
        _ => new(default, "is no user", "write a name or a number, and a group's behind a colon: `app`, `1000`, `app:www`"),
    })
    { ProblemId = "BadUser", Pattern = "^([0-9]+|[A-Za-z_][A-Za-z0-9_.-]*[$]?)(:([0-9]+|[A-Za-z_][A-Za-z0-9_.-]*[$]?))?$" };

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_.-]*[$]?\z")]
    private static partial Regex UserNames();

    // Longer ones are nobody's. Source: login.defs(5), useradd(8).
    private static bool IsUserName(string text) => text.Length <= 256 && UserNames().IsMatch(text);

    private static string Number(string name) => name == "root" ? "0" : name;

    private static bool IsId(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static ObjectShape<InstanceDefinition> AddProcess(ObjectShape<InstanceDefinition> instance) => instance
        .Add("entrypoint", CommandLine, "What an OCI image runs instead of its own entry point; empty for an image that has none", (made, value) => Say(made, words => words with { Entrypoint = value }))
        .Add("command", CommandLine, "The arguments of `entrypoint`; without it those of the image's own entry point, which its registry is asked for", (made, value) => Say(made, words => words with { Command = value }))
        .Add("working_dir", new ScalarShape<string>("an absolute path such as `/srv`", text => text.StartsWith('/') ? new(text) : new("", "is not an absolute path")) { ProblemId = "BadPath", Pattern = "^/" }, "The folder that an OCI image's program runs in", (made, value) => made.Fill("oci.cwd", value))
        .Add("user", ProcessUser, "The user, and the group, that an OCI image's program runs as: numbers, or names that the image knows", (made, value) => value.Name is null ? (made with { ProcessUser = null }).Fill("oci.uid", value.Uid).Fill("oci.gid", value.Gid) : made with { ProcessUser = value.Name })
        .Add("read_only", Scalars.Boolean, "Whether it may not write to its root disk", (made, value) => made with { ReadOnly = value });

    private static InstanceDefinition FinishProcess(InstanceDefinition instance, ComposeDraft words, Problems say)
    {
        foreach (var link in words.Links)
        {
            if (!instance.DependsOn.All(dependency => (InstanceDependency?)dependency is null || dependency.Instance != link))
                continue;
            say.Becomes($"depends_on.{link}", "links");
            instance = instance with { DependsOn = [.. instance.DependsOn, new InstanceDependency(link)] };
        }

        if (words.Entrypoint is null && words.Command is null)
            return instance;
        // Incus keeps an image's entry point and its arguments as one: where one ends, only the image's registry tells.
        if (words.Entrypoint is null)
            return instance with { Command = words.Command };

        var command = (IReadOnlyList<string>)[.. words.Entrypoint, .. words.Command ?? []];
        if (command.Count == 0)
        {
            say.Error("BadCommand", "entrypoint", "it names no program", "write one, or a `command`");
            return instance;
        }

        return instance.Fill(ImageCommand.Key, ShellWords.Join(command));
    }
}
