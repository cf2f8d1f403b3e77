using System.Text.Json;
using Incus.Client;

namespace IncusCompose.Readiness;

/// <summary>The answer of <c>cloud-init status --wait --format json</c>. Source: cloud-init, "CLI commands", "status".</summary>
internal static class CloudInitStatus
{
    /// <summary>Collects it: a guest's cloud-init may be anything, and write without end.</summary>
    public static readonly ExecStreams Streams = new() { LargestOutput = 1024 * 1024 };

    public static Look Read(ExecResult result)
    {
        // Dots of waiting come before the document.
        var output = result.StandardOutput ?? "";
        var start = output.IndexOf('{', StringComparison.Ordinal);
        if (start < 0)
            return Old(result);
        try
        {
            using var document = JsonDocument.Parse(output[start..]);
            var root = document.RootElement;
            var status = Text(root, "status");
            var errors = Errors(root);
            return status switch
            {
                // Since 23.4, "degraded" (exit status 2) is "done" with errors that it could recover from.
                "done" when errors.Count == 0 || result.ExitCode == 2 => Look.Met,
                "disabled" => Look.Never("cloud-init is disabled in it: it found no data of Incus to work with"),
                "running" or "not run" or "not started" => Look.Soon(Text(root, "detail") is { Length: > 0 } detail ? $"cloud-init is {status} ({detail})" : $"cloud-init is {status}"),
                _ => Look.Never(errors.Count > 0 ? $"cloud-init ended with errors: {string.Join("; ", errors)}" : $"cloud-init ended in status {status}: {Text(root, "detail")}"),
            };
        }
        catch (JsonException)
        {
            return Old(result);
        }
    }

    // Before 22.2 there is no JSON: "status: done". Anything else is no answer: a restart ended it, or cloud-init was just
    // writing down how it is doing when it read that.
    private static Look Old(ExecResult result)
    {
        var said = result.StandardOutput ?? "";
        var outcome = Probes.Output($"cloud-init status ended with exit status {result.ExitCode}", $"{said.TrimEnd()}\n{result.StandardError}");
        return !said.Contains("status: ", StringComparison.Ordinal) ? Look.Soon(outcome)
            : result.ExitCode == 0 && said.Contains("status: done", StringComparison.Ordinal) ? Look.Met
            : said.Contains("status: running", StringComparison.Ordinal) || said.Contains("status: not run", StringComparison.Ordinal) ? Look.Soon(outcome)
            : Look.Never(outcome);
    }

    private static List<string> Errors(JsonElement root)
    {
        var errors = new List<string>();
        if (root.TryGetProperty("errors", out var list) && list.ValueKind == JsonValueKind.Array)
            errors.AddRange(list.EnumerateArray().Select(error => error.ToString()));
        return errors;
    }

    private static string Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
