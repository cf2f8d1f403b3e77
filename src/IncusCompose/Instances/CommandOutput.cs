using IncusCompose.Diagnostics;

namespace IncusCompose.Instances;

/// <summary>The output of a command: each line is handed on as it comes, the last ones are kept. Secrets are masked in both.</summary>
/// <param name="tell">Receives each line; null: nobody.</param>
/// <param name="environment">What the command was given; the values of its secrets are masked.</param>
/// <param name="kept">How many of the last lines are kept.</param>
internal sealed class CommandOutput(Action<string>? tell, IEnumerable<KeyValuePair<string, string>> environment, int kept = CommandOutput.KeptLines)
{
    private const int KeptLines = 10;
    private const int LongestLine = 500;

    // Shorter than this is no secret, and would be found in every other word.
    private const int ShortestSecret = 4;

    private readonly Lock _lock = new();
    private readonly Queue<string> _last = new();
    private readonly string[] _secrets =
    [
        .. environment.Where(variable => variable.Value.Length >= ShortestSecret && Secrets.IsSecret(variable.Key))
            .SelectMany(variable => variable.Value.Split('\n'))
            .Where(secret => secret.Length >= ShortestSecret)
            .OrderByDescending(secret => secret.Length),
    ];

    /// <summary>Takes a line. May be called on any thread.</summary>
    public void Take(string line)
    {
        line = Hide(line);
        lock (_lock)
        {
            if (line.Trim().Length > 0)
                _last.Enqueue(line.Length > LongestLine ? line[..LongestLine] + "…" : line);
            if (_last.Count > kept)
                _last.Dequeue();
            tell?.Invoke(line);
        }
    }

    /// <summary>The last lines.</summary>
    public string Kept
    {
        get
        {
            lock (_lock)
                return string.Join('\n', _last);
        }
    }

    /// <summary>What happened and what the command wrote last.</summary>
    /// <param name="outcome">What happened, such as <c>exit status 3</c>.</param>
    public string After(string outcome)
    {
        lock (_lock)
        {
            return _last.Count == 0 ? $"{outcome}, without output"
                : _last.Count == 1 ? $"{outcome}; its output: {_last.Peek()}"
                : $"{outcome}; the end of its output:{string.Concat(_last.Select(line => $"\n  {line}"))}";
        }
    }

    private string Hide(string text)
    {
        foreach (var secret in _secrets)
            text = text.Replace(secret, Secrets.Masked, StringComparison.Ordinal);
        return Secrets.Mask("", text);
    }
}
