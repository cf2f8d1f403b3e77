using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Planning;

namespace IncusCompose.Resources.Projects;

/// <summary>Certificates that the server trusts. They have no configuration: their mark is in their description. Source: Incus doc/authentication.md.</summary>
internal sealed class CertificateKind : ResourceKind
{
    public const string KindName = "certificate";

    private const string Key = "certificates.";
    private const string RestrictedPath = "restricted";
    private const string ProjectsPath = "projects";
    private const string CertificatePath = "certificate";

    public override string Name => KindName;

    public override bool IsOfServer => true;

    public override string? AdviceWhenRestricted => "remove it here, and have an administrator trust it";

    public override bool IsKeptAsDefinition => true;

    public override string AdviceWhenTakenBy(LiveResource live) => $"remove it from the file, or stop trusting it first: incus config trust remove {ShortFingerprint((TrustedCertificate)live.Raw)}";

    public override string NameOf(LiveResource live) => ((TrustedCertificate)live.Raw).Name;

    public static ResourceId IdOf(string name) => new(KindName, name);

    public override IEnumerable<DesiredResource> Desire(PlanningContext context)
    {
        var inFile = context.Stack.Certificates.Values.Select(certificate => certificate.Fingerprint).ToHashSet(StringComparer.Ordinal);
        foreach (var certificate in context.Stack.Certificates.Values)
        {
            var path = $"certificates.{certificate.Name}";
            if (!context.Require("certificate_description", path, "Marking a certificate as the stack's"))
                yield break;
            var isRestricted = certificate.Restricted ?? certificate.Type == "client";
            var properties = new PropertyBag
            {
                { PropertyPath.Type, certificate.Type },
                { CertificatePath, certificate.Fingerprint },
                { RestrictedPath, isRestricted ? "true" : "false" },
            };
            if (!string.IsNullOrEmpty(certificate.Description))
                properties.Add(PropertyPath.Description, certificate.Description);
            // The server tells none as nothing.
            if (isRestricted && certificate.Projects is not { Count: 0 })
                properties.Add(ProjectsPath, string.Join(",", (certificate.Projects ?? [context.Project]).Order(StringComparer.Ordinal)));
            yield return new DesiredCertificate
            {
                Id = IdOf(certificate.Name), DefinitionPath = path, Properties = properties, Certificate = certificate.Certificate, InFile = inFile,
                Names = [.. (certificate.Projects ?? []).Index().Where(project => project.Item != context.Project).Select(project => new NamedResource(OtherProjectKind.IdOf(project.Item), $"{path}.projects[{project.Index}]", $"{path}.projects"))],
                DependsOn = [.. (certificate.Projects ?? []).Where(context.Stack.Projects.ContainsKey).Select(OtherProjectKind.IdOf)],
            };
        }
    }

