using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Requirements;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>What a stack asks of its server is known before anything happens.</summary>
[Collection(LabCollection.Name)]
public sealed class RequirementTests(LabFixture fixture) : IAsyncLifetime
{
    private StackWorkbench _bench = null!;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task A_key_that_the_server_does_not_know_is_refused_by_the_plan_where_it_stands()
    {
        var error = await Assert.ThrowsAsync<StackFileException>(() => _bench.PlanAsync("""
            name: unknown-key
            instances:
              web: {image: busybox, config: {limits.memmory: 64MiB}}
            """));

        Assert.Contains($"this server (Incus {_bench.Client.Server.Environment.ServerVersion}) has no configuration key `limits.memmory`; did you mean `limits.memory`?", error.Message, StringComparison.Ordinal);
        Assert.Contains(":3:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_the_server_is_too_old_for_is_refused_with_the_extension_and_its_release()
    {
        const string Text = """
            name: too-new
            instances:
              web:
                image: busybox
                config: {security.selinux.type: container_t}
            """;
        if (_bench.Client.HasExtension("instance_selinux"))
        {
            Assert.NotEmpty((await _bench.PlanAsync(Text)).Changes);
            return;
        }

        var error = await Assert.ThrowsAsync<StackFileException>(() => _bench.PlanAsync(Text));

        Assert.Contains(
            $"`security.selinux.type` needs the API extension \"instance_selinux\", which Incus {_bench.Client.Server.Environment.ServerVersion} does not have; use Incus 7.2 or later, or remove it",
            error.Message,
            StringComparison.Ordinal);
        Assert.Contains(":5:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_says_of_itself_is_known_here_too()
    {
        var metadata = await _bench.Client.Metadata.GetConfigurationAsync();
        foreach (var entity in (string[])["instance", "project"])
        {
            var known = ConfigCatalog.Of(entity)!;
            Assert.All(ConfigCatalog.Of(entity, metadata)!.Names, key => Assert.True(key.StartsWith("volatile.", StringComparison.Ordinal) || known.Find(key) is not null, key));
        }
    }
}
