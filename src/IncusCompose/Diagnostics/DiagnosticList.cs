namespace IncusCompose.Diagnostics;

/// <summary>Collects problems, and no more of them than a person would read: hostile input must not fill the memory.</summary>
internal sealed class DiagnosticList
{
    private const int Capacity = 500;

    /// <summary>What a file says may be as long as the file; what is said about it may not.</summary>
    private const int LongestText = 1000;

    private readonly List<Diagnostic> _items = [];
    private readonly HashSet<(SourceLocation Place, string Id, string Message)> _said = [];

    public bool HasErrors { get; private set; }

    /// <summary>True where more would not be shown, so that looking for more can end.</summary>
    public bool IsFull => _items.Count > Capacity;

    public void Add(Diagnostic diagnostic)
    {
        HasErrors |= diagnostic.Severity == DiagnosticSeverity.Error;
        // What several instances share is wrong in one place.
        if (diagnostic.Location.Line > 0 && !_said.Add((diagnostic.Location, diagnostic.Id, diagnostic.Message)))
            return;
        if (_items.Count < Capacity)
        {
            _items.Add(Shortened(diagnostic));
        }
        else if (_items.Count == Capacity)
        {
            _items.Add(new Diagnostic(DiagnosticSeverity.Error, "TooManyProblems", diagnostic.Location with { Line = int.MaxValue }, "",
                $"there are more than {Capacity} problems; only these are shown"));
        }
    }

    public void AddRange(IEnumerable<Diagnostic> diagnostics)
    {
        foreach (var diagnostic in diagnostics)
            Add(diagnostic);
    }

    private static Diagnostic Shortened(Diagnostic diagnostic) =>
        diagnostic.Message.Length <= LongestText && diagnostic.Advice.Length <= LongestText && diagnostic.Path.Length <= LongestText
            ? diagnostic
            : diagnostic with { Message = Shortened(diagnostic.Message), Advice = Shortened(diagnostic.Advice), Path = Shortened(diagnostic.Path) };

    private static string Shortened(string text) => text.Length <= LongestText ? text : text[..LongestText] + "…";

    /// <summary>Everything in file order, the files in the order given; what concerns a file as a whole comes first.</summary>
    public IReadOnlyList<Diagnostic> InFileOrder(IReadOnlyList<string> files)
    {
        var ranks = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var file in files)
            ranks.TryAdd(file, ranks.Count);
        return
        [
            .. _items
                .OrderBy(d => ranks.GetValueOrDefault(d.Location.File, int.MaxValue))
                .ThenBy(d => d.Location.File, StringComparer.Ordinal)
                .ThenBy(d => d.Location.Line)
                .ThenBy(d => d.Location.Column)
                .Select(d => d.Location.Line == int.MaxValue ? d with { Location = d.Location with { Line = 0, Column = 0 } } : d),
        ];
    }
}
