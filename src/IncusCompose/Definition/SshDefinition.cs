namespace IncusCompose.Definition;

/// <summary>Who may log in to an instance by SSH. cloud-init sets it up at the first start.</summary>
public sealed record SshDefinition
{
    /// <summary>The user where a definition names none.</summary>
    public const string DefaultUser = "cloud";

    /// <summary>The port where a definition names none.</summary>
    public const int DefaultPort = 22;

    // Where useradd begins to count. Source: login.defs(5), UID_MIN.
    private static readonly FolderOwner s_firstUser = new(1000, 1000);

    /// <summary>The login shell where a definition names none.</summary>
    public const string DefaultShell = "/bin/bash";

    // Where every distribution has OpenSSH's server, or leads to it by a link.
    internal const string Server = "/usr/sbin/sshd";

    /// <summary>The user, which cloud-init makes where the image does not have it.</summary>
    public string User { get; init; } = DefaultUser;

    /// <summary>Public keys, one line each, as they stand in an <c>authorized_keys</c> file.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Whether the user may do everything by <c>sudo</c>, without a password.</summary>
    public bool Sudo { get; init; } = true;

    /// <summary>The port that the SSH server listens on, 1 to 65535.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The user's login shell, an absolute path in the instance.</summary>
    public string Shell { get; init; } = DefaultShell;

    /// <summary>The user's numbers: it is the first that cloud-init makes.</summary>
    internal FolderOwner FirstUser => User == "root" ? new FolderOwner(0, 0) : s_firstUser;
}
