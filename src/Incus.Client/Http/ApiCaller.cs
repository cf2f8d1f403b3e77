using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>A connection seen from one project and (optionally) one cluster member: adds both to every request.</summary>
internal sealed class ApiCaller(IncusConnection connection, string project, string? target, bool finishesChanges = false)
{
    public IncusConnection Connection { get; } = connection;

    public string Project { get; } = project;

    public string? Target { get; } = target;

    /// <summary>True where a changing request that was sent is not given up before it is answered.</summary>
    public bool FinishesChanges { get; } = finishesChanges;

    /// <summary>A path of the API with its query: <c>/1.0/instances/web?project=shop&amp;recursion=1</c>.</summary>
    public string Url(string path, params ReadOnlySpan<(string Key, string? Value)> query)
    {
        var url = new StringBuilder(path);
        url.Append("?project=").Append(Uri.EscapeDataString(Project));
        if (Target is not null)
            url.Append("&target=").Append(Uri.EscapeDataString(Target));
        foreach (var (key, value) in query)
        {
            if (value is not null)
                url.Append('&').Append(key).Append('=').Append(Uri.EscapeDataString(value));
        }
        return url.ToString();
    }

    /// <summary>A name as one segment of a path. Nothing and dots would name something else: the collection (a change of
    /// <c>/1.0/instances</c> is one of all instances) or the server itself.</summary>
    /// <exception cref="ArgumentException">It can not be a name.</exception>
    public static string Segment(string name) => name is null or "" or "." or ".."
        ? throw new ArgumentException($"\"{name}\" is not a name", nameof(name))
        : Uri.EscapeDataString(name);

    /// <summary>GET of an object.</summary>
    /// <exception cref="IncusException">The server refused, or could not be reached.</exception>
    public async Task<Versioned<T>> GetAsync<T>(string url, JsonTypeInfo<Envelope<T>> type, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var response = await Connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        await ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
        var envelope = await ReadAsync(request, response, type, cancellationToken).ConfigureAwait(false);
        return envelope.Metadata is { } value
            ? new(value, ETagOf(response))
            : throw new IncusException($"The server sent no content for {IncusConnection.Describe(request)}") { Request = IncusConnection.Describe(request) };
    }

