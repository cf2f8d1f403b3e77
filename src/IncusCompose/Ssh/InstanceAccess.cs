namespace IncusCompose.Ssh;

/// <summary>An instance as other tools reach it, as it is right now.</summary>
public sealed record InstanceAccess
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The project that it belongs to.</summary>
    public required string Project { get; init; }

    /// <summary>The server, as the user calls it.</summary>
    public required string Server { get; init; }

    /// <summary>The stack that owns it; null where none does.</summary>
    public string? Stack { get; init; }

    /// <summary><c>Running</c>, <c>Stopped</c>, <c>Frozen</c>, …</summary>
    public required string Status { get; init; }

    /// <summary><c>container</c> or <c>virtual-machine</c>.</summary>
    public required string Type { get; init; }

    /// <summary>What it was created from, in the image's own words; null where that is not known.</summary>
    public string? Image { get; init; }

    /// <summary>Its labels (<c>user.label.NAME</c>).</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The user to log in as by SSH; null where nobody was let in.</summary>
    public string? User { get; init; }

    /// <summary>Where to connect to by SSH; null where there is no way right now: it does not run, or has no address.</summary>
    public string? Address { get; init; }

    /// <summary>The port to connect to.</summary>
    public int Port { get; init; }

    /// <summary>The host to go through, as <c>ssh -J</c> takes it; null where there is a direct way.</summary>
    public string? Jump { get; init; }

    /// <summary>The file of this user's private key that lets in; null where there is none of that name.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Why this machine may not reach it there, as it stands in a sentence: it is the host, and the NICs are all macvlan; null where nothing is known to be in the way.</summary>
    public string? Obstacle { get; init; }

    /// <summary>The public keys of its SSH server, type and data, taken from inside; empty where they could not be.</summary>
    public IReadOnlyList<string> HostKeys { get; init; } = [];

    /// <summary>The name that its host keys are known by, whatever address it has: <c>NAME.PROJECT.SERVER</c>.</summary>
    public string HostKeyAlias => string.Join('.', new[] { Name, Project, Server }.Select(Plain));

    /// <summary>True where somebody was let in by SSH and there is a way.</summary>
    public bool HasSsh => User is not null && Address is not null;

    /// <summary>Text as one word of a host's name.</summary>
    internal static string Plain(string text) =>
        string.Concat(text.Select(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' ? character : '-'));
}

/// <summary>Which instances are looked for, and how they are reached.</summary>
public sealed record AccessOptions
{
    /// <summary>Which ones are wanted, by what the server says of them; null: all.</summary>
    public Func<Incus.Client.Instance, bool>? Wanted { get; init; }

    /// <summary>Every project that the client may see.</summary>
    public bool AllProjects { get; init; }

    /// <summary>
    /// The host to go through where there is no direct way, <c>[user@]host[:port]</c>, named on the server itself for use
    /// elsewhere; <c>none</c>: go straight there. Null: the server's own address.
    /// </summary>
    public string? Jump { get; init; }
}
