using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

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
        [var uid] when IsId(uid) => new((uid, null)),
        [var uid, var gid] when IsId(uid) && IsId(gid) => new((uid, gid)),
        _ => new(default, "is no number of a user", text is "root" or "root:root" ? "write `0:0`" : "Incus wants numbers: say `id NAME` in the image for them"),
    })
    { ProblemId = "BadUser", Pattern = "^[0-9]+(:[0-9]+)?$" };

    private static bool IsId(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static ObjectShape<InstanceDefinition> AddProcess(ObjectShape<InstanceDefinition> instance) => instance
        .Add("entrypoint", CommandLine, "What an OCI image runs instead of its own entry point; empty for an image that has none", (made, value) => Say(made, words => words with { Entrypoint = value }))
        .Add("command", CommandLine, "The arguments of `entrypoint`", (made, value) => Say(made, words => words with { Command = value }))
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
        // Incus keeps an image's entry point and its arguments as one: there is no telling where one ends.
        if (words.Entrypoint is null)
        {
            if (!instance.Config.ContainsKey("oci.entrypoint"))
            {
                say.Error("CommandWithoutEntrypoint", "command", "Incus keeps an image's entry point and its arguments as one, so that the arguments alone cannot be changed",
                    "write the image's `entrypoint` as well; `entrypoint: []` where it has none");
            }

            return instance;
        }

        var command = (IReadOnlyList<string>)[.. words.Entrypoint, .. words.Command ?? []];
        if (command.Count == 0)
        {
            say.Error("BadCommand", "entrypoint", "it names no program", "write one, or a `command`");
            return instance;
        }

        return instance.Fill("oci.entrypoint", ShellWords.Join(command));
    }
}
