using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What a stack has of the server as a whole: certificates that it trusts, groups of cluster members.</summary>
internal static class ServerShapes
{
    private const int LargestCertificate = 64 * 1024;

    private static ListShape<string> Members { get; } = new(Scalars.Word("a member's name"), "[m1, m2]");

    private static ListShape<string> Projects { get; } = new(Scalars.Word("a project's name"), "[shop]");

    private static ObjectShape<ClusterGroupDefinition> ClusterGroup { get; } = new ObjectShape<ClusterGroupDefinition>(name => new ClusterGroupDefinition { Name = name })
        .Add("members", Members, "The members in it", (group, value) => group with { Members = [.. value.Where(member => !string.IsNullOrEmpty(member)).Distinct()] })
        .Add("description", Scalars.Text, "Free text for people; the stack's mark is put behind it", (group, value) => group with { Description = value })
        .Add("config", CommonShapes.Config("user.rack: 7"), "Raw Incus configuration, where the server has it (`clustering_groups_config`)", (group, value) => group with { Config = value });

    private static FormsShape<CertificateDefinition> Certificate { get; } = new()
    {
        Scalar = Scalars.Word("a path such as `./ann.crt`").Named((name, path) => new Draft(new CertificateDefinition { Name = name }, path)).Then<Draft, CertificateDefinition>(Complete),
        Mapping = new ObjectShape<Draft>(name => new Draft(new CertificateDefinition { Name = name }))
            .Add("certificate", Scalars.Word("a certificate (PEM)"), "The certificate as text", (draft, value) => draft with { Certificate = draft.Certificate with { Certificate = value } })
            .Add("file", Scalars.Word("a path such as `./ann.crt`"), "A file of this machine with the certificate (PEM)", (draft, value) => draft with { File = value })
            .Add("type", Scalars.Choice(("client", "client"), ("metrics", "metrics")), "`client` (where the key is missing), or `metrics` for what reads metrics only", (draft, value) => draft with { Certificate = draft.Certificate with { Type = value } })
            .Add("restricted", Scalars.Boolean, "Whether it may only use `projects`; `true` where the key is missing, `false` for metrics", (draft, value) => draft with { Certificate = draft.Certificate with { Restricted = value } })
            .Add("projects", Projects, "The projects that it may use; the stack's own where the key is missing", (draft, value) => draft with { Certificate = draft.Certificate with { Projects = [.. value.Where(project => !string.IsNullOrEmpty(project)).Distinct()] } })
            .Add("description", Scalars.Text, "Free text for people; the stack's mark is put behind it", (draft, value) => draft with { Certificate = draft.Certificate with { Description = value } })
            .Foreign("name", "leave it out: a client is called what its key says")
            .Foreign("key", "leave it out: a private key stays with its owner")
            .Then<Draft, CertificateDefinition>(Complete),
    };

    private sealed record Draft(CertificateDefinition Certificate, string? File = null);

    /// <summary>Declares the words.</summary>
    public static ObjectShape<StackDefinition> Add(ObjectShape<StackDefinition> stack) => stack
        .Add("certificates", new MapShape<CertificateDefinition>(Certificate, "ann: ./ann.crt"), "Certificates of the stack's users, which the server trusts", (definition, value) => definition with { Certificates = value })
        .Add("cluster_groups", new MapShape<ClusterGroupDefinition>(ClusterGroup, "gpu: {members: [m1, m2]}"), "Groups of cluster members", (definition, value) => definition with { ClusterGroups = value });

    private static bool IsPath(string text) =>
        !text.Trim().Contains('\n', StringComparison.Ordinal)
        && (text.StartsWith('.') || text.StartsWith('/') || text.StartsWith('~') || Path.GetExtension(text.Trim()).ToLowerInvariant() is ".crt" or ".pem" or ".cer" or ".cert");

    private static bool Complete(Draft draft, DocumentNode node, Site site, BindingContext context, out CertificateDefinition certificate)
    {
        certificate = draft.Certificate;
        var said = (certificate.Certificate.Length > 0 ? 1 : 0) + (draft.File is null ? 0 : 1);
        if (said != 1)
        {
            context.Error("BadCertificate", node, site, said == 0 ? "it has no certificate" : "it has both `certificate` and `file`", "write one of `certificate` and `file`");
            return false;
        }

        if (certificate is { Restricted: false, Projects: not null })
        {
            context.Error("BadCertificate", node, site.At("projects"), "what is not restricted may use every project", "remove `projects`, or `restricted: false`");
            return false;
        }

        try
        {
            var text = draft.File is null ? certificate.Certificate
                : BoundedText.Read(MountShapes.Absolute(draft.File, context, site), LargestCertificate) ?? throw new IOException();
            using var read = X509Certificate2.CreateFromPem(text);
            // The certificate alone: a file may hold a private key beside it, which is nobody's business.
            certificate = certificate with { Certificate = read.ExportCertificatePem() + "\n", Fingerprint = Convert.ToHexStringLower(SHA256.HashData(read.RawData)) };
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or System.Text.DecoderFallbackException)
        {
            var what = draft.File is null ? "the text" : $"the file {BindingContext.Excerpt(draft.File, site)}";
            var (problem, advice) = error switch
            {
                FileNotFoundException or DirectoryNotFoundException => ("does not exist", $"paths start from {context.BaseDirectory}"),
                UnauthorizedAccessException => ("may not be read", ""),
                _ when draft.File is null && IsPath(certificate.Certificate) => ("is a path, and no certificate", $"write `file: {certificate.Certificate.Trim()}`"),
                _ => ("is no certificate", "name one in PEM, which begins with -----BEGIN CERTIFICATE-----"),
            };
            context.Error("BadCertificate", node, site, $"{what} {problem}", advice);
            return false;
        }
    }
}
