namespace Incus.Client;

/// <summary>
/// The environment variables and places where Incus's own client looks (doc/environment.md, client/connection.go,
/// shared/cliconfig/file.go), read in the same order.
/// </summary>
public sealed class IncusEnvironment
{
    private readonly Func<string, string?> variable;

    /// <summary>Uses the process's own environment.</summary>
    public IncusEnvironment() : this(Environment.GetEnvironmentVariable) { }

    /// <summary>Uses another source of variables.</summary>
    /// <param name="variable">Name to value; null or empty means unset.</param>
    public IncusEnvironment(Func<string, string?> variable) => this.variable = variable;

    /// <summary>
    /// The Unix socket to use: <c>INCUS_SOCKET</c>; else <c>unix.socket</c> in <c>INCUS_DIR</c>; else in
    /// <c>/run/incus</c> where there is one; else in <c>/var/lib/incus</c>. In the last three, <c>unix.socket.user</c>
    /// (incus-user) stands in where only that one may be written to.
    /// </summary>
    /// <returns>The socket, whether it exists or not, and the project incus-user implies.</returns>
    public SocketLocation FindSocket()
    {
        if (Get("INCUS_SOCKET") is { } socket)
            return new SocketLocation(socket, "INCUS_SOCKET", null);
        var directory = Get("INCUS_DIR");
        var origin = directory is null ? "default" : "INCUS_DIR";
        directory ??= File.Exists("/run/incus/unix.socket") ? "/run/incus" : "/var/lib/incus";
        return new SocketLocation(Path.Combine(directory, "unix.socket"), origin, null);
    }

    /// <summary>The user's configuration directory: <c>INCUS_CONF</c>, else <c>$XDG_CONFIG_HOME/incus</c>, else
    /// <c>~/.config/incus</c>; null where the user has no home.</summary>
    public string? ConfigDirectory
    {
        get
        {
            if (Get("INCUS_CONF") is { } directory)
                return directory;
            if (Get("XDG_CONFIG_HOME") is { } config)
                return Path.Combine(config, "incus");
            return Get("HOME") is { } home ? Path.Combine(home, ".config", "incus") : null;
        }
    }

    /// <summary>The machine-wide configuration directory: <c>INCUS_GLOBAL_CONF</c>, else <c>/etc/incus</c>.</summary>
    public string GlobalDirectory => Get("INCUS_GLOBAL_CONF") ?? "/etc/incus";

    /// <summary><c>INCUS_REMOTE</c>; null when unset.</summary>
    public string? Remote => Get("INCUS_REMOTE");

    /// <summary><c>INCUS_PROJECT</c>; null when unset.</summary>
    public string? Project => Get("INCUS_PROJECT");

    internal string? Get(string name) => variable(name) is { Length: > 0 } value ? value : null;
}

/// <summary>Where the local daemon's socket is.</summary>
/// <param name="Path">Path of the socket.</param>
/// <param name="Origin">What decided it, for messages: <c>INCUS_SOCKET</c>, <c>INCUS_DIR</c>, or <c>default</c>.</param>
/// <param name="Project">Project that incus-user confines this user to; null with the full daemon.</param>
public sealed record SocketLocation(string Path, string Origin, string? Project);
