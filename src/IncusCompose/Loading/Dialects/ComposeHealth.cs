using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Dialects;

/// <summary>The health check of a service once all files are known, as docker understands it where it says less or more than a check.</summary>
internal static class ComposeHealth
{
    /// <summary>The check; null where it leaves that of the image.</summary>
    /// <param name="entry">The key and what stands there.</param>
    /// <param name="path">The service, for messages.</param>
    /// <param name="report">Where problems go.</param>
    public static MappingEntry? Of(MappingEntry entry, string path, Action<Diagnostic> report)
    {
        if (entry.Value is not MappingNode check || check.Find("disable") is ScalarNode { Value: "true" })
            return entry;
        if (check.Entries.Count > 0 && check.Entries.All(word => word.Key.Value == "disable"))
            return null;
        if (check.Find("test") is not SequenceNode { Items: [ScalarNode { Value: "CMD-SHELL" }, _, _, ..] } test)
            return entry;
        report(Diagnostic.Warning("Approximated", test.Items[2].Location, $"{path}.healthcheck.test", "only the first word after `CMD-SHELL` is run, as in docker: the shell takes the others for something else", "write one line, or `CMD` in place of `CMD-SHELL`"));
        return entry with { Value = check with { Entries = [.. check.Entries.Select(word => word.Key.Value == "test" ? word with { Value = test with { Items = [.. test.Items.Take(2)] } } : word)] } };
    }
}
