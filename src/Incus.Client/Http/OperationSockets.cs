using System.Net.WebSockets;
using System.Text.Json;

namespace Incus.Client;

/// <summary>The websockets of an operation, each opened with a secret of its own (<c>/1.0/operations/ID/websocket</c>).</summary>
internal static class OperationSockets
{
    /// <summary>The secrets by the streams' names: <c>control</c>, <c>0</c>, <c>1</c>, <c>2</c>.</summary>
    public static Dictionary<string, string> SecretsOf(OperationInfo info)
    {
        var secrets = new Dictionary<string, string>(StringComparer.Ordinal);
        if (info.Metadata is { ValueKind: JsonValueKind.Object } metadata && metadata.TryGetProperty("fds", out var fds))
        {
            foreach (var entry in fds.EnumerateObject())
                secrets[entry.Name] = entry.Value.GetString() ?? "";
        }
        return secrets;
    }

    /// <summary>The secrets of a migration by the streams' names: <c>control</c>, <c>fs</c>.</summary>
    public static Dictionary<string, string> MigrationSecretsOf(OperationInfo info) =>
        info.Metadata is { ValueKind: JsonValueKind.Object } metadata
            ? metadata.EnumerateObject()
                .Where(static entry => entry.Value.ValueKind == JsonValueKind.String)
                .ToDictionary(static entry => entry.Name, static entry => entry.Value.GetString()!, StringComparer.Ordinal)
            : [];

    /// <summary>Opens a stream of an operation.</summary>
    /// <exception cref="IncusException">The operation has no such stream, or it could not be opened.</exception>
    public static Task<ClientWebSocket> OpenAsync(
        ApiCaller caller, IncusOperation operation, Dictionary<string, string> secrets, string name, CancellationToken cancellationToken, bool isBulk = false)
    {
        if (!secrets.TryGetValue(name, out var secret))
            throw new IncusException($"The server offers no \"{name}\" stream") { Operation = operation.Id };
        var url = $"{OperationApi.PathOf(operation.Id)}/websocket?secret={Uri.EscapeDataString(secret)}";
        return caller.Connection.OpenWebSocketAsync(url, cancellationToken, isBulk);
    }
}
