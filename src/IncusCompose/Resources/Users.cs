namespace IncusCompose.Resources;

/// <summary>What the server says uses a resource.</summary>
internal static class Users
{
    /// <summary>Why something in use cannot be deleted and made again; null where nothing uses it.</summary>
    /// <param name="usedBy">Addresses in the API, as in <c>used_by</c>.</param>
    public static string? Refusal(IReadOnlyList<string> usedBy) =>
        usedBy.Count == 0
            ? null
            : $"it cannot be replaced while it is in use by {string.Join(", ", usedBy.Select(Describe))}; take it off them first, or give it another name";

    private static string Describe(string address) => Uri.UnescapeDataString(address.Split('?')[0]["/1.0/".Length..]);
}
