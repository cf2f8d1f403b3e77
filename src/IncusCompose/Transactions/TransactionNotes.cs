using IncusCompose.Checkpoints;
using IncusCompose.Diagnostics;
using IncusCompose.Resources;

namespace IncusCompose.Transactions;

/// <summary>What users are told of checkpoints that applies left behind.</summary>
internal static class TransactionNotes
{
    /// <summary>A warning for each apply of a stack that kept what was before it, and has not come to its end.</summary>
    public static IEnumerable<Diagnostic> Of(ServerObservation server, string project, string stack) =>
        CheckpointStore.Read(server.Resources, project, stack).Where(checkpoint => checkpoint.IsOfApply).Select(checkpoint => checkpoint.IsComplete
            ? Diagnostic.Warning(
                "ApplyNotEnded", SourceLocation.None, "",
                $"an apply that keeps what was before it ({checkpoint.Name}) is going on elsewhere, or was cut off and left its changes",
                $"where it was cut off: {HowToGoBack(checkpoint)}")
            : Diagnostic.Warning(
                "ApplyNotEnded", SourceLocation.None, "",
                $"an apply that keeps what is before it ({checkpoint.Name}) is about to begin elsewhere, or was cut off before it changed anything",
                $"where it was cut off: {HowToRemove(checkpoint)}"));

    public static string HowToGoBack(StackCheckpoint checkpoint) =>
        $"put the stack back with Restore-IncusStack {checkpoint.Stack} {checkpoint.Name} -Prune -RemoveVolumes (checkpoint restore {checkpoint.Name} --prune --remove-volumes), or apply again; then {HowToRemove(checkpoint)}";

    public static string HowToRemove(StackCheckpoint checkpoint) =>
        $"remove it with Remove-IncusStackCheckpoint {checkpoint.Stack} {checkpoint.Name} (checkpoint remove {checkpoint.Name})";
}
