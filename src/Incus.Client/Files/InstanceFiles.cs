using System.Runtime.CompilerServices;
using System.Text;

namespace Incus.Client;

/// <summary>What something in an instance's file system is.</summary>
public enum InstanceFileKind
{
    /// <summary>A file with content.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    Link,

    /// <summary>A device, a socket or a named pipe.</summary>
    Other,
}

/// <summary>Something in an instance's file system.</summary>
/// <param name="Name">Its name in its directory, or the path that was asked for.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Mode">Permissions, such as octal 0644; with set-user-id, set-group-id and sticky bits.</param>
/// <param name="Uid">Owner, as the instance numbers it.</param>
/// <param name="Gid">Group, likewise.</param>
/// <param name="Size">Bytes; of a file in <c>/proc</c> and the like 0, whatever it holds.</param>
/// <param name="Modified">When its content was last changed, in whole seconds.</param>
public sealed record InstanceFileEntry(string Name, InstanceFileKind Kind, int Mode, uint Uid, uint Gid, long Size, DateTimeOffset Modified);

/// <summary>
/// The file system of an instance, running or stopped, or of a volume, over one connection (SFTP by
/// <c>GET /1.0/instances/NAME/sftp</c> and its like, doc/rest-api.yaml). A virtual machine must run, with its agent. Paths are absolute.
/// </summary>
public sealed class InstanceFiles : IAsyncDisposable
{
    private const uint ForReading = 1;
    private const uint ForWriting = 2;
    private const uint Create = 8;
    private const uint Truncate = 16;
    private const uint EndOfFile = 1;
    private const uint NoSuchFile = 2;
    private const uint NotPermitted = 3;

    /// <summary>Bytes of one request; servers answer no more than this at a time.</summary>
    private const int ChunkSize = 32 * 1024;

    /// <summary>How many entries of one directory are listed: what answers may be a guest's own, and tell of more and more.</summary>
    private const int MostEntries = 1_000_000;

    /// <summary>How many requests of one file are under way at a time.</summary>
    private const int Window = 16;

    private static readonly TimeSpan LongestClose = TimeSpan.FromSeconds(5);

    private readonly SftpChannel channel;
    private readonly string place;

    private InstanceFiles(SftpChannel channel, string place)
    {
        this.channel = channel;
        this.place = place;
    }

    internal static async Task<InstanceFiles> OpenAsync(ApiCaller caller, string url, string place, CancellationToken cancellationToken)
    {
        var stream = await caller.Connection.UpgradeAsync(url, "sftp", cancellationToken).ConfigureAwait(false);
        return new InstanceFiles(await SftpChannel.OpenAsync(stream, place, cancellationToken).ConfigureAwait(false), place);
    }

    /// <summary>What is at a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followLink">What a link at the path leads to, instead of the link.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>It; null where nothing is.</returns>
    /// <exception cref="IncusException">The instance could not be asked.</exception>
    public async Task<InstanceFileEntry?> FindAsync(string path, bool followLink = false, CancellationToken cancellationToken = default)
    {
        var answer = await channel.SendAsync(followLink ? SftpKind.FileStatus : SftpKind.LinkStatus, message => message.Text(path), cancellationToken).ConfigureAwait(false);
        return answer.Kind == SftpKind.Outcome && CodeOf(answer) == NoSuchFile ? null : Entry(answer, path);
    }

    /// <summary>What is in a directory, links themselves and not what they lead to, without the directory and its parent.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusNotFoundException">There is none.</exception>
    /// <exception cref="IncusException">It is no directory, holds more than a million entries, or the instance could not be asked.</exception>
    public async Task<IReadOnlyList<InstanceFileEntry>> ListAsync(string path, CancellationToken cancellationToken = default)
    {
        var handle = Handle(await channel.SendAsync(SftpKind.OpenDirectory, message => message.Text(path), cancellationToken).ConfigureAwait(false), "list", path);
        try
        {
            var entries = new List<InstanceFileEntry>();
            while (true)
            {
                var answer = await channel.SendAsync(SftpKind.ReadDirectory, message => message.Bytes(handle), cancellationToken).ConfigureAwait(false);
                if (answer.Kind == SftpKind.Outcome && CodeOf(answer) == EndOfFile)
                    return entries;
                entries.AddRange(Names(answer, path));
                if (entries.Count > MostEntries)
                    throw new IncusException($"cannot list {path} in {place}: it holds more than {MostEntries} files");
            }
        }
        finally
        {
            await CloseAsync(handle).ConfigureAwait(false);
        }
    }

