using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Exporting;

/// <summary>A stack file that was made: what whoever uses it should know stands at its top.</summary>
internal static class StackFileText
{
    /// <param name="format">Writes the file.</param>
    /// <param name="document">What it says.</param>
    /// <param name="variables">What stands in it for secrets.</param>
    /// <param name="notes">What is to be known.</param>
    public static string Write(IDocumentFormat format, DocumentNode document, IReadOnlyList<SecretVariable> variables, IReadOnlyList<Diagnostic> notes)
    {
        using var text = new StringWriter { NewLine = "\n" };
        foreach (var note in notes)
            Comment(text, (note.Location.Line > 0 ? $"{note.Location}: " : "") + note.Message + (note.Advice.Length > 0 ? $"; {note.Advice}" : ""));
        if (variables.Count > 0)
        {
            Comment(text, "Secrets and cloud-init data are not written. Set these variables, or put them into a file .env beside this one:");
            foreach (var variable in variables)
                Comment(text, variable.Command is { } command ? $"  export {variable.Name}=\"$({command})\"" : $"  {variable.Name}: {variable.Path}");
        }

        if (notes.Count + variables.Count > 0)
            text.WriteLine();
        format.Write(document, text);
        return text.ToString();
    }

    private static void Comment(TextWriter text, string line) =>
        text.WriteLine("# " + string.Concat(line.Select(character => char.IsControl(character) ? ' ' : character)));
}
