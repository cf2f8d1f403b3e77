using IncusCompose.Checkpoints;

namespace IncusCompose.Cli.Commands;

/// <summary>What the verbs of <c>checkpoint</c> have in common: the stack is that of the file, or the one that <c>--name</c> says.</summary>
internal abstract class CheckpointVerb(string name, string description, Session session) : Verb(name, description, session)
{
    /// <summary>The checkpoints of the names.</summary>
    /// <exception cref="CheckpointException">There is none of a name; the message lists those that there are.</exception>
    protected static IReadOnlyList<StackCheckpoint> Find(IReadOnlyList<StackCheckpoint> all, string stack, IEnumerable<string> names) =>
        [.. names.Select(name => all.FirstOrDefault(checkpoint => checkpoint.Name == name) ?? throw CheckpointException.NotFound(stack, name, all))];
}
