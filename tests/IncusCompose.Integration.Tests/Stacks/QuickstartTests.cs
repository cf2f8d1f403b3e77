using System.Globalization;
using IncusCompose.Applying;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>The example that a newcomer runs first.</summary>
[Collection(LabCollection.Name)]
public sealed class QuickstartTests(LabFixture fixture) : IAsyncLifetime
{
    private StackWorkbench _bench = null!;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public async Task DisposeAsync()
    {
        await _bench.DownAsync("quickstart", new RemovalOptions { RemoveVolumes = true });
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Comes_up_serves_its_page_changes_in_place_and_goes_without_losing_its_data()
    {
        var port = 21000 + int.Parse(fixture.Lab.Number, CultureInfo.InvariantCulture);
        var yaml = await ExampleAsync(port);
        using var web = new HttpClient();

        Task<string> VisitAsync() => Eventually.GetAsync(
            async () =>
            {
                try
                {
                    return await web.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"));
                }
                catch (HttpRequestException error)
                {
                    return error.Message;
                }
            },
            page => page.Contains("Visit number", StringComparison.Ordinal));

        await _bench.UpAsync(yaml);
        Assert.Contains("Hello from IncusCompose", await VisitAsync());
        var visits = Visits(await VisitAsync());

        var greeting = yaml.Replace("${GREETING:-Hello from IncusCompose}", "Good evening", StringComparison.Ordinal);
        await _bench.UpAsync(greeting, new PlanOptions { AllowRestart = true });
        var page = await VisitAsync();
        Assert.Contains("Good evening", page);
        Assert.True(Visits(page) > visits);

        Assert.True((await _bench.DownAsync("quickstart")).Succeeded);
        Assert.Null(await _bench.Client.Instances.FindAsync("web"));
        await _bench.UpAsync(yaml);
        Assert.True(Visits(await VisitAsync()) > visits + 1, "the volume was lost");
    }

    [Fact]
    public async Task A_second_up_changes_nothing_and_makes_about_twelve_requests()
    {
        var yaml = await ExampleAsync(21999);
        await _bench.UpAsync(yaml);

        await using var second = await StackWorkbench.OpenAsync(fixture.Lab);
        var result = await second.ApplyAsync(yaml);

        Assert.All(result.Resources, resource => Assert.Equal(ChangeOutcome.Unchanged, resource.Outcome));
        // Where there are address sets, they are one list more.
        Assert.InRange(second.Client.RequestCount, 1, second.Client.HasExtension("network_address_set") ? 13 : 12);
    }

    /// <summary>The example, beside one that may be running on this machine: its names and addresses are left to that one.</summary>
    private async Task<string> ExampleAsync(int port) =>
        (await File.ReadAllTextAsync(Repository.PathOf("examples/quickstart/stack.yaml")))
            .Replace("quicknet", $"n{fixture.Lab.Number}quick", StringComparison.Ordinal)
            .Replace("10.222.0.", fixture.Lab.Subnets[1] + ".", StringComparison.Ordinal)
            .Replace("${WEB_PORT:-8480}", port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    private static int Visits(string page)
    {
        var start = page.IndexOf("Visit number ", StringComparison.Ordinal) + "Visit number ".Length;
        return int.Parse(page[start..page.IndexOf(',', start)], CultureInfo.InvariantCulture);
    }
}
