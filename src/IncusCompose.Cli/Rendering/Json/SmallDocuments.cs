using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Instances;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>What went wrong, as one line on standard error under <c>--json</c>.</summary>
internal sealed record ErrorDocument(string Error, IReadOnlyList<DiagnosticDocument> Diagnostics)
{
    public static ErrorDocument From(Exception error) => new(
        error.Message,
        error is StackFileException file ? [.. file.Diagnostics.Select(DiagnosticDocument.From)] : []);
}

/// <summary>The program's version.</summary>
internal sealed record VersionDocument(string Version, string Runtime);

/// <summary>The instance that <c>run --detach --json</c> made.</summary>
internal sealed record RunDocument(string Instance);

/// <summary>One instance, as <c>ps --json</c> lists it.</summary>
internal sealed record InstanceDocument(
    string Name,
    string Status,
    string Type,
    string? Image,
    IReadOnlyList<string> Ipv4,
    IReadOnlyList<string> Ipv6,
    IReadOnlyList<string> Ports,
    string? Stack,
    string Project)
{
    public static InstanceDocument From(Instance instance, InstanceState? state) => new(
        instance.Name,
        state?.Status ?? instance.Status,
        instance.Type,
        InstanceFacts.ImageOf(instance),
        InstanceFacts.AddressesOf(state, "inet"),
        InstanceFacts.AddressesOf(state, "inet6"),
        InstanceFacts.PortsOf(instance),
        InstanceFacts.StackOf(instance),
        instance.Project);
}

/// <summary>One line of <c>logs --json</c>.</summary>
internal sealed record LogDocument(string Instance, string Source, DateTimeOffset? Time, string? Identifier, int? Priority, string Text)
{
    public static LogDocument From(Logs.LogLine line) =>
        new(line.Instance, Words.Name(line.Source), line.Time, line.Identifier, line.Priority, line.Text);
}
