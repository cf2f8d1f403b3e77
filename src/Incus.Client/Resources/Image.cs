namespace Incus.Client;

/// <summary>An image on the server (<c>/1.0/images/FINGERPRINT</c>).</summary>
public sealed record Image : IncusResource
{
    /// <summary>SHA-256 of the image, in hexadecimal.</summary>
    public string Fingerprint { get => field ?? ""; init; }

    /// <summary><c>container</c> or <c>virtual-machine</c>.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Aliases in its project.</summary>
    public IReadOnlyList<ImageAliasName> Aliases { get => field ?? []; init; }

    /// <summary>Architecture.</summary>
    public string Architecture { get => field ?? ""; init; }

    /// <summary>Whether the server keeps it up to date from <see cref="UpdateSource"/>.</summary>
    public bool AutoUpdate { get; init; }

    /// <summary>Whether the server itself fetched it to create an instance (and may drop it when unused).</summary>
    public bool Cached { get; init; }

    /// <summary>Whether anybody may fetch it.</summary>
    public bool Public { get; init; }

    /// <summary>Properties such as <c>os</c>, <c>release</c>, <c>description</c>.</summary>
    public IReadOnlyDictionary<string, string> Properties { get => field ?? NoConfig; init; }

    /// <summary>Profiles given to instances made from it that name none.</summary>
    public IReadOnlyList<string> Profiles { get => field ?? []; init; }

    /// <summary>File name it was delivered as.</summary>
    public string Filename { get => field ?? ""; init; }

    /// <summary>Size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Where it came from; null for an imported image.</summary>
    public ImageUpdateSource? UpdateSource { get; init; }

    /// <summary>Project it belongs to.</summary>
    public string Project { get => field ?? ""; init; }

    /// <summary>When its maker created it.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it expires; the year 1 or 1970 when never.</summary>
    public DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When an instance was last created from it.</summary>
    public DateTimeOffset LastUsedAt { get; init; }

    /// <summary>When it was added to the server.</summary>
    public DateTimeOffset UploadedAt { get; init; }
}

/// <summary>An alias as an image lists it.</summary>
public sealed record ImageAliasName
{
    /// <summary>The alias.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Free text.</summary>
    public string Description { get => field ?? ""; init; }
}

/// <summary>The origin of a copied image.</summary>
public sealed record ImageUpdateSource
{
    /// <summary>Alias on the image server.</summary>
    public string Alias { get => field ?? ""; init; }

    /// <summary><c>simplestreams</c>, <c>incus</c>, <c>oci</c>.</summary>
    public string Protocol { get => field ?? ""; init; }

    /// <summary>Address of the image server.</summary>
    public string Server { get => field ?? ""; init; }

    /// <summary><c>container</c> or <c>virtual-machine</c>.</summary>
    public string ImageType { get => field ?? ""; init; }

    /// <summary>Certificate of the image server, PEM; empty when a known authority signed it.</summary>
    public string Certificate { get => field ?? ""; init; }
}

/// <summary>A name for an image (<c>/1.0/images/aliases/NAME</c>).</summary>
public sealed record ImageAlias : IncusResource
{
    /// <summary>The alias.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>Free text.</summary>
    public string Description { get => field ?? ""; init; }

    /// <summary>Fingerprint of the image it stands for.</summary>
    public string Target { get => field ?? ""; init; }

    /// <summary>Type of that image. Read-only.</summary>
    public string Type { get => field ?? ""; init; }
}

/// <summary>An image that the server is to fetch from an image server (<c>POST /1.0/images</c>, mode pull).</summary>
public sealed record ImageCopy
{
    /// <summary>Address of the image server, such as <c>https://images.linuxcontainers.org</c>.</summary>
    public required string Server { get; init; }

    /// <summary><c>simplestreams</c> (default), <c>incus</c> or <c>oci</c> (extension <c>instance_oci</c>).</summary>
    public string Protocol { get; init; } = "simplestreams";

    /// <summary>Alias there; either this or <see cref="Fingerprint"/>.</summary>
    public string? Alias { get; init; }

    /// <summary>Fingerprint there.</summary>
    public string? Fingerprint { get; init; }

    /// <summary><c>container</c> or <c>virtual-machine</c>; null for the server's choice (container).</summary>
    public string? ImageType { get; init; }

    /// <summary>Certificate of the image server, PEM, where no known authority signed it.</summary>
    public string? Certificate { get; init; }

    /// <summary>Keep it up to date.</summary>
    public bool AutoUpdate { get; init; }

    /// <summary>Let anybody fetch it.</summary>
    public bool Public { get; init; }

    /// <summary>Properties to add.</summary>
    public IReadOnlyDictionary<string, string>? Properties { get; init; }

    /// <summary>Profiles for instances made from it.</summary>
    public IReadOnlyList<string>? Profiles { get; init; }

    /// <summary>Aliases to give it (extension <c>image_create_aliases</c>).</summary>
    public IReadOnlyList<ImageAliasName>? Aliases { get; init; }
}

/// <summary>An image that is to be made from an instance (<c>POST /1.0/images</c> with a source of type <c>instance</c> or <c>snapshot</c>).</summary>
public sealed record ImagePublish
{
    /// <summary>Name of a stopped instance, or <c>instance/snapshot</c>.</summary>
    public required string Source { get; init; }

    /// <summary><c>gzip</c>, <c>zstd</c>, <c>xz</c>, <c>none</c>, …; null for what the server is set to.</summary>
    public string? Compression { get; init; }

    /// <summary>Properties, such as <c>description</c>; null or none for those of the image that the instance was made from.</summary>
    public IReadOnlyDictionary<string, string>? Properties { get; init; }

    /// <summary>Let anybody fetch it.</summary>
    public bool Public { get; init; }

    /// <summary>When the server may delete it; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
