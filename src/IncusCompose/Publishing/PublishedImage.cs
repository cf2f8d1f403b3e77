namespace IncusCompose.Publishing;

/// <summary>What an image is made from, and what it is called.</summary>
public sealed record PublishOptions
{
    /// <summary>The instance, running or not: what it is now, without its volumes.</summary>
    public required string Instance { get; init; }

    /// <summary>One of the instance's snapshots instead.</summary>
    public string? Snapshot { get; init; }

    /// <summary>A checkpoint of its stack instead; the instance need not be there any more.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>The stack whose <see cref="Checkpoint"/> is meant, where several have one of that name with such an instance.</summary>
    public string? Stack { get; init; }

    /// <summary>Names that a stack file can say.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>True to let aliases that are there lead to the new image; the image that they led to stays.</summary>
    public bool MoveAliases { get; init; }

    /// <summary>Properties to add to those of the image that the instance was made from, such as <c>description</c>.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>True to let anybody fetch it from the server.</summary>
    public bool Public { get; init; }

    /// <summary><c>gzip</c>, <c>zstd</c>, <c>xz</c>, <c>none</c> or what else the server knows; null for what it is set to.</summary>
    public string? Compression { get; init; }
}

/// <summary>An image that was made from an instance.</summary>
public sealed record PublishedImage
{
    /// <summary>Its SHA-256, in hexadecimal.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Its aliases.</summary>
    public required IReadOnlyList<string> Aliases { get; init; }

    /// <summary>What it was made from: <c>web</c>, <c>web/snapshot</c>, <c>web@checkpoint</c>.</summary>
    public required string Source { get; init; }

    /// <summary><c>container</c> or <c>virtual-machine</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Architecture.</summary>
    public required string Architecture { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Whether anybody may fetch it.</summary>
    public required bool Public { get; init; }

    /// <summary>Properties such as <c>os</c>, <c>release</c>, <c>description</c>.</summary>
    public required IReadOnlyDictionary<string, string> Properties { get; init; }

    /// <summary>True where the server had this very image already.</summary>
    public required bool Existed { get; init; }

    /// <summary>The Incus project that it is in.</summary>
    public required string Project { get; init; }

    /// <summary>The server that it is on, as the front end names it; empty where nobody named it.</summary>
    public string Server { get; init; } = "";

    /// <summary>What was left behind, and how to take it away; empty where nothing was.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>An image cannot be made or named so. Nothing was made, unless <see cref="Fingerprint"/> says so.</summary>
public sealed class PublishException : Exception
{
    internal PublishException(string message)
        : base(message)
    {
    }

    /// <summary>The SHA-256 of the image, where it is made and lacks a name that it was to have; null where none was made.</summary>
    public string? Fingerprint { get; init; }
}