    /// <summary>GET of a collection with its objects; an empty answer is an empty list.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(string url, JsonTypeInfo<Envelope<IReadOnlyList<T>>> type, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        using var response = await Connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        await ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
        var envelope = await ReadAsync(request, response, type, cancellationToken).ConfigureAwait(false);
        return envelope.Metadata ?? [];
    }

    /// <summary>A request that changes something and that the server does before it answers (or in an operation, which is waited for).</summary>
    public async Task ChangeAsync(HttpMethod method, string url, JsonNode? body, string? etag, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(method, url, body is null ? null : JsonBody(body), etag, cancellationToken).ConfigureAwait(false);
        if (answer.Operation is { } info)
            await new IncusOperation(this, info, generation: 0).WaitAsync(null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A request that starts an operation. The events websocket is opened first, so that no event is missed.</summary>
    public Task<IncusOperation> StartAsync(HttpMethod method, string url, JsonNode? body, string? etag, CancellationToken cancellationToken) =>
        StartAsync(method, url, body is null ? null : JsonBody(body), etag, cancellationToken);

    /// <inheritdoc cref="StartAsync(HttpMethod, string, JsonNode?, string?, CancellationToken)"/>
    public async Task<IncusOperation> StartAsync(HttpMethod method, string url, HttpContent? content, string? etag, CancellationToken cancellationToken)
    {
        await Connection.Events.EnsureOpenAsync(Project, cancellationToken).ConfigureAwait(false);
        var generation = Connection.Events.Generation;
        var answer = await SendAsync(method, url, content, etag, cancellationToken).ConfigureAwait(false);
        return answer.Operation is { } info ? new IncusOperation(this, info, generation) : IncusOperation.Completed(this, answer.Metadata);
    }

    /// <summary>Sends a changing request and reads its answer.</summary>
    public async Task<ChangeAnswer> SendAsync(HttpMethod method, string url, HttpContent? content, string? etag, CancellationToken cancellationToken)
    {
        if (FinishesChanges)
        {
            cancellationToken.ThrowIfCancellationRequested();
            cancellationToken = CancellationToken.None;
        }

        using var request = new HttpRequestMessage(method, url) { Content = content };
        if (!string.IsNullOrEmpty(etag))
            request.Headers.TryAddWithoutValidation("If-Match", etag);
        using var response = await Connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        await ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
        var envelope = await ReadAsync(request, response, IncusJson.Default.EnvelopeJsonElement, cancellationToken).ConfigureAwait(false);
        if (envelope.Type == "async")
            return new(envelope.Metadata.Deserialize(IncusJson.Default.OperationInfo), null, response.Headers.Location?.OriginalString);
        return new(null, envelope.Metadata.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? null : envelope.Metadata,
            response.Headers.Location?.OriginalString);
    }

    /// <summary>Throws what a failed answer means.</summary>
    public async Task ThrowIfFailedAsync(HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode)
            return;
        string? message = null;
        try
        {
            var envelope = await JsonSerializer.DeserializeAsync(
                await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false),
                IncusJson.Default.EnvelopeJsonElement, cancellationToken).ConfigureAwait(false);
            message = envelope?.Error;
        }
        catch (JsonException)
        {
            // Not an answer of Incus (a proxy's page, perhaps): the status alone has to do.
        }
        catch (Exception exception) when (ConnectionFailures.IsFailure(exception, cancellationToken))
        {
            throw Connection.Unreachable(exception, request);
        }
        throw ErrorMapping.FromAnswer(response.StatusCode, message, IncusConnection.Describe(request), Connection.DisplayName);
    }

    /// <summary>The request body for a JSON value.</summary>
    public static HttpContent JsonBody(JsonNode body)
    {
        var buffer = new ArrayBufferWriter<byte>();
        // Incus reads times without undoing JSON's escapes: "+00:00" must not become "\u002B00:00".
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            body.WriteTo(writer);
        return new ReadOnlyMemoryContent(buffer.WrittenMemory) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }

    /// <summary>Incus sends its ETag without quotes, which the typed header refuses.</summary>
    private static string ETagOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("ETag", out var values) ? values.FirstOrDefault() ?? "" : "";

    /// <summary>Begins to read what the server has in another form than its own.</summary>
    /// <param name="path">The path, without the project.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public async Task<ServerDownload> DownloadAsync(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Url(path));
        var response = await Connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            await ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
            return new ServerDownload(response, await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Reads the content of an answer.</summary>
    public async Task<Envelope<T>> ReadAsync<T>(
        HttpRequestMessage request, HttpResponseMessage response, JsonTypeInfo<Envelope<T>> type, CancellationToken cancellationToken)
    {
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var envelope = await JsonSerializer.DeserializeAsync(stream, type, cancellationToken).ConfigureAwait(false)
                ?? throw new JsonException("null");
            // Where the server had to begin its answer before it knew the outcome.
            return envelope.Type == "error"
                ? throw ErrorMapping.FromAnswer(
                    (HttpStatusCode)envelope.ErrorCode, envelope.Error, IncusConnection.Describe(request), Connection.DisplayName)
                : envelope;
        }
        catch (JsonException exception)
        {
            throw new IncusException(
                $"The answer to {IncusConnection.Describe(request)} is not one of the Incus API",
                $"Check that {Connection.DisplayName} is an Incus server", exception)
            {
                Request = IncusConnection.Describe(request),
                StatusCode = response.StatusCode,
            };
        }
        catch (Exception exception) when (ConnectionFailures.IsFailure(exception, cancellationToken))
        {
            throw Connection.Unreachable(exception, request);
        }
    }
}
