using System.Runtime.InteropServices;

namespace Incus.Client;

/// <summary>
/// The environment variables and places where Incus's own client looks (doc/environment.md, client/connection.go,
/// shared/cliconfig/file.go), read in the same order.
/// </summary>
public sealed partial class IncusEnvironment
{
    private readonly Func<string, string?> variable;
    private readonly string root;

    /// <summary>Uses the process's own environment.</summary>
    public IncusEnvironment() : this(Environment.GetEnvironmentVariable) { }

    /// <summary>Uses another source of variables.</summary>
    /// <param name="variable">Name to value; null or empty means unset.</param>
    public IncusEnvironment(Func<string, string?> variable) : this(variable, "/") { }

    /// <summary>Uses another root of the default places, for tests.</summary>
    internal IncusEnvironment(Func<string, string?> variable, string root)
    {
        this.variable = variable;
        this.root = root;
    }

    /// <summary>
    /// The Unix socket to use: <c>INCUS_SOCKET</c>; else <c>unix.socket</c> in <c>INCUS_DIR</c>; else in
    /// <c>/run/incus</c> where there is one; else in <c>/var/lib/incus</c>. In the last three, <c>unix.socket.user</c>
    /// (incus-user) stands in where only that one may be written to.
    /// </summary>
    /// <returns>The socket, whether it exists or not, and the project incus-user implies.</returns>
    public SocketLocation FindSocket()
    {
        if (Get("INCUS_SOCKET") is { } named)
            return new SocketLocation(named, "INCUS_SOCKET", null);
        var directory = Get("INCUS_DIR");
        var origin = directory is null ? "default" : "INCUS_DIR";
        if (directory is null)
        {
            var run = Path.Combine(root, "run/incus");
            directory = Path.Exists(Path.Combine(run, "unix.socket")) ? run : Path.Combine(root, "var/lib/incus");
        }
        var full = Path.Combine(directory, "unix.socket");
        var ofUser = Path.Combine(directory, "unix.socket.user");
        return !IsWritable(full) && IsWritable(ofUser)
            ? new SocketLocation(ofUser, origin, $"user-{geteuid()}")
            : new SocketLocation(full, origin, null);
    }

    /// <summary>The user's configuration directory: <c>INCUS_CONF</c>, else <c>incus</c> in the user's directory for
    /// configuration (<c>$XDG_CONFIG_HOME</c>, <c>~/.config</c>); null where the user has no home.</summary>
    public string? ConfigDirectory
    {
        get
        {
            if (Get("INCUS_CONF") is { } directory)
                return directory;
            if (Get("XDG_CONFIG_HOME") is { } config)
                return Path.Combine(config, "incus");
            return (Get("HOME") ?? NullIfEmpty(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile))) is { } home
                ? Path.Combine(home, ".config", "incus")
                : null;
        }
    }

    /// <summary>The machine-wide configuration directory: <c>INCUS_GLOBAL_CONF</c>, else <c>/etc/incus</c>.</summary>
    public string GlobalDirectory => Get("INCUS_GLOBAL_CONF") ?? Path.Combine(root, "etc/incus");

    /// <summary><c>INCUS_REMOTE</c>; null when unset.</summary>
    public string? Remote => Get("INCUS_REMOTE");

    /// <summary><c>INCUS_PROJECT</c>; null when unset.</summary>
    public string? Project => Get("INCUS_PROJECT");

    private string? Get(string name) => NullIfEmpty(variable(name));

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private const int WriteAccess = 2;

    private static bool IsWritable(string path) => access(path, WriteAccess) == 0;

    // .NET has no question for "may I write to this socket", nor for the numeric user id.
    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport("libc")]
    private static partial uint geteuid();
}

/// <summary>Where the local daemon's socket is.</summary>
/// <param name="Path">Path of the socket.</param>
/// <param name="Origin">What decided it, for messages: <c>INCUS_SOCKET</c>, <c>INCUS_DIR</c>, <c>address</c> or <c>default</c>.</param>
/// <param name="Project">Project that incus-user confines this user to; null with the full daemon.</param>
public sealed record SocketLocation(string Path, string Origin, string? Project);
