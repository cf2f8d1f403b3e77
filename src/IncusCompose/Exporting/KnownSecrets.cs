using IncusCompose.Diagnostics;
using IncusCompose.Resources;

namespace IncusCompose.Exporting;

/// <summary>
/// The values that are known to be secrets where a stack is exported: what lies where its secrets were brought to, and what
/// stands on the server under a secret's key. By them a file in an instance is told to hold one, though nothing in it says so.
/// </summary>
internal static class KnownSecrets
{
    /// <summary>Are found in every other file, whatever key they stand behind.</summary>
    private static readonly string[] s_plain = ["true", "false", "none", "null", "auto"];

    /// <param name="server">What is live.</param>
    /// <param name="files">What lies where stacks have written to.</param>
    public static HiddenValues Of(ServerObservation server, IEnumerable<FoundFile> files)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var secret in files.Where(file => file.Entry.IsSecret))
            Add(secret.Text, secret.Entry.Label);
        foreach (var live in server.Resources)
        {
            foreach (var (path, value) in live.Properties)
            {
                var key = PropertyPath.IsConfig(path, out var found) ? found : path[(path.LastIndexOf('/') + 1)..];
                if (Secrets.IsSecret(key) && !Secrets.IsCloudInit(key))
                    Add(value, key);
            }
        }

        return new HiddenValues(values);

        void Add(string? value, string name)
        {
            if (value?.Trim() is { Length: > 0 } text && !s_plain.Contains(text, StringComparer.OrdinalIgnoreCase))
                values.TryAdd(text, name);
        }
    }
}
