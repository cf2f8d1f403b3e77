using Incus.Client;

namespace IncusCompose.Files;

/// <summary>
/// Writes to this machine. What comes from an instance must not lead anywhere else: below the place that was named, nothing
/// is written through a link, not even one that an earlier copy left there.
/// </summary>
internal sealed class HostSink(CopyRoot root, bool keepOwner) : IFileSink
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly List<(string Path, CopiedFile Directory)> _made = [];

    public async Task AddAsync(CopiedFile file, CancellationToken cancellationToken)
    {
        var isNamed = root.IsNamed && file.Path.Length == 0;
        var path = file.Path.Length == 0 ? root.Path : Path.Combine(root.Path, file.Path);
        var there = HostFileSystem.KindOf(path, followLink: isNamed && file.Kind != CopiedKind.Link);
        if (there == InstanceFileKind.Other)
            throw CopyTarget.Device(path, "on this machine");
        switch (file.Kind)
        {
            case CopiedKind.Directory:
                if (there == InstanceFileKind.Directory)
                    return;
                if (there is not null)
                    throw new FileCopyException($"{path} is no directory, and a directory cannot take its place: delete it first");
                MakeDirectory(path);
                _made.Add((path, file));
                return;
            case not CopiedKind.Directory when there == InstanceFileKind.Directory:
                throw new FileCopyException($"{path} is a directory, and what is none cannot take its place: delete it first");
        }

        if (there is not null && (!isNamed || file.Kind == CopiedKind.Link))
            File.Delete(path);
        if (file.Kind == CopiedKind.Link)
        {
            File.CreateSymbolicLink(path, file.Target);
            if (keepOwner)
                HostFileSystem.SetOwner(path, file.Uid, file.Gid);
            return;
        }

        await WriteAsync(path, file, isNamed, cancellationToken).ConfigureAwait(false);
        SetAttributes(path, file);
    }

    public string? Lost(CopiedFile file) => null;

    public Task FinishAsync(CancellationToken cancellationToken)
    {
        // What is in a directory comes before it.
        for (var i = _made.Count - 1; i >= 0; i--)
            SetAttributes(_made[i].Path, _made[i].Directory);
        return Task.CompletedTask;
    }

    private static void MakeDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly);
    }

    private static async Task WriteAsync(string path, CopiedFile file, bool mayExist, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = mayExist ? FileMode.Create : FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = (UnixFileMode)file.Permissions & OwnerOnly;
        var content = await file.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using var opened = content.ConfigureAwait(false);
        var written = new FileStream(path, options);
        await using var closing = written.ConfigureAwait(false);
        await content.CopyToAsync(written, cancellationToken).ConfigureAwait(false);
    }

    private void SetAttributes(string path, CopiedFile file)
    {
        if (keepOwner)
            HostFileSystem.SetOwner(path, file.Uid, file.Gid);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, (UnixFileMode)(keepOwner ? file.Mode : file.Permissions));
        File.SetLastWriteTimeUtc(path, file.Modified.UtcDateTime);
    }
}
