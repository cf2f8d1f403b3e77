using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Client;

/// <summary>HTTPS: trust tokens, pinned and vouched-for certificates, restricted clients.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class RemoteTests(LabFixture lab) : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("incus-remote-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_trust_token_makes_a_remote_usable_and_works_once()
    {
        var configuration = NewUser("fresh");
        var token = await TokenAsync("fresh");
        Assert.Contains("fresh", TrustToken.Parse(token).ToString(), StringComparison.Ordinal);

        var trust = await IncusClient.TrustAsync(token, configuration.GetOrCreateClientCertificate());
        configuration.StoreServerCertificate("lab", trust.ServerCertificate);

        await using (var client = await IncusClient.ConnectAsync(configuration.OptionsFor("lab")))
        {
            Assert.Equal(lab.Lab.HttpsAddress, client.Address);
            Assert.Equal("trusted", client.Server.Auth);
            Assert.Equal("tls", client.Server.AuthUserMethod);
            Assert.NotEmpty(client.Server.Config);
        }
        // The files are those of Incus's own client, which can use them.
        if (OperatingSystem.IsLinux())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(configuration.ConfigDirectory!, "client.key")));
        await File.WriteAllTextAsync(
            Path.Combine(configuration.ConfigDirectory!, "config.yml"),
            $"default-remote: lab\nremotes:\n  lab:\n    addr: {lab.Lab.HttpsAddress}\n    protocol: incus\n    auth_type: tls\n");
        Assert.Contains("busybox", await RunAsync("incus", configuration, "image", "list", "lab:", "--format", "csv", "--columns", "l"), StringComparison.Ordinal);

        var other = NewUser("other");
        var used = await Assert.ThrowsAsync<IncusForbiddenException>(() => IncusClient.TrustAsync(token, other.GetOrCreateClientCertificate()));
        Assert.Contains("does not accept the trust token", used.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(token, used.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_certificate_of_incus_own_client_and_its_remote_are_used()
    {
        var configuration = NewUser("theirs");
        var token = (await lab.Lab.VerbAsync("token", "theirs")).Trim();
        await RunAsync("incus", configuration, "remote", "add", "lab", token);

        await using var client = await IncusClient.ConnectAsync(configuration.OptionsFor("lab"));

        Assert.Equal("trusted", client.Server.Auth);
    }

    [Fact]
    public async Task A_token_of_another_server_reaches_nobody()
    {
        var configuration = NewUser("wrong");
        var token = await TokenAsync("wrong");
        var json = System.Text.Json.Nodes.JsonNode.Parse(Convert.FromBase64String(token))!;
        json["fingerprint"] = new string('0', 64);
        var forged = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));

        var refused = await Assert.ThrowsAsync<IncusUnreachableException>(() => IncusClient.TrustAsync(forged, configuration.GetOrCreateClientCertificate()));

        Assert.Equal(UnreachableReason.CertificateRefused, refused.Reason);
        Assert.Contains("the trust token names 0000", refused.Message, StringComparison.Ordinal);
        // The secret was not spent on it.
        await IncusClient.TrustAsync(token, configuration.GetOrCreateClientCertificate());
    }

    [Fact]
    public async Task A_certificate_that_is_not_stored_is_refused_and_so_is_another_than_the_stored()
    {
        var configuration = NewUser("pins");
        _ = configuration.GetOrCreateClientCertificate();
        var unknown = await Assert.ThrowsAsync<IncusUnreachableException>(() => IncusClient.ConnectAsync(configuration.OptionsFor("lab")));
        Assert.Equal(UnreachableReason.CertificateRefused, unknown.Reason);
        Assert.Contains("trust token", unknown.Message, StringComparison.Ordinal);

        configuration.StoreServerCertificate("lab", NewUser("impostor").GetOrCreateClientCertificate());
        var wrong = await Assert.ThrowsAsync<IncusUnreachableException>(() => IncusClient.ConnectAsync(configuration.OptionsFor("lab")));
        Assert.Equal(UnreachableReason.CertificateRefused, wrong.Reason);
        Assert.Contains("the stored one is", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_know_the_client_is_told_apart()
    {
        var configuration = NewUser("stranger");
        configuration.StoreServerCertificate("lab", X509CertificateLoader.LoadCertificateFromFile(lab.Lab.Environment["LAB_SERVER_CERT"]));
        var none = await Assert.ThrowsAsync<IncusUnreachableException>(() => IncusClient.ConnectAsync(configuration.OptionsFor("lab")));
        Assert.Equal(UnreachableReason.CertificateNotTrustedByServer, none.Reason);
        Assert.Contains("wants a client certificate", none.Message, StringComparison.Ordinal);

        _ = configuration.GetOrCreateClientCertificate();
        var untrusted = await Assert.ThrowsAsync<IncusUnreachableException>(() => IncusClient.ConnectAsync(configuration.OptionsFor("lab")));
        Assert.Equal(UnreachableReason.CertificateNotTrustedByServer, untrusted.Reason);
        Assert.Contains("incus config trust add", untrusted.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restricted_client_works_in_its_project_with_events_and_only_there()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var foreign = await lab.CreateProjectAsync();
        await using var client = await ConnectRestrictedAsync("confined", project.Name);
        Assert.Empty(client.Server.Config);
        var before = client.RequestCount;

        await client.Instances.CreateAsync(new InstanceCreate
        {
            Name = "confined-web",
            Source = InstanceSource.FromAlias(LabFixture.Image),
            Start = true,
        }).CompleteAsync().WaitAsync(TimeSpan.FromSeconds(20));

        // One websocket and one request: the end came as an event.
        Assert.Equal(2, client.RequestCount - before);
        Assert.Equal("Running", Assert.Single(await client.Instances.ListAsync()).Status);
        var result = await client.Instances.ExecAsync("confined-web", new ExecRequest { Command = ["echo", "hi"] });
        Assert.Equal("hi\n", result.StandardOutput);
        Assert.Contains(await client.Projects.ListAsync(), p => p.Name == project.Name);
        Assert.DoesNotContain(await client.Projects.ListAsync(), p => p.Name == foreign.Name);
        Assert.NotNull(await client.Images.GetByAliasAsync(LabFixture.Image));
        Assert.NotEmpty(await client.Profiles.ListAsync());

        // Incus 7 shows nobody more than is theirs, and then there is nothing to refuse.
        if (lab.Lab.IncusVersion == 6)
            await Assert.ThrowsAsync<IncusForbiddenException>(() => client.ForProject(foreign.Name).Instances.ListAsync());
        else
            Assert.Empty(await client.ForProject(foreign.Name).Instances.ListAsync());
        await Assert.ThrowsAsync<IncusForbiddenException>(() => client.Projects.CreateAsync(new Project { Name = "mine-too" }));
    }

    [Fact]
    public async Task A_server_certificate_that_the_own_authority_signed_is_accepted()
    {
        await using var own = await Lab.Lab.StartAsync($"ca{System.Environment.ProcessId}", "--https");
        using var authority = TestAuthority.Create();
        var configuration = NewUser("pki", own.HttpsAddress);
        using var clientCertificate = configuration.GetOrCreateClientCertificate();
        await own.VerbAsync("trust", Path.Combine(configuration.ConfigDirectory!, "client.crt"));
        var (certificate, key) = authority.Issue("127.0.0.1");
        await own.KillAsync();
        await File.WriteAllTextAsync(Path.Combine(own.Environment["INCUS_DIR"], "server.crt"), certificate);
        await File.WriteAllTextAsync(Path.Combine(own.Environment["INCUS_DIR"], "server.key"), key);
        await own.RestartAsync();

        var refused = await Assert.ThrowsAsync<IncusUnreachableException>(() => IncusClient.ConnectAsync(configuration.OptionsFor("lab")));
        Assert.Equal(UnreachableReason.CertificateRefused, refused.Reason);

        await File.WriteAllTextAsync(Path.Combine(configuration.ConfigDirectory!, "client.ca"), authority.Certificate.ExportCertificatePem());
        await using (var client = await IncusClient.ConnectAsync(configuration.OptionsFor("lab")))
            Assert.Equal("trusted", client.Server.Auth);

        using var stranger = TestAuthority.Create();
        await File.WriteAllTextAsync(Path.Combine(configuration.ConfigDirectory!, "client.ca"), stranger.Certificate.ExportCertificatePem());
        refused = await Assert.ThrowsAsync<IncusUnreachableException>(() => IncusClient.ConnectAsync(configuration.OptionsFor("lab")));
        Assert.Equal(UnreachableReason.CertificateRefused, refused.Reason);
    }

    [Fact]
    public async Task A_second_server_fetches_the_image_of_the_first_and_tells_how_far_it_is()
    {
        await using var second = await Lab.Lab.StartAsync($"second{System.Environment.ProcessId}", "--https", "--no-image");
        var configuration = NewUser("two", second.HttpsAddress);
        _ = configuration.GetOrCreateClientCertificate();
        await second.VerbAsync("trust", Path.Combine(configuration.ConfigDirectory!, "client.crt"));
        configuration.StoreServerCertificate("lab", X509CertificateLoader.LoadCertificateFromFile(second.Environment["LAB_SERVER_CERT"]));
        var image = (await lab.Client.Images.GetByAliasAsync(LabFixture.Image)).Value;
        await lab.Client.Images.UpdateAsync(image.Fingerprint, static i => i with { Public = true });
        await using var client = await IncusClient.ConnectAsync(configuration.OptionsFor("lab"));

        var copied = await client.Images.CopyFromAsync(new ImageCopy
        {
            Server = lab.Lab.HttpsAddress,
            Protocol = "incus",
            Alias = LabFixture.Image,
            Certificate = await File.ReadAllTextAsync(lab.Lab.Environment["LAB_SERVER_CERT"]),
        }).CompleteAsync();

        Assert.Equal(image.Fingerprint, ImageApi.FingerprintOf(copied));
        var reports = new Reports();
        var created = await client.Instances.CreateAsync(new InstanceCreate
        {
            Name = "two",
            Source = InstanceSource.FromFingerprint(image.Fingerprint),
        }).CompleteAsync(reports);
        Assert.Contains(reports.All, static report => report is { Stage: "create_instance_from_image_unpack", Percent: > 0 and <= 100, BytesPerSecond: > 0 });
        Assert.All(reports.All, report => Assert.Equal(created.Id, report.Operation));
    }

    private ClientConfiguration NewUser(string name, string? address = null)
    {
        var environment = new IncusEnvironment(variable => variable == "INCUS_CONF" ? Path.Combine(folder.FullName, name) : null);
        return ClientConfiguration.Combine(
            environment, [new IncusRemote { Name = "lab", Addresses = [address ?? lab.Lab.HttpsAddress] }], "lab");
    }

    /// <summary>Issues a token by way of this library.</summary>
    private Task<string> TokenAsync(string client) => lab.Client.Certificates.CreateTokenAsync(client);

    private async Task<IncusClient> ConnectRestrictedAsync(string name, string project)
    {
        var configuration = NewUser(name);
        var token = await lab.Client.Certificates.CreateTokenAsync(name, [project]);
        var trust = await IncusClient.TrustAsync(token, configuration.GetOrCreateClientCertificate());
        configuration.StoreServerCertificate("lab", trust.ServerCertificate);
        return await IncusClient.ConnectAsync(configuration.OptionsFor("lab") with { Project = project });
    }

    private static async Task<string> RunAsync(string program, ClientConfiguration configuration, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["INCUS_CONF"] = configuration.ConfigDirectory;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return output;
    }

    private sealed class Reports : IProgress<OperationProgress>
    {
        public List<OperationProgress> All { get; } = [];

        public void Report(OperationProgress value) => All.Add(value);
    }
}
