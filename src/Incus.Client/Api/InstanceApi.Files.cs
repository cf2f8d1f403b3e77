using System.Globalization;

namespace Incus.Client;

public sealed partial class InstanceApi
{
    /// <summary>Runs a command in a running instance and waits for its end (doc/instance-exec.md).</summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="request">The command.</param>
    /// <param name="streams">Where its data comes from and goes to; null to give no input and collect the output.</param>
    /// <param name="cancellationToken">When cancelled, the command is killed.</param>
    /// <returns>Exit code and collected output, complete.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance, or no such program in it.</exception>
    /// <exception cref="IncusException">The command could not be run, for instance because the instance does not run, or wrote more than is collected.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<ExecResult> ExecAsync(string name, ExecRequest request, ExecStreams? streams = null, CancellationToken cancellationToken = default) =>
        new ExecSession(Caller, name, request, streams ?? new ExecStreams()).RunAsync(Caller.Url($"{PathOf(name)}/exec"), cancellationToken);

    /// <summary>Begins to run a command and leaves it running, without input; what it writes is dropped.</summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="request">The command.</param>
    /// <param name="cancellationToken">Ends the request, not the command.</param>
    /// <returns>When the server has begun. Whether the program is there shows later, in the operation.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance.</exception>
    /// <exception cref="IncusException">The command could not be run, for instance because the instance does not run.</exception>
    public async Task<IncusOperation> StartCommandAsync(string name, ExecRequest request, CancellationToken cancellationToken = default)
    {
        var body = ExecSession.BodyOf(request with { Interactive = false });
        body["wait-for-websocket"] = false;
        return await Caller.StartAsync(HttpMethod.Post, Caller.Url($"{PathOf(name)}/exec"), body, null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens the file system of an instance, for many files at once; dispose of it to close the connection.</summary>
    /// <param name="name">Name of the instance, running or stopped; a virtual machine must run, with its agent.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="IncusNotFoundException">There is no such instance.</exception>
    /// <exception cref="IncusException">The server refused.</exception>
    public Task<InstanceFiles> OpenFilesAsync(string name, CancellationToken cancellationToken = default) =>
        InstanceFiles.OpenAsync(Caller, Caller.Url($"{PathOf(name)}/sftp"), $"instance {name}", cancellationToken);

    /// <summary>Writes a file, replacing the content of one that is there.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it; the directory must exist.</param>
    /// <param name="content">The content, read to its end while it is sent.</param>
    /// <param name="attributes">Owner and mode of a new file; Incus leaves those of an existing file as they are.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is written.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or directory.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task PushFileAsync(
        string name, string path, Stream content, FileAttributes? attributes = null, CancellationToken cancellationToken = default)
    {
        using var body = new StreamContent(content);
        body.Headers.ContentType = new("application/octet-stream");
        await PostFileAsync(name, path, "file", body, attributes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it.</param>
    /// <param name="destination">Receives the content.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Owner and mode.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or file.</exception>
    /// <exception cref="IncusException">The request failed, or the path is a directory.</exception>
    public async Task<InstanceFileInfo> PullFileAsync(string name, string path, Stream destination, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, FileUrl(name, path));
        using var response = await Caller.Connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        await Caller.ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
        var info = FileInfoOf(path, response);
        if (info.Type == "directory")
        {
            throw new IncusException($"{path} in instance {name} is a directory, not a file", "List it, and read its files one by one")
            {
                Request = IncusConnection.Describe(request),
            };
        }
        try
        {
            await response.Content.CopyToAsync(destination, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException exception)
        {
            throw Caller.Connection.Unreachable(exception, request);
        }
        return info;
    }

    /// <summary>Makes a directory; its parent must exist.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it.</param>
    /// <param name="attributes">Owner and mode of a new directory.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it exists; one that is there already is left as it is.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or parent directory.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task CreateDirectoryAsync(string name, string path, FileAttributes? attributes = null, CancellationToken cancellationToken = default) =>
        PostFileAsync(name, path, "directory", null, attributes, cancellationToken);

    /// <summary>Makes a symbolic link.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it; the directory must exist.</param>
    /// <param name="leadsTo">Where it leads to, absolute or from its own directory.</param>
    /// <param name="attributes">Owner of a new link.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it exists; one that leads there already is left as it is.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or directory.</exception>
    /// <exception cref="IncusException">The request failed, for instance because something else is there.</exception>
    public async Task CreateLinkAsync(string name, string path, string leadsTo, FileAttributes? attributes = null, CancellationToken cancellationToken = default)
    {
        using var body = new StringContent(leadsTo);
        await PostFileAsync(name, path, "symlink", body, attributes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Lists the names in a directory.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Names without the path.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or directory.</exception>
    /// <exception cref="IncusException">The request failed, or the path is not a directory.</exception>
    public async Task<IReadOnlyList<string>> ListDirectoryAsync(string name, string path, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, FileUrl(name, path));
        using var response = await Caller.Connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        await Caller.ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
        if (FileInfoOf(path, response).Type != "directory")
        {
            throw new IncusException($"{path} in instance {name} is not a directory", "Read it as a file")
            {
                Request = IncusConnection.Describe(request),
            };
        }
        var envelope = await Caller.ReadAsync(request, response, IncusJson.Default.EnvelopeIReadOnlyListString, cancellationToken).ConfigureAwait(false);
        return envelope.Metadata ?? [];
    }

    /// <summary>
    /// Makes sure that a command can be run in a directory. Incus does not: where it is missing, a container runs the
    /// command in <c>/</c> and says nothing.
    /// </summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="path">Path of the directory, or of a link to one.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When the directory was found.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or directory.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task RequireDirectoryAsync(string name, string path, CancellationToken cancellationToken = default)
    {
        // The server describes a link itself and not where it leads, unless the path goes on behind it.
        using var request = new HttpRequestMessage(HttpMethod.Get, FileUrl(name, path.TrimEnd('/') + "/."));
        using var response = await Caller.Connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            await Caller.ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error.ServerMessage is "Not Found" || error.ServerMessage?.Contains("not a directory", StringComparison.Ordinal) == true)
        {
            throw new IncusNotFoundException($"There is no directory {path} in instance {name}", "Name one that exists, or make it first", error)
            {
                Request = error.Request,
                ServerMessage = error.ServerMessage,
            };
        }
    }

    /// <summary>Deletes a file or an empty directory.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is gone.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or file.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task DeleteFileAsync(string name, string path, CancellationToken cancellationToken = default) =>
        Caller.ChangeAsync(HttpMethod.Delete, FileUrl(name, path), null, null, cancellationToken);

    private string FileUrl(string name, string path) => Caller.Url($"{PathOf(name)}/files", ("path", path));

    private async Task PostFileAsync(
        string name, string path, string type, HttpContent? content, FileAttributes? attributes, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, FileUrl(name, path)) { Content = content };
        request.Headers.Add("X-Incus-type", type);
        request.Headers.Add("X-Incus-write", "overwrite");
        if (attributes?.Uid is { } uid)
            request.Headers.Add("X-Incus-uid", uid.ToString(CultureInfo.InvariantCulture));
        if (attributes?.Gid is { } gid)
            request.Headers.Add("X-Incus-gid", gid.ToString(CultureInfo.InvariantCulture));
        if (attributes?.Mode is { } mode)
            request.Headers.Add("X-Incus-mode", $"0{Convert.ToString(mode, 8)}");
        using var response = await Caller.Connection.SendAsync(request, cancellationToken).ConfigureAwait(false);
        await Caller.ThrowIfFailedAsync(request, response, cancellationToken).ConfigureAwait(false);
    }

    private static InstanceFileInfo FileInfoOf(string path, HttpResponseMessage response)
    {
        var mode = Header("X-Incus-mode");
        return new InstanceFileInfo(
            path, Header("X-Incus-type") ?? "file", Number(Header("X-Incus-uid")), Number(Header("X-Incus-gid")),
            mode is null ? 0 : Convert.ToInt32(mode, 8));

        string? Header(string name) => response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

        static int Number(string? text) => int.TryParse(text, CultureInfo.InvariantCulture, out var value) ? value : 0;
    }
}
