using System.Collections.Concurrent;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Client;

[Collection(CommandLabCollection.Name)]
public sealed class InstanceTests(LabFixture lab)
{
    [Fact]
    public async Task An_instance_is_created_started_changed_stopped_renamed_and_deleted()
    {
        await using var project = await lab.CreateProjectAsync();
        var client = project.Client;

        var created = await client.Instances.CreateAsync(new InstanceCreate
        {
            Name = "web",
            Description = "first",
            Source = InstanceSource.FromAlias(LabFixture.Image),
            Config = new Dictionary<string, string> { ["user.color"] = "red" },
            Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["tmp"] = new Dictionary<string, string> { ["type"] = "disk", ["source"] = "/tmp", ["path"] = "/host" },
            },
            Start = true,
        }).CompleteAsync();
        Assert.Equal(StatusCode.Success, created.StatusCode);

        var web = (await client.Instances.GetAsync("web")).Value;
        Assert.Equal("Running", web.Status);
        Assert.Equal(StatusCode.Running, web.StatusCode);
        Assert.Equal(InstanceTypes.Container, web.Type);
        Assert.Equal("red", web.Config["user.color"]);
        Assert.Equal("/host", web.Devices["tmp"]["path"]);
        Assert.Equal(["default"], web.Profiles);
        Assert.True(web.ExpandedDevices.ContainsKey("root"));
        Assert.Equal(project.Name, web.Project);
        Assert.InRange(web.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));

        await client.Instances.UpdateAsync("web", instance => instance with
        {
            Description = "second",
            Config = new Dictionary<string, string>(instance.Config) { ["user.color"] = "blue" },
        }).CompleteAsync();
        web = (await client.Instances.GetAsync("web")).Value;
        Assert.Equal("second", web.Description);
        Assert.Equal("blue", web.Config["user.color"]);
        Assert.Equal("/host", web.Devices["tmp"]["path"]);
        Assert.Equal("Running", web.Status);

        await client.Instances.StopAsync("web", force: true).CompleteAsync();
        Assert.Equal(StatusCode.Stopped, (await client.Instances.GetStateAsync("web")).StatusCode);
        await client.Instances.RenameAsync("web", "web2").CompleteAsync();
        Assert.Null(await client.Instances.FindAsync("web"));
        Assert.NotNull(await client.Instances.FindAsync("web2"));
        await client.Instances.DeleteAsync("web2").CompleteAsync();
        Assert.Empty(await client.Instances.ListAsync());
    }

    [Fact]
    public async Task The_state_tells_addresses_and_processes_and_freezing_shows_in_it()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("web");
        var instances = project.Client.Instances;

        var state = await Eventually.GetAsync(
            () => instances.GetStateAsync("web"),
            static state => state.Network.TryGetValue("eth0", out var nic) && nic.Addresses.Any(static a => a is { Family: "inet", Scope: "global" }));
        Assert.True(state.Pid > 0);
        if (lab.Lab.CountsUsage)
        {
            Assert.True(state.Processes > 0);
            Assert.True(state.Memory.Usage > 0);
        }

        await instances.FreezeAsync("web").CompleteAsync();
        Assert.Equal(StatusCode.Frozen, (await instances.GetStateAsync("web")).StatusCode);
        await instances.UnfreezeAsync("web").CompleteAsync();
        await instances.RestartAsync("web", force: true).CompleteAsync();
        var full = Assert.Single(await instances.ListFullAsync());
        Assert.Equal(StatusCode.Running, full.State!.StatusCode);
    }

    [Fact]
    public async Task A_rebuild_gives_a_fresh_root_disk_and_keeps_the_configuration()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("web");
        var instances = project.Client.Instances;
        await instances.UpdateAsync("web", i => i with { Config = new Dictionary<string, string>(i.Config) { ["user.kept"] = "yes" } }).CompleteAsync();
        await instances.PushFileAsync("web", "/lost", new MemoryStream([1]));
        var mac = (await instances.GetAsync("web")).Value.Config["volatile.eth0.hwaddr"];
        await instances.StopAsync("web", force: true).CompleteAsync();

        await instances.RebuildAsync("web", InstanceSource.FromAlias(LabFixture.Image)).CompleteAsync();

        var web = (await instances.GetAsync("web")).Value;
        Assert.Equal("yes", web.Config["user.kept"]);
        Assert.Equal(mac, web.Config["volatile.eth0.hwaddr"]);
        await Assert.ThrowsAsync<IncusNotFoundException>(() => instances.PullFileAsync("web", "/lost", Stream.Null));
    }

    [Fact]
    public async Task A_taken_name_is_a_conflict_and_a_missing_one_is_not_found()
    {
        await using var project = await lab.CreateProjectAsync();
        var instances = project.Client.Instances;
        var create = new InstanceCreate { Name = "web", Source = InstanceSource.Empty() };
        await instances.CreateAsync(create).CompleteAsync();

        var conflict = await Assert.ThrowsAsync<IncusConflictException>(() => instances.CreateAsync(create).CompleteAsync());
        // Incus 7 refuses before it begins.
        Assert.Contains(lab.Lab.IncusVersion == 6 ? "Creating instance web: " : "POST /1.0/instances: ", conflict.Message, StringComparison.Ordinal);
        Assert.NotEmpty(conflict.ServerMessage!);

        var missing = await Assert.ThrowsAsync<IncusNotFoundException>(() => instances.GetAsync("nobody"));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal("GET /1.0/instances/nobody", missing.Request);
    }

    [Fact]
    public async Task An_operation_that_fails_says_why_and_of_what()
    {
        await using var project = await lab.CreateProjectAsync();
        var instances = project.Client.Instances;
        await instances.CreateAsync(new InstanceCreate { Name = "web", Source = InstanceSource.Empty() }).CompleteAsync();

        var failure = await Assert.ThrowsAsync<IncusOperationException>(() => instances.StopAsync("web", force: true).CompleteAsync());

        Assert.NotEmpty(failure.Operation!);
        Assert.NotEmpty(failure.ServerMessage!);
        Assert.StartsWith("Stopping instance web: ", failure.Message, StringComparison.Ordinal);
        Assert.Equal(400, (int)failure.StatusCode!);
    }

    [Fact]
    public async Task A_write_from_an_old_version_is_refused_and_a_read_modify_write_is_repeated()
    {
        await using var project = await lab.CreateProjectAsync();
        var instances = project.Client.Instances;
        await instances.CreateAsync(new InstanceCreate { Name = "web", Source = InstanceSource.Empty() }).CompleteAsync();
        var old = await instances.GetAsync("web");
        Assert.NotEmpty(old.ETag);
        await SetAsync("user.first", "1");

        await Assert.ThrowsAsync<IncusPreconditionFailedException>(() => instances.UpdateAsync("web", old.Value, old.ETag).CompleteAsync());

        // Somebody else writes between our read and our write, once.
        var interfered = false;
        await instances.UpdateAsync("web", current =>
        {
            if (!interfered)
            {
                interfered = true;
                SetAsync("user.theirs", "1").GetAwaiter().GetResult();
            }
            return With(current, "user.ours", "1");
        }).CompleteAsync();
        var config = (await instances.GetAsync("web")).Value.Config;
        Assert.Equal(("1", "1", "1"), (config["user.first"], config["user.theirs"], config["user.ours"]));

        Task SetAsync(string key, string value) => instances.UpdateAsync("web", current => With(current, key, value)).CompleteAsync();

        static Instance With(Instance instance, string key, string value) =>
            instance with { Config = new Dictionary<string, string>(instance.Config) { [key] = value } };
    }

    [Fact]
    public async Task Twenty_creations_at_once_make_one_request_each_and_one_websocket()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var connection = await lab.Lab.ConnectAsync();
        var client = connection.ForProject(project.Name);
        var before = client.RequestCount;

        await Task.WhenAll(Enumerable.Range(0, 20).Select(n => client.Instances.CreateAsync(new InstanceCreate
        {
            Name = $"c{n}",
            Source = InstanceSource.Empty(),
        }).CompleteAsync()));

        Assert.Equal(20 + 1, client.RequestCount - before);
        Assert.Equal(20, (await client.Instances.ListAsync()).Count);
    }

    [Fact]
    public async Task Without_the_websocket_operations_are_waited_for_by_requests()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var connection = await IncusClient.ConnectAsync(ConnectionOptions.Unix(lab.Lab.Socket) with { UseEvents = false });
        var client = connection.ForProject(project.Name);
        Assert.False(await client.Events.EnsureOpenAsync());

        var done = await client.Instances.CreateAsync(new InstanceCreate
        {
            Name = "web",
            Source = InstanceSource.FromAlias(LabFixture.Image),
            Start = true,
        }).CompleteAsync(new Progress<OperationProgress>());

        Assert.Equal(StatusCode.Success, done.StatusCode);
        Assert.Equal("Running", (await client.Instances.GetAsync("web")).Value.Status);
    }

    [Fact]
    public async Task Waiting_twice_and_after_the_end_works()
    {
        await using var project = await lab.CreateProjectAsync();
        var instances = project.Client.Instances;
        var operation = await instances.CreateAsync(new InstanceCreate { Name = "web", Source = InstanceSource.Empty() });
        var both = await Task.WhenAll(operation.WaitAsync(), operation.WaitAsync());
        Assert.All(both, static info => Assert.Equal(StatusCode.Success, info.StatusCode));
        Assert.Equal(StatusCode.Success, (await operation.WaitAsync()).StatusCode);
        Assert.True(operation.Info.IsFinal);
    }

    [Fact]
    public async Task Lifecycle_events_arrive_in_a_listener_and_an_expected_one_is_not_missed()
    {
        await using var project = await lab.CreateProjectAsync();
        var client = project.Client;
        var seen = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var expected = await client.Events.ExpectAsync(e =>
            e.Project == project.Name && e.Lifecycle is { Action: "instance-deleted", Name: "web" });
        var reading = Task.Run(async () =>
        {
            await foreach (var item in client.Events.ReadAsync([EventTypes.Lifecycle], stop.Token))
            {
                if (item.Project != project.Name)
                    continue;
                seen.Enqueue($"{item.Lifecycle!.Action} {item.Lifecycle.Name}");
                if (item.Lifecycle.Action == "instance-deleted")
                    return;
            }
        });
        await client.Instances.CreateAsync(new InstanceCreate { Name = "web", Source = InstanceSource.Empty() }).CompleteAsync();
        await client.Instances.DeleteAsync("web").CompleteAsync();

        Assert.Equal("web", (await expected.WaitAsync(TimeSpan.FromSeconds(20))).Lifecycle!.Name);
        await reading.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Contains("instance-created web", seen);
    }

    [Fact]
    public async Task The_console_log_of_a_container_can_be_read()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("web");
        Assert.NotNull(await project.Client.Instances.GetConsoleLogAsync("web"));
    }
}
