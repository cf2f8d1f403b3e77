using System.Text;
using System.Text.Json;

namespace Incus.Client.Tests;

/// <summary>Reports of operations come out of order, twice, or before anybody waits.</summary>
public sealed class OperationStateTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_late_running_does_not_overwrite_success()
    {
        var state = new OperationState(Report(StatusCode.Running, 0));
        state.Apply(Report(StatusCode.Success, 5));
        state.Apply(Report(StatusCode.Running, 9));
        state.Apply(Report(StatusCode.Failure, 9));
        Assert.Equal(StatusCode.Success, state.Info.StatusCode);
    }

    [Fact]
    public void Of_two_reports_under_way_the_later_stands_and_an_end_always_does()
    {
        var state = new OperationState(Report(StatusCode.Pending, 0));
        state.Apply(Report(StatusCode.Running, 5, """{"download_progress":"rootfs: 50%"}"""));
        Assert.Empty(state.Apply(Report(StatusCode.Running, 3, """{"download_progress":"rootfs: 30%"}""")));
        Assert.Equal(Start.AddSeconds(5), state.Info.UpdatedAt);
        state.Apply(Report(StatusCode.Failure, 4));
        Assert.Equal(StatusCode.Failure, state.Info.StatusCode);
    }

    [Fact]
    public void Progress_is_reported_when_it_changes()
    {
        var state = new OperationState(Report(StatusCode.Running, 0));
        Assert.Single(state.Apply(Report(StatusCode.Running, 1, """{"download_progress":"rootfs: 50%"}""")));
        Assert.Empty(state.Apply(Report(StatusCode.Running, 2, """{"download_progress":"rootfs: 50%"}""")));
        var news = state.Apply(Report(StatusCode.Running, 3, """{"download_progress":"rootfs: 50%","create_progress":"Unpack: 1%"}"""));
        Assert.Equal("create", Assert.Single(news).Stage);
    }

    [Fact]
    public void The_cache_of_ended_operations_keeps_the_first_end_and_forgets_the_oldest()
    {
        var finals = new FinalOperations(capacity: 2);
        finals.Add(Report(StatusCode.Success, 1) with { Id = "a" });
        finals.Add(Report(StatusCode.Failure, 2) with { Id = "a" });
        Assert.Equal(StatusCode.Success, finals.Find("a")!.StatusCode);
        finals.Add(Report(StatusCode.Success, 1) with { Id = "b" });
        finals.Add(Report(StatusCode.Success, 1) with { Id = "c" });
        Assert.Null(finals.Find("a"));
        Assert.NotNull(finals.Find("b"));
        Assert.NotNull(finals.Find("c"));
    }

    [Theory]
    [InlineData("rootfs: 45% (12.30MB/s)", 45, null, 12_300_000L)]
    [InlineData("Unpacking image: 100% (45.80MB/s)", 100, null, 45_800_000L)]
    [InlineData("Image pack: 3.20GB (80.11MB/s)", null, 3_200_000_000L, 80_110_000L)]
    [InlineData("3.00GB (512B/s)", null, 3_000_000_000L, 512L)]
    [InlineData("fs: 12.50kB/s", null, null, 12_500L)]
    [InlineData("Remapping container filesystem", null, null, null)]
    [InlineData("metadata: 100% (1.00GiB/s)", 100, null, 1_073_741_824L)]
    [InlineData("", null, null, null)]
    public void Progress_texts_are_understood(string text, int? percent, long? processed, long? speed)
    {
        var progress = ProgressParser.ParseText("op", "stage", text);
        Assert.Equal(new OperationProgress("op", "stage", text, percent, processed, speed), progress);
    }

    [Fact]
    public void The_exact_numbers_of_a_stage_win_over_its_text()
    {
        var report = Report(StatusCode.Running, 1, """
            {"create_instance_from_image_unpack_progress":"Unpacking image: 12% (45.80MB/s)","other_progress":"x: 3%",
             "progress":{"percent":"12","speed":"45803152","processed":"77","stage":"create_instance_from_image_unpack"},"fds":{"0":"secret"}}
            """);
        var all = ProgressParser.Parse(report).ToList();
        Assert.Equal(2, all.Count);
        Assert.Equal(new OperationProgress("op", "create_instance_from_image_unpack", "Unpacking image: 12% (45.80MB/s)", 12, 77, 45803152), all[0]);
        Assert.Equal((3, null), (all[1].Percent, all[1].BytesPerSecond));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"progress":"text","x_progress":5}""")]
    public void Strange_metadata_is_no_progress(string metadata) => Assert.Empty(ProgressParser.Parse(Report(StatusCode.Running, 1, metadata)));

    [Fact]
    public async Task Events_reach_watches_and_listeners_and_rubbish_does_no_harm()
    {
        // Without a daemon: what the websocket would have read is handed in.
        var options = ConnectionOptions.Unix("/none");
        await using var connection = IncusConnection.Unopened(options, options.Addresses[0]);
        await using var events = new EventSocket(connection);
        var lifecycle = events.Listen([EventTypes.Lifecycle]);
        var all = events.Listen(null);
        events.Dispatch("rubbish"u8);
        events.Dispatch("null"u8);
        events.Dispatch("""{"type":"operation","metadata":{"id":"a","status_code":200}}"""u8);
        events.Dispatch("""{"type":"lifecycle","project":"p","metadata":{"action":"instance-created","name":"web"}}"""u8);
        Assert.Equal(StatusCode.Success, events.FindFinal("a")!.StatusCode);
        Assert.True(lifecycle.Events.TryRead(out var item));
        Assert.Equal(("instance-created", "web", "p"), (item.Lifecycle!.Action, item.Lifecycle.Name, item.Project));
        Assert.Equal(2, all.Events.Count);
    }

    [Fact]
    public void A_listener_that_is_too_slow_is_told_that_it_missed_events()
    {
        var listener = new EventSocket.Listener(null, capacity: 2);
        for (var n = 0; n < 5; n++)
            listener.Send(new IncusEvent { Type = EventTypes.Lifecycle });
        Assert.True(listener.Events.TryRead(out _));
        Assert.True(listener.Events.TryRead(out _));
        listener.Send(new IncusEvent { Type = EventTypes.Lifecycle });
        Assert.True(listener.Events.TryRead(out var first));
        Assert.Equal(EventTypes.Reconnected, first.Type);
        Assert.True(listener.Events.TryRead(out var second));
        Assert.Equal(EventTypes.Lifecycle, second.Type);
    }

    private static OperationInfo Report(StatusCode status, int second, string? metadata = null) => new()
    {
        Id = "op",
        StatusCode = status,
        UpdatedAt = Start.AddSeconds(second),
        Metadata = metadata is null ? null : JsonDocument.Parse(Encoding.UTF8.GetBytes(metadata)).RootElement,
    };
}
