using System.Security.Cryptography;
using System.Text;
using Incus.Client;
using IncusCompose.Instances;

namespace IncusCompose.Guests;

/// <summary>The files of one instance, over one connection: how they differ from what they should be, and making them so.</summary>
/// <param name="files">The connection.</param>
/// <param name="instance">The instance's name, for messages.</param>
/// <param name="runs">True where the instance runs: then what lies at places that a stop empties is there to be seen.</param>
internal sealed class GuestFileSystem(InstanceFiles files, string instance, bool runs)
{
    private const int PasswdLimit = 4 * 1024 * 1024;
    private const int PrivateMode = 0b110_000_000;
    private const int FolderMode = 0b111_101_101;

    // Others may pass to the files that they know and may read, and list none.
    private const int StoreMode = 0b111_001_001;

    // As many as servers tell and set.
    private const int ToldBits = 0b111_111_111;

    // There is no event for a mount.
    private static readonly TimeSpan s_longestBoot = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50);

    private readonly HashSet<string> _folders = ["", "/"];
    private string? _passwd;
    private string? _group;

    /// <summary>How what is there differs, in a few words; null where it does not.</summary>
    public async Task<string?> DifferenceAsync(GuestFile wanted, CancellationToken cancellationToken)
    {
        var place = GuestPlaces.ContentOf(wanted.Target);
        if (await files.FindAsync(place, cancellationToken: cancellationToken).ConfigureAwait(false) is not { } there)
            return "gone";
        if (there.Kind != wanted.Kind)
            return there.Kind switch { InstanceFileKind.Directory => "a folder", InstanceFileKind.Link => "a link", InstanceFileKind.File => "a file", _ => "something else" };
        // A folder that is there stays as it is.
        if (there.Kind == InstanceFileKind.Directory)
            return null;
        if (there.Kind == InstanceFileKind.Link)
            return await files.ReadLinkAsync(place, cancellationToken).ConfigureAwait(false) is var leads && leads == wanted.LinkTarget ? null : $"leads to {leads}";
        if (await OwnerAsync(wanted, cancellationToken).ConfigureAwait(false) is not { } owner)
            return $"owner {there.Uid}:{there.Gid}";
        if ((there.Uid, there.Gid) != owner)
            return $"owner {there.Uid}:{there.Gid}";
        if ((there.Mode & ToldBits) != (wanted.Mode & ToldBits))
            return $"mode {GuestFile.Octal(there.Mode & ToldBits)}";
        if (there.Size != wanted.Size || !(await HashAsync(place, there, cancellationToken).ConfigureAwait(false)).AsSpan().SequenceEqual(wanted.Hash))
            return "changed";
        return runs && GuestPlaces.IsVolatile(wanted.Target) && !await IsLinkedAsync(wanted.Target, cancellationToken).ConfigureAwait(false) ? "not at its path" : null;
    }

    /// <summary>What is at the path of something that was recorded: what was written, something else, or nothing (null).</summary>
    public async Task<bool?> IsAsWrittenAsync(string target, GuestRecord record, GuestRecord.Entry entry, CancellationToken cancellationToken)
    {
        var place = GuestPlaces.ContentOf(target);
        return await files.FindAsync(place, cancellationToken: cancellationToken).ConfigureAwait(false) is not { } there ? null
            : there.Kind is InstanceFileKind.File or InstanceFileKind.Link && record.Matches(entry, await HashAsync(place, there, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>True where the instance has the owner and group that a file is to have.</summary>
    public async Task<bool> HasOwnerAsync(GuestFile wanted, CancellationToken cancellationToken) =>
        await OwnerAsync(wanted, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Looks owners up anew: users come into being while an instance starts.</summary>
    public void ForgetUsers() => _passwd = _group = null;

    /// <summary>True where something is at a path.</summary>
    public async Task<bool> ExistsAsync(string path, CancellationToken cancellationToken) =>
        await files.FindAsync(path, followLink: true, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>
    /// Waits until a system that has been started right now has its own <c>/run</c>, where paths lie in it: what is there before is
    /// covered by it. One that makes none is not waited for.
    /// </summary>
    public async Task WaitForRunAsync(IEnumerable<string> targets, CancellationToken cancellationToken)
    {
        if (!targets.Any(target => target.StartsWith("/run/", StringComparison.Ordinal) || target.StartsWith("/var/run/", StringComparison.Ordinal))
            || !(await ExistsAsync(GuestPlaces.TmpfilesFolder, cancellationToken).ConfigureAwait(false) || await ExistsAsync(GuestPlaces.OpenRc, cancellationToken).ConfigureAwait(false)))
            return;
        for (var clock = System.Diagnostics.Stopwatch.StartNew(); clock.Elapsed < s_longestBoot;)
        {
            if ((await files.ReadTextAsync("/proc/1/mounts", PasswdLimit, cancellationToken).ConfigureAwait(false))?.Contains(" /run tmpfs ", StringComparison.Ordinal) == true)
                return;
            await Task.Delay(s_pause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes a file, link or folder. What is in its place is replaced in one step.</summary>
    /// <exception cref="IncusException">A folder is in its place, or it cannot be written.</exception>
    public async Task PutAsync(GuestFile wanted, CancellationToken cancellationToken)
    {
        var place = GuestPlaces.ContentOf(wanted.Target);
        var there = await files.FindAsync(place, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (wanted.Kind == InstanceFileKind.Directory)
        {
            if (there is not null && there.Kind != InstanceFileKind.Directory)
                throw new IncusException($"There is a file {place} in instance {instance} where a folder is to be", "Move it away, or name another target");
            if (there is null)
                await MakeFolderAsync(place, await RequireOwnerAsync(wanted, cancellationToken).ConfigureAwait(false), wanted.Mode, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (there?.Kind == InstanceFileKind.Directory)
            throw new IncusException($"There is a folder {place} in instance {instance} where a file is to be", "Move it away, or name another target");
        await MakeFoldersOnTheWayAsync(place, cancellationToken).ConfigureAwait(false);
        if (wanted.Kind == InstanceFileKind.Link)
        {
            if (there is not null)
                await files.DeleteAsync(place, cancellationToken).ConfigureAwait(false);
            await files.CreateLinkAsync(place, wanted.LinkTarget!, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await WriteAsync(place, wanted, cancellationToken).ConfigureAwait(false);
        }

        if (GuestPlaces.IsVolatile(wanted.Target))
            await LinkAsync(wanted.Target, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Puts the link at a path that a stop empties, where it is not there.</summary>
    public async Task LinkAsync(string target, CancellationToken cancellationToken)
    {
        if (await IsLinkedAsync(target, cancellationToken).ConfigureAwait(false))
            return;
        if (await files.FindAsync(target, cancellationToken: cancellationToken).ConfigureAwait(false) is { } there)
        {
            if (there.Kind == InstanceFileKind.Directory)
                throw new IncusException($"There is a folder {target} in instance {instance} where a file is to be", "Move it away, or name another target");
            await files.DeleteAsync(target, cancellationToken).ConfigureAwait(false);
        }

        await MakeFoldersOnTheWayAsync(target, cancellationToken).ConfigureAwait(false);
        await files.CreateLinkAsync(target, GuestPlaces.ContentOf(target), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a file or link away, where it is there.</summary>
    public async Task RemoveAsync(string target, CancellationToken cancellationToken)
    {
        if (GuestPlaces.IsVolatile(target) && await IsLinkedAsync(target, cancellationToken).ConfigureAwait(false))
            await files.DeleteAsync(target, cancellationToken).ConfigureAwait(false);
        var place = GuestPlaces.ContentOf(target);
        if (await files.FindAsync(place, cancellationToken: cancellationToken).ConfigureAwait(false) is not null)
            await files.DeleteAsync(place, cancellationToken).ConfigureAwait(false);
    }

    private async Task WriteAsync(string place, GuestFile wanted, CancellationToken cancellationToken)
    {
        var (uid, gid) = await RequireOwnerAsync(wanted, cancellationToken).ConfigureAwait(false);
        var slash = place.LastIndexOf('/');
        var draft = $"{place[..slash]}/.incus-compose-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(place)).AsSpan(0, 8))}";
        // What a write that was cut short has left.
        if (await files.FindAsync(draft, cancellationToken: cancellationToken).ConfigureAwait(false) is not null)
            await files.DeleteAsync(draft, cancellationToken).ConfigureAwait(false);
        try
        {
            using (var content = wanted.Open())
                await files.WriteAsync(draft, content, PrivateMode, cancellationToken).ConfigureAwait(false);
            await files.SetAttributesAsync(draft, new Incus.Client.FileAttributes { Uid = (int)uid, Gid = (int)gid, Mode = wanted.Mode }, cancellationToken: cancellationToken).ConfigureAwait(false);
            await files.RenameAsync(draft, place, cancellationToken).ConfigureAwait(false);
        }
        catch (IncusException error) when (error is not IncusUnreachableException)
        {
            try
            {
                await files.DeleteAsync(draft, cancellationToken).ConfigureAwait(false);
            }
            catch (IncusException)
            {
                // The first error says what is wrong.
            }

            throw;
        }
    }

    private async Task<bool> IsLinkedAsync(string target, CancellationToken cancellationToken) =>
        await files.FindAsync(target, cancellationToken: cancellationToken).ConfigureAwait(false) is { Kind: InstanceFileKind.Link }
        && await files.ReadLinkAsync(target, cancellationToken).ConfigureAwait(false) == GuestPlaces.ContentOf(target);

    private async Task<byte[]> HashAsync(string place, InstanceFileEntry there, CancellationToken cancellationToken)
    {
        if (there.Kind == InstanceFileKind.Link)
            return SHA256.HashData(Encoding.UTF8.GetBytes(await files.ReadLinkAsync(place, cancellationToken).ConfigureAwait(false)));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await foreach (var part in files.ReadAsync(place, cancellationToken).ConfigureAwait(false))
            hash.AppendData(part.Span);
        return hash.GetHashAndReset();
    }

    private async Task MakeFoldersOnTheWayAsync(string path, CancellationToken cancellationToken)
    {
        for (var end = path.IndexOf('/', 1); end > 0; end = path.IndexOf('/', end + 1))
        {
            var folder = path[..end];
            var isStore = folder.StartsWith(GuestPlaces.Store, StringComparison.Ordinal) || folder == Path.GetDirectoryName(GuestPlaces.Store);
            await MakeFolderAsync(folder, (0, 0), isStore ? StoreMode : FolderMode, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One that is there stays as it is.</summary>
    private async Task MakeFolderAsync(string path, (uint Uid, uint Gid) owner, int mode, CancellationToken cancellationToken)
    {
        if (!_folders.Add(path) || await files.FindAsync(path, followLink: true, cancellationToken).ConfigureAwait(false) is { Kind: InstanceFileKind.Directory })
            return;
        var parent = path[..path.LastIndexOf('/')];
        if (!_folders.Contains(parent))
            await MakeFoldersOnTheWayAsync(path, cancellationToken).ConfigureAwait(false);
        await files.CreateDirectoryAsync(path, cancellationToken).ConfigureAwait(false);
        await files.SetAttributesAsync(path, new Incus.Client.FileAttributes { Uid = (int)owner.Uid, Gid = (int)owner.Gid, Mode = mode }, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    private async Task<(uint Uid, uint Gid)> RequireOwnerAsync(GuestFile wanted, CancellationToken cancellationToken) =>
        await OwnerAsync(wanted, cancellationToken).ConfigureAwait(false)
        ?? throw new IncusNotFoundException(
            $"Instance \"{instance}\" has no {(await UserAsync(wanted.Owner, cancellationToken).ConfigureAwait(false) is null ? $"user \"{wanted.Owner}\"" : $"group \"{wanted.Group}\"")} to own {wanted.Target}", "Give a name of its /etc/passwd and /etc/group, or a number");

    /// <summary>User and group by number; null where the instance does not have them.</summary>
    private async Task<(uint Uid, uint Gid)?> OwnerAsync(GuestFile wanted, CancellationToken cancellationToken)
    {
        if (await UserAsync(wanted.Owner, cancellationToken).ConfigureAwait(false) is not { } user)
            return null;
        if (wanted.Group is not { } group)
            return user;
        if (AccountFiles.Number(group) is { } number)
            return (user.Uid, number);
        _group ??= await files.ReadTextAsync(AccountFiles.GroupsPath, PasswdLimit, cancellationToken).ConfigureAwait(false) ?? "";
        return new AccountFiles(null, _group).FindGroup(group) is { } found ? (user.Uid, found) : null;
    }

    private async Task<(uint Uid, uint Gid)?> UserAsync(string? owner, CancellationToken cancellationToken)
    {
        if (owner is null)
            return (0, 0);
        if (AccountFiles.Number(owner) is { } number)
            return (number, number);
        _passwd ??= await files.ReadTextAsync(AccountFiles.UsersPath, PasswdLimit, cancellationToken).ConfigureAwait(false) ?? "";
        return InstanceUser.Find(_passwd, owner) is { } user ? (user.User, user.Group) : null;
    }
}
