using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;
using IncusCompose.Resources;

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

    private static ScalarShape<(string Uid, string? Gid)> ProcessUser { get; } = new("a user's number such as `1000`, or its and a group's such as `1000:1000`", text => text.Split(':') switch
    {
        // Root is 0 wherever there is one; his own group is, too.
        ["root"] => new(("0", "0")),
        [var uid] when IsId(uid) => new((uid, null)),
        [var uid, var gid] when IsId(Number(uid)) && IsId(Number(gid)) => new((Number(uid), Number(gid))),
        _ => new(default, "is no number of a user", "Incus wants numbers: say `id NAME` in the image for them"),
    })
    { ProblemId = "BadUser", Pattern = "^([0-9]+|root)(:([0-9]+|root))?$" };

    private static string Number(string name) => name == "root" ? "0" : name;

    private static bool IsId(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static ObjectShape<InstanceDefinition> AddProcess(ObjectShape<InstanceDefinition> instance) => instance
        .Add("entrypoint", CommandLine, "What an OCI image runs instead of its own entry point; empty for an image that has none", (made, value) => Say(made, words => words with { Entrypoint = value }))
        .Add("command", CommandLine, "The arguments of `entrypoint`; without it those of the image's own entry point, which its registry is asked for", (made, value) => Say(made, words => words with { Command = value }))
        .Add("working_dir", new ScalarShape<string>("an absolute path such as `/srv`", text => text.StartsWith('/') ? new(text) : new("", "is not an absolute path")) { ProblemId = "BadPath", Pattern = "^/" }, "The folder that an OCI image's program runs in", (made, value) => made.Fill("oci.cwd", value))
        .Add("user", ProcessUser, "The user, and the group, that an OCI image's program runs as", (made, value) => made.Fill("oci.uid", value.Uid).Fill("oci.gid", value.Gid))
        .Add("read_only", Scalars.Boolean, "Whether it may not write to its root disk", (made, value) => made with { ReadOnly = value });

    private static InstanceDefinition FinishProcess(InstanceDefinition instance, ComposeDraft words, Problems say)
    {
        foreach (var link in words.Links)
        {
            if (instance.DependsOn.All(dependency => (InstanceDependency?)dependency is null || dependency.Instance != link))
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
