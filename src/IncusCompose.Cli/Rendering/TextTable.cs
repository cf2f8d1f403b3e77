namespace IncusCompose.Cli.Rendering;

/// <summary>Columns aligned with blanks, as <c>ps</c> and <c>kubectl</c> print them: readable, and easy to cut.</summary>
internal sealed class TextTable(params string[] headings)
{
    private readonly List<(string Text, Style Style)[]> _rows = [];

    /// <summary>Adds a row; a null cell shows as <c>-</c>.</summary>
    public void Add(params (string? Text, Style Style)[] cells) =>
        _rows.Add([.. cells.Select(cell => (cell.Text is null or "" ? "-" : StyledWriter.Printable(cell.Text), cell.Style))]);

    /// <summary>Adds a row of plain cells.</summary>
    public void Add(params string?[] cells) => Add(Array.ConvertAll(cells, cell => (cell, Style.None)));

    public void Write(StyledWriter writer)
    {
        var widths = headings.Select((heading, i) => _rows.Select(row => row[i].Text.Length).Append(heading.Length).Max()).ToArray();
        WriteRow([.. headings.Select(heading => (heading, Style.Heading))]);
        foreach (var row in _rows)
            WriteRow(row);

        void WriteRow((string Text, Style Style)[] cells)
        {
            for (var i = 0; i < cells.Length; i++)
            {
                writer.Write(cells[i].Text, cells[i].Style);
                if (i < cells.Length - 1)
                    writer.Write(new string(' ', widths[i] - cells[i].Text.Length + 2));
            }
            writer.Line();
        }
    }
}