    /// <summary>Where a symbolic link leads to, in the words it was made with.</summary>
    /// <param name="path">The link.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusException">It is no link, or the instance could not be asked.</exception>
    public async Task<string> ReadLinkAsync(string path, CancellationToken cancellationToken = default)
    {
        var answer = await channel.SendAsync(SftpKind.ReadLink, message => message.Text(path), cancellationToken).ConfigureAwait(false);
        Require(answer, SftpKind.Names, "read the link", path);
        var reader = new SftpReader(answer.Content.Span);
        reader.Number();
        return reader.Text();
    }

    /// <summary>The content of a file, from its beginning to its end.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <exception cref="IncusNotFoundException">There is none.</exception>
    /// <exception cref="IncusException">It cannot be read, or the instance could not be asked.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var handle = await OpenAsync(path, ForReading, "read", cancellationToken).ConfigureAwait(false);
        var asked = new Queue<(long Offset, Task<SftpAnswer> Answer)>();
        try
        {
            long next = 0;
            // A small file is one request and its end; of a large one more and more is asked for ahead.
            var ahead = 1;
            while (true)
            {
                for (; asked.Count < ahead; next += ChunkSize)
                    asked.Enqueue((next, await BeginReadAsync(handle, next, cancellationToken).ConfigureAwait(false)));
                var (offset, begun) = asked.Dequeue();
                var answer = await begun.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (answer.Kind == SftpKind.Outcome && CodeOf(answer) == EndOfFile)
                    yield break;
                Require(answer, SftpKind.Data, "read", path);
                // Without the length before it.
                var data = answer.Content[4..];
                if (data.IsEmpty)
                    throw Failure(answer, "read", path);
                yield return data;
                ahead = Math.Min(ahead * 2, Window);
                if (data.Length < ChunkSize)
                {
                    ahead = 1;
                    // Files of /proc come in small pieces: what was asked for beyond has holes before it.
                    asked.Clear();
                    next = offset + data.Length;
                }
            }
        }
        finally
        {
            await CloseAsync(handle).ConfigureAwait(false);
        }
    }

    /// <summary>The text (UTF-8) of a small file, or of the one that a link leads to. The guest may have put anything in its place.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">How many bytes it may have.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>The text; null where nothing is at the path.</returns>
    /// <exception cref="IncusException">It is no file, is larger, cannot be read, or the instance could not be asked.</exception>
    public async Task<string?> ReadTextAsync(string path, int most, CancellationToken cancellationToken = default)
    {
        if (await FindAsync(path, followLink: true, cancellationToken).ConfigureAwait(false) is not { } found)
            return null;
        // To open a pipe is to wait for somebody who writes into it.
        if (found.Kind != InstanceFileKind.File)
            throw new IncusException($"cannot read {path} in {place}: it is no file", "Look what is there: a file is expected");
        using var content = new MemoryStream();
        await foreach (var part in ReadAsync(path, cancellationToken).ConfigureAwait(false))
        {
            if (content.Length + part.Length > most)
                throw new IncusException($"cannot read {path} in {place}: it is larger than {most} bytes", "Look what is in it: no file of its kind is that large");
            content.Write(part.Span);
        }

        return Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length);
    }

    /// <summary>Writes a file, replacing the content of one that is there and leaving its owner.</summary>
    /// <param name="path">The file; its directory must exist.</param>
    /// <param name="content">The content, read to its end.</param>
    /// <param name="mode">Permissions, set before the content is written; null leaves those of a file that is there, and 0644 for a new one.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    /// <returns>How many bytes were written.</returns>
    /// <exception cref="IncusNotFoundException">There is no such directory.</exception>
    /// <exception cref="IncusException">It cannot be written, or the instance could not be asked.</exception>
    public async Task<long> WriteAsync(string path, Stream content, int? mode = null, CancellationToken cancellationToken = default)
    {
        var handle = await OpenAsync(path, ForWriting | Create | Truncate, "write", cancellationToken).ConfigureAwait(false);
        var sent = new Queue<Task<SftpAnswer>>();
        try
        {
            // Not when the file is opened: servers take no notice of it there.
            if (mode is not null)
            {
                RequireDone(
                    await channel.SendAsync(SftpKind.SetHandleStatus, message => message.Bytes(handle).Attributes(new FileAttributes { Mode = mode }), cancellationToken).ConfigureAwait(false),
                    "set the mode of", path);
            }

            var buffer = new byte[ChunkSize];
            long offset = 0;
            int count;
            while ((count = await content.ReadAtLeastAsync(buffer, ChunkSize, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false)) > 0)
            {
                var (position, length) = (offset, count);
                sent.Enqueue(await channel.BeginAsync(
                    SftpKind.Write, message => message.Bytes(handle).Number(position).Bytes(buffer.AsSpan(0, length)), cancellationToken).ConfigureAwait(false));
                offset += count;
                if (sent.Count == Window)
                    RequireDone(await sent.Dequeue().WaitAsync(cancellationToken).ConfigureAwait(false), "write", path);
            }

            while (sent.TryDequeue(out var answer))
                RequireDone(await answer.WaitAsync(cancellationToken).ConfigureAwait(false), "write", path);
            return offset;
        }
        finally
        {
            await CloseAsync(handle).ConfigureAwait(false);
        }
    }

    /// <summary>Makes a directory; its parent must exist, and it itself must not.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusException">It cannot be made, or the instance could not be asked.</exception>
    public Task CreateDirectoryAsync(string path, CancellationToken cancellationToken = default) =>
        DoAsync(SftpKind.MakeDirectory, message => message.Text(path).Attributes(null), "make the directory", path, cancellationToken);

    /// <summary>Makes a symbolic link where nothing is.</summary>
    /// <param name="path">The link.</param>
    /// <param name="target">Where it leads to, which need not exist.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusException">It cannot be made, or the instance could not be asked.</exception>
    public Task CreateLinkAsync(string path, string target, CancellationToken cancellationToken = default) =>
        // OpenSSH's order, which is the other way round than the protocol's; the server follows it.
        DoAsync(SftpKind.SymbolicLink, message => message.Text(target).Text(path), "make the link", path, cancellationToken);

    /// <summary>Gives a file another name where nothing is.</summary>
    /// <param name="path">The new name.</param>
    /// <param name="existing">The file.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusException">It cannot be made, or the instance could not be asked.</exception>
    public Task CreateHardLinkAsync(string path, string existing, CancellationToken cancellationToken = default) =>
        DoAsync(SftpKind.Extended, message => message.Text("hardlink@openssh.com").Text(existing).Text(path), "make the hard link", path, cancellationToken);

    /// <summary>Gives a file another name, in the place of one that has it: nobody sees the path without a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="newPath">Its new path, on the same file system.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusException">It cannot be renamed, or the instance could not be asked.</exception>
    public Task RenameAsync(string path, string newPath, CancellationToken cancellationToken = default) =>
        DoAsync(SftpKind.Extended, message => message.Text("posix-rename@openssh.com").Text(path).Text(newPath), "rename", path, cancellationToken);

    /// <summary>Sets owner, mode and time of a file or directory, or of what a link leads to.</summary>
    /// <param name="path">The file or directory.</param>
    /// <param name="attributes">Owner and group (both, or neither is set) and mode; the server sets no set-user-id, set-group-id and sticky bits.</param>
    /// <param name="modified">When its content was last changed; null leaves it.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusException">They cannot be set, or the instance could not be asked.</exception>
    public async Task SetAttributesAsync(string path, FileAttributes attributes, DateTimeOffset? modified = null, CancellationToken cancellationToken = default)
    {
        // By themselves: where more is set with them, servers read owner and group from the wrong place of the message.
        if (attributes is { Uid: not null, Gid: not null })
            await SetAsync(attributes with { Mode = null }, null).ConfigureAwait(false);
        if (attributes.Mode is not null || modified is not null)
            await SetAsync(new FileAttributes { Mode = attributes.Mode }, modified).ConfigureAwait(false);

        Task SetAsync(FileAttributes part, DateTimeOffset? time) =>
            DoAsync(SftpKind.SetStatus, message => message.Text(path).Attributes(part, time), "set owner and mode of", path, cancellationToken);
    }

    /// <summary>Deletes a file or a link.</summary>
    /// <param name="path">The file or link.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusNotFoundException">There is none.</exception>
    /// <exception cref="IncusException">It cannot be deleted, or the instance could not be asked.</exception>
    public Task DeleteAsync(string path, CancellationToken cancellationToken = default) =>
        DoAsync(SftpKind.Remove, message => message.Text(path), "delete", path, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => channel.DisposeAsync();

    private Task<Task<SftpAnswer>> BeginReadAsync(byte[] handle, long offset, CancellationToken cancellationToken) =>
        channel.BeginAsync(SftpKind.Read, message => message.Bytes(handle).Number(offset).Number((uint)ChunkSize), cancellationToken);

    private async Task<byte[]> OpenAsync(string path, uint flags, string what, CancellationToken cancellationToken) =>
        Handle(
            await channel.SendAsync(SftpKind.Open, message => message.Text(path).Number(flags).Attributes(null), cancellationToken).ConfigureAwait(false),
            what, path);

    /// <summary>Gives a handle back; where even that fails, it goes with the connection.</summary>
    private async Task CloseAsync(byte[] handle)
    {
        // Also where the caller has given up, but not for ever: nobody may be reading at the other end.
        using var limit = new CancellationTokenSource(LongestClose);
        try
        {
            await channel.BeginAsync(SftpKind.Close, message => message.Bytes(handle), limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IncusException or OperationCanceledException)
        {
            // What failed before says more.
        }
    }

    private async Task DoAsync(SftpKind kind, Action<SftpWriter> content, string what, string path, CancellationToken cancellationToken) =>
        RequireDone(await channel.SendAsync(kind, content, cancellationToken).ConfigureAwait(false), what, path);

    private void RequireDone(SftpAnswer answer, string what, string path)
    {
        if (answer.Kind != SftpKind.Outcome || CodeOf(answer) != 0)
            throw Failure(answer, what, path);
    }

    private void Require(SftpAnswer answer, SftpKind kind, string what, string path)
    {
        if (answer.Kind != kind)
            throw Failure(answer, what, path);
    }

    private byte[] Handle(SftpAnswer answer, string what, string path)
    {
        Require(answer, SftpKind.Handle, what, path);
        return new SftpReader(answer.Content.Span).Bytes().ToArray();
    }

    private InstanceFileEntry Entry(SftpAnswer answer, string path)
    {
        Require(answer, SftpKind.Attributes, "look at", path);
        return new SftpReader(answer.Content.Span).Attributes(path);
    }

    private List<InstanceFileEntry> Names(SftpAnswer answer, string path)
    {
        Require(answer, SftpKind.Names, "list", path);
        var reader = new SftpReader(answer.Content.Span);
        var entries = new List<InstanceFileEntry>();
        for (var count = reader.Number(); count > 0; count--)
        {
            var name = reader.Text();
            reader.Bytes(); // As ls would show it.
            var entry = reader.Attributes(name);
            if (name is not ("." or ".."))
                entries.Add(entry);
        }

        return entries;
    }

    private static uint CodeOf(SftpAnswer answer) => new SftpReader(answer.Content.Span).Number();

    private IncusException Failure(SftpAnswer answer, string what, string path)
    {
        if (answer.Kind != SftpKind.Outcome)
            return new IncusException($"cannot {what} {path} in {place}: the server answers with something else");
        var reader = new SftpReader(answer.Content.Span);
        var code = reader.Number();
        var said = reader.Text();
        return code switch
        {
            NoSuchFile => new IncusNotFoundException($"cannot {what} {path} in {place}: there is no such file or directory") { ServerMessage = said },
            NotPermitted => new IncusForbiddenException($"cannot {what} {path} in {place}: it is not permitted there") { ServerMessage = said },
            _ => new IncusException($"cannot {what} {path} in {place}: {(said.Length > 0 ? said : $"SFTP status {code}")}") { ServerMessage = said },
        };
    }
}
