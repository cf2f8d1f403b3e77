namespace Incus.Client;

/// <summary>A certificate that the server trusts (<c>/1.0/certificates/FINGERPRINT</c>).</summary>
public sealed record TrustedCertificate : IncusResource
{
    /// <summary>SHA-256 of the certificate, in hexadecimal. Read-only.</summary>
    public string Fingerprint { get => field ?? ""; init; }

    /// <summary>Name of the client.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary><c>client</c> or <c>metrics</c>.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>Whether it may only use <see cref="Projects"/>.</summary>
    public bool Restricted { get; init; }

    /// <summary>Projects it may use.</summary>
    public IReadOnlyList<string> Projects { get => field ?? []; init; }

    /// <summary>The certificate, PEM.</summary>
    public string Certificate { get => field ?? ""; init; }

    /// <summary>Free text.</summary>
    public string Description { get => field ?? ""; init; }
}
