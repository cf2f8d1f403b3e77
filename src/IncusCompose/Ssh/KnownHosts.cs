namespace IncusCompose.Ssh;

/// <summary>
/// Files with the host keys of instances, so that SSH's first connection is verified. Each instance is known by a name of its
/// own, whatever its address: a new machine at an old address is no stranger. Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
/// </summary>
public static class KnownHosts
{
    /// <summary>The file of the user's that all servers share: in <c>$XDG_STATE_HOME</c>, else in <c>~/.local/state</c>.</summary>
    public static string UserFile =>
        Path.Combine(
            Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state && Path.IsPathRooted(state)
                ? state
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
            "incus-compose", "known_hosts");

    /// <summary>The file that belongs to another one: beside it.</summary>
    /// <param name="path">The other one.</param>
    public static string Beside(string path) => path + ".known_hosts";

    /// <summary>Makes sure that a file, and the one beside it, can be where they are to be, before either is written.</summary>
    /// <param name="path">The file's absolute path.</param>
    /// <exception cref="IOException">There is a folder of that name, or no folder for it; says what to do.</exception>
    public static void CheckPlace(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"{path} is a folder; name a file");
        if (Path.GetDirectoryName(path) is { } folder && !Directory.Exists(folder))
            throw new IOException($"there is no folder {folder}; make it first, or name a file elsewhere");
    }

    /// <summary>Writes the keys of instances into a file in the place of those that it has of them. What it has of others stays.</summary>
    /// <param name="path">The file, made where there is none.</param>
    /// <param name="instances">The instances; those whose keys could not be read keep what the file has.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Update(string path, IReadOnlyList<InstanceAccess> instances)
    {
        var known = instances.Where(instance => instance.HostKeys.Count > 0).Select(instance => instance.HostKeyAlias).ToHashSet();
        var before = File.Exists(path) ? File.ReadAllLines(path) : [];
        Write(path, before, before.Where(line => !known.Contains(line.Split(' ', 2)[0])).Concat(Lines(instances)));
    }

    /// <summary>Makes a file hold the keys of these instances and nothing else.</summary>
    /// <inheritdoc cref="Update"/>
    public static void Replace(string path, IReadOnlyList<InstanceAccess> instances) =>
        Write(path, null, Lines(instances));

    private static IEnumerable<string> Lines(IReadOnlyList<InstanceAccess> instances) =>
        instances.SelectMany(instance => instance.HostKeys.Select(key => $"{instance.HostKeyAlias} {key}"));

    private static void Write(string path, IReadOnlyList<string>? before, IEnumerable<string> lines)
    {
        var after = lines.Order(StringComparer.Ordinal).ToList();
        if (before is not null && after.SequenceEqual(before))
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        // Whole or not at all: another process may be reading it.
        var next = $"{path}.{Environment.ProcessId}.new";
        File.WriteAllLines(next, after);
        File.Move(next, path, overwrite: true);
    }
}
