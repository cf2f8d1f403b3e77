using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace IncusCompose.Diagnostics;

/// <summary>
/// The one rule of what counts as a secret and how it is shown. A value is a secret by the name of its key, wherever the
/// key stands: in the file, in a line of text, in a URL's query or in a connection string. Nothing else is known about it.
/// Everything that prints values (resolved files, plans, logs) asks here.
/// </summary>
public static partial class Secrets
{
    /// <summary>What stands where a secret was.</summary>
    public const string Masked = "******";

    /// <summary>Stand in a key as a word or as part of one (<c>DBPASSWORD</c>, <c>secretKeyBase</c>).</summary>
    private static readonly string[] s_fragmentWords =
        ["password", "passwd", "passphrase", "secret", "token", "credential", "privatekey", "apikey", "accesskey", "authorization"];

    /// <summary>Stand in a key as a word of their own only: <c>keyboard</c>, <c>monkey</c> and <c>path</c> hide nothing.</summary>
    private static readonly string[] s_words = ["key", "keys", "pass", "pwd", "pat", "auth"];

    private static readonly SearchValues<string> s_fragments = SearchValues.Create(s_fragmentWords, StringComparison.OrdinalIgnoreCase);

    /// <summary>One of these stands in every secret or in the key before it.</summary>
    private static readonly SearchValues<string> s_signs =
        SearchValues.Create([.. s_fragmentWords, .. s_words, "://", "-----BEGIN "], StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// cloud-init data, by the words of the stack file and by Incus's older keys: scripts, users and files in forms of their
    /// own, in which a password may stand anywhere. Source: Incus doc/cloud-init.md.
    /// </summary>
    private static readonly string[] s_cloudInit =
        ["user_data", "vendor_data", "network_config", "user.user-data", "user.vendor-data", "user.network-config", "user.meta-data"];

    /// <summary>
    /// True where a value with this key must not be shown: an environment variable (<c>DB_PASSWORD</c>), a configuration
    /// key (<c>environment.API_TOKEN</c>, <c>systemd.credential.tls</c>), the last word of a path, or cloud-init data.
    /// </summary>
    public static bool IsSecret(string key) => IsCloudInit(key) || NamesSecret(key);

    /// <summary>True for a key that holds cloud-init data.</summary>
    public static bool IsCloudInit(string key) =>
        key.StartsWith("cloud-init.", StringComparison.Ordinal) || s_cloudInit.Contains(key, StringComparer.Ordinal);

    /// <summary>
    /// The value as it may be shown: <see cref="Masked"/> for a secret, else the value with the secrets in it masked: the
    /// passwords of URLs, private keys, and what a secret's key stands before (<c>password=…</c>, <c>"token": …</c>,
    /// <c>--password …</c>). An empty value stays empty.
    /// </summary>
    public static string Mask(string key, string value)
    {
        if (value.Length == 0)
            return value;
        if (IsSecret(key))
            return Masked;
        var masked = new StringBuilder();
        var copied = 0;
        foreach (var (start, end) in SecretsIn(value))
        {
            masked.Append(value, copied, start - copied).Append(Masked);
            copied = end;
        }

        return copied == 0 ? value : masked.Append(value, copied, value.Length - copied).ToString();
    }

    /// <summary>True where text holds what <see cref="Mask"/> put in the place of a secret: it is no value to use.</summary>
    public static bool IsMasked(string value) =>
        value.Contains(Masked, StringComparison.Ordinal)
        && (value == Masked || SecretsIn(value).Any(secret => value.AsSpan(secret.Start..secret.End).SequenceEqual(Masked)));

    private static bool NamesSecret(ReadOnlySpan<char> key)
    {
        // Ours: says where in the file a resource is defined. PWD alone is the working directory.
        if (key.StartsWith("user.incus-compose.") || key is "PWD" or "OLDPWD" or "environment.PWD" or "environment.OLDPWD")
            return false;
        if (key.Contains("public", StringComparison.OrdinalIgnoreCase) && key.Contains("key", StringComparison.OrdinalIgnoreCase))
            return false;

        if (key.IndexOfAny(s_fragments) >= 0)
            return true;
        foreach (var word in Words().EnumerateMatches(key))
        {
            foreach (var secret in s_words)
            {
                if (key.Slice(word.Index, word.Length).Equals(secret, StringComparison.OrdinalIgnoreCase))
                    return true;
            }
        }

        return false;
    }

    /// <summary>Where secrets stand in a text, in order and apart from one another.</summary>
    private static IEnumerable<(int Start, int End)> SecretsIn(string text)
    {
        var flow = text.AsSpan().IndexOfAny('{', '[');
        for (var position = 0; position < text.Length;)
        {
            // Only where one of the words stands is a closer look worth the time.
            var sign = text.AsSpan(position).IndexOfAny(s_signs);
            if (sign < 0)
                yield break;
            sign += position;
            if (text[sign] is ':' or '-' && Whole().Match(text, sign) is { Success: true } whole)
            {
                var secret = whole.Groups["secret"];
                if (secret.Length > 0)
                    yield return (secret.Index, secret.Index + secret.Length);
                position = whole.Index + whole.Length;
                continue;
            }

            var key = KeyAround(text, sign, position);
            position = key.End;
            if (!NamesSecret(text.AsSpan(key.Start..key.End)) || Separator().Match(text, key.End) is not { Success: true } separator
                || separator.Groups["blank"].Success && !text.AsSpan(key.Start).StartsWith("--", StringComparison.Ordinal))
            {
                continue;
            }

            var start = separator.Index + separator.Length;
            var end = EndOfValue(text, key.Start, start, isAssigned: separator.Groups["assigned"].Success, isFlow: flow >= 0 && flow < key.Start);
            position = Math.Max(start, end);
            while (start < end && char.IsWhiteSpace(text[start]))
                start++;
            while (end > start && char.IsWhiteSpace(text[end - 1]))
                end--;
            if (start < end)
                yield return (start, end);
        }
    }

    private static (int Start, int End) KeyAround(string text, int sign, int first)
    {
        var (start, end) = (sign, sign);
        while (start > first && IsOfKey(text[start - 1]))
            start--;
        while (end < text.Length && IsOfKey(text[end]))
            end++;
        return (start, Math.Max(end, sign + 1));
    }

    private static bool IsOfKey(char c) => char.IsLetterOrDigit(c) || c is '_' or '-' or '.';

    /// <summary>Where the value of a secret's key ends. What is not known to end it is taken to belong to it.</summary>
    private static int EndOfValue(string text, int key, int start, bool isAssigned, bool isFlow)
    {
        if (Lead(text, key) is { } lead)
            return EndOfBlock(text, lead, start);
        if (text[key - 1] is '?' or '&')
            return EndBefore(text, start, "&#\"' \t\r\n");
        if (start < text.Length && text[start] is '"' or '\'')
            return start + Quoted().Match(text, start).Length;
        if (isAssigned)
            return EndBefore(text, start, ";\r\n");
        return EndBefore(text, start, isFlow ? ",}]\r\n" : "\r\n");
    }

    /// <summary>What stands before a key that begins its line: blanks, dashes, <c>export</c>, a quote. Null for any other key.</summary>
    private static string? Lead(string text, int key)
    {
        var start = key;
        while (start > 0 && (text[start - 1] is ' ' or '\t' or '-' or '"' or '\''))
            start--;
        if (text.AsSpan(0, start).EndsWith("export", StringComparison.Ordinal))
            start -= "export".Length;
        return start == 0 || text[start - 1] is '\n' ? text[start..key] : null;
    }

    /// <summary>The end of the line, and of the lines after it that belong to the same key: a mapping, a list or a block.</summary>
    private static int EndOfBlock(string text, string lead, int start)
    {
        var indent = lead.Length - lead.AsSpan().TrimStart().Length;
        var isItem = lead.Contains('-', StringComparison.Ordinal);
        var end = EndBefore(text, start, "\n");
        while (end < text.Length)
        {
            var next = EndBefore(text, end + 1, "\n");
            var line = text.AsSpan(end + 1, next - end - 1);
            var content = line.TrimStart();
            var depth = line.Length - content.Length;
            if (content.Length > 0 && depth <= indent && !(depth == indent && !isItem && content.StartsWith("-")))
                break;
            end = next;
        }

        return end;
    }

    private static int EndBefore(string text, int start, string ends)
    {
        var length = text.AsSpan(start).IndexOfAny(ends);
        return length < 0 ? text.Length : start + length;
    }

    // A word ends at a separator or where small letters turn to capitals: API_KEY, api-key, apiKey.
    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")]
    private static partial Regex Words();

    // The password of a URL, or a private key. What merely begins like one is passed over.
    [GeneratedRegex(@"\G(?:://(?:[^\s:/@]*:(?<secret>[^\s/@]+)@)?|(?<secret>-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z)))")]
    private static partial Regex Whole();

    // Between a key and its value: key: value, "key": value, KEY=value, --key value.
    [GeneratedRegex(@"\G[""']?(?:[ \t]*(?:(?<assigned>=)|:(?!//))[ \t]*|(?<blank>[ \t]+))")]
    private static partial Regex Separator();

    [GeneratedRegex("""\G(?:"(?:\\.|[^"\\])*"?|'[^']*'?)""", RegexOptions.Singleline)]
    private static partial Regex Quoted();
}
