using IncusCompose.Checkpoints;
using IncusCompose.Hooks;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Checkpoints;

[Collection(TakingBackLabCollection.Name)]
public sealed class QuiesceTests(LabFixture lab)
{
    [Fact]
    public async Task Hooks_bring_the_set_into_order_before_it_is_frozen_and_let_it_go_on_afterwards()
    {
        await using var stack = await SmallStack.UpAsync(lab, "cphook", """
              cphook-web: { image: busybox, depends_on: [cphook-db], hooks: { pre_checkpoint: "echo pre web", post_checkpoint: "echo post web" } }
              cphook-mid: { image: busybox, depends_on: [cphook-db] }
              cphook-db:
                image: busybox
                hooks: { pre_checkpoint: "echo pre db; echo prepared >/state", post_checkpoint: "echo post db; echo live >/state" }
              cphook-off: { image: busybox, hooks: { pre_checkpoint: "echo never" } }
            """);
        await stack.IncusAsync("stop", "--force", "cphook-off");
        var events = new Events();

        await stack.TakeAsync("held", new CheckpointOptions { Quiesce = true }, events);

        Assert.Equal(
            [
                "cphook-web pre_checkpoint: pre web", "cphook-db pre_checkpoint: pre db",
                "cphook-db freezing", "cphook-mid freezing", "cphook-web freezing",
                "cphook-db snapshot", "cphook-mid snapshot", "cphook-off snapshot", "cphook-web snapshot",
                "cphook-db post_checkpoint: post db", "cphook-web post_checkpoint: post web",
                "cphook-db copy", "cphook-mid copy", "cphook-off copy", "cphook-web copy",
            ],
            events.Sorted("freezing", "snapshot", "copy"));
        Assert.Equal("live", await stack.ShellAsync("cphook-db", "cat /state"));
        await stack.RestoreAsync("held");
        Assert.Equal("prepared", await stack.ShellAsync("cphook-db", "cat /state"));
        Assert.Equal("Stopped", (await stack.Client.Instances.GetAsync("cphook-off")).Value.Status);

        // Without it nothing is run.
        events = new Events();
        await stack.TakeAsync("plain", progress: events);
        Assert.DoesNotContain(events.Sorted(), line => line.Contains("checkpoint:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hook_that_fails_before_takes_no_checkpoint_and_one_that_fails_afterwards_leaves_it()
    {
        await using var stack = await SmallStack.UpAsync(lab, "cpfail", """
              cpfail-one:
                image: busybox
                hooks: { pre_checkpoint: "test -e /good", post_checkpoint: "echo after >>/log; test -e /better" }
              cpfail-two: { image: busybox }
            """);
        var before = await stack.NamesAsync();

        var error = await Assert.ThrowsAsync<CheckpointException>(() => stack.TakeAsync("held", new CheckpointOptions { Quiesce = true }));

        Assert.Equal(
            "The checkpoint \"held\" was not taken: instance/cpfail-one: the hook pre_checkpoint failed at step 1: test ended with exit status 1, without output. What was begun was taken back."
            + " instance/cpfail-one: the hook post_checkpoint failed at step 1: echo ended with exit status 1, without output.",
            error.Message);
        Assert.Equal(before, await stack.NamesAsync());
        Assert.Equal("after", await stack.ShellAsync("cpfail-one", "cat /log"));

        await stack.ShellAsync("cpfail-one", "touch /good");
        error = await Assert.ThrowsAsync<CheckpointException>(() => stack.TakeAsync("held", new CheckpointOptions { Quiesce = true }));
        Assert.Equal(
            "The checkpoint \"held\" was taken. instance/cpfail-one: the hook post_checkpoint failed at step 1: echo ended with exit status 1, without output.", error.Message);
        Assert.True(Assert.Single(await stack.ListAsync()) is { IsComplete: true, IsQuiesced: true, IsLive: true });
    }

    [Fact]
    public async Task Commands_on_this_machine_need_leave()
    {
        using var folder = new TemporaryFolder();
        await using var stack = await SmallStack.UpAsync(lab, "cphost", """
              cphost-one: { image: busybox, hooks: { post_checkpoint: { host: "echo $$INCUS_COMPOSE_INSTANCE $$INCUS_COMPOSE_HOOK >told" } } }
            """);
        var before = await stack.NamesAsync();

        var error = await Assert.ThrowsAsync<CheckpointException>(() => stack.TakeAsync("held", new CheckpointOptions { Quiesce = true }));

        Assert.Equal(
            "instance/cphost-one: its hook post_checkpoint would run commands on this machine; allow it with -AllowHostHooks (--allow-host-hooks).", error.Message);
        Assert.Equal(before, await stack.NamesAsync());
        await stack.TakeAsync("held", new CheckpointOptions { Quiesce = true, HostHooks = new HostHooks(folder.Path) });
        Assert.Equal("cphost-one post_checkpoint\n", await File.ReadAllTextAsync(Path.Combine(folder.Path, "told")));
    }

    [Fact]
    public async Task A_checkpoint_that_is_stopped_while_a_hook_runs_leaves_nothing_and_lets_all_go_on()
    {
        await using var stack = await SmallStack.UpAsync(lab, "cpstop", """
              cpstop-one: { image: busybox, hooks: { pre_checkpoint: "echo waiting; sleep 600", post_checkpoint: "echo after >/log" } }
            """);
        var before = await stack.NamesAsync();
        using var cancellation = new CancellationTokenSource();
        var events = new Events { On = line => { if (line.EndsWith("waiting", StringComparison.Ordinal)) cancellation.Cancel(); } };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stack.TakeAsync("held", new CheckpointOptions { Quiesce = true }, events, cancellation.Token));

        Assert.Equal(before, await stack.NamesAsync());
        Assert.Equal("after", await stack.ShellAsync("cpstop-one", "cat /log"));
    }

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("incus-compose-test-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
