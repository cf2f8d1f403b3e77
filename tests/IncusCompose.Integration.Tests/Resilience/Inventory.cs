using System.Text.Json;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>
/// Everything that a server holds, as text that can be compared: what Incus's own command says, and what is on the disk
/// of the pool. What differs from one making to the next (addresses, times) is left out.
/// </summary>
internal static class Inventory
{
    private static readonly string[] Passing = ["volatile.", "image.", "user.incus-compose.pending-restart"];

    public static async Task<string> TakeAsync(Lab.Lab lab)
    {
        var lists = await Task.WhenAll(
            ListAsync(lab, "instances", "name", "type", "status", "profiles", "config", "devices"),
            ListAsync(lab, "networks", "name", "type", "managed", "status", "description", "config"),
            ListAsync(lab, "storage-pools/default/volumes", "name", "type", "content_type", "description", "config"),
            ListAsync(lab, "profiles", "name", "description", "config", "devices"),
            ListAsync(lab, "images", "fingerprint"));
        return string.Join('\n', lists.SelectMany(list => list).Concat(OnDisk(lab)));
    }

    private static async Task<IEnumerable<string>> ListAsync(Lab.Lab lab, string collection, params string[] keys)
    {
        using var answer = JsonDocument.Parse(await lab.IncusAsync("query", $"/1.0/{collection}?recursion=1"));
        return
        [
            .. answer.RootElement.EnumerateArray()
                // Links of the host come and go with other labs.
                .Where(item => !item.TryGetProperty("managed", out var managed) || managed.GetBoolean())
                .Select(item => collection + " " + string.Join(' ', keys.Where(key => item.TryGetProperty(key, out _)).Select(key => $"{key}={Text(item.GetProperty(key))}")))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<string> OnDisk(Lab.Lab lab) =>
        from kind in (string[])["containers", "custom"]
        let folder = Path.Combine(lab.Environment["INCUS_DIR"], "storage-pools", "default", kind)
        from entry in Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal)
        select $"disk {kind}/{Path.GetFileName(entry)}";

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(", ", value.EnumerateObject()
            .Where(property => !Passing.Any(prefix => property.Name.StartsWith(prefix, StringComparison.Ordinal)))
            .OrderBy(property => property.Name, StringComparer.Ordinal)
            .Select(property => $"{property.Name}: {Text(property.Value)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(", ", value.EnumerateArray().Select(Text)) + "]",
        _ => value.ToString(),
    };
}
