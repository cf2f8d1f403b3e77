using System.Text.Json.Nodes;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Shapes;

/// <summary>What became of reading a scalar's text.</summary>
/// <param name="Value">The value; meaningless with a problem.</param>
/// <param name="Problem">What is wrong with the text, to follow it in a sentence (<c>is not a size</c>); null: nothing.</param>
/// <param name="Advice">What to write instead; null: what the shape wants.</param>
internal readonly record struct Parsed<T>(T Value, string? Problem = null, string? Advice = null);

/// <summary>A single value, quoted or not.</summary>
/// <param name="wanted">What to write, with an example.</param>
/// <param name="parse">Reads the text.</param>
internal sealed class ScalarShape<T>(string wanted, Func<string, Parsed<T>> parse) : Shape<T>
{
    private static readonly string[] s_numbers = ["0", "1", "22", "200", "644", "8080", "1000000"];
    private static readonly string[] s_fractions = ["0.5", "1.5"];

    public override string Wanted => wanted;

    /// <summary>The id of the diagnostic for text that cannot be read.</summary>
    public string ProblemId { get; init; } = "BadValue";

    /// <summary>
    /// A regular expression, of JavaScript's kind, that matches all text that can be read, and as little other text as is
    /// practical: for editors, which check by nothing else. Null: any text, as far as they can tell.
    /// </summary>
    public string? Pattern { get; init; }

    /// <summary>The least and the most of a number.</summary>
    public (int Least, int Most)? Range { get; init; }

    /// <summary>The words, where it is one of a few.</summary>
    public IReadOnlyList<string>? Words { get; init; }

    /// <summary>True where empty text is a value; else it is like no value, so that <c>${SIZE:-}</c> means "as by default".</summary>
    public bool EmptyIsValue { get; init; }

    /// <summary>Reads text that stands in no file.</summary>
    /// <param name="text">The text.</param>
    /// <param name="what">What it is given for.</param>
    /// <exception cref="ArgumentException">It cannot be read; says what would be.</exception>
    public void Check(string text, string what) => Read(text, what);

    /// <summary>Reads a piece of text.</summary>
    public Parsed<T> Parse(string text) => parse(text);

    /// <summary>True for text that can be read.</summary>
    public bool Accepts(string text) => parse(text).Problem is null;

    public override (string Problem, string Advice)? ComplaintOf(string text) =>
        parse(text) is { Problem: { } problem } parsed ? (problem, parsed.Advice ?? $"write {wanted}") : null;

    /// <summary>Reads text from elsewhere than a file.</summary>
    /// <inheritdoc cref="Check"/>
    public T Read(string text, string what)
    {
        var parsed = parse(text);
        return parsed.Problem is null
            ? parsed.Value
            : throw new ArgumentException($"{what}: `{text}` {parsed.Problem}; {parsed.Advice ?? $"write {wanted}"}.");
    }

    public override JsonObject Schema(SchemaParts parts)
    {
        // What YAML takes for a number or a truth value is text to us: whether it will do, the text says.
        var types = new JsonArray();
        if (Accepts("true") || Accepts("false"))
            types.Add("boolean");
        if (s_numbers.Any(Accepts))
            types.Add(s_fractions.Any(Accepts) ? "number" : "integer");
        if (Pattern is null && Words is null)
        {
            types.Add("string");
            return new JsonObject { ["type"] = types };
        }

        var forms = new JsonArray(Words is null ? new JsonObject { ["type"] = "string", ["pattern"] = Pattern } : new JsonObject { ["enum"] = new JsonArray([.. Words.Select(word => (JsonNode)word)]) });
        if (types.Count > 0)
            forms.Add(Range is { } range ? new JsonObject { ["type"] = types, ["minimum"] = range.Least, ["maximum"] = range.Most } : new JsonObject { ["type"] = types });
        forms.Add(JsonSchemas.Variable);
        return new JsonObject { ["anyOf"] = forms };
    }

    public override bool IsAbsent(DocumentNode node) =>
        base.IsAbsent(node) || (!EmptyIsValue && node is ScalarNode { Value: "" });

    public override bool TryBind(DocumentNode node, Site site, BindingContext context, out T value)
    {
        value = default!;
        if (node is not ScalarNode { IsNull: false } scalar)
        {
            context.WrongKind(node, site, wanted);
            return false;
        }

        var parsed = parse(scalar.Value);
        if (parsed.Problem is not null)
        {
            // What is said about a secret could quote parts of it.
            var (problem, advice) = scalar.Template is null ? (parsed.Problem, parsed.Advice) : ("stands for a value that cannot be used here", null);
            context.Error(ProblemId, node, site, $"{BindingContext.Excerpt(scalar, site)} {problem}", advice ?? $"write {wanted}");
            return false;
        }

        value = parsed.Value;
        return true;
    }
}

/// <summary>The scalars that many keys share.</summary>
internal static class Scalars
{
    /// <summary>Text that may be empty.</summary>
    public static ScalarShape<string> Text { get; } = new("text", text => new(text)) { EmptyIsValue = true };

    /// <summary>Yes or no, in the words of YAML 1.1 and 1.2.</summary>
    public static ScalarShape<bool> Boolean { get; } = new("`true` or `false`", ParseBoolean) { Pattern = "^([Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|[Oo][Nn]|[Ff][Aa][Ll][Ss][Ee]|[Nn][Oo]|[Oo][Ff][Ff])$" };

    /// <summary>Text that names something, so that it is never empty.</summary>
    public static ScalarShape<string> Word(string wanted) => new(wanted, text =>
        string.IsNullOrWhiteSpace(text) ? new(text, "is blank") : new(text))
    { Pattern = "\\S" };

    /// <summary>A whole number within bounds.</summary>
    public static ScalarShape<int> Number(string wanted, int least, int most) => new(wanted, text =>
        int.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? number >= least && number <= most ? new(number) : new(0, $"is not between {least} and {most}")
            : new(0, "is not a whole number"))
    { Pattern = "^[+-]?[0-9]+$", Range = (least, most) };

    /// <summary>One of a few words.</summary>
    public static ScalarShape<T> Choice<T>(params (string Word, T Value)[] choices)
    {
        // Array.ConvertAll is one method for each type; of LINQ over tuples of enumerations, a dozen would be compiled as they are met.
        var words = Array.ConvertAll(choices, choice => choice.Word);
        var list = string.Join(" or ", words.Select(word => $"`{word}`"));
        return new ScalarShape<T>(list, text =>
        {
            foreach (var (word, value) in choices)
            {
                if (word == text)
                    return new(value);
            }

            return new(default!, "is not known here", IncusCompose.Diagnostics.Suggestions.DidYouMean(text, words, $"write {list}"));
        })
        { Words = words };
    }

    private static Parsed<bool> ParseBoolean(string text) => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" => new(true),
        "false" or "no" or "off" => new(false),
        _ => new(false, "is neither true nor false"),
    };
}
