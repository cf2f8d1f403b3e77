using Incus.Client;
using FileAttributes = Incus.Client.FileAttributes;

namespace IncusCompose.Files;

/// <summary>
/// Writes into an instance, as its root. Links may be anybody's there, and of an archive's making: below the place that was
/// named, nothing is written through a link.
/// </summary>
internal sealed class InstanceSink(InstanceFiles files, string instance, CopyRoot root, bool keepOwner) : IFileSink
{
    private readonly List<(string Path, CopiedFile Directory)> _made = [];
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);

    public async Task AddAsync(CopiedFile file, CancellationToken cancellationToken)
    {
        var path = PathOf(file.Path);
        if (file.Path.Contains('/', StringComparison.Ordinal))
            await RequireParentAsync(path, cancellationToken).ConfigureAwait(false);
        switch (file.Kind)
        {
            case CopiedKind.Directory:
                if (await MakeAsync(path, cancellationToken).ConfigureAwait(false))
                    _made.Add((path, file));
                break;
            case CopiedKind.File:
                if (!IsNamed(path))
                    await MakeRoomAsync(path, keepFile: true, cancellationToken).ConfigureAwait(false);
                var content = await file.OpenAsync(cancellationToken).ConfigureAwait(false);
                await using (content.ConfigureAwait(false))
                    await files.WriteAsync(path, content, file.Permissions, cancellationToken).ConfigureAwait(false);
                await SetAttributesAsync(path, file, cancellationToken).ConfigureAwait(false);
                break;
            case CopiedKind.Link:
                await MakeRoomAsync(path, keepFile: false, cancellationToken).ConfigureAwait(false);
                await files.CreateLinkAsync(path, file.Target, cancellationToken).ConfigureAwait(false);
                break;
            case CopiedKind.HardLink:
                await RequireParentAsync(PathOf(file.Target), cancellationToken).ConfigureAwait(false);
                await MakeRoomAsync(path, keepFile: false, cancellationToken).ConfigureAwait(false);
                await files.CreateHardLinkAsync(path, PathOf(file.Target), cancellationToken).ConfigureAwait(false);
                break;
        }
    }

    public string? Lost(CopiedFile file) =>
        keepOwner && file.Kind != CopiedKind.Link && file.Mode != file.Permissions
            ? $"{PathOf(file.Path)} is copied without set-user-id, set-group-id and sticky bits, which the server does not set"
            : null;

    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        // What is in a directory comes before it.
        for (var i = _made.Count - 1; i >= 0; i--)
            await SetAttributesAsync(_made[i].Path, _made[i].Directory, cancellationToken).ConfigureAwait(false);
    }

    private string PathOf(string below) => below.Length == 0 ? root.Path : root.Path == "/" ? root.Path + below : $"{root.Path}/{below}";

    /// <summary>True for the one path where what is there may be a link: the user has named it.</summary>
    private bool IsNamed(string path) => root.IsNamed && path == root.Path;

    /// <summary>An archive may name a file and not the directory that it is in.</summary>
    private async Task RequireParentAsync(string path, CancellationToken cancellationToken)
    {
        var parent = path[..path.LastIndexOf('/')];
        if (parent.Length <= root.Path.Length || _directories.Contains(parent))
            return;
        await RequireParentAsync(parent, cancellationToken).ConfigureAwait(false);
        await MakeAsync(parent, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a directory; one that is there stays as it is.</summary>
    /// <returns>True where it was made.</returns>
    private async Task<bool> MakeAsync(string path, CancellationToken cancellationToken)
    {
        if (!_directories.Add(path))
            return false;
        switch ((await files.FindAsync(path, followLink: IsNamed(path), cancellationToken).ConfigureAwait(false))?.Kind)
        {
            case InstanceFileKind.Directory:
                return false;
            case not null:
                throw new FileCopyException($"{path} in instance {instance} is no directory, and a directory cannot take its place: delete it first");
        }

        await files.CreateDirectoryAsync(path, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Takes away what is where a file or a link goes.</summary>
    private async Task MakeRoomAsync(string path, bool keepFile, CancellationToken cancellationToken)
    {
        switch ((await files.FindAsync(path, followLink: false, cancellationToken).ConfigureAwait(false))?.Kind)
        {
            case null:
            case InstanceFileKind.File when keepFile:
                return;
            case InstanceFileKind.Other:
                throw CopyTarget.Device(path, $"in instance {instance}");
            case InstanceFileKind.Directory:
                throw new FileCopyException($"{path} in instance {instance} is a directory, and what is none cannot take its place: delete it first");
        }

        await files.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
    }

    private async Task SetAttributesAsync(string path, CopiedFile file, CancellationToken cancellationToken)
    {
        await files.SetAttributesAsync(
            path,
            new FileAttributes { Mode = file.Permissions, Uid = keepOwner ? (int)file.Uid : null, Gid = keepOwner ? (int)file.Gid : null },
            file.Modified, cancellationToken).ConfigureAwait(false);
    }
}
