using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Oci;

/// <summary>Application images of a private registry on Incus 7, through the client.</summary>
[Collection(Incus7LabCollection.Name)]
public sealed class OciTests(Incus7Fixture fixture)
{
    [Incus7Fact]
    public async Task Applications_are_started_from_a_private_registry_and_find_each_other()
    {
        var registry = await fixture.Lab.RegistryAsync();
        Assert.True(fixture.Client.HasExtension("instance_oci"));
        await using var project = await fixture.CreateProjectAsync();
        await Task.WhenAll(LaunchAsync("kv"), LaunchAsync("web", ("environment.DATABASE", "kv:6379"), ("environment.GREETING", "Hello from an application")));

        var web = (await project.Client.Instances.GetAsync("web")).Value;
        Assert.Equal("true", web.Config["volatile.container.oci"]);
        Assert.Equal("httpd -f -p 80 -h /srv/hello", web.Config["oci.entrypoint"]);
        Assert.Equal("nc -ll -p 6379 -e /bin/kv", (await project.Client.Instances.GetAsync("kv")).Value.Config["oci.entrypoint"]);

        var page = await Eventually.GetAsync(() => ShellAsync("wget -q -O - http://127.0.0.1/cgi-bin/index.cgi"), text => text.Contains("Visit number 1,", StringComparison.Ordinal));
        Assert.Contains("Hello from an application", page, StringComparison.Ordinal);

        Assert.Equal("application\n", (await project.Client.Instances.ExecAsync("web", new ExecRequest
        {
            Command = ["/bin/sh", "-c", "echo $WORD"],
            Environment = new Dictionary<string, string> { ["WORD"] = "application" },
        })).StandardOutput);

        Task LaunchAsync(string name, params (string Key, string Value)[] config) => project.Client.Instances.CreateAsync(new InstanceCreate
        {
            Name = name,
            Source = new InstanceSource { Type = InstanceSourceTypes.Image, Protocol = "oci", Mode = "pull", Server = registry.Address, Alias = name },
            Config = config.ToDictionary(pair => pair.Key, pair => pair.Value),
            Start = true,
        }).CompleteAsync();

        async Task<string> ShellAsync(string command) =>
            (await project.Client.Instances.ExecAsync("web", new ExecRequest { Command = ["/bin/sh", "-c", command] })).StandardOutput ?? "";
    }

    [Incus7Fact]
    public async Task A_registry_that_wants_a_password_refuses_who_has_none_and_serves_who_has_it()
    {
        var registry = await fixture.Lab.RegistryAsync("someone", "a-secret-word");
        await using var project = await fixture.CreateProjectAsync();

        var error = await Assert.ThrowsAnyAsync<IncusException>(() => LaunchAsync("stranger", registry.Address));
        Assert.Contains("authentication required", error.Message, StringComparison.Ordinal);

        await LaunchAsync("guest", registry.AddressWithCredentials);
        Assert.Equal(StatusCode.Running, (await project.Client.Instances.GetStateAsync("guest")).StatusCode);

        Task LaunchAsync(string name, string server) => project.Client.Instances.CreateAsync(new InstanceCreate
        {
            Name = name,
            Source = new InstanceSource { Type = InstanceSourceTypes.Image, Protocol = "oci", Mode = "pull", Server = server, Alias = "kv:latest" },
            Start = true,
        }).CompleteAsync();
    }
}
