using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Transactions;
using Xunit.Abstractions;

namespace IncusCompose.Integration.Tests.Transactions;

/// <summary>An apply that loses its connection leaves everything as it was before, or as it should be, wherever that happens.</summary>
[Collection(LostRequestLabCollection.Name)]
public sealed partial class LostRequestTests(SecludedLabFixture lab, ITestOutputHelper output)
{
    // Each has a stack of its own, in a project of its own.
    private const int Workers = 4;

    private static readonly ApplyOptions Transactional = new() { Checkpoint = true, StopTimeout = TimeSpan.Zero, WaitTimeout = TimeSpan.FromSeconds(20) };

    private readonly ConcurrentQueue<(string Request, int Time, bool Afterwards)> _toLose = new();
    private int _lost;

    [Fact]
    public async Task Wherever_a_request_or_its_answer_is_lost_the_state_is_the_one_before()
    {
        var stacks = await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => ChangingStack.UpAsync(lab, "tx" + (char)('a' + worker), lab.Lab.Subnets[worker])));
        try
        {
            // What an apply asks for that loses nothing. What it does at once comes in another order each time.
            var requests = new List<string>();
            await using (var relay = new FaultyRelay(lab.Lab.Socket))
            {
                var result = await ApplyAsync(stacks[0], relay, null);
                Assert.True(result!.Succeeded, Text(result));
                requests.AddRange(relay.Changes.Select(request => Plain(stacks[0], request)));
            }

            Assert.Empty((await stacks[0].PlanAsync(stacks[0].Second())).Changes);
            await stacks[0].GoToFirstAsync();
            foreach (var afterwards in (bool[])[false, true])
            {
                foreach (var (request, count) in requests.CountBy(request => request))
                {
                    for (var time = 1; time <= count; time++)
                        _toLose.Enqueue((request, time, afterwards));
                }
            }

            var all = _toLose.Count;
            await Task.WhenAll(stacks.Select(LoseAsync));
            Assert.True(all > 60 && _lost > all * 9 / 10, $"of {all} requests {_lost} were lost");
        }
        finally
        {
            foreach (var stack in stacks)
                await stack.DisposeAsync();
        }
    }

    private async Task LoseAsync(ChangingStack stack)
    {
        await using var relay = new FaultyRelay(lab.Lab.Socket);
        var before = await stack.StateAsync();
        while (_toLose.TryDequeue(out var next))
        {
            relay.Lose(new LostRequest(request => Plain(stack, request) == next.Request, next.Time, next.Afterwards));
            var what = $"{(next.Afterwards ? "answer to " : "")}{next.Request} ({next.Time})";
            try
            {
                if (await IsBackAsync(stack, relay, before, what))
                    continue;
                await stack.GoToFirstAsync();
                before = await stack.StateAsync();
            }
            catch (Exception)
            {
                output.WriteLine($"FAILED {what}");
                // The others need not go on.
                _toLose.Clear();
                throw;
            }
        }
    }

    /// <returns>True where everything is as it was before, false where it is as it should become.</returns>
    private async Task<bool> IsBackAsync(ChangingStack stack, FaultyRelay relay, string before, string what)
    {
        ApplyResult? result = null;
        try
        {
            result = await ApplyAsync(stack, relay, what);
            output.WriteLine($"{what}: {(relay.Failed is null ? "did not come" : result.Transaction!.Outcome)} {result.Transaction!.Message} {Text(result)}");
        }
        catch (CheckpointException error)
        {
            // Before anything was changed: what was begun of the checkpoint was taken back.
            output.WriteLine($"{what}: {error.Message}");
        }

        if (relay.Failed is not null)
            Interlocked.Increment(ref _lost);
        var left = await stack.Bench.Engine.GetCheckpointsAsync(stack.Client);
        Assert.Equal(result?.Transaction?.IsCheckpointLeft == true, left.Count > 0);
        foreach (var checkpoint in left)
            await stack.Bench.Engine.RemoveCheckpointAsync(stack.Client, checkpoint);
        if (result?.Succeeded == true)
        {
            // What was lost was sent again, or had only to do with the checkpoint that nobody needs any more.
            Assert.Empty((await stack.PlanAsync(stack.Second())).Changes);
            return false;
        }

        Assert.NotNull(relay.Failed);
        Assert.True(result is null or { Transaction.Outcome: TransactionOutcome.RolledBack }, $"{what}: {result?.Transaction?.Message}");
        States.AssertSame(before, await stack.StateAsync(), what);
        return true;
    }

    /// <summary>Where an apply does not end, says what it was at: a run that is taken for hanging tells nothing.</summary>
    private async Task<ApplyResult> ApplyAsync(ChangingStack stack, FaultyRelay relay, string? what)
    {
        await using var client = await relay.ConnectAsync();
        var plan = await stack.PlanAsync(stack.Second());
        var events = new List<ApplyEvent>();
        var apply = stack.Bench.Engine.ApplyAsync(client, plan, Transactional, new Collector<ApplyEvent>(events));
        if (await Task.WhenAny(apply, Task.Delay(TimeSpan.FromMinutes(5))) == apply)
            return await apply;
        var operations = await lab.Lab.IncusAsync("operation", "list", "--all-projects");
        lock (events)
        {
            throw new TimeoutException(
                $"The apply that lost {what ?? "nothing"} has not ended.\nOpen requests:\n{string.Join("\n", relay.Open)}\nOperations:\n{operations}\n"
                + $"What happened:\n{string.Join("\n", events.TakeLast(40).Select(happened => $"{happened.Kind} {happened.Change.Id} {happened.Text}"))}");
        }
    }

    private static string Text(ApplyResult result) =>
        string.Join("\n", result.Resources.Where(resource => resource.Outcome is ChangeOutcome.Failed).Select(resource => $"{resource.Id}: {resource.Outcome} {resource.Message}"));

    /// <summary>A request without what is another's for each stack, or another each time.</summary>
    private static string Plain(ChangingStack stack, string request) =>
        MadeNames().Replace(request, "$1").Replace($"project={stack.Project.Name}", "", StringComparison.Ordinal).Replace(stack.Name, "tx", StringComparison.Ordinal);

    [GeneratedRegex("(before|checkpoint)-[0-9a-f-]+")]
    private static partial Regex MadeNames();
}

/// <summary>Stacks that are taken back over and over run beside the others on a lab of their own, whose links come and go all the time.</summary>
[CollectionDefinition(Name)]
public sealed class LostRequestLabCollection : ICollectionFixture<SecludedLabFixture>
{
    public const string Name = "lab for lost requests";
}
