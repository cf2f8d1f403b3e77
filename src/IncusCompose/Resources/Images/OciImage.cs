using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IncusCompose.Definition;

namespace IncusCompose.Resources.Images;

/// <summary>What a name of a registry leads to right now, for one architecture.</summary>
/// <param name="Repository">The image's name there, without tag and digest.</param>
/// <param name="NameDigest">The digest of what the name leads to: of the list of all architectures, where there is one.</param>
/// <param name="Digest">The digest of the manifest, by which an image is told from every other one.</param>
/// <param name="Config">The digest of what the image says of itself; null where it is in a form of old.</param>
/// <param name="Layers">The digests of its layers, in their order.</param>
internal sealed record OciManifest(string Repository, string NameDigest, string Digest, string? Config, IReadOnlyList<string> Layers)
{
    /// <summary>
    /// What Incus calls an image of these layers: images that differ in what they say of themselves alone are one to it.
    /// Source: Incus client/oci_images.go, computeFingerprint.
    /// </summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(Layers))));
}

/// <summary>What an OCI image says of itself.</summary>
/// <param name="Entrypoint">Its entry point, without its arguments; empty where it has none.</param>
/// <param name="Healthcheck">How it says that it is healthy; null where it does not.</param>
internal sealed record OciImageConfig(IReadOnlyList<string> Entrypoint, HealthCheckDefinition? Healthcheck)
{
    /// <summary>Its variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads the <c>config</c> of an image's description. Source: OCI image-spec, config.md; moby docker image spec v1.3.</summary>
    /// <exception cref="JsonException">It is not as it should be.</exception>
    public static OciImageConfig Read(JsonElement config) => config.ValueKind == JsonValueKind.Object
        ? new OciImageConfig(Words(config, "Entrypoint"), config.TryGetProperty(nameof(Healthcheck), out var check) ? HealthcheckOf(check, Words(config, "Shell")) : null) { Environment = EnvironmentOf(config) }
        : new OciImageConfig([], null);

    /// <summary>Reads a check as docker writes it; null for none.</summary>
    /// <param name="check">The value.</param>
    /// <param name="shell">The image's own shell; empty for the usual one.</param>
    internal static HealthCheckDefinition? HealthcheckOf(JsonElement check, IReadOnlyList<string> shell)
    {
        if (check.ValueKind != JsonValueKind.Object)
            return null;
        if (shell.Count == 0)
            shell = ["/bin/sh", "-c"];
        IReadOnlyList<string>? command = Words(check, "Test") switch
        {
            ["CMD", .. { Count: > 0 } words] => words,
            ["CMD-SHELL", var line] => [.. shell, line],
            // NONE, and nothing: what another image that it is made of would say, which builders write down by themselves.
            _ => null,
        };
        if (command is null)
            return null;
        var standard = new HealthCheckDefinition { Probe = new ExecProbe { Command = command } };
        return standard with
        {
            Interval = Time("Interval") ?? standard.Interval,
            Timeout = Time("Timeout") ?? standard.Timeout,
            StartPeriod = Time("StartPeriod") ?? standard.StartPeriod,
            StartInterval = Time("StartInterval"),
            Retries = check.TryGetProperty("Retries", out var retries) && retries.TryGetInt32(out var number) && number > 0 ? number : standard.Retries,
        };

        // In billionths of a second; what is not said, or 0, is what is usual.
        TimeSpan? Time(string name) => check.TryGetProperty(name, out var time) && time.TryGetInt64(out var count) && count >= 1_000_000 ? TimeSpan.FromTicks(count / 100) : null;
    }

    private static Dictionary<string, string> EnvironmentOf(JsonElement config)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in Words(config, "Env").Select(line => line.Split('=', 2)).Where(pair => pair is [{ Length: > 0 }, _]).Select(pair => (pair[0], pair[1])))
            variables[name] = value;
        return variables;
    }

    private static List<string> Words(JsonElement value, string name) => value.TryGetProperty(name, out var words) && words.ValueKind == JsonValueKind.Array
        ? [.. words.EnumerateArray().Select(word => word.ValueKind == JsonValueKind.String ? word.GetString()! : throw new JsonException($"its {name} is no list of words"))]
        : [];
}
