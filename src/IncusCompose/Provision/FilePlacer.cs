using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Instances;

namespace IncusCompose.Provision;

/// <summary>Brings files into an instance: what is there as it should be is left alone, so that its time stays too.</summary>
/// <param name="client">The connection, in the instance's project.</param>
/// <param name="instance">The instance.</param>
/// <param name="tell">Is told what was written.</param>
internal sealed class FilePlacer(IncusClient client, string instance, Action<string> tell)
{
    private const int FileMode = 0b110_100_100;
    private const int ExecutableMode = 0b111_101_101;

    // As many as the server tells.
    private const int ToldBits = 0b111_111_111;

    // What has been seen to, so that each folder is asked for once.
    private readonly HashSet<string> _folders = ["", "/"];
    private readonly Dictionary<string, InstanceUser> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, uint> _groups = new(StringComparer.Ordinal);

    /// <exception cref="IncusException">The server or the instance refused.</exception>
    /// <exception cref="IOException">A file of this machine cannot be read.</exception>
    public async Task PlaceAsync(IReadOnlyList<FileDefinition> files, CancellationToken cancellationToken)
    {
        var (written, all) = (0, 0);
        foreach (var file in files)
        {
            var owner = await OwnerAsync(file, cancellationToken).ConfigureAwait(false);
            if (file.Content is { } text)
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                await PlaceAsync(file.Target, () => new MemoryStream(bytes), owner with { Mode = file.Mode ?? FileMode }).ConfigureAwait(false);
                continue;
            }

            var isFolder = Directory.Exists(file.Source);
            var target = !isFolder && file.Target.EndsWith('/') ? file.Target + Path.GetFileName(file.Source) : file.Target.TrimEnd('/');
            if (isFolder)
                await MakeFolderAsync(target, owner with { Mode = FolderMode(file.Mode) }, cancellationToken).ConfigureAwait(false);
            foreach (var entry in SourceTree.Read(file.Source!))
            {
                var path = isFolder ? $"{target}/{Path.GetRelativePath(file.Source!, entry.Path).Replace('\\', '/')}" : target;
                switch (entry.Kind)
                {
                    case SourceKind.Folder:
                        await MakeFolderAsync(path, owner with { Mode = FolderMode(file.Mode) }, cancellationToken).ConfigureAwait(false);
                        break;
                    case SourceKind.Link:
                        await PlaceLinkAsync(path, entry.LinkTarget!, owner).ConfigureAwait(false);
                        break;
                    default:
                        await PlaceAsync(path, () => File.OpenRead(entry.Path), owner with { Mode = file.Mode ?? (entry.CanRun ? ExecutableMode : FileMode) }).ConfigureAwait(false);
                        break;
                }
            }
        }

        tell(string.Create(CultureInfo.InvariantCulture, $"{written} of {all} {(all == 1 ? "file" : "files")} written"));

        async Task PlaceAsync(string path, Func<Stream> open, Incus.Client.FileAttributes wanted)
        {
            all++;
            var there = await LookAsync(path, cancellationToken).ConfigureAwait(false);
            if (there is { Type: "file" } && there.Owner(wanted) && there.Digest == await DigestAsync(open, cancellationToken).ConfigureAwait(false))
                return;
            if (there is null)
                await MakeFoldersOnTheWayAsync(path, cancellationToken).ConfigureAwait(false);
            // The server keeps the owner and mode of a file that is there.
            else if (there.Type != "file" || !there.Owner(wanted))
                await client.Instances.DeleteFileAsync(instance, path, cancellationToken).ConfigureAwait(false);
            using var content = open();
            await client.Instances.PushFileAsync(instance, path, content, wanted, cancellationToken).ConfigureAwait(false);
            Told(path);
        }

        async Task PlaceLinkAsync(string path, string leadsTo, Incus.Client.FileAttributes wanted)
        {
            all++;
            var there = await LookAsync(path, cancellationToken).ConfigureAwait(false);
            try
            {
                // One that leads there already is left alone. (The server does not tell where one leads to.)
                await client.Instances.CreateLinkAsync(instance, path, leadsTo, wanted, cancellationToken).ConfigureAwait(false);
                if (there is not null)
                    return;
            }
            catch (IncusException error) when (there is not null && error is not IncusUnreachableException)
            {
                await client.Instances.DeleteFileAsync(instance, path, cancellationToken).ConfigureAwait(false);
                await client.Instances.CreateLinkAsync(instance, path, leadsTo, wanted, cancellationToken).ConfigureAwait(false);
            }

            Told(path);
        }

        void Told(string path)
        {
            written++;
            tell(path);
        }
    }

    /// <summary>Folders can be entered by who may read what is in them.</summary>
    private static int FolderMode(int? mode) => mode is { } bits ? bits | ((bits & 0b100_100_100) >> 2) : ExecutableMode;

    /// <summary>What is at a path; null where nothing is.</summary>
    private async Task<Found?> LookAsync(string path, CancellationToken cancellationToken)
    {
        using var hash = SHA256.Create();
        using var content = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write);
        try
        {
            var info = await client.Instances.PullFileAsync(instance, path, content, cancellationToken).ConfigureAwait(false);
            await content.FlushFinalBlockAsync(cancellationToken).ConfigureAwait(false);
            return new Found(info.Type, info.Uid, info.Gid, info.Mode & ToldBits, Convert.ToHexStringLower(hash.Hash!));
        }
        catch (IncusNotFoundException)
        {
            return null;
        }
    }

    /// <summary>A folder that is there stays as it is.</summary>
    private async Task MakeFolderAsync(string path, Incus.Client.FileAttributes attributes, CancellationToken cancellationToken)
    {
        if (_folders.Contains(path))
            return;
        await MakeFoldersOnTheWayAsync(path, cancellationToken).ConfigureAwait(false);
        _folders.Add(path);
        await client.Instances.CreateDirectoryAsync(instance, path, attributes, cancellationToken).ConfigureAwait(false);
    }

    private async Task MakeFoldersOnTheWayAsync(string path, CancellationToken cancellationToken)
    {
        for (var end = path.IndexOf('/', 1); end > 0; end = path.IndexOf('/', end + 1))
        {
            if (_folders.Add(path[..end]))
                await client.Instances.CreateDirectoryAsync(instance, path[..end], new Incus.Client.FileAttributes { Uid = 0, Gid = 0, Mode = ExecutableMode }, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Incus.Client.FileAttributes> OwnerAsync(FileDefinition file, CancellationToken cancellationToken)
    {
        var owner = file.Owner ?? "0";
        if (!_users.TryGetValue(owner, out var user))
            _users[owner] = user = await InstanceUser.ResolveAsync(client, instance, owner, cancellationToken).ConfigureAwait(false);
        var group = user.Group;
        if (file.Group is { } name && !_groups.TryGetValue(name, out group))
            _groups[name] = group = await InstanceUser.ResolveGroupAsync(client, instance, name, cancellationToken).ConfigureAwait(false);
        return new Incus.Client.FileAttributes { Uid = (int)user.User, Gid = (int)group };
    }

    private static async Task<string> DigestAsync(Func<Stream> open, CancellationToken cancellationToken)
    {
        using var content = open();
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false));
    }

    private sealed record Found(string Type, int Uid, int Gid, int Mode, string Digest)
    {
        public bool Owner(Incus.Client.FileAttributes wanted) => Uid == wanted.Uid && Gid == wanted.Gid && Mode == (wanted.Mode & ToldBits);
    }
}
