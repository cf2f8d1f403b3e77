using System.Collections.Concurrent;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Client;

/// <summary>What becomes of those who wait when connections break or the daemon dies.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class InterruptionTests(LabFixture lab) : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("incus-relay-");
    private TestProject project = null!;
    private Relay relay = null!;
    private IncusClient connection = null!;

    private InstanceApi Instances => connection.ForProject(project.Name).Instances;

    public async Task InitializeAsync()
    {
        project = await lab.CreateProjectAsync();
        var path = Path.Combine(folder.FullName, "s");
        relay = Relay.Unix(path, lab.Lab.Socket);
        connection = await IncusClient.ConnectAsync(ConnectionOptions.Unix(path) with { ReconnectTimeout = TimeSpan.FromSeconds(12) });
    }

    public async Task DisposeAsync()
    {
        await connection.DisposeAsync();
        await relay.DisposeAsync();
        folder.Delete(recursive: true);
        await project.DisposeAsync();
    }

    [Fact]
    public async Task An_operation_that_ends_while_the_websocket_is_away_is_read_again()
    {
        await LaunchStubbornAsync("stub1");
        var stop = await Instances.StopAsync("stub1", TimeSpan.FromSeconds(3));
        var waiting = stop.WaitAsync();
        relay.Cut();
        // The operation fails (its time is over) while nobody hears of it; the server remembers it for five seconds.
        await WaitForEndAsync(stop.Id);
        relay.Restore();

        var failure = await Assert.ThrowsAsync<IncusOperationException>(() => waiting).WaitAsync(Limit);
        Assert.Equal(stop.Id, failure.Operation);
    }

    [Fact]
    public async Task An_operation_that_the_server_has_forgotten_is_lost()
    {
        await LaunchStubbornAsync("stub2");
        var stop = await Instances.StopAsync("stub2", TimeSpan.FromSeconds(1));
        var waiting = stop.WaitAsync();
        relay.Cut();
        await Eventually.GetAsync(async () => (await ProjectOperationsAsync()).All(o => o.Id != stop.Id), static gone => gone);
        relay.Restore();

        var lost = await Assert.ThrowsAsync<OperationLostException>(() => waiting).WaitAsync(Limit);
        Assert.Equal(stop.Id, lost.Operation);
        Assert.Contains("Read the resource again", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waits_go_on_over_a_broken_websocket_and_listeners_are_told()
    {
        await LaunchStubbornAsync("stub3");
        var seen = new ConcurrentQueue<string>();
        using var stopReading = new CancellationTokenSource();
        var reconnected = await connection.Events.ExpectAsync(static e => e.Type == EventTypes.Reconnected);
        var running = Enumerable.Range(0, 5).Select(n => Instances.CreateAsync(new InstanceCreate { Name = $"e{n}", Source = InstanceSource.Empty() })).ToList();
        var stop = await Instances.StopAsync("stub3", TimeSpan.FromSeconds(2));
        var waiting = stop.WaitAsync();

        relay.BreakConnections();

        await reconnected.WaitAsync(Limit);
        await Assert.ThrowsAsync<IncusOperationException>(() => waiting).WaitAsync(Limit);
        foreach (var creation in running)
        {
            try
            {
                await (await creation).WaitAsync().WaitAsync(Limit);
            }
            catch (IncusUnreachableException exception)
            {
                // Its own request was on a connection that broke.
                Assert.Equal(UnreachableReason.ConnectionLost, exception.Reason);
            }
        }
    }

    [Fact]
    public async Task Who_waits_is_told_when_the_server_stays_away_and_later_work_goes_on()
    {
        await LaunchStubbornAsync("stub4");
        var stop = await Instances.StopAsync("stub4", TimeSpan.FromSeconds(60));
        var waiting = stop.WaitAsync();
        relay.Cut();

        var lost = await Assert.ThrowsAsync<OperationLostException>(() => waiting).WaitAsync(Limit);
        Assert.IsType<IncusUnreachableException>(lost.InnerException);
        await Assert.ThrowsAsync<IncusUnreachableException>(() => Instances.ListAsync());

        relay.Restore();
        await Instances.CreateAsync(new InstanceCreate { Name = "after", Source = InstanceSource.Empty() }).CompleteAsync().WaitAsync(Limit);
        await project.Client.Instances.StopAsync("stub4", force: true).CompleteAsync();
    }

    [Fact]
    public async Task Without_websocket_a_wait_survives_a_broken_connection_too()
    {
        await LaunchStubbornAsync("stub5");
        await using var plain = await IncusClient.ConnectAsync(
            ConnectionOptions.Unix(Path.Combine(folder.FullName, "s")) with { UseEvents = false });
        var stop = await plain.ForProject(project.Name).Instances.StopAsync("stub5", TimeSpan.FromSeconds(3));
        var waiting = stop.WaitAsync();
        relay.BreakConnections();
        var failure = await Assert.ThrowsAsync<IncusOperationException>(() => waiting).WaitAsync(Limit);
        Assert.Equal(stop.Id, failure.Operation);
    }

    [Fact]
    public async Task A_client_that_may_not_hear_all_projects_hears_its_own_and_asks_in_others()
    {
        relay.Forbid("GET /1.0/events?all-projects=true");
        var before = connection.RequestCount;
        await Instances.CreateAsync(new InstanceCreate { Name = "scoped", Source = InstanceSource.Empty() }).CompleteAsync().WaitAsync(Limit);
        // Two tries of the websocket, one request.
        Assert.Equal(3, connection.RequestCount - before);

        await using var other = await lab.CreateProjectAsync();
        before = connection.RequestCount;
        await connection.ForProject(other.Name).Instances.CreateAsync(new InstanceCreate { Name = "asked", Source = InstanceSource.Empty() })
            .CompleteAsync().WaitAsync(Limit);
        Assert.InRange(connection.RequestCount - before, 2, 3);
    }

    [Fact]
    public async Task A_client_that_may_hear_nothing_asks()
    {
        relay.Forbid("GET /1.0/events");
        Assert.False(await connection.Events.EnsureOpenAsync());
        await Instances.CreateAsync(new InstanceCreate { Name = "deaf", Source = InstanceSource.Empty() }).CompleteAsync().WaitAsync(Limit);
        var refused = await Assert.ThrowsAsync<IncusException>(() => connection.Events.ExpectAsync(static _ => true));
        Assert.Contains("no events", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelled_requests_leave_nothing_behind_that_keeps_others_from_the_daemon()
    {
        await using var hasty = await lab.Lab.ConnectAsync();
        await using var other = await lab.Lab.ConnectAsync();
        var cancelled = 0;
        for (var round = 0; round < 20; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async n =>
            {
                using var cancel = new CancellationTokenSource();
                var request = hasty.Profiles.ListAsync(cancel.Token);
                Thread.SpinWait(n * round * 20);
                await cancel.CancelAsync();
                try
                {
                    await request;
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref cancelled);
                }
            }));
            Assert.NotEmpty(await other.Profiles.ListAsync().WaitAsync(Limit));
        }
        Assert.NotEqual(0, cancelled);
    }

    [Fact]
    public async Task Cancelling_the_wait_cancels_the_operation_where_the_server_can()
    {
        // The server fetches an image through a relay that lets nothing pass: it would wait for a long time.
        var address = new Uri(lab.Lab.HttpsAddress);
        await using var stalled = Relay.Tcp(address.Port);
        var certificate = await File.ReadAllTextAsync(lab.Lab.Environment["LAB_SERVER_CERT"]);
        stalled.Stall();
        var images = connection.Images;
        var copy = await images.CopyFromAsync(new ImageCopy
        {
            Server = $"https://127.0.0.1:{stalled.Port}",
            Protocol = "incus",
            Alias = "anything",
            Certificate = certificate,
        });
        using var cancel = new CancellationTokenSource();
        var waiting = copy.WaitAsync(null, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting).WaitAsync(TimeSpan.FromSeconds(10));

        // A token is an operation that waits for its use, and can be taken back.
        await lab.Client.Certificates.CreateTokenAsync("taken-back");
        var info = (await lab.Client.Operations.ListAsync()).Single(static o => o.Class == "token" && !o.IsFinal && o.Metadata!.Value.GetProperty("request").GetProperty("name").GetString() == "taken-back");
        Assert.True(info.MayCancel);
        var token = await lab.Client.Operations.AttachAsync(info.Id);
        using var second = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => token.WaitAsync(null, second.Token));
        await Eventually.GetAsync(
            async () => (await lab.Client.Operations.ListAsync()).SingleOrDefault(o => o.Id == info.Id)?.StatusCode,
            static status => status is null or StatusCode.Cancelled);
    }

    [Fact]
    public async Task A_daemon_that_is_killed_and_comes_back_leaves_no_one_waiting()
    {
        await using var own = await Lab.Lab.StartAsync($"kill{System.Environment.ProcessId}");
        await using var client = await IncusClient.ConnectAsync(ConnectionOptions.Unix(own.Socket));
        await client.Instances.CreateAsync(new InstanceCreate
        {
            Name = "stub",
            Source = InstanceSource.FromAlias(LabFixture.Image),
            Config = Stubborn,
            Start = true,
        }).CompleteAsync();
        var reconnected = await client.Events.ExpectAsync(static e => e.Type == EventTypes.Reconnected);
        var waits = (await Task.WhenAll(Enumerable.Range(0, 3).Select(async _ =>
            await client.Instances.StopAsync("stub", TimeSpan.FromSeconds(60))))).Select(static o => o.WaitAsync()).ToList();

        await own.KillAsync();
        var unreachable = await Assert.ThrowsAsync<IncusUnreachableException>(() => client.Instances.ListAsync());
        Assert.Equal(UnreachableReason.NotRunning, unreachable.Reason);
        await own.RestartAsync();

        foreach (var wait in waits)
            await Assert.ThrowsAsync<OperationLostException>(() => wait).WaitAsync(Limit);
        await reconnected.WaitAsync(Limit);
        await client.Instances.StopAsync("stub", force: true).CompleteAsync().WaitAsync(Limit);
        Assert.Equal("Stopped", (await client.Instances.GetAsync("stub")).Value.Status);
    }

    /// <summary>A container that is not impressed by a request to stop.</summary>
    private static Dictionary<string, string> Stubborn => new() { ["raw.lxc"] = "lxc.signal.halt = SIGWINCH" };

    private Task LaunchStubbornAsync(string name) => project.Client.Instances.CreateAsync(new InstanceCreate
    {
        Name = name,
        Source = InstanceSource.FromAlias(LabFixture.Image),
        Config = Stubborn,
        Start = true,
    }).CompleteAsync();

    private Task<IReadOnlyList<OperationInfo>> ProjectOperationsAsync() => project.Client.Operations.ListAsync();

    private Task WaitForEndAsync(string id) =>
        Eventually.GetAsync(() => project.Client.Operations.GetAsync(id), static info => info.IsFinal);
}
