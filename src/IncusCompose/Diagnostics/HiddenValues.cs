namespace IncusCompose.Diagnostics;

/// <summary>The values of variables that name secrets. A message that would quote one names its variable instead.</summary>
internal sealed class HiddenValues
{
    /// <summary>Shorter than this is no secret, and would be found in every other word.</summary>
    private const int ShortestSecret = 4;

    private readonly IReadOnlyList<(string Value, string Shown)> _secrets;

    /// <param name="secrets">The values, each with its variable's name.</param>
    public HiddenValues(IReadOnlyDictionary<string, string> secrets)
    {
        _secrets =
        [
            .. secrets
                // A message may hold no more of a value than its excerpt.
                .SelectMany(secret => new[] { secret.Key, Excerpts.Shorten(secret.Key) }.Distinct().Select(value => (Value: value, Shown: $"${{{secret.Value}}}")))
                .Where(secret => secret.Value.Length >= ShortestSecret)
                // The longer first: one may be part of another.
                .OrderByDescending(secret => secret.Value.Length),
        ];
    }

    public static HiddenValues None { get; } = new(new Dictionary<string, string>());

    /// <summary>The problem without the values.</summary>
    public Diagnostic Hide(Diagnostic diagnostic) => _secrets.Count == 0
        ? diagnostic
        : diagnostic with { Path = Hide(diagnostic.Path), Message = Hide(diagnostic.Message), Advice = Hide(diagnostic.Advice) };

    /// <summary>True for a text that one of the values stands in.</summary>
    public bool Holds(string text) => Hide(text) != text;

    private string Hide(string text)
    {
        foreach (var (value, shown) in _secrets)
            text = text.Replace(value, shown, StringComparison.Ordinal);
        return text;
    }
}
