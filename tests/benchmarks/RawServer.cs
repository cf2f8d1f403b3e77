using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IncusCompose.Benchmarks;

/// <summary>
/// The Incus API with nothing around it: a plain HTTP client on the Unix socket that asks for what is to be done and
/// waits for the operation. What it takes is the floor: no tool can be quicker.
/// </summary>
internal sealed class RawServer : IDisposable
{
    private const int MostCleared = 8;

    private readonly HttpClient _http;

    public RawServer(string socket) => _http = new HttpClient(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://incus"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Creates and starts instances, each in one operation, all at once.</summary>
    public Task CreateAsync(IEnumerable<string> names, string image) => Task.WhenAll(names.Select(name =>
        OperateAsync(HttpMethod.Post, "/1.0/instances", new JsonObject
        {
            ["name"] = name,
            ["start"] = true,
            ["source"] = new JsonObject { ["type"] = "image", ["alias"] = image },
        })));

    /// <summary>Stops instances, gracefully, and deletes each as soon as it has stopped, all at once.</summary>
    public Task DeleteAsync(IEnumerable<string> names) => Task.WhenAll(names.Select(async name =>
    {
        await OperateAsync(HttpMethod.Put, $"/1.0/instances/{name}/state", new JsonObject { ["action"] = "stop", ["timeout"] = 30 });
        await OperateAsync(HttpMethod.Delete, $"/1.0/instances/{name}", null);
    }));

    /// <summary>Takes a snapshot of each instance, all at once.</summary>
    public Task SnapshotAsync(IEnumerable<string> names, string snapshot) => Task.WhenAll(names.Select(name => SnapshotAsync(name, snapshot)));

    /// <summary>Takes a snapshot of each instance and makes a copy of it as soon as it is there, all at once.</summary>
    public Task SnapshotAndCopyAsync(IEnumerable<string> names, string snapshot, string pool) => Task.WhenAll(names.Select(async name =>
    {
        await SnapshotAsync(name, snapshot);
        await OperateAsync(HttpMethod.Post, "/1.0/instances", new JsonObject
        {
            ["name"] = CopyOf(name),
            ["source"] = new JsonObject { ["type"] = "copy", ["source"] = $"{name}/{snapshot}" },
            ["profiles"] = new JsonArray(),
            ["devices"] = new JsonObject { ["root"] = new JsonObject { ["type"] = "disk", ["path"] = "/", ["pool"] = pool } },
        });
    }));

    /// <summary>Deletes a snapshot of each instance, all at once.</summary>
    public Task DeleteSnapshotsAsync(IEnumerable<string> names, string snapshot) =>
        Task.WhenAll(names.Select(name => OperateAsync(HttpMethod.Delete, $"/1.0/instances/{name}/snapshots/{snapshot}", null)));

    /// <summary>Deletes what <see cref="SnapshotAndCopyAsync"/> made.</summary>
    public async Task DeleteCopiesAsync(IReadOnlyList<string> names, string snapshot)
    {
        await Task.WhenAll(names.Select(name => OperateAsync(HttpMethod.Delete, $"/1.0/instances/{CopyOf(name)}", null)));
        await DeleteSnapshotsAsync(names, snapshot);
    }

    /// <summary>Takes everything away, in whatever state it is.</summary>
    public async Task ClearAsync()
    {
        var list = await _http.GetFromJsonAsync<JsonElement>("/1.0/instances?recursion=1");
        // A few at a time: of a thousand at once the server's database loses some.
        await Parallel.ForEachAsync(list.GetProperty("metadata").EnumerateArray().ToList(), new ParallelOptions { MaxDegreeOfParallelism = MostCleared }, async (instance, _) =>
        {
            var name = instance.GetProperty("name").GetString();
            if (instance.GetProperty("status").GetString() != "Stopped")
                await OperateAsync(HttpMethod.Put, $"/1.0/instances/{name}/state", new JsonObject { ["action"] = "stop", ["force"] = true, ["timeout"] = -1 });
            await OperateAsync(HttpMethod.Delete, $"/1.0/instances/{name}", null);
        });
    }

    /// <summary>Reads documents to their last byte, all at once; how many bytes they have.</summary>
    public async Task<long> ReadAsync(IEnumerable<string> paths)
    {
        var sizes = await Task.WhenAll(paths.Select(async path => (await _http.GetByteArrayAsync(path)).LongLength));
        return sizes.Sum();
    }

    /// <summary>What a document says.</summary>
    public async Task<JsonNode> FindAsync(string path) => (await _http.GetFromJsonAsync<JsonObject>(path))!["metadata"]!;

    /// <summary>Makes an instance as it is described, and does not start it.</summary>
    public Task MakeAsync(JsonObject instance) => OperateAsync(HttpMethod.Post, "/1.0/instances", instance);

    public void Dispose() => _http.Dispose();

    private static string CopyOf(string name) => $"{name}-copy";

    private Task SnapshotAsync(string name, string snapshot) =>
        OperateAsync(HttpMethod.Post, $"/1.0/instances/{name}/snapshots", new JsonObject { ["name"] = snapshot, ["stateful"] = false });

    private async Task OperateAsync(HttpMethod method, string path, JsonObject? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await _http.SendAsync(request);
        var begun = await response.Content.ReadFromJsonAsync<JsonElement>();
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"{method} {path}: {begun}");
        using var waited = await _http.GetAsync($"{begun.GetProperty("operation").GetString()}/wait");
        var ended = await waited.Content.ReadFromJsonAsync<JsonElement>();
        if (ended.GetProperty("metadata") is not { ValueKind: JsonValueKind.Object } operation || operation.GetProperty("status_code").GetInt32() != 200)
            throw new InvalidOperationException($"{method} {path}: {ended}");
    }
}
