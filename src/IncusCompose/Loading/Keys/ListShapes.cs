using System.Globalization;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What Incus keeps as a comma-separated list: written as one, or as a list.</summary>
internal static class ListShapes
{
    /// <summary>Ports and ranges of ports.</summary>
    public static FormsShape<string> Ports { get; } = Of(new ScalarShape<string>("a port or a range such as `80` or `8000-8010`", ParsePorts) { ProblemId = "BadPort", Pattern = "^[0-9]+(\\s*-\\s*[0-9]+)?$" }, "[80, 443]");

    /// <summary>Items of one shape, as one comma-separated text.</summary>
    /// <param name="item">What each item looks like.</param>
    /// <param name="example">A list as it could be written.</param>
    public static FormsShape<string> Of(ScalarShape<string> item, string example) => Items(item, example, items => string.Join(",", items));

    /// <summary>Items of one shape.</summary>
    /// <inheritdoc cref="Of"/>
    public static FormsShape<IReadOnlyList<string>> Texts(ScalarShape<string> item, string example) => Items(item, example, items => (IReadOnlyList<string>)items.ToList().AsReadOnly());

    private static FormsShape<T> Items<T>(ScalarShape<string> item, string example, Func<IEnumerable<string>, T> make) => new()
    {
        Scalar = new ScalarShape<IReadOnlyList<string>>(item.Wanted, text => Split(text, item)) { ProblemId = item.ProblemId, Pattern = PatternOf(item.Pattern) }.As(make),
        Sequence = new ListShape<string>(item, example).As(items => make(items.Where(text => text is not null))),
    };

    /// <summary>The pattern of a comma-separated list; null where that of an item is no whole one.</summary>
    private static string? PatternOf(string? item) =>
        item is ['^', .., '$'] ? $"^\\s*({item[1..^1]})(\\s*,\\s*({item[1..^1]}))*\\s*$" : null;

    private static Parsed<IReadOnlyList<string>> Split(string text, ScalarShape<string> item)
    {
        var items = new List<string>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var parsed = item.Parse(part);
            if (parsed.Problem is not null)
                return new([], parsed.Problem, parsed.Advice);
            items.Add(parsed.Value);
        }

        return new(items);
    }

    private static Parsed<string> ParsePorts(string text)
    {
        var ends = text.Split('-', StringSplitOptions.TrimEntries);
        if (ends.Length > 2 || !ends.All(end => int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            return new("", "is neither a port nor a range of ports");
        var numbers = Array.ConvertAll(ends, end => int.Parse(end, CultureInfo.InvariantCulture));
        if (numbers.Any(number => number is < 1 or > 65535))
            return new("", "is not between 1 and 65535");
        return numbers[0] > numbers[^1] ? new("", "ends before it begins") : new(string.Join('-', numbers.Select(number => number.ToString(CultureInfo.InvariantCulture))));
    }

    /// <summary>A map with one more entry, where it says nothing else of that.</summary>
    public static IReadOnlyDictionary<string, string> Fill(this IReadOnlyDictionary<string, string> config, string key, string value) =>
        config.ContainsKey(key) ? config : new Dictionary<string, string>(config) { [key] = value }.AsReadOnly();

    /// <summary>A map with others' entries, which win.</summary>
    public static IReadOnlyDictionary<string, string> Override(this IReadOnlyDictionary<string, string> config, IReadOnlyDictionary<string, string> others)
    {
        var result = new Dictionary<string, string>(config);
        foreach (var (key, value) in others)
            result[key] = value;
        return result.AsReadOnly();
    }
}
