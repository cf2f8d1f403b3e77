using System.Text.RegularExpressions;

namespace IncusCompose.Diagnostics;

/// <summary>
/// The one rule of what counts as a secret and how it is shown. A value is a secret by the name of its key:
/// nothing else is known about it. Everything that prints values (resolved files, plans, logs) asks here.
/// </summary>
public static partial class Secrets
{
    /// <summary>What stands where a secret was.</summary>
    public const string Masked = "******";

    /// <summary>Stand in a key as a word or as part of one (<c>DBPASSWORD</c>, <c>secretKeyBase</c>).</summary>
    private static readonly string[] s_fragments =
        ["password", "passwd", "passphrase", "secret", "token", "credential", "privatekey", "apikey", "accesskey"];

    /// <summary>Stand in a key as a word of their own only: <c>keyboard</c>, <c>monkey</c> and <c>path</c> hide nothing.</summary>
    private static readonly string[] s_words = ["key", "keys", "pass", "pwd", "pat", "auth"];

    /// <summary>
    /// True where a value with this key must not be shown: an environment variable (<c>DB_PASSWORD</c>), a configuration
    /// key (<c>environment.API_TOKEN</c>, <c>systemd.credential.tls</c>) or the last word of a path.
    /// </summary>
    public static bool IsSecret(string key)
    {
        // Ours: says where in the file a resource is defined. PWD alone is the working directory.
        if (key.StartsWith("user.incus-compose.", StringComparison.Ordinal) || key is "PWD" or "OLDPWD" or "environment.PWD" or "environment.OLDPWD")
            return false;
        if (key.Contains("public", StringComparison.OrdinalIgnoreCase) && key.Contains("key", StringComparison.OrdinalIgnoreCase))
            return false;

        if (s_fragments.Any(fragment => key.Contains(fragment, StringComparison.OrdinalIgnoreCase)))
            return true;
        return Words().Matches(key).Any(word => s_words.Contains(word.Value, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>
    /// The value as it may be shown: <see cref="Masked"/> for a secret, else the value with the passwords of URLs and,
    /// in text of several lines (cloud-init data), the values of lines with a secret's key masked. An empty value stays empty.
    /// </summary>
    public static string Mask(string key, string value)
    {
        if (value.Length == 0)
            return value;
        if (IsSecret(key))
            return Masked;
        if (value.Contains("://", StringComparison.Ordinal))
            value = UrlPassword().Replace(value, "${before}" + Masked + "@");
        if (value.Contains('\n', StringComparison.Ordinal))
            value = Line().Replace(value, line => IsSecret(line.Groups["key"].Value) ? line.Groups["before"].Value + Masked : line.Value);
        return value;
    }

    /// <summary>True where text holds what <see cref="Mask"/> put in the place of a secret: it is no value to use.</summary>
    public static bool IsMasked(string value) =>
        value.Contains(Masked, StringComparison.Ordinal)
        && (value == Masked
            || UrlPassword().Matches(value).Any(match => match.Value.EndsWith(':' + Masked + '@', StringComparison.Ordinal))
            || Line().Matches(value).Any(line => IsSecret(line.Groups["key"].Value) && line.Value == line.Groups["before"].Value + Masked));

    // A word ends at a separator or where small letters turn to capitals: API_KEY, api-key, apiKey.
    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")]
    private static partial Regex Words();

    [GeneratedRegex(@"(?<before>://[^\s:/@]*:)[^\s/@]+@")]
    private static partial Regex UrlPassword();

    // key: value, "key": value, - key: value, KEY=value, export KEY=value; the value may not be empty
    [GeneratedRegex(@"^(?<before>[ \t]*(?:- |export )*[""']?(?<key>[A-Za-z_][\w.-]*)[""']?[ \t]*[:=][ \t]*)\S.*$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