    public override async Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken)
    {
        try
        {
            // Several may have one name: the stack's own come first.
            return [.. (await scope.Client.Certificates.ListAsync(cancellationToken).ConfigureAwait(false)).Select(Describe).OrderByDescending(live => live.Mark?.Project == scope.Client.Project)];
        }
        catch (IncusForbiddenException)
        {
            // Whoever may not see them has made none.
            return [];
        }
    }

    public override async Task<LiveResource?> FindAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken) =>
        (await client.Certificates.ListAsync(cancellationToken).ConfigureAwait(false)).Select(Describe).Where(live => live.Id == id).OrderByDescending(live => live.Mark?.Project == client.Project).FirstOrDefault();

    // One that is trusted already is known by its fingerprint, whatever it is called. By its name it is another one, which takes
    // the old one's place unless that is in the file as well.
    public override LiveResource? Locate(DesiredResource desired, ServerObservation server)
    {
        var live = server.OfKind(KindName).ToList();
        return live.Find(one => FingerprintOf(one) == desired.Properties[CertificatePath])
            ?? live.Find(one => one.Mark is not null && one.Id == desired.Id && !((DesiredCertificate)desired).InFile.Contains(FingerprintOf(one)));
    }

    private static string FingerprintOf(LiveResource live) => ((TrustedCertificate)live.Raw).Fingerprint;

    /// <summary>A certificate that the file calls something else by now is the same certificate.</summary>
    public override ResourceChange Refine(ResourceChange change, ResourcePlanner planner) =>
        change is { Action: ChangeAction.None or ChangeAction.Update, Live: { } live } && live.Id != change.Id
            ? change with { Action = ChangeAction.Update, Reason = $"it is called {live.Id.Name} so far" }
            : change;

    public override ChangeImpact ImpactOf(string path, DesiredResource desired, LiveResource live, MetadataConfiguration? metadata) => ChangeImpact.Live;

    public override string AddressOf(LiveResource live) => $"/1.0/certificates/{((TrustedCertificate)live.Raw).Fingerprint}";

    public override StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context)
    {
        var raw = (TrustedCertificate)live.Raw;
        // What is nobody's has no name of its own, and is not known by one.
        if (live.Mark is null)
            return stack;
        var projects = raw.Projects.Order(StringComparer.Ordinal).ToList();
        var certificate = new CertificateDefinition
        {
            Name = live.Id.Name,
            Certificate = raw.Certificate,
            Fingerprint = raw.Fingerprint,
            Type = raw.Type,
            Restricted = raw.Restricted == (raw.Type == "client") ? null : raw.Restricted,
            Projects = !raw.Restricted || projects.SequenceEqual([context.Project]) ? null : projects,
            Description = ExportContext.Text(live),
        };
        return stack with { Certificates = ExportContext.With(stack.Certificates, certificate.Name, certificate) };
    }

    public override bool CanAdopt(LiveResource live) => true;

    // It is known by its fingerprint, and keeps the name that it has.
    public override async Task MarkAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var found = await context.Client.Certificates.GetAsync(((TrustedCertificate)change.Live!.Raw).Fingerprint, cancellationToken).ConfigureAwait(false);
        var now = Describe(found.Value);
        // Another apply of the same stack was faster.
        if (now.Mark?.BelongsTo(context.Plan.Stack, context.Plan.Project) == true)
            return;
        if (now.Mark is not null || (context.Options.Exact && !change.Live.Properties.SameAs(now.Properties)))
            throw new PlanOutdatedException([change.Id]);
        await context.Client.Certificates.UpdateAsync(
            found.Value.Fingerprint, found.Value with { Description = DescribedMark.Write(found.Value.Description, context.MarkOf(change.Desired!)) }, found.ETag, cancellationToken).ConfigureAwait(false);
    }

    public override Task CreateAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken) =>
        context.Client.Certificates.CreateAsync(Written(context, (DesiredCertificate)desired, desired.Id.Name), cancellationToken);

    public override async Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        var live = await FindAsync(context.Client, change.Live!.Id, cancellationToken).ConfigureAwait(false) ?? throw new PlanOutdatedException([change.Id]);
        if (context.PlanAgain(change, live).Action == ChangeAction.None)
            return;
        var found = await context.Client.Certificates.GetAsync(((TrustedCertificate)live.Raw).Fingerprint, cancellationToken).ConfigureAwait(false);
        // One that was adopted keeps the name that somebody gave it.
        var name = found.Value.Name == live.Id.Name ? change.Name : found.Value.Name;
        await context.Client.Certificates.UpdateAsync(found.Value.Fingerprint, Written(context, (DesiredCertificate)change.Desired!, name), found.ETag, cancellationToken).ConfigureAwait(false);
    }

    public override Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken) =>
        context.Client.Certificates.DeleteAsync(((TrustedCertificate)live.Raw).Fingerprint, cancellationToken).OrGoneAsync();

    public override byte[] Write(LiveResource live) => ResourceText.Write((TrustedCertificate)live.Raw);

    public override LiveResource Read(ResourceId id, ReadOnlySpan<byte> text) => Describe(ResourceText.Read<TrustedCertificate>(text));

    // Its mark is in its description.
    public override bool IsAsKept(LiveResource kept, LiveResource now) =>
        base.IsAsKept(kept, now) && ((TrustedCertificate)kept.Raw).Description == ((TrustedCertificate)now.Raw).Description;

    public override async Task PutBackAsync(ApplyContext context, LiveResource kept, CancellationToken cancellationToken)
    {
        var was = (TrustedCertificate)kept.Raw;
        if (await FindAsync(context.Client, kept.Id, cancellationToken).ConfigureAwait(false) is not { } now)
        {
            await context.Client.Certificates.CreateAsync(was, cancellationToken).ConfigureAwait(false);
            return;
        }

        var found = await context.Client.Certificates.GetAsync(((TrustedCertificate)now.Raw).Fingerprint, cancellationToken).ConfigureAwait(false);
        await context.Client.Certificates.UpdateAsync(
            found.Value.Fingerprint,
            found.Value with { Name = was.Name, Type = was.Type, Restricted = was.Restricted, Projects = was.Projects, Certificate = was.Certificate, Description = was.Description },
            found.ETag, cancellationToken).ConfigureAwait(false);
    }

    private static TrustedCertificate Written(ApplyContext context, DesiredCertificate desired, string name) => new()
    {
        Name = name,
        Type = desired.Properties[PropertyPath.Type] ?? "",
        Restricted = desired.Properties[RestrictedPath] == "true",
        Projects = desired.Properties[ProjectsPath] is { Length: > 0 } projects ? projects.Split(',') : [],
        Certificate = desired.Certificate,
        Description = DescribedMark.Write(desired.Properties[PropertyPath.Description] ?? "", context.MarkOf(desired)),
    };

    private static LiveResource Describe(TrustedCertificate certificate)
    {
        var (description, mark) = DescribedMark.Read(certificate.Description);
        var properties = new PropertyBag
        {
            { PropertyPath.Type, certificate.Type },
            { CertificatePath, certificate.Fingerprint },
            { RestrictedPath, certificate.Restricted ? "true" : "false" },
        };
        if (description.Length > 0)
            properties.Add(PropertyPath.Description, description);
        if (certificate.Projects.Count > 0)
            properties.Add(ProjectsPath, string.Join(",", certificate.Projects.Order(StringComparer.Ordinal)));
        // Names are not unique: only the stack's own is found by one, that of its file. What was adopted has another on the server.
        var name = mark is null ? $"{certificate.Name} {ShortFingerprint(certificate)}"
            : mark.Key.StartsWith(Key, StringComparison.Ordinal) ? mark.Key[Key.Length..] : certificate.Name;
        return DescribedMark.Describe(IdOf(name), properties, mark, certificate);
    }

    private static string ShortFingerprint(TrustedCertificate certificate) => certificate.Fingerprint[..Math.Min(12, certificate.Fingerprint.Length)];

    private sealed record DesiredCertificate : DesiredResource
    {
        public required string Certificate { get; init; }

        /// <summary>The fingerprints of all that the file has trusted.</summary>
        public required IReadOnlySet<string> InFile { get; init; }
    }
}
