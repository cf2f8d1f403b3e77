namespace IncusCompose.Definition;

/// <summary>A secret of the stack: exactly one of the places that its value comes from.</summary>
public sealed record SecretDefinition
{
    /// <summary>How long a command or a tool may take where the file does not say.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Its key in the file.</summary>
    public required string Name { get; init; }

    /// <summary>The absolute path of a file on the machine that runs the tool.</summary>
    public string? File { get; init; }

    /// <summary>The name of a variable of the environment.</summary>
    public string? Environment { get; init; }

    /// <summary>A command on the machine that runs the tool, whose output is the secret; run only where that is allowed.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>A file that age decrypts.</summary>
    public AgeFile? Age { get; init; }

    /// <summary>A file, or a value of one, that sops decrypts.</summary>
    public SopsFile? Sops { get; init; }

    /// <summary>How long the command or tool may take before it is killed.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>The variable's value; null where it is not set. Never written anywhere.</summary>
    internal string? Value { get; init; }

    /// <summary>Its name and where it comes from; never what it is.</summary>
    public override string ToString() =>
        $"secret {Name} from {(File is not null ? "a file" : Environment is not null ? "the environment" : Command is not null ? "a command" : Age is not null ? "age" : Sops is not null ? "sops" : "nowhere")}";
}

/// <summary>A file that was encrypted with age.</summary>
/// <param name="File">Its absolute path.</param>
/// <param name="Identity">The absolute path of the file with the identity that decrypts it.</param>
public sealed record AgeFile(string File, string Identity);

/// <summary>A file that was encrypted with sops.</summary>
/// <param name="File">Its absolute path.</param>
/// <param name="Key">The keys that lead to one value of it, joined by dots (<c>database.password</c>); null: the whole file.</param>
public sealed record SopsFile(string File, string? Key = null);

/// <summary>A text of the stack that instances get as a file: one of <see cref="File"/> and <see cref="Content"/>.</summary>
public sealed record ConfigDefinition
{
    /// <summary>Its key in the file.</summary>
    public required string Name { get; init; }

    /// <summary>The absolute path of a file on the machine that runs the tool.</summary>
    public string? File { get; init; }

    /// <summary>The text.</summary>
    public string? Content { get; init; }
}

/// <summary>How a secret or config comes into an instance.</summary>
public enum GrantDelivery
{
    /// <summary>As a file.</summary>
    File,

    /// <summary>As a systemd credential (<c>systemd.credential.*</c>, extension <c>instance_systemd_credentials</c>).</summary>
    Credential,
}

/// <summary>A secret or config of the stack that an instance gets.</summary>
public sealed record GrantDefinition
{
    /// <summary>Its key in the stack's <c>secrets</c> or <c>configs</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The absolute path in the instance, a name in <c>/run/secrets</c>, or the credential's name; null: by <see cref="Source"/>.</summary>
    public string? Target { get; init; }

    /// <summary>The instance's user who owns the file: a name or number; null: root.</summary>
    public string? Owner { get; init; }

    /// <summary>The instance's group that owns the file: a name or number; null: the owner's.</summary>
    public string? Group { get; init; }

    /// <summary>Permissions; null: octal 0400 for a secret, 0444 for a config.</summary>
    public int? Mode { get; init; }

    /// <summary>How it comes into the instance.</summary>
    public GrantDelivery Delivery { get; init; }
}
