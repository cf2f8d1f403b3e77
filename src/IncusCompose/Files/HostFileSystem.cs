using System.ComponentModel;
using System.Runtime.InteropServices;
using Incus.Client;

namespace IncusCompose.Files;

/// <summary>What .NET does not tell of a file of this machine: its owner, and whether it is a device.</summary>
internal static partial class HostFileSystem
{
    private const int Here = -100;                 // AT_FDCWD
    private const int DoNotFollow = 0x100;         // AT_SYMLINK_NOFOLLOW
    private const uint BasicStatus = 0x7FF;        // STATX_BASIC_STATS
    private const int NoEntry = 2;                 // ENOENT
    private const int NoDirectory = 20;            // ENOTDIR

    /// <summary>What is at a path; null: nothing.</summary>
    public static InstanceFileKind? KindOf(string path, bool followLink) => Find(path, followLink)?.Kind;

    /// <summary>What is at a path; null: nothing.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    public static InstanceFileEntry? Find(string path, bool followLink)
    {
        if (!OperatingSystem.IsLinux())
            return FindPlain(path, followLink);
        if (Statx(Here, path, followLink ? 0 : DoNotFollow, BasicStatus, out var status) == 0)
        {
            return new InstanceFileEntry(
                path,
                (status.Mode & 0xF000) switch
                {
                    0x8000 => InstanceFileKind.File,
                    0x4000 => InstanceFileKind.Directory,
                    0xA000 => InstanceFileKind.Link,
                    _ => InstanceFileKind.Other,
                },
                status.Mode & 0xFFF, status.Uid, status.Gid, (long)status.Size, DateTimeOffset.FromUnixTimeSeconds(status.Modified));
        }

        var error = Marshal.GetLastPInvokeError();
        return error is NoEntry or NoDirectory ? null : throw new IOException($"cannot look at {path}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Gives a file, or a link itself, another owner and group.</summary>
    /// <exception cref="IOException">That is not allowed.</exception>
    public static void SetOwner(string path, uint uid, uint gid)
    {
        if (ChangeOwner(path, uid, gid) == 0)
            return;
        var why = new Win32Exception(Marshal.GetLastPInvokeError()).Message;
        throw new FileCopyException($"cannot give {path} the owner {uid}:{gid}: {why}. Copy as root, or without owners");
    }

    // Elsewhere than on Linux nobody asks for owners.
    private static InstanceFileEntry? FindPlain(string path, bool followLink)
    {
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        if (!info.Exists && info.LinkTarget is null)
            return null;
        if (info.LinkTarget is not null && followLink)
            return info.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true } target ? FindPlain(target.FullName, followLink: false) : null;
        var kind = info.LinkTarget is not null ? InstanceFileKind.Link : info is DirectoryInfo ? InstanceFileKind.Directory : InstanceFileKind.File;
        return new InstanceFileEntry(
            path, kind, OperatingSystem.IsWindows() ? 0x1A4 : (int)info.UnixFileMode, 0, 0, (info as FileInfo)?.Length ?? 0, new DateTimeOffset(info.LastWriteTimeUtc));
    }

    /// <summary>struct statx of linux/stat.h, the same on every architecture: 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(20)]
        public uint Uid;
        [FieldOffset(24)]
        public uint Gid;
        [FieldOffset(28)]
        public ushort Mode;
        [FieldOffset(40)]
        public ulong Size;
        [FieldOffset(112)]
        public long Modified;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out Status status);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint uid, uint gid);
}
