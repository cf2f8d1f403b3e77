using System.Globalization;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>The example of a stack that is lived with.</summary>
[Collection(LabCollection.Name)]
public sealed class DayTwoTests(LabFixture fixture)
{
    [Fact]
    public async Task Comes_up_in_order_is_updated_one_by_one_and_is_put_back_after_it_was_damaged()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var port = 22000 + int.Parse(fixture.Lab.Number, CultureInfo.InvariantCulture);
        // Beside one that may be running on this machine: its names and addresses are left to that one.
        var yaml = (await File.ReadAllTextAsync(Repository.PathOf("examples/day-two/stack.yaml")))
            .Replace("daynet", $"n{fixture.Lab.Number}day", StringComparison.Ordinal)
            .Replace("10.223.0.", fixture.Lab.Subnets[2] + ".", StringComparison.Ordinal)
            .Replace("${WEB_PORT:-8481}", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        using var web = new HttpClient();
        Task<string> VisitAsync() => web.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"));
        try
        {
            await bench.UpAsync(yaml.Replace("${GREETING:-Hello}", "Hello", StringComparison.Ordinal));
            Assert.Contains("<h1>Hello</h1>", await VisitAsync());
            Assert.Contains("Visit number 2", await VisitAsync());

            var updated = await bench.ApplyAsync(yaml.Replace("${GREETING:-Hello}", "Good evening", StringComparison.Ordinal), new PlanOptions { AllowRestart = true });
            Assert.Equal(
                ["web-1", "web-2", "web-3"], updated.Resources.Where(resource => resource.Outcome == ChangeOutcome.Done).Select(resource => resource.Name).Order());
            Assert.Contains("<h1>Good evening</h1>", await VisitAsync());

            await bench.Engine.TakeCheckpointAsync(bench.Client, "day-two", new CheckpointOptions { Name = "before" });
            await bench.Client.Instances.ExecAsync("db", new ExecRequest { Command = ["rm", "/data/visits"] });
            await bench.Client.Instances.StopAsync("web-2", force: true).CompleteAsync();
            await bench.Client.Instances.DeleteAsync("web-2").CompleteAsync();
            Assert.Contains("Visit number 1,", await VisitAsync());

            var checkpoint = Assert.Single(await bench.Engine.GetCheckpointsAsync(bench.Client, "day-two"));
            var plan = await bench.Engine.CompareCheckpointAsync(bench.Client, checkpoint);
            Assert.True((await bench.Engine.RestoreCheckpointAsync(bench.Client, plan)).Succeeded);
            var page = await Eventually.GetAsync(
                async () =>
                {
                    try
                    {
                        return await VisitAsync();
                    }
                    catch (HttpRequestException error)
                    {
                        return error.Message;
                    }
                },
                text => text.Contains("Visit number", StringComparison.Ordinal));
            Assert.Contains("Visit number 4,", page);
            Assert.NotNull(await bench.Client.Instances.FindAsync("web-2"));
        }
        finally
        {
            foreach (var checkpoint in await bench.Engine.GetCheckpointsAsync(bench.Client, "day-two"))
                await bench.Engine.RemoveCheckpointAsync(bench.Client, checkpoint);
            await bench.DownAsync("day-two", new RemovalOptions { RemoveVolumes = true });
        }
    }
}
