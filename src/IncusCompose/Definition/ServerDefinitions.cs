namespace IncusCompose.Definition;

/// <summary>A certificate that the server is to trust. Source: Incus doc/authentication.md.</summary>
public sealed record CertificateDefinition
{
    /// <summary>The client's name: the key in the file.</summary>
    public required string Name { get; init; }

    /// <summary>The certificate, PEM.</summary>
    public string Certificate { get; init; } = "";

    /// <summary>Its SHA-256 in hexadecimal, by which the server knows it.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary><c>client</c> or <c>metrics</c>.</summary>
    public string Type { get; init; } = "client";

    /// <summary>Whether it may only use <see cref="Projects"/>; null: a client may only, one for metrics need not.</summary>
    public bool? Restricted { get; init; }

    /// <summary>The projects that it may use; null: the stack's own.</summary>
    public IReadOnlyList<string>? Projects { get; init; }

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }
}

/// <summary>A group of cluster members. Source: Incus doc/howto/cluster_groups.md.</summary>
public sealed record ClusterGroupDefinition
{
    /// <summary>The group's name: the key in the file.</summary>
    public required string Name { get; init; }

    /// <summary>The members in it.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];

    /// <summary>Free text for people.</summary>
    public string? Description { get; init; }

    /// <summary>Raw configuration (extension <c>clustering_groups_config</c>).</summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = Maps.Empty;
}
