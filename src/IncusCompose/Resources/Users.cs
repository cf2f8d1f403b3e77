namespace IncusCompose.Resources;

/// <summary>What the server says uses a resource.</summary>
internal static class Users
{
    /// <summary>Why something in use cannot be deleted and made again; null where nothing uses it.</summary>
    /// <param name="usedBy">Addresses in the API, as in <c>used_by</c>.</param>
    public static string? Refusal(IReadOnlyList<string> usedBy) =>
        usedBy.Count == 0
            ? null
            : $"it cannot be replaced while it is in use by {List(usedBy)}; take it off them first, or give it another name";

    /// <summary>The users in a few words.</summary>
    public static string List(IReadOnlyList<string> usedBy) => string.Join(", ", usedBy.Select(Describe));

    /// <summary>The instance that an address means, and its project; null for another user.</summary>
    public static (string Name, string Project)? InstanceIn(string address)
    {
        const string instances = "/1.0/instances/", project = "?project=";
        if (!address.StartsWith(instances, StringComparison.Ordinal))
            return null;
        var end = address.IndexOf(project, StringComparison.Ordinal);
        return end < 0
            ? (Uri.UnescapeDataString(address[instances.Length..]), "default")
            : (Uri.UnescapeDataString(address[instances.Length..end]), Uri.UnescapeDataString(address[(end + project.Length)..]));
    }

    private static string Describe(string address) => Uri.UnescapeDataString(address.Split('?')[0]["/1.0/".Length..]);
}
