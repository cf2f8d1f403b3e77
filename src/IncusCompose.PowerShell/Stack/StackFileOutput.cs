using IncusCompose.Exporting;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell.Commands;

/// <summary>What cmdlets do with a stack file that they made: write it, return its text, or return all that is known of it.</summary>
internal static class StackFileOutput
{
    /// <param name="pipeline">Where it goes.</param>
    /// <param name="made">The stack file.</param>
    /// <param name="outFile">The file to write; null: the text is returned.</param>
    /// <param name="asObject">True to return more than the text.</param>
    /// <param name="origin">Where it comes from, to follow the stack's name in a question; empty where that is plain.</param>
    /// <param name="command">The cmdlet.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static async Task WriteAsync(Pipeline pipeline, StackExport made, string? outFile, bool asObject, string origin, string command, CancellationToken cancellationToken)
    {
        if (made.Variables.Count > 0)
            pipeline.WriteWarning($"Secrets are not written; set before use: {string.Join(", ", made.Variables.Select(variable => variable.Name))}.");
        if (outFile is not null)
        {
            var path = (await pipeline.ResolvePathAsync(outFile, literal: true).ConfigureAwait(false))[0];
            var text = $"Write the stack {made.Stack.Name}{origin} to {path}";
            if (await pipeline.ShouldProcessAsync(text, text + "?", command).ConfigureAwait(false))
                await File.WriteAllTextAsync(path, made.Text, cancellationToken).ConfigureAwait(false);
        }

        if (asObject)
            pipeline.WriteObject(made);
        else if (outFile is null)
            pipeline.WriteObject(made.Text.TrimEnd('\n'));
    }
}
