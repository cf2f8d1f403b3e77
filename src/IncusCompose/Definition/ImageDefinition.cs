namespace IncusCompose.Definition;

/// <summary>When an image is looked for where it comes from.</summary>
public enum ImagePull
{
    /// <summary>Where the server does not have it.</summary>
    Missing,

    /// <summary>With every plan: where its name leads to a newer one, that is brought.</summary>
    Always,

    /// <summary>Not at all: the server must have it.</summary>
    Never,

    /// <summary>Not at all: it is built on this machine, even where its registry has one.</summary>
    Build,
}

/// <summary>An image that the stack's instances can name by key. Source: Incus doc/images.md.</summary>
public sealed record ImageDefinition
{
    /// <summary>The key in the file.</summary>
    public required string Name { get; init; }

    /// <summary>Where it comes from: <c>remote:alias</c>, or an alias or fingerprint on the server itself; empty where it is built, or made of files or of an instance.</summary>
    public required string Source { get; init; }

    /// <summary>The absolute path of its one file on this machine; null for the others.</summary>
    public string? File { get; init; }

    /// <summary>The absolute path of the metadata of an image in two files; null for the others.</summary>
    public string? Metadata { get; init; }

    /// <summary>The absolute path of the root file system of an image in two files; null for the others.</summary>
    public string? Rootfs { get; init; }

    /// <summary>The instance of the stack that it is made from; null for the others.</summary>
    public string? Publish { get; init; }

    /// <summary>How it is built on this machine; beside a <see cref="Source"/> where that does not have it. Null for the others.</summary>
    public BuildDefinition? Build { get; init; }

    /// <summary>Aliases to give it on the server.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Profiles of instances that are made from it and name none; null: Incus's default.</summary>
    public IReadOnlyList<string>? Profiles { get; init; }

    /// <summary>Whether the server keeps it up to date; null: Incus's default.</summary>
    public bool? AutoUpdate { get; init; }

    /// <summary>When it is looked for; null: where it is missing.</summary>
    public ImagePull? Pull { get; init; }

    /// <summary>Who may fetch it; null: everybody, or as the remote's address says.</summary>
    public ImageCredentials? Credentials { get; init; }

    /// <summary>What instances that name it are made from, in a word: the source, or the key where it has none.</summary>
    internal string Reference => Source.Length > 0 ? Source : Name;
}

/// <summary>What an image server wants to know before it hands out an image.</summary>
/// <param name="Username">The user's name.</param>
/// <param name="Password">The password, or a token that stands for one.</param>
public sealed record ImageCredentials(string Username, string Password)
{
    /// <summary>The name: the password is in no text.</summary>
    public override string ToString() => Username;
}
