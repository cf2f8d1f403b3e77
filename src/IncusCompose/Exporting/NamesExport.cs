using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources;
using IncusCompose.Resources.Instances;

namespace IncusCompose.Exporting;

/// <summary>
/// Takes what <c>hostname</c>, <c>dns</c> and <c>extra_hosts</c> brought into an instance's configuration out of it again. What
/// the words say is recorded on the instance.
/// </summary>
internal static class NamesExport
{
    private const string RawLxc = "raw.lxc";
    private const string MetaData = "user.meta-data";

    /// <summary>The definition with the words, and the configuration without what they make; both as they were where that cannot be told apart.</summary>
    /// <param name="definition">The instance.</param>
    /// <param name="live">The instance as it is.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="planning">The stack and what is live.</param>
    public static InstanceDefinition Take(InstanceDefinition definition, LiveResource live, SortedDictionary<string, string> config, PlanningContext planning)
    {
        if (RecordedWords.ReadNames(((Instance)live.Raw).Config) is not { } names)
            return definition;
        var said = definition with { Hostname = names.Hostname, Dns = names.Servers, DnsSearch = names.Search, DnsOptions = names.Options, ExtraHosts = names.Hosts };
        // The first way of which just the same is made.
        foreach (var lines in Befores(config.GetValueOrDefault(RawLxc), string.Join('\n', GuestNames.LxcLines(said)), "", "\n"))
        {
            foreach (var data in Befores(config.GetValueOrDefault(MetaData), "", $"local-hostname: {names.Hostname}\n", "\n"))
            {
                var own = new SortedDictionary<string, string>(config, StringComparer.Ordinal);
                Set(own, RawLxc, lines);
                Set(own, MetaData, data);
                var made = ResourceFields.From(InstanceForm.Build(said with { Config = own.AsReadOnly() }, planning, live: null).Properties).Config;
                if (made.GetValueOrDefault(RawLxc) != config.GetValueOrDefault(RawLxc) || made.GetValueOrDefault(MetaData) != config.GetValueOrDefault(MetaData))
                    continue;
                Set(config, RawLxc, lines);
                Set(config, MetaData, data);
                return said;
            }
        }

        return definition;
    }

    /// <summary>What a value may have been before something was put before it or behind it: nothing, the rest, or itself.</summary>
    private static IEnumerable<string?> Befores(string? value, string head, string tail, string separator)
    {
        yield return null;
        if (value is null)
            yield break;
        if (value.Length > head.Length + tail.Length && value.StartsWith(head, StringComparison.Ordinal) && value.EndsWith(tail, StringComparison.Ordinal))
        {
            var rest = value[head.Length..^tail.Length];
            yield return head.Length > 0 && rest.StartsWith(separator, StringComparison.Ordinal) ? rest[separator.Length..] : rest;
        }

        yield return value;
    }

    private static void Set(SortedDictionary<string, string> config, string key, string? value)
    {
        if (value is null)
            config.Remove(key);
        else
            config[key] = value;
    }
}
