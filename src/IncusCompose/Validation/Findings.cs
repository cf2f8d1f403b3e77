using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Validation;

/// <summary>Where rules report what they find, by the path of the value.</summary>
internal sealed class Findings(SourceMap source)
{
    /// <summary>Nobody reads more.</summary>
    private const int Capacity = 500;

    /// <summary>How many names may be compared with others before hints are no longer worth the time.</summary>
    private const int MostComparisons = 500_000;

    private readonly List<Diagnostic> _items = [];
    private int _comparisons;

    public IReadOnlyList<Diagnostic> Items => _items;

    /// <summary>True where more would not be shown, so that looking for more can end.</summary>
    public bool IsFull => _items.Count > Capacity;

    public void Error(string id, string path, string message, string advice = "") =>
        Add(Diagnostic.Error(id, source.Find(path), source.Said(path), message, advice));

    public void Warning(string id, string path, string message, string advice = "") =>
        Add(Diagnostic.Warning(id, source.Find(path), source.Said(path), message, advice));

    /// <summary>As <see cref="Suggestions.DidYouMean"/>, while it is worth the time.</summary>
    public string DidYouMean<T>(string word, IReadOnlyDictionary<string, T> known, string otherwise) =>
        MayCompare(known.Count) ? Suggestions.DidYouMean(word, known.Keys, otherwise) : otherwise;

    /// <summary>True while a name may still be compared with so many others: a monstrous file must not cost minutes.</summary>
    public bool MayCompare(int candidates)
    {
        _comparisons = (int)Math.Min((long)_comparisons + candidates, int.MaxValue);
        return !IsFull && _comparisons <= MostComparisons;
    }

    /// <summary>True where the file says something at this very path.</summary>
    public bool Has(string path) => source.Contains(path);

    /// <summary><c>file:line:column</c> of a value that another message speaks of.</summary>
    public string Place(string path) => source.Find(path).ToString();

    /// <summary>The path of a network attachment, in the form in which the file has it: by name or by position.</summary>
    public string AttachmentPath(InstanceDefinition instance, int index)
    {
        var networks = $"instances.{instance.Name}.networks";
        var byName = $"{networks}.{instance.Networks[index].Network}";
        return Has(byName) ? byName : $"{networks}[{index}]";
    }

    private void Add(Diagnostic diagnostic)
    {
        if (!IsFull)
            _items.Add(source.Hidden.Hide(diagnostic));
    }

    /// <summary>The path of a dependency, in the form in which the file has it: by name or by position.</summary>
    public string DependencyPath(InstanceDefinition instance, int index)
    {
        var dependencies = $"instances.{instance.Name}.depends_on";
        var byName = $"{dependencies}.{instance.DependsOn[index].Instance}";
        return Has(byName) ? byName : $"{dependencies}[{index}]";
    }
}

/// <summary>Helpers for rules.</summary>
internal static class ListExtensions
{
    /// <summary>Positions and items, without the gaps that items leave which could not be read.</summary>
    public static IEnumerable<(int Index, T Item)> Bound<T>(this IReadOnlyList<T> items)
        where T : class =>
        items.Index().Where(entry => (T?)entry.Item is not null);
}
