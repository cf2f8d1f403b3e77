using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Transactions;
using IncusCompose.Planning;
using IncusCompose.Publishing;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Images from instances, and stacks that are made from them.</summary>
[Collection(LabCollection.Name)]
public sealed class PublishTests(LabFixture fixture) : IAsyncLifetime
{
    private const string Shop = """
        name: made
        instances:
          web: {image: busybox, description: serves}
        """;

    private StackWorkbench _bench = null!;

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(fixture.Lab);
        await _bench.UpAsync(Shop);
        await _bench.ShellAsync("web", "echo first >/srv/page; sync");
    }

    public async Task DisposeAsync()
    {
        foreach (var checkpoint in await _bench.Engine.GetCheckpointsAsync(_bench.Client))
            await _bench.Engine.RemoveCheckpointAsync(_bench.Client, checkpoint);
        foreach (var stack in await _bench.Engine.GetStacksAsync(_bench.Client))
            await _bench.DownAsync(stack.Name, new RemovalOptions { RemoveVolumes = true });
        foreach (var image in (await _bench.Client.Images.ListAsync()).Where(image => image.Aliases.All(alias => alias.Name != LabFixture.Image)))
            await _bench.Client.Images.DeleteAsync(image.Fingerprint).CompleteAsync();
        await _bench.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stack_is_made_from_the_image_of_a_checkpoint(bool isGone)
    {
        await _bench.Engine.TakeCheckpointAsync(_bench.Client, "made", new CheckpointOptions { Name = "good", KeepCopies = isGone });
        await _bench.ShellAsync("web", "echo later >/srv/page; sync");
        if (isGone)
            await _bench.DownAsync("made");

        var image = await PublishAsync(new PublishOptions
        {
            Instance = "web",
            Checkpoint = "good",
            Aliases = ["golden", "golden-1"],
            Properties = new Dictionary<string, string> { ["description"] = "Web server" },
        });

        Assert.Equal(["golden", "golden-1"], image.Aliases);
        Assert.Equal("web@good", image.Source);
        Assert.False(image.Existed);
        Assert.True(image.Size > 0);
        Assert.Equal("Web server", image.Properties["description"]);
        Assert.Equal((await _bench.Client.Images.GetByAliasAsync(LabFixture.Image)).Value.Properties["os"], image.Properties["os"]);
        Assert.DoesNotContain(image.Properties.Keys, key => key.StartsWith("user.incus-compose", StringComparison.Ordinal));
        var text = "name: copies\ninstances:\n  one: {image: golden}\n  two: {image: golden}\n";
        await _bench.UpAsync(text);
        Assert.Equal("first", await _bench.ShellAsync("one", "cat /srv/page"));
        Assert.Equal("first", await _bench.ShellAsync("two", "cat /srv/page"));
        Assert.Empty((await _bench.PlanAsync(text)).Changes);
        Assert.NotEqual((await _bench.InstanceAsync("one")).Config["volatile.eth0.hwaddr"], (await _bench.InstanceAsync("two")).Config["volatile.eth0.hwaddr"]);
    }

    [Fact]
    public async Task An_instance_that_runs_goes_on_while_an_image_is_made_of_it_and_aliases_are_moved_only_when_told()
    {
        var pid = await _bench.PidAsync("web");

        var first = await PublishAsync(new PublishOptions { Instance = "web", Aliases = ["golden"], Compression = "none" });

        Assert.Equal(pid, await _bench.PidAsync("web"));
        Assert.Empty(await _bench.Client.Instances.ListSnapshotsAsync("web"));
        await _bench.Client.Instances.CreateSnapshotAsync("web", "s1").CompleteAsync();
        await _bench.ShellAsync("web", "echo second >/srv/page; sync");
        var taken = await Assert.ThrowsAsync<PublishException>(() => PublishAsync(new PublishOptions { Instance = "web", Aliases = ["golden"] }));
        Assert.Equal($"There is an image golden already ({first.Fingerprint[..12]}). Choose another alias, or let it lead to the new image (-Force, --force).", taken.Message);
        var second = await PublishAsync(new PublishOptions { Instance = "web", Aliases = ["golden"], MoveAliases = true });
        Assert.NotEqual(first.Fingerprint, second.Fingerprint);
        Assert.Equal(second.Fingerprint, (await _bench.Client.Images.GetAliasAsync("golden")).Target);
        Assert.NotNull(await _bench.Client.Images.FindAsync(first.Fingerprint));
        await PublishAsync(new PublishOptions { Instance = "web", Snapshot = "s1", Aliases = ["of-s1"] });
        await _bench.UpAsync("name: copies\ninstances:\n  one: {image: golden}\n  two: {image: of-s1}\n");
        Assert.Equal("second", await _bench.ShellAsync("one", "cat /srv/page"));
        Assert.Equal("first", await _bench.ShellAsync("two", "cat /srv/page"));
    }

    [Theory]
    [InlineData("nosuch", null, null, null, "There is no instance \"nosuch\" in project default")]
    [InlineData("web", "s9", null, null, "Instance \"web\" has no snapshot \"s9\"; it has none at all")]
    [InlineData("web", null, "c9", null, "There is no checkpoint \"c9\" in project default; there are none at all")]
    [InlineData("web", null, "c9", "made", "Stack \"made\" has no checkpoint \"c9\"; it has none at all")]
    [InlineData("web", "s9", "c9", null, "Name a snapshot or a checkpoint, not both")]
    public async Task What_is_not_there_is_said_and_nothing_is_made(string instance, string? snapshot, string? checkpoint, string? stack, string message)
    {
        var before = (await _bench.Client.Images.ListAsync()).Count;

        var error = await Assert.ThrowsAnyAsync<Exception>(() => PublishAsync(
            new PublishOptions { Instance = instance, Snapshot = snapshot, Checkpoint = checkpoint, Stack = stack, Aliases = ["golden"] }));

        Assert.True(error is PublishException or CheckpointException);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(before, (await _bench.Client.Images.ListAsync()).Count);
    }

    [Fact]
    public async Task What_is_cancelled_leaves_no_snapshot_and_an_alias_of_a_remote_is_refused()
    {
        await Assert.ThrowsAsync<PublishException>(() => PublishAsync(new PublishOptions { Instance = "web", Aliases = ["images:web"] }));
        using var cancel = new CancellationTokenSource();
        var when = new Reporter(_ => cancel.Cancel());
        await _bench.ShellAsync("web", "head -c 30000000 /dev/urandom >/srv/large; sync");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _bench.Engine.PublishImageAsync(_bench.Client, new PublishOptions { Instance = "web", Aliases = ["golden"] }, when, cancel.Token));

        Assert.Empty(await _bench.Client.Instances.ListSnapshotsAsync("web"));
        Assert.Null(await _bench.Client.Images.FindAliasAsync("golden"));
        Assert.All(await _bench.Client.Images.ListAsync(), image => Assert.Equal(LabFixture.Image, Assert.Single(image.Aliases).Name));
    }

    [Fact]
    public async Task An_alias_that_somebody_takes_while_the_image_is_made_stays_theirs_and_the_image_is_named_in_the_error()
    {
        await using var relay = new FaultyRelay(fixture.Lab.Socket);
        var theirs = (await _bench.Client.Images.GetByAliasAsync(LabFixture.Image)).Value.Fingerprint;
        PublishException error;
        await using (var client = await relay.ConnectAsync())
        {
            var naming = relay.Hold($"POST /1.0/images/aliases?project={client.Project}");
            var publishing = _bench.Engine.PublishImageAsync(client, new PublishOptions { Instance = "web", Aliases = ["golden", "free"], Compression = "none" });
            Assert.Same(naming.Come, await Task.WhenAny(naming.Come, publishing));
            await _bench.Client.Images.CreateAliasAsync(new ImageAlias { Name = "golden", Target = theirs });
            try
            {
                await naming.PassOnAsync();
                error = await Assert.ThrowsAsync<PublishException>(() => publishing);

                Assert.Equal(theirs, (await _bench.Client.Images.GetAliasAsync("golden")).Target);
            }
            finally
            {
                await _bench.Client.Images.DeleteAliasAsync("golden");
            }
        }

        Assert.Equal(
            $"The image {error.Fingerprint} is made, but somebody has given the alias golden to another image ({theirs[..12]}) meanwhile. Name it with: incus image alias create NAME {error.Fingerprint![..12]}",
            error.Message);
        Assert.Equal(error.Fingerprint, (await _bench.Client.Images.GetAliasAsync("free")).Target);
        Assert.Empty(await _bench.Client.Instances.ListSnapshotsAsync("web"));
    }

    [Fact]
    public async Task An_image_is_not_lost_for_a_snapshot_that_cannot_be_deleted()
    {
        await using var relay = new FaultyRelay(fixture.Lab.Socket);
        await using (var client = await relay.ConnectAsync())
        {
            relay.Refuse("DELETE /1.0/instances/web/snapshots/");

            var image = await _bench.Engine.PublishImageAsync(client, new PublishOptions { Instance = "web", Aliases = ["golden"], Compression = "none" });

            var left = Assert.Single(await client.Instances.ListSnapshotsAsync("web")).Name;
            Assert.Equal(image.Fingerprint, (await client.Images.GetAliasAsync("golden")).Target);
            var warning = Assert.Single(image.Warnings);
            Assert.StartsWith($"The snapshot {left} of instance web, which the image was made from, could not be deleted: ", warning, StringComparison.Ordinal);
            Assert.EndsWith($". Delete it with: incus snapshot delete web {left}", warning, StringComparison.Ordinal);
        }
    }

    private Task<PublishedImage> PublishAsync(PublishOptions options) => _bench.Engine.PublishImageAsync(_bench.Client, options);

    private sealed class Reporter(Action<OperationProgress> report) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => report(value);
    }
}
