using System.CommandLine;

namespace IncusCompose.Cli.Commands;

/// <summary><c>checkpoint</c>: states of a stack that can be gone back to.</summary>
internal sealed class CheckpointCommand : Command
{
    public CheckpointCommand(Session session, NameCompletion names)
        : base("checkpoint", "Take, list, restore and remove checkpoints of a stack.")
    {
        Add(new CheckpointCreateCommand(session));
        Add(new CheckpointListCommand(session, names));
        Add(new CheckpointRestoreCommand(session, names));
        Add(new CheckpointRemoveCommand(session, names));
    }
}
