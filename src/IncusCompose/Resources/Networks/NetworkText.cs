using IncusCompose.Definition;

namespace IncusCompose.Resources.Networks;

/// <summary>Lists and addresses as Incus writes them.</summary>
internal static class NetworkText
{
    /// <summary>The items of a comma-separated list.</summary>
    public static IEnumerable<string> Items(string? list) => (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>A list whose order means nothing, always in the same one.</summary>
    public static string Sorted(string? list) => string.Join(",", Items(list).Order(StringComparer.Ordinal));

    /// <summary>Ports and ranges, whose order means nothing, always in the same one.</summary>
    public static string SortedPorts(string? list) => string.Join(",", Items(list).OrderBy(range => int.TryParse(range.Split('-')[0], out var first) ? first : 0).ThenBy(range => range, StringComparer.Ordinal));

    /// <summary>A list whose order means something, without blanks.</summary>
    public static string Listed(string? list) => string.Join(",", Items(list));

    /// <summary>A list of names with each replaced that has another one.</summary>
    public static string Translated(string list, Func<string, ResourceId> id, Func<ResourceId, string?> names) =>
        string.Join(",", Items(list).Select(name => names(id(name)) ?? name));

    /// <summary>An address as Incus writes it; other text as it is.</summary>
    public static string Address(string? text) => text is not null && Addresses.TryParse(text, out var address) ? address.ToString() : text ?? "";
}
