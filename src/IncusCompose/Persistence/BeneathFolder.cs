using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace IncusCompose.Persistence;

/// <summary>
/// Makes folders and files within a folder that somebody else may write to at the same time: each step goes on from the folder
/// that the one before it has opened, and follows no link, so that none can be put in its way. Sources: openat(2), mkdirat(2).
/// </summary>
internal static partial class BeneathFolder
{
    private const int PathOnly = 0x200000;         // O_PATH
    private const int CloseOnExec = 0x80000;       // O_CLOEXEC
    private const int NewFile = 0x1 | 0x40 | 0x80; // O_WRONLY | O_CREAT | O_EXCL
    private const int Exists = 17;                 // EEXIST
    private const int NoDirectory = 20;            // ENOTDIR
    private const int IsLink = 40;                 // ELOOP
    private const uint FolderMode = 0x1FF, FileMode = 0x1B6;

    // O_NOFOLLOW of asm/fcntl.h.
    private static readonly int s_noFollow = RuntimeInformation.OSArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Armv6 or Architecture.Ppc64le ? 0x8000 : 0x20000;

    /// <summary>Makes what is not there; nothing more once something else than a folder is in the way.</summary>
    /// <param name="root">The folder to begin with; links to it are followed.</param>
    /// <param name="parts">The names of what is to be within it, each in the one before it.</param>
    /// <param name="isFile">True where the last one is a file.</param>
    /// <param name="made">Is told each folder that was made, the outer ones first.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static void Make(string root, IReadOnlyList<string> parts, bool isFile, Action<string> made)
    {
        var handle = Open(root, PathOnly | CloseOnExec);
        try
        {
            var path = root;
            foreach (var (index, part) in parts.Index())
            {
                path = Path.Combine(path, part);
                if (isFile && index == parts.Count - 1)
                {
                    using var file = Handle(OpenAt(Number(handle), part, NewFile | s_noFollow | CloseOnExec, FileMode), path, Exists, IsLink, NoDirectory);
                    return;
                }

                if (MakeFolderAt(Number(handle), part, FolderMode) == 0)
                    made(path);
                // A link was opened as itself, and nothing can be made in it.
                else if (Marshal.GetLastPInvokeError() is var error && error == NoDirectory)
                    return;
                else if (error != Exists)
                    throw Failed(path, error);
                if (index == parts.Count - 1)
                    return;
                var inner = Handle(OpenAt(Number(handle), part, PathOnly | s_noFollow | CloseOnExec, 0), path)!;
                handle.Dispose();
                handle = inner;
            }
        }
        finally
        {
            handle.Dispose();
        }
    }

    private static SafeFileHandle Open(string path, int flags) => Handle(OpenAt(-100, path, flags, 0), path)!;

    /// <summary>What was opened; null for an error that is none.</summary>
    private static SafeFileHandle? Handle(int opened, string path, params ReadOnlySpan<int> allowed)
    {
        if (opened >= 0)
            return new SafeFileHandle(opened, ownsHandle: true);
        var error = Marshal.GetLastPInvokeError();
        return allowed.Contains(error) ? null : throw Failed(path, error);
    }

    private static int Number(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private static IOException Failed(string path, int error) => new($"{path}: {new Win32Exception(error).Message}");

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int OpenAt(int folder, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int MakeFolderAt(int folder, string path, uint mode);
}
