using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Incus.Client;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Projects;

namespace IncusCompose.Tests.Loading;

/// <summary>Projects in words, certificates and cluster groups.</summary>
public class ServerWordTests
{
    [Fact]
    public void A_projects_features_limits_and_restrictions_have_words_and_raw_configuration_wins()
    {
        var project = StackText.Require("""
            project:
              create: true
              features: { images: false, networks: true, storage_volumes: true }
              limits: { instances: 10, virtual_machines: 2, memory: 16GiB, disk: 200GiB, disk_pools: { fast: 100GiB } }
              restricted: true
              restrictions: { containers.nesting: allow, devices.disk.paths: /srv/shop }
              config: { limits.instances: 12, user.owner: ann }
            instances: { web: {} }
            """).Project!;
        Assert.Equal(new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["features.images"] = "false", ["features.networks"] = "true", ["features.storage.volumes"] = "true", ["limits.disk"] = "200GiB", ["limits.disk.pool.fast"] = "100GiB", ["limits.instances"] = "12",
            ["limits.memory"] = "16GiB", ["limits.virtual-machines"] = "2", ["restricted"] = "true", ["restricted.containers.nesting"] = "allow", ["restricted.devices.disk.paths"] = "/srv/shop", ["user.owner"] = "ann",
        }, new SortedDictionary<string, string>(project.Config.ToDictionary(), StringComparer.Ordinal));
    }

    [Fact]
    public void A_stack_makes_projects_besides_its_own_before_the_certificates_for_them()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "ann.pem"), Certificate().Pem);
        var stack = StackText.Require("""
            name: tenants
            projects:
              ann: { description: Of Ann, features: { images: false }, limits: { instances: 5 }, restricted: true }
              ben: {}
            certificates: { ann: { file: ~/ann.pem, projects: [ann] } }
            """, new Dictionary<string, string> { ["HOME"] = folder.Path });
        var plan = new Planning.PlanningWorld().Plan(stack);
        Assert.Equal(["other-project/ann", "other-project/ben", "certificate/ann"], plan.Changes.Select(change => change.Id.ToString()));
        Assert.Equal(["config.features.images", "config.limits.instances", "config.restricted", "description"], plan.Changes[0].Properties.Select(property => property.Path));
        Assert.Equal(["other-project/ann"], plan.Changes[2].DependsOn.Select(id => id.ToString()));
    }

    [Theory]
    [InlineData("/1.0/instances/theirs?project=ann", null, "it stays, since it holds instances/theirs; move or delete that first")]
    [InlineData(null, "limits.memory", "it stays, since its default profile, which would go with it, has limits.memory; where that is not needed, delete the project with: incus project delete ann")]
    [InlineData(null, null, null)]
    public void A_project_that_the_file_names_no_more_stays_where_somebody_uses_it_and_stops_nothing_else(string? user, string? setting, string? why)
    {
        var profile = new Profile { Name = "default", Config = setting is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [setting] = "1GiB" } };
        var world = new Planning.PlanningWorld().WithOther(Made("ann") with { UsedBy = [.. new[] { "/1.0/profiles/default?project=ann", user }.OfType<string>()] }, profile).WithOther(Made("ben"));
        var plan = world.Plan(StackText.Require("name: tenants\ninstances: { web: {image: busybox} }"), new PlanOptions { Prune = true });
        Assert.All(plan.Changes, change => Assert.Null(change.Refused));
        Assert.Equal(why is null ? ["ann", "ben"] : ["ben"], plan.Changes.Where(change => change.Action == ChangeAction.Delete).Select(change => change.Name));
        Assert.Equal(why, plan.Orphans.SingleOrDefault()?.Advice);

        var removal = world.PlanRemoval("tenants");
        Assert.Equal(why is not null, removal.Resources.Single(change => change.Name == "ann").Action == ChangeAction.None);

        static Project Made(string name)
        {
            var config = new Dictionary<string, string>();
            new OwnershipMark("tenants", "default", $"projects.{name}", AppliedRecord.Of([])).Write(OtherProjectKind.IdOf(name), config);
            return new Project { Name = name, Config = config };
        }
    }

    [Fact]
    public void A_certificate_is_read_from_a_file_or_text_and_nothing_but_it_is_kept()
    {
        using var folder = new TemporaryFolder();
        var (pem, fingerprint) = Certificate();
        using var key = ECDsa.Create();
        File.WriteAllText(Path.Combine(folder.Path, "ann.pem"), key.ExportPkcs8PrivateKeyPem() + "\n" + pem);
        File.WriteAllText(Path.Combine(folder.Path, "scraper.pem"), Certificate().Pem);
        var certificates = StackText.Require("""
            certificates:
              ann: ~/ann.pem
              scraper: { file: ~/scraper.pem, type: metrics }
            instances: { web: {} }
            """, new Dictionary<string, string> { ["HOME"] = folder.Path }).Certificates;
        Assert.Equal((fingerprint, "client"), (certificates["ann"].Fingerprint, certificates["ann"].Type));
        Assert.Equal("metrics", certificates["scraper"].Type);
        Assert.DoesNotContain("PRIVATE", certificates["ann"].Certificate, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("certificates: { ann: ./nowhere.crt }", "nowhere.crt` does not exist")]
    [InlineData("certificates: { ann: { certificate: nonsense } }", "the text is no certificate; name one in PEM")]
    [InlineData("certificates: { ann: {} }", "it has no certificate")]
    [InlineData("certificates: { ann: { file: ./a, restricted: false, projects: [b] } }", "what is not restricted may use every project")]
    [InlineData("certificates: { ann: { file: ./a, key: ./b } }", "a private key stays with its owner")]
    [InlineData("project: { create: true, restrictions: { containers.nestin: allow } }", "Incus knows no restriction `containers.nestin`; did you mean `containers.nesting`?")]
    [InlineData("project: { create: true, limits: { instances: many } }", "is not a whole number")]
    [InlineData("project: { name: shop, create: true }\nprojects: { shop: {} }", "it is the project that the stack lives in")]
    [InlineData("projects: { a/b: {} }", "cannot be a project's name")]
    [InlineData("projects: { tenant: { limit: {} } }", "did you mean `limits`?")]
    public void What_cannot_be_is_said_with_what_to_write_instead(string lines, string problem) =>
        Assert.Contains(StackText.Problems(lines + "\ninstances: { web: {} }"), text => text.Contains(problem, StringComparison.Ordinal));

    private static (string Pem, string Fingerprint) Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=ann", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return (certificate.ExportCertificatePem(), Convert.ToHexStringLower(SHA256.HashData(certificate.RawData)));
    }

    [Theory]
    [InlineData("./ann.crt", "the text is a path, and no certificate; write `file: ./ann.crt`")]
    [InlineData("/etc/ann", "the text is a path, and no certificate; write `file: /etc/ann`")]
    [InlineData("ann.PEM", "the text is a path, and no certificate; write `file: ann.PEM`")]
    [InlineData("ann", "the text is no certificate; name one in PEM, which begins with -----BEGIN CERTIFICATE-----")]
    public void A_path_where_a_certificate_is_wanted_belongs_to_another_word(string text, string problem) =>
        Assert.Contains(problem, Assert.Single(StackText.Load($"certificates: {{ann: {{certificate: {text}}}}}").Diagnostics).ToString(), StringComparison.Ordinal);
}
