using Incus.Client;
using IncusCompose.Integration.Tests.Cli;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>Over HTTPS, with a client certificate that is good for one project only.</summary>
[Collection(LabCollection.Name)]
public sealed class RestrictedCertificateTests(LabFixture lab) : IDisposable
{
    private const string Shared = "features.images=false";
    private const string Own = "features.images=true";
    private const string Unconfined = "restricted=false";

    private readonly DirectoryInfo _configuration = Directory.CreateTempSubdirectory("incus-compose-conf-");

    private int Port { get; } = HostPort.Free();

    private string Stack => $$$"""
        name: restricted
        volumes:
          restdata: {}
        profiles:
          restsmall: {config: {limits.memory: 64MiB}}
        instances:
          restdb:
            image: busybox
            profiles: [default, restsmall]
            volumes: ["restdata:/data"]
          restweb:
            image: busybox
            profiles: [default, restsmall]
            ports: ["127.0.0.1:{{{Port}}}:80"]
            environment: {RUN: httpd -f -p 80 -h /srv/hello}
            depends_on: [restdb]
        """;

    [Theory]
    [InlineData(Shared, "restricted=true")]
    [InlineData(Own, "restricted=true")]
    [InlineData(Shared, Unconfined)]
    public async Task The_same_stack_comes_up_in_its_project_stays_as_it_is_and_goes_down(string images, string confinement)
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = await OpenAsync(project, images, confinement, "restricted.devices.proxy=allow");
        var others = await OutsideAsync();

        var up = await folder.RunAsync("up");
        Assert.True(up is { ExitCode: 0, Error: "" }, up.ToString());
        Assert.Contains($"Stack restricted on theirs, project {project.Name}\n", up.Output, StringComparison.Ordinal);
        Assert.Equal(["restdb", "restweb"], from instance in await project.Client.Instances.ListAsync() where instance.StatusCode == StatusCode.Running select instance.Name);
        using (var web = new HttpClient())
            Assert.Contains("html", await Eventually.GetAsync(() => TryGetAsync(web, $"http://127.0.0.1:{Port}/"), page => page.Length > 0), StringComparison.Ordinal);

        var plan = await folder.RunAsync("plan");
        Assert.True(plan is { ExitCode: 0, Error: "" }, plan.ToString());

        folder.Write("stack.yaml", Stack.Replace("64MiB", "96MiB", StringComparison.Ordinal));
        var change = await folder.RunAsync("up");
        Assert.True(change is { ExitCode: 0, Error: "" }, change.ToString());
        Assert.Equal("96MiB", (await project.Client.Profiles.GetAsync("restsmall")).Value.Config["limits.memory"]);

        var ps = await folder.RunAsync("ps", "-q");
        Assert.Equal(new Ended(0, "restdb\nrestweb\n", ""), ps);

        var down = await folder.RunAsync("down", "--yes", "--timeout", "3");
        Assert.True(down is { ExitCode: 0, Error: "" }, down.ToString());
        Assert.Empty(await project.Client.Instances.ListAsync());
        Assert.Equal(["restdata"], from volume in await project.Client.StorageVolumes.ListAsync("default") select volume.Name);
        Assert.Equal(others, await OutsideAsync());

