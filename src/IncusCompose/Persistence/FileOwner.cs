using System.ComponentModel;
using System.Runtime.InteropServices;
using IncusCompose.Definition;

namespace IncusCompose.Persistence;

/// <summary>Whom a folder belongs to, which .NET has no word for. Source: chown(2).</summary>
internal static partial class FileOwner
{
    /// <exception cref="UnauthorizedAccessException">This user may not give it away; the folder, made just now, is removed again.</exception>
    public static void Change(string path, FolderOwner owner)
    {
        if (ChangeOwner(path, owner.Uid, owner.Gid) == 0)
            return;
        var problem = new Win32Exception(Marshal.GetLastPInvokeError()).Message;
        Directory.Delete(path);
        throw new UnauthorizedAccessException($"it cannot be given to user {owner.Uid} and group {owner.Gid}: {problem}");
    }

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int ChangeOwner(string path, int owner, int group);
}
