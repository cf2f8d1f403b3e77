using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Certificates of a stack's users: trusted, changed in place, and no longer trusted with the stack.</summary>
[Collection(LabCollection.Name)]
public sealed class CertificateTests(LabFixture lab)
{
    [Fact]
    public async Task A_certificate_is_trusted_for_the_stacks_project_changed_in_place_and_no_longer_trusted_with_the_stack()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var name = $"ann-{project.Name}";
        var (first, second) = (Certificate(name), Certificate(name));
        string Stack(string pem, string more = "") => $$"""
            name: trusting
            project: {{project.Name}}
            certificates:
              {{name}}:
                certificate: |
            {{string.Join('\n', pem.Trim().Split('\n').Select(line => "      " + line))}}
                {{more}}
            """;
        await bench.UpAsync(Stack(first));
        var trusted = await FindAsync();
        Assert.Equal((true, "client", Pem(first)), (trusted!.Restricted, trusted.Type, Pem(trusted.Certificate)));
        Assert.Equal([project.Name], trusted.Projects);

        await bench.UpAsync(Stack(first, $"projects: [default, {project.Name}]\n    description: Ann"));
        trusted = await FindAsync();
        Assert.Equal(["default", project.Name], trusted!.Projects.Order(StringComparer.Ordinal));
        Assert.Equal($"Ann [incus-compose stack=trusting project={project.Name} key=certificates.{name}]", trusted.Description);

