using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;
using IncusCompose.Transactions;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>Whoever dies in the middle of a transaction: what was before is still there, is named, and can be gone back to.</summary>
[Collection(CrashLabCollection.Name)]
public sealed class KilledTransactionTests(CrashLabFixture fixture) : IAsyncLifetime
{
    private const string Name = "killtx";

    private static readonly PlanOptions Allowed = new() { AllowRestart = true, AllowReplace = true, Prune = true, RemoveVolumes = true };

    private StackWorkbench _bench = null!;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public async Task DisposeAsync()
    {
        foreach (var checkpoint in await _bench.Engine.GetCheckpointsAsync(_bench.Client, Name))
            await _bench.Engine.RemoveCheckpointAsync(_bench.Client, checkpoint);
        await _bench.DownAsync(Name, new RemovalOptions { RemoveVolumes = true });
        await _bench.DisposeAsync();
    }

    private static string Stack(string mode, string more = "") => $$"""
        name: {{Name}}
        volumes: { killtx-data: {} }
        instances:
          killtx-db: { image: busybox, volumes: ["killtx-data:/data"], environment: { MODE: {{mode}} } }
          killtx-web: { image: busybox, depends_on: [killtx-db], environment: { MODE: {{mode}} } }
        {{more}}
        """;

    private static string Changed => Stack("two", "  killtx-new: { image: busybox, depends_on: [killtx-web], healthcheck: { test: \"false\", interval: 1s, retries: 100 } }");

    [Fact]
    public async Task After_the_daemon_was_killed_the_result_says_what_is_left_and_how_to_go_back()
    {
        var before = await UpAsync();
        var killed = 0;
        var result = await _bench.Engine.ApplyAsync(
            _bench.Client,
            await _bench.PlanAsync(Changed, Allowed),
            new ApplyOptions { Checkpoint = true, StopTimeout = TimeSpan.Zero },
            new Relay<ApplyEvent>(happened =>
            {
                if (happened is { Kind: ApplyEventKind.Started, Change.Name: "killtx-web" } && Interlocked.Exchange(ref killed, 1) == 0)
                    fixture.Lab.KillAsync().GetAwaiter().GetResult();
            }));

        var transaction = result.Transaction!;
        Assert.Equal((TransactionOutcome.RollbackFailed, true), (transaction.Outcome, transaction.IsCheckpointLeft));
        Assert.Contains("Begun, and not put back: instance/killtx-db, instance/killtx-web", transaction.Message, StringComparison.Ordinal);
        Assert.Contains($"checkpoint restore {transaction.Checkpoint} --prune --remove-volumes", transaction.Message, StringComparison.Ordinal);
        await fixture.Lab.RestartAsync();
        await GoBackAsync(before, transaction.Checkpoint);
    }

    [Fact]
    public async Task After_the_client_was_killed_the_next_plan_names_the_checkpoint_that_goes_back()
    {
        var before = await UpAsync();
        _bench.Load(Changed);
        using (var up = UpProcess.Start(fixture.Lab, _bench.File, "--allow-restart", "--checkpoint"))
        {
            await up.ToldAsync("killtx-new  waiting for healthy");
            await up.KillAsync();
        }

        var left = Assert.Single(await _bench.Engine.GetCheckpointsAsync(_bench.Client, Name));
        await GoBackAsync(before, left.Name);
    }

    [Fact]
    public async Task A_command_that_fails_ends_with_3_and_one_that_is_cancelled_with_130_and_both_put_everything_back()
    {
        var before = await UpAsync();
        _bench.Load(Changed);
        using (var cancelled = UpProcess.Start(fixture.Lab, _bench.File, "--allow-restart", "--checkpoint"))
        {
            await cancelled.ToldAsync("killtx-new  waiting for healthy");
            await cancelled.CancelAsync();
            var (exitCode, text, _) = await cancelled.EndAsync();
            Assert.True(exitCode == 130, text);
        }

        Assert.Equal(before, await Inventory.TakeAsync(fixture.Lab));
        _bench.Load(Changed.Replace("retries: 100", "retries: 1", StringComparison.Ordinal));
        using (var failing = UpProcess.Start(fixture.Lab, _bench.File, "--allow-restart", "--checkpoint"))
        {
            var (exitCode, text, _) = await failing.EndAsync();
            Assert.True(exitCode == 3, text);
        }

        Assert.Equal(before, await Inventory.TakeAsync(fixture.Lab));
        Assert.Empty(await _bench.Engine.GetCheckpointsAsync(_bench.Client, Name));
    }

    private async Task<string> UpAsync()
    {
        await _bench.UpAsync(Stack("one"), Allowed);
        await _bench.ShellAsync("killtx-db", "echo kept >/data/file; echo kept >/root-file");
        return await Inventory.TakeAsync(fixture.Lab);
    }

    private async Task GoBackAsync(string before, string checkpoint)
    {
        var left = Assert.Single(await _bench.Engine.GetCheckpointsAsync(_bench.Client, Name));
        Assert.True(left is { IsOfApply: true, IsComplete: true } && left.Name == checkpoint);
        var warning = Assert.Single((await _bench.PlanAsync(Stack("one"), Allowed)).Diagnostics, diagnostic => diagnostic.Id == "ApplyNotEnded");
        Assert.Contains($"checkpoint restore {checkpoint} --prune --remove-volumes", warning.ToString(), StringComparison.Ordinal);

        var options = new RestoreOptions { Prune = true, RemoveVolumes = true };
        var restored = await _bench.Engine.RestoreCheckpointAsync(_bench.Client, await _bench.Engine.CompareCheckpointAsync(_bench.Client, left, options), options);
        Assert.True(restored.Succeeded, string.Join("\n", restored.Steps.Select(step => $"{step.Step} {step.Outcome} {step.Message}")));
        await _bench.Engine.RemoveCheckpointAsync(_bench.Client, left);
        Assert.Equal(before, await Inventory.TakeAsync(fixture.Lab));
        Assert.Equal("kept kept", await _bench.ShellAsync("killtx-db", "echo $(cat /data/file) $(cat /root-file)"));
        var plan = await _bench.PlanAsync(Stack("one"), Allowed);
        Assert.Empty(plan.Changes);
        Assert.DoesNotContain(plan.Diagnostics, diagnostic => diagnostic.Id == "ApplyNotEnded");
    }

    private sealed class Relay<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
