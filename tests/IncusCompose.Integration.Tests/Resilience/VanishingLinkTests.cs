using Incus.Client;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>
/// The server looks at every link of the host to change a bridge, and fails where one vanishes meanwhile. In a lab with
/// links of its own, so that those of this test are nobody else's trouble.
/// </summary>
[Collection(CrashLabCollection.Name)]
public sealed class VanishingLinkTests(CrashLabFixture fixture)
{
    [Fact]
    public async Task Networks_are_made_changed_and_deleted_while_links_of_the_host_come_and_go()
    {
        await using var client = await fixture.Lab.ConnectAsync();
        var networks = client.Networks;
        // It ends by itself, whatever becomes of the test.
        var links = fixture.Lab.HostAsync("sh", "-c", "for i in $(seq 120); do ip link add come type veth peer go && ip link delete come; done");
        do
        {
            await networks.CreateAsync(new Network
            {
                Name = "amid",
                Type = "bridge",
                Config = new Dictionary<string, string> { ["ipv4.address"] = "none", ["ipv6.address"] = "none" },
            });
            await networks.UpdateAsync("amid", static n => n with { Description = "ours" });
            await networks.DeleteAsync("amid");
        }
        while (!links.IsCompleted);

        await links;
        Assert.Null(await networks.FindAsync("amid"));
    }
}