        // A new one takes its place, and nobody else's is touched.
        await bench.UpAsync(Stack(second, "description: Ann"));
        Assert.Equal(Pem(second), Pem((await FindAsync())!.Certificate));
        var error = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(Stack(second).Replace("name: trusting", "name: others", StringComparison.Ordinal)));
        Assert.Contains("it belongs to the stack \"trusting\"", error.Message, StringComparison.Ordinal);

        // Under another key it is the same certificate.
        string Renamed(string text) => text.Replace($"  {name}:", $"  {name}-new:", StringComparison.Ordinal);
        Assert.Equal($"  ~ certificate/{name}-new: change, it is called {name} so far\ntrusting: 1 to change, 0 unchanged\n", StackWorkbench.Text(await bench.PlanAsync(Renamed(Stack(second, "description: Ann")), new() { Prune = true })));
        await bench.UpAsync(Renamed(Stack(second, "description: Ann")));
        Assert.Null(await FindAsync());
        Assert.Empty((await bench.PlanAsync(Renamed(Stack(second, "description: Ann")), new() { Prune = true })).Changes);
        await bench.UpAsync(Stack(second, "description: Ann"));
        Assert.NotNull(await FindAsync());

        Assert.True((await bench.Engine.ApplyAsync(bench.Client, await bench.Engine.CompareRemovalAsync(project.Client, "trusting"))).Succeeded);
        Assert.Null(await FindAsync());

        async Task<Incus.Client.TrustedCertificate?> FindAsync() => (await bench.Client.Certificates.ListAsync()).SingleOrDefault(certificate => certificate.Name == name);
    }

    [Fact]
    public async Task What_a_stack_kept_outside_its_project_is_taken_down_by_its_name_after_the_project_is_gone()
    {
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var name = $"gone{Guid.NewGuid():N}"[..12];
        await bench.UpAsync($$"""
            name: leaving
            project: { name: {{name}}, create: true, features: { storage_volumes: false } }
            storage_pools: { {{name}}: { driver: dir } }
            volumes: { {{name}}: { pool: {{name}} } }
            """);
        var client = bench.Client.ForProject(name);
        Assert.True((await bench.Engine.ApplyAsync(client, await bench.Engine.CompareRemovalAsync(client, "leaving"))).Succeeded);
        Assert.Null(await bench.Client.Projects.FindAsync(name));
        Assert.NotNull(await bench.Client.StoragePools.FindAsync(name));

        var plan = await bench.Engine.CompareRemovalAsync(client, "leaving", new() { RemoveVolumes = true, RemovePools = true });
        Assert.Equal([$"volume/{name}/{name}", $"storage-pool/{name}"], plan.Changes.Select(change => change.Id.ToString()));
        Assert.True((await bench.Engine.ApplyAsync(client, plan, new() { Exact = true })).Succeeded);
        Assert.Null(await bench.Client.StoragePools.FindAsync(name));
        Assert.Empty((await bench.Engine.CompareRemovalAsync(client, "leaving", new() { RemoveVolumes = true, RemovePools = true })).Changes);
    }

    [Fact]
    public async Task A_certificate_for_the_project_that_the_stack_makes_and_lives_in_does_not_have_that_pruned()
    {
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var name = $"own{Guid.NewGuid():N}"[..12];
        var file = $$"""
            name: living
            project: { name: {{name}}, create: true }
            certificates:
              {{name}}:
                projects: [{{name}}]
                certificate: |
            {{string.Join('\n', Certificate(name).Trim().Split('\n').Select(line => "      " + line))}}
            """;
        await bench.UpAsync(file);

        var plan = await bench.PlanAsync(file, new() { Prune = true });
        Assert.Empty(plan.Changes);
        Assert.Empty(plan.Orphans);

        var client = bench.Client.ForProject(name);
        Assert.True((await bench.Engine.ApplyAsync(client, await bench.Engine.CompareRemovalAsync(client, "living"))).Succeeded);
        Assert.Null(await bench.Client.Projects.FindAsync(name));
    }

    [Fact]
    public async Task A_certificate_that_somebody_trusted_by_another_name_is_adopted_by_its_fingerprint()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var name = $"bob-{project.Name}";
        var pem = Certificate(name);
        await bench.Client.Certificates.CreateAsync(new Incus.Client.TrustedCertificate { Name = name + "by", Type = "client", Certificate = pem });
        var file = $$"""
            name: adopting
            project: {{project.Name}}
            certificates:
              {{name}}:
                certificate: |
            {{string.Join('\n', pem.Trim().Split('\n').Select(line => "      " + line))}}
            """;
        var there = (await bench.Client.Certificates.ListAsync()).Single(certificate => certificate.Name == name + "by");
        var taken = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(file));
        Assert.Contains($"\"{name}by\" on the server", taken.Message, StringComparison.Ordinal);
        Assert.Contains($"incus config trust remove {there.Fingerprint[..12]}", taken.Message, StringComparison.Ordinal);

        Assert.True((await bench.ApplyAsync(file, new() { Adopt = true })).Succeeded);
        await bench.UpAsync(file);
        var adopted = (await bench.Client.Certificates.GetAsync(there.Fingerprint)).Value;
        Assert.Equal((name + "by", true), (adopted.Name, adopted.Restricted));
        Assert.True((await bench.Engine.ApplyAsync(bench.Client, await bench.Engine.CompareRemovalAsync(project.Client, "adopting"))).Succeeded);
        Assert.DoesNotContain(await bench.Client.Certificates.ListAsync(), certificate => certificate.Fingerprint == there.Fingerprint);
    }

    [Fact]
    public async Task Projects_besides_the_stacks_own_are_made_changed_in_place_and_go_with_it_once_they_are_empty()
    {
        await using var bench = await StackWorkbench.OpenAsync(lab.Lab);
        var (one, two) = ($"one{Guid.NewGuid():N}"[..10], $"two{Guid.NewGuid():N}"[..10]);
        string Stack(int most, string more = "") => $$"""
            name: tenants
            projects:
              {{one}}: {description: Of one, features: {images: false}, limits: {instances: {{most}}}, restricted: true}
              {{more}}
            """;
        await bench.UpAsync(Stack(5, two + ": {}"));
        var made = (await bench.Client.Projects.GetAsync(one)).Value;
        Assert.Equal(("Of one", "5", "false", "true"), (made.Description, made.Config["limits.instances"], made.Config["features.images"], made.Config["restricted"]));

        await bench.UpAsync(Stack(7, two + ": {}"));
        Assert.Equal("7", (await bench.Client.Projects.GetAsync(one)).Value.Config["limits.instances"]);
        var foreign = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(Stack(7).Replace("name: tenants", "name: others", StringComparison.Ordinal)));
        Assert.Contains("belongs to the stack \"tenants\"", Assert.Single(foreign.Diagnostics).Message, StringComparison.Ordinal);

        // What the file drops is deleted where that is asked for, and stays where somebody uses it.
        await lab.Lab.IncusAsync("profile", "create", "theirs", "--project", two);
        var pruned = await bench.PlanAsync(Stack(7), new() { Prune = true });
        Assert.Empty(pruned.Changes);
        Assert.Contains("it holds profiles/theirs", Assert.Single(pruned.Orphans).Advice, StringComparison.Ordinal);
        await lab.Lab.IncusAsync("profile", "delete", "theirs", "--project", two);

        // The server itself would delete a default profile that somebody has set up.
        await lab.Lab.IncusAsync("profile", "set", "default", "limits.memory=1GiB", "--project", two);
        Assert.Contains("has limits.memory", Assert.Single((await bench.PlanAsync(Stack(7), new() { Prune = true })).Orphans).Advice, StringComparison.Ordinal);
        await lab.Lab.IncusAsync("profile", "unset", "default", "limits.memory", "--project", two);
        await bench.UpAsync(Stack(7), new() { Prune = true });
        Assert.Null(await bench.Client.Projects.FindAsync(two));

        await lab.Lab.IncusAsync("profile", "create", "theirs", "--project", one);
        Assert.Contains("still holds profiles/theirs", Assert.Single((await bench.DownAsync("tenants")).Resources).Message, StringComparison.Ordinal);
        await lab.Lab.IncusAsync("profile", "delete", "theirs", "--project", one);
        Assert.True((await bench.DownAsync("tenants")).Succeeded);
        Assert.Null(await bench.Client.Projects.FindAsync(one));
    }

    private static string Pem(string text) => text.ReplaceLineEndings("\n").Trim();

    private static string Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.ExportCertificatePem();
    }
}
