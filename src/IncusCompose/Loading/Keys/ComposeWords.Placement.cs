using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <content>
/// <c>deploy.placement</c>. A constraint on the node's host name is a <c>target</c>; of the others Incus knows nothing.
/// Source: compose-spec deploy.md, and https://docs.docker.com/reference/cli/docker/service/create/#constraint.
/// </content>
internal static partial class ComposeWords
{
    private sealed record NodeConstraint(string Attribute, string Comparison, string Value);

    private static ObjectShape<string?> Placement()
    {
        var constraint = new ScalarShape<NodeConstraint>("a constraint such as `node.hostname == node1`", text =>
            Constraint().Match(text) is { Success: true } match
                ? new(new NodeConstraint(match.Groups["attribute"].Value, match.Groups["operator"].Value, match.Groups["value"].Value))
                : new(new NodeConstraint("", "", ""), "is no constraint"))
        { ProblemId = "BadConstraint", Pattern = "^\\s*[A-Za-z][A-Za-z0-9_./-]*\\s*[!=]=\\s*\\S" };
        return new ObjectShape<string?>(_ => null)
            .Add("constraints", new ListShape<NodeConstraint>(constraint, "[node.hostname == node1]").Then<IReadOnlyList<NodeConstraint>, string?>(Constrain), "`node.hostname == node1` is the same as `target: node1` of the instance; others are passed over", (_, value) => value)
            .Foreign(ForeignWords.OfPlacement);
    }

    private static bool Constrain(IReadOnlyList<NodeConstraint> constraints, DocumentNode node, Site site, BindingContext context, out string? member)
    {
        member = null;
        for (var index = 0; index < constraints.Count; index++)
        {
            var (item, at) = (node is SequenceNode list ? list.Items[index] : node, site.At(index));
            // A gap stands for an item that could not be read.
            if ((NodeConstraint?)constraints[index] is not var (attribute, comparison, value))
                continue;
            if (attribute != "node.hostname" || comparison != "==")
                context.Warning("IgnoredWord", item, at, $"the constraint {BindingContext.Excerpt($"{attribute} {comparison} {value}", at)} is passed over: of its members Incus knows the names and the groups", "write `target` of the instance: a member, or `@` and a group of members");
            else if (member is not null && member != value)
                context.Error("TargetsApart", item, at, $"it cannot be on {Excerpts.Quote(member)} and on {Excerpts.Quote(value)}", "keep one of the two");
            else if (TargetShapes.OfVolume.Accepts(value))
                member = value;
            else
                context.Error("BadTarget", item, at, $"{Excerpts.Quote(value)} cannot be a member's name", "write a member's name");
        }

        return true;
    }

    private static InstanceDefinition FinishPlacement(InstanceDefinition instance, ComposeDraft words, Problems say)
    {
        if (words.Deploy?.Node is not { } node)
            return instance;
        if (say.Has("target"))
            say.Twice("deploy", "target");
        say.Becomes("target", "deploy", "placement");
        return instance with { Target = node };
    }

    [GeneratedRegex(@"^\s*(?<attribute>[A-Za-z][A-Za-z0-9_./-]*)\s*(?<operator>[!=]=)\s*(?<value>\S.*?)\s*\z")]
    private static partial Regex Constraint();
}
