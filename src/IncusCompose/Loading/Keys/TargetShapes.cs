using System.Text.RegularExpressions;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Members of a cluster, and groups of them. Source: Incus doc/howto/cluster_manage_instance.md.</summary>
internal static partial class TargetShapes
{
    // Whether there is such a member, only the server knows.
    private const string Name = "[^@/\\s][^/\\s]*";

    /// <summary>The value of an instance's <c>target</c>.</summary>
    public static ScalarShape<string> OfInstance { get; } = new("a member's name such as `node1`, or `@` and a group such as `@gpu`", text =>
        text == "@" ? new("", "names no group", "write its name behind the `@`, such as `@gpu`")
        : MemberOrGroup().IsMatch(text) ? new(text) : new("", "cannot be a member's name"))
    { ProblemId = "BadTarget", Pattern = $"^@?{Name}$" };

    /// <summary>The value of a volume's <c>target</c>.</summary>
    public static ScalarShape<string> OfVolume { get; } = new("a member's name such as `node1`", text =>
        text.StartsWith('@') ? new("", "is a group, and a volume lies on one member", "write a member's name; or leave it out, and give the instance that uses it the `target`")
        : Member().IsMatch(text) ? new(text) : new("", "cannot be a member's name"))
    { ProblemId = "BadTarget", Pattern = $"^{Name}$" };

    [GeneratedRegex($"^@?{Name}\\z")]
    private static partial Regex MemberOrGroup();

    [GeneratedRegex($"^{Name}\\z")]
    private static partial Regex Member();
}