        if (images == Own)
        {
            foreach (var image in await project.Client.Images.ListAsync())
                await project.Client.Images.DeleteAsync(image.Fingerprint).CompleteAsync();
        }
    }

    [Fact]
    public async Task What_the_project_forbids_or_limits_is_told_before_anything_is_made()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = await OpenAsync(project, Shared, "restricted=true", "limits.memory=100MiB");

        var up = await folder.RunAsync("up");

        Assert.True(up.ExitCode == 1, up.ToString());
        Assert.Contains($"instances.restweb: instance/restweb has the proxy device port-127.0.0.1-{Port}-tcp, which the project \"{project.Name}\" forbids (restricted.devices.proxy: not said); ", up.Error, StringComparison.Ordinal);
        Assert.Contains("have the project allow it: restrictions: {devices.proxy: allow}\n", up.Error, StringComparison.Ordinal);
        Assert.Contains("may have 100MiB of memory between them (limits.memory), and would have 128 MiB; ", up.Error, StringComparison.Ordinal);
        Assert.Empty(await project.Client.Instances.ListAsync());
        Assert.Empty(await project.Client.StorageVolumes.ListAsync("default"));

        await lab.Lab.IncusAsync("project", "set", project.Name, "restricted.devices.proxy=allow", "limits.memory=128MiB");
        var again = await folder.RunAsync("up");
        Assert.True(again is { ExitCode: 0, Error: "" }, again.ToString());
        Assert.Equal(0, (await folder.RunAsync("plan")).ExitCode);
    }

    [Fact]
    public async Task What_is_for_administrators_alone_is_told_before_anything_is_made()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = await OpenAsync(project, Shared, "restricted=true", "restricted.devices.proxy=allow");
        var (network, others) = ($"rc{lab.Lab.Number}", await OutsideAsync());
        folder.Write("stack.yaml", Stack + $$"""

            networks:
              {{network}}: {ipv4: {{lab.Lab.Subnets[0]}}.1/24, ipv6: none}
            storage_pools:
              restpool: {driver: dir}
              default: {external: true}
            projects:
              restother: {}
            """);

        var up = await folder.RunAsync("up");

        Assert.True(up is { ExitCode: 1 }, up.ToString());
        foreach (var path in new[] { $"networks.{network}", "storage_pools.restpool", "projects.restother" })
            Assert.Contains($": {path}: this client's certificate is restricted to projects, and ", up.Error, StringComparison.Ordinal);
        Assert.Contains("have an administrator make it, and mark it external: true; or have features.networks turned on for the project\n", up.Error, StringComparison.Ordinal);
        Assert.Empty(await project.Client.Instances.ListAsync());
        Assert.Null(await lab.Client.Networks.FindAsync(network));
        Assert.Equal(others, await OutsideAsync());

        // What an administrator has made is used all the same.
        folder.Write("stack.yaml", Stack + $"\nnetworks: {{ {lab.Lab.Environment["LAB_BRIDGE"]}: {{external: true}} }}\nstorage_pools: {{ default: {{external: true}} }}\n");
        var plan = await folder.RunAsync("plan");
        Assert.True(plan is { ExitCode: 2, Error: "" }, plan.ToString());
    }

    [Fact]
    public async Task Another_project_is_refused_before_anything_is_done()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var foreign = await lab.CreateProjectAsync();
        using var folder = await OpenAsync(project, Shared, "restricted=true");

        var up = await folder.RunAsync("up", "--project", foreign.Name);

        Assert.Equal((1, ""), (up.ExitCode, up.Output));
        Assert.EndsWith(
            $"for project \"{foreign.Name}\". theirs ({lab.Lab.HttpsAddress}) does not allow this client to do so: use a project it may use, or ask the server's administrator\n",
            up.Error, StringComparison.Ordinal);
        Assert.Empty(await foreign.Client.StorageVolumes.ListAsync("default"));
    }

    public void Dispose() => _configuration.Delete(recursive: true);

    /// <summary>A folder whose user has a configuration of their own with one remote, "theirs", as Incus's own client would leave it.</summary>
    private async Task<CliFolder> OpenAsync(TestProject project, string images, params string[] settings)
    {
        await lab.Lab.IncusAsync(["project", "set", project.Name, images, .. settings]);
        if (images == Own)
            await lab.Lab.IncusAsync("image", "copy", "local:" + LabFixture.Image, "local:", "--target-project", project.Name, "--copy-aliases", "--quiet");
        var user = ClientConfiguration.Default(new IncusEnvironment(name => name == "INCUS_CONF" ? _configuration.FullName : null));
        var token = await lab.Client.Certificates.CreateTokenAsync("theirs-" + project.Name, [project.Name]);
        var trust = await IncusClient.TrustAsync(token, user.GetOrCreateClientCertificate());
        user.StoreServerCertificate("theirs", trust.ServerCertificate);
        await File.WriteAllTextAsync(
            Path.Combine(_configuration.FullName, "config.yml"),
            $"default-remote: theirs\nremotes:\n  theirs:\n    addr: {lab.Lab.HttpsAddress}\n    auth_type: tls\n    project: {project.Name}\n    protocol: incus\n    public: false\naliases: {{}}\n");
        var folder = new CliFolder(lab, project, Stack);
        folder.Environment["INCUS_CONF"] = _configuration.FullName;
        folder.Environment["INCUS_SOCKET"] = null;
        folder.Environment["INCUS_DIR"] = null;
        folder.Environment["INCUS_PROJECT"] = null;
        return folder;
    }

    private static async Task<string> TryGetAsync(HttpClient web, string address)
    {
        try
        {
            return await web.GetStringAsync(address);
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }

    /// <summary>What is in the default project, where the certificate is not good.</summary>
    private async Task<string> OutsideAsync() => string.Join('\n',
        string.Join(' ', (await lab.Client.Instances.ListAsync()).Select(instance => instance.Name).Order(StringComparer.Ordinal)),
        string.Join(' ', (await lab.Client.Profiles.ListAsync()).Select(profile => profile.Name).Order(StringComparer.Ordinal)),
        string.Join(' ', (await lab.Client.StorageVolumes.ListAsync("default")).Select(volume => volume.Name).Order(StringComparer.Ordinal)));
}
