using System.Text.RegularExpressions;

namespace IncusCompose.Loading.Dialects;

/// <summary>An image as docker names it, in Incus's form: the registry, a colon, and what the registry calls it.</summary>
internal static partial class OciReference
{
    private const string Hub = "docker.io";

    /// <summary><c>nginx:1.27</c> as <c>docker.io:library/nginx:1.27</c>, <c>ghcr.io/me/app</c> as <c>ghcr.io:me/app</c>.</summary>
    public static string Translate(string image)
    {
        var slash = image.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : image[..slash];
        var rest = image[(slash + 1)..];
        if (first is Hub or "index.docker.io" or "registry-1.docker.io")
            return $"{Hub}:{Official(rest)}";
        // Two colons are one more than docker has: the first is that of a remote of Incus's.
        if (slash < 0 && image.Split('@')[0].AsSpan().Count(':') > 1)
            return image;
        // What is no port there is an alias of a remote of Incus's, which docker could not mean.
        if (first.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon && !first.AsSpan(colon + 1).ContainsOnlyDigits())
            return image;
        // As docker tells a registry from a user of its own.
        if (first != "localhost" && first.AsSpan().IndexOfAny('.', ':') < 0)
            return $"{Hub}:{Official(image)}";
        // Digits and a tag after the registry would be its port and an image.
        return !first.Contains(':', StringComparison.Ordinal) && rest.IndexOf(':', StringComparison.Ordinal) is > 0 and var tag && rest.AsSpan(0, tag).ContainsOnlyDigits() ? $"{first}:443:{rest}" : $"{first}:{rest}";
    }

    /// <summary>The registry and the image of a reference in Incus's form; null where it names a remote that has no port.</summary>
    public static (string Registry, string Image)? Split(string reference) =>
        WithPort().Match(reference) is { Success: true } match ? (match.Groups["registry"].Value, match.Groups["image"].Value) : null;

    private static bool ContainsOnlyDigits(this ReadOnlySpan<char> text) => text.Length > 0 && text.IndexOfAnyExceptInRange('0', '9') < 0;

    private static string Official(string image) => image.Contains('/', StringComparison.Ordinal) ? image : $"library/{image}";

    [GeneratedRegex("^(?<registry>[^:/]+:[0-9]{2,5}):(?<image>.+)\\z")]
    private static partial Regex WithPort();
}
