using System.ComponentModel;

namespace IncusCompose.PowerShell.Views;

/// <summary>The escape sequences that a view paints with, from the user's <c>$PSStyle</c>. Not for use elsewhere.</summary>
/// <param name="Good">For what is as it should be or comes into being.</param>
/// <param name="Changed">For what changes or is under way.</param>
/// <param name="Bad">For what failed or goes away.</param>
/// <param name="Faint">For what needs no attention.</param>
/// <param name="Reset">Ends a colour.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed record ViewColors(string Good, string Changed, string Bad, string Faint, string Reset)
{
    internal string Paint(string color, string text) => color.Length == 0 ? text : color + text + Reset;
}
