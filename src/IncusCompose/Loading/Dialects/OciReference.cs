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
        // As docker tells a registry from a user of its own.
        if (first == "localhost" || first.AsSpan().IndexOfAny('.', ':') >= 0)
            return $"{(first is "index.docker.io" or "registry-1.docker.io" ? Hub : first)}:{(first.EndsWith(Hub, StringComparison.Ordinal) ? Official(image[(slash + 1)..]) : image[(slash + 1)..])}";
        return $"{Hub}:{Official(image)}";
    }

    /// <summary>The registry and the image of a reference in Incus's form; null where it names a remote that has no port.</summary>
    public static (string Registry, string Image)? Split(string reference) =>
        WithPort().Match(reference) is { Success: true } match ? (match.Groups["registry"].Value, match.Groups["image"].Value) : null;

    private static string Official(string image) => image.Contains('/', StringComparison.Ordinal) ? image : $"library/{image}";

    [GeneratedRegex("^(?<registry>[^:/]+:[0-9]{2,5}):(?<image>.+)\\z")]
    private static partial Regex WithPort();
}
