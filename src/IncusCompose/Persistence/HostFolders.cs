using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources;

namespace IncusCompose.Persistence;

/// <summary>The host's folders of instances (<c>persist</c>): made on this machine where the server runs here too. A server elsewhere has no word for that.</summary>
internal static class HostFolders
{
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>True where the server surely runs on this machine: a socket may lead elsewhere (<c>ssh -L</c>), or out of a container.</summary>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public static async Task<bool> AreHereAsync(IncusClient client, CancellationToken cancellationToken)
    {
        if (!client.Address.StartsWith("unix:", StringComparison.Ordinal) || OperatingSystem.IsWindows())
            return false;
        var server = (await client.RefreshServerAsync(cancellationToken).ConfigureAwait(false)).Environment;
        return IsThisHost(server.ServerName, server.KernelVersion, server.ServerPid);
    }

    /// <summary>True where all are this machine's, and the process is a daemon of Incus. Source: proc_sys_kernel(5), proc_pid_comm(5).</summary>
    internal static bool IsThisHost(string name, string kernelVersion, int process) =>
        Read("sys/kernel/hostname") == name && Read("sys/kernel/osrelease") == kernelVersion
        && Read($"{process}/comm")?.Contains("incusd", StringComparison.Ordinal) == true;

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{file}").Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Makes those folders of an instance that are not there. What is there stays as it is, whoever owns it.</summary>
    /// <param name="client">The server.</param>
    /// <param name="config">The instance's configuration, as it is to be.</param>
    /// <param name="made">Is told each folder that was made, the outer ones first.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusException">One cannot be made; says what to do.</exception>
    public static async Task MakeAsync(IncusClient client, IReadOnlyDictionary<string, string> config, Action<string> made, CancellationToken cancellationToken)
    {
        var folders = RecordedWords.ReadPersist(config);
        if (folders.Count == 0 || !await AreHereAsync(client, cancellationToken).ConfigureAwait(false))
            return;
        foreach (var folder in folders)
            Make(folder.Source, folder.Owner ?? RecordedWords.ReadSsh(config)?.FirstUser ?? new FolderOwner(0, 0), made);
    }

    /// <summary>Makes folders that are mounted as docker mounts them: what is not there is made, as whoever makes it.</summary>
    /// <param name="client">The server.</param>
    /// <param name="folders">The paths of the host.</param>
    /// <param name="made">Is told each folder that was made, the outer ones first.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <exception cref="IncusException">One cannot be made; says what to do.</exception>
    public static async Task MakeMissingAsync(IncusClient client, IReadOnlyList<string> folders, Action<string> made, CancellationToken cancellationToken)
    {
        if (folders.Count == 0 || !await AreHereAsync(client, cancellationToken).ConfigureAwait(false))
            return;
        foreach (var folder in folders.Where(folder => !Path.Exists(folder)))
        {
            try
            {
                foreach (var missing in MountPoints.Missing(folder))
                {
                    Directory.CreateDirectory(missing);
                    made(missing);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new IncusException($"The folder {folder}, which is to be mounted, cannot be made: {error.Message.TrimEnd('.')}", $"Make it with: sudo mkdir -p {folder}", error);
            }
        }
    }

    internal static void Make(string path, FolderOwner owner, Action<string> made)
    {
        if (Directory.Exists(path) || OperatingSystem.IsWindows())
            return;
        var advice = $"Make it with: sudo install -d -o {owner.Uid} -g {owner.Gid} {path}";
        if (File.Exists(path))
            throw new IncusException($"{path} is to be kept as a folder, and is a file", "Name a folder under persist:");
        try
        {
            // What leads there is this user's own business; the folder itself is the instance's.
            foreach (var parent in MountPoints.Missing(Path.GetDirectoryName(path)!))
            {
                Directory.CreateDirectory(parent);
                made(parent);
            }

            Directory.CreateDirectory(path, Mode);
            made(path);
            FileOwner.Change(path, owner);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IncusException($"The folder {path} cannot be made: {error.Message.TrimEnd('.')}", advice, error);
        }
    }
}
