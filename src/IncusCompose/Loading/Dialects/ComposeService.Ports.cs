using System.Text.RegularExpressions;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Dialects;

/// <content>
/// Ports of the host that docker chooses: any that is free where none is said, or 0; of a range for one port the first that is
/// free. Incus chooses none. Source: compose-spec spec.md, ports.
/// </content>
internal sealed partial class ComposeService
{
    private const string AnyPort = "0";

    private DocumentNode Ports(DocumentNode node, string path) => Each(node, item =>
    {
        var port = item switch
        {
            ScalarNode { IsNull: false, Tag: null } scalar => ShortPort(scalar, path),
            MappingNode { Tag: null } mapping => LongPort(mapping, path),
            _ => item,
        };
        return port is null ? null : Written(port);
    });

    private ScalarNode? ShortPort(ScalarNode port, string path)
    {
        if (ShortPorts().Match(port.Value) is not { Success: true } match)
            return port;
        var (published, target) = (match.Groups["published"].Value, match.Groups["target"].Value);
        if (published is "" or AnyPort)
        {
            PassPort(port, path, target + match.Groups["protocol"].Value);
            return null;
        }

        if (FirstOf(published, target) is not { } first)
            return port;
        Choose(port, path, port.Value, first);
        return port with { Value = $"{match.Groups["address"].Value}{first}:{target}{match.Groups["protocol"].Value}" };
    }

    private MappingNode? LongPort(MappingNode port, string path)
    {
        if (port.Find("target") is not ScalarNode { IsNull: false } target)
            return port;
        var published = port.Entries.FirstOrDefault(entry => entry.Key.Value == "published");
        if (published?.Value is null or ScalarNode { IsNull: true } or ScalarNode { Value: "" or AnyPort })
        {
            PassPort(port, path, target.Value);
            return null;
        }

        if (published.Value is not ScalarNode said || FirstOf(said.Value, target.Value) is not { } first)
            return port;
        Choose(said, path, said.Value, first);
        return port with { Entries = [.. port.Entries.Select(entry => entry == published ? entry with { Value = said with { Value = first } } : entry)] };
    }

    /// <summary>The first port of a range that is for one port; null for anything else.</summary>
    private static string? FirstOf(string published, string target) =>
        published.Split('-') is [var first, _] && !target.Contains('-', StringComparison.Ordinal) ? first : null;

    private void PassPort(DocumentNode node, string path, string port) =>
        Pass(node, path, $"{Excerpts.Quote(port)} is passed over: docker takes any port of the host for it, and Incus only one that is named; the instance's own address has it", $"write one such as `8080:{port}`");

    private void Choose(DocumentNode node, string path, string said, string first) =>
        report(Diagnostic.Warning("Approximated", node.Location, path, $"{Excerpts.Quote(said)} leaves it to docker which port of the host it takes: here it is the first, {first}", "name that one"));

    [GeneratedRegex(@"^(?<address>(\[[0-9A-Fa-f:.]+\]|[0-9.]+):)?(?<published>([0-9]+(-[0-9]+)?)?):(?<target>[0-9]+(-[0-9]+)?)(?<protocol>/(tcp|udp))?\z|^(?<target>[0-9]+(-[0-9]+)?)(?<protocol>/(tcp|udp))?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex ShortPorts();
}
