namespace IncusCompose.Diagnostics;

/// <summary>Finds the word that was probably meant.</summary>
public static class Suggestions
{
    /// <summary>
    /// The candidate that is nearest to a word, or null where none is near: one that differs in case and separators only,
    /// or by a few typing mistakes (a third of its letters, at most three; swapped neighbours count as one),
    /// or one that it abbreviates, or the only one that ends with it as a word of its own (<c>acls</c>: <c>network_acls</c>).
    /// </summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        if (word.Length is 0 or > 64)
            return null;
        var plain = Plain(word);
        var known = candidates as IReadOnlyCollection<string> ?? [.. candidates];
        // An abbreviation is further away than a typing mistake, but nearer than anything else.
        var full = plain.Length < 3 ? null : known.FirstOrDefault(candidate => Plain(candidate).StartsWith(plain, StringComparison.Ordinal));
        string? best = null;
        var bestDistance = Math.Min(3, (plain.Length + 2) / 3) + 1;
        foreach (var candidate in known)
        {
            var plainCandidate = Plain(candidate);
            if (Math.Abs(plainCandidate.Length - plain.Length) >= bestDistance)
                continue;
            var distance = Distance(plain, plainCandidate);
            // A word of which nothing is left is another word.
            if (distance < bestDistance && distance < Math.Max(plain.Length, plainCandidate.Length))
                (best, bestDistance) = (candidate, distance);
        }

        return best ?? full ?? OnlyOneEndingWith(word, known);
    }

    /// <summary><c>did you mean `x`?</c> for the nearest candidate, else the given words.</summary>
    public static string DidYouMean(string word, IEnumerable<string> candidates, string otherwise = "") =>
        Nearest(word, candidates) is { } nearest ? $"did you mean `{nearest}`?" : otherwise;

    /// <summary>
    /// The number of inserted, left out, replaced or swapped letters between two words
    /// (the optimal string alignment form of the Damerau-Levenshtein distance).
    /// </summary>
    internal static int Distance(string a, string b)
    {
        var beforeLast = new int[b.Length + 1];
        var last = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1] + 1, last[j] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    current[j] = Math.Min(current[j], beforeLast[j - 2] + 1);
            }

            (beforeLast, last, current) = (last, current, beforeLast);
        }

        return last[b.Length];
    }

    private static string? OnlyOneEndingWith(string word, IReadOnlyCollection<string> known)
    {
        if (word.Length < 3)
            return null;
        var ending = known.Where(candidate => candidate.Length > word.Length && candidate.EndsWith(word, StringComparison.OrdinalIgnoreCase) && candidate[^(word.Length + 1)] is ('_' or '-' or '.'))
            .Take(2).ToList();
        return ending.Count == 1 ? ending[0] : null;
    }

    private static string Plain(string word) =>
        string.Concat(word.Where(c => c is not ('_' or '-' or '.' or ' '))).ToLowerInvariant();
}
