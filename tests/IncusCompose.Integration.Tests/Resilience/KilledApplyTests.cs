using IncusCompose.Applying;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;
using Xunit.Abstractions;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>Whatever dies in the middle of an apply, and whenever: the next apply makes the server as the file says.</summary>
[Collection(CrashLabCollection.Name)]
public sealed class KilledApplyTests(CrashLabFixture fixture, ITestOutputHelper output) : IAsyncLifetime
{
    private const int Kills = 20;

    private static readonly PlanOptions Everything = new() { AllowRestart = true, Prune = true, RemoveVolumes = true };

    private StackWorkbench _bench = null!;

    private Lab.Lab Lab => fixture.Lab;

    private ShopStack Shop => new(Lab);

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(Lab);

    public async Task DisposeAsync()
    {
        foreach (var line in File.ReadLines(Lab.Environment["LAB_LOG"]).Where(line => line.Contains("level=error", StringComparison.Ordinal)))
            output.WriteLine(line);
        await _bench.DownAsync(ShopStack.Name, new RemovalOptions { RemoveVolumes = true });
        await _bench.DisposeAsync();
    }

    [Fact]
    public Task After_a_client_was_killed_at_any_moment_the_next_apply_converges_and_no_data_is_lost() =>
        KillAgainAndAgainAsync(async (up, moment) =>
        {
            await Task.Delay(moment);
            var hit = !up.HasEnded;
            await up.KillAsync();
            return hit;
        });

    [Fact]
    public Task After_the_daemon_was_killed_at_any_moment_the_next_apply_converges_and_no_data_is_lost() =>
        KillAgainAndAgainAsync(async (up, moment) =>
        {
            await Task.Delay(moment);
            var hit = !up.HasEnded;
            await Lab.KillAsync();
            await Lab.RestartAsync();
            // It carries on by itself or gives up; either way it ends.
            var (code, text, _) = await up.EndAsync();
            output.WriteLine($"  exit code {code} {text[^Math.Min(text.Length, 400)..].ReplaceLineEndings(" | ")}");
            return hit;
        });

    private async Task KillAgainAndAgainAsync(Func<UpProcess, TimeSpan, Task<bool>> killAsync)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);

        // What an undisturbed run takes, and what it leads to.
        var (firstTime, first) = await UndisturbedAsync(Shop.First);
        await _bench.ShellAsync("db", "echo precious > /data/kept");
        var (secondTime, second) = await UndisturbedAsync(Shop.Second);
        await GoBackAsync();
        output.WriteLine($"undisturbed: {firstTime.TotalSeconds:0.00} s to create, {secondTime.TotalSeconds:0.00} s to change");

        var hits = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            // Creations and changes by turns; the moments are spread evenly, each at random in its own part.
            var creates = kill % 2 == 0;
            var (yaml, whole, wanted) = creates ? (Shop.First, firstTime, first) : (Shop.Second, secondTime, second);
            var moment = whole * ((kill / 2) + random.NextDouble()) / (Kills / 2);
            output.WriteLine($"{(creates ? "creation" : "change")} killed after {moment.TotalSeconds:0.000} s");
            _bench.Load(yaml);
            using (var up = UpProcess.Start(Lab, _bench.File, "--allow-restart", "--prune", "--remove-volumes"))
                hits += await killAsync(up, moment) ? 1 : 0;

            output.WriteLine(StackWorkbench.Text(await _bench.PlanAsync(yaml, Everything)));
            var applied = await _bench.ApplyAsync(yaml, Everything);
            await RemoveLeftLinkAsync(applied);
            await RemoveLeftMountAsync(applied);
            await _bench.UpAsync(yaml, Everything);
            States.AssertSame(wanted, await Inventory.TakeAsync(Lab));
            Assert.Equal("precious", await _bench.ShellAsync("db", "cat /data/kept"));
            Assert.Equal(creates ? "first" : "second", await _bench.VariableOfInitAsync("web", "MODE"));
            if (!creates)
                await GoBackAsync();
        }

        output.WriteLine($"{hits} of {Kills} were hit at work");
        Assert.True(hits >= Kills / 2, $"only {hits} of {Kills} were hit at work");
    }

    /// <summary>
    /// A daemon that is killed between making a bridge and noting that it did leaves the bridge behind, and nothing that a
    /// client can ask for takes it away: the error says what does.
    /// </summary>
    private async Task RemoveLeftLinkAsync(ApplyResult result)
    {
        const string cure = "remove the link on the host, if an Incus daemon that was killed left it: ";
        if (result.Resources.FirstOrDefault(r => r.Message?.Contains(cure, StringComparison.Ordinal) == true) is not { Message: { } message })
            return;
        var command = message[(message.IndexOf(cure, StringComparison.Ordinal) + cure.Length)..];
        Assert.Equal($"ip link delete {Shop.Bridge}", command);
        output.WriteLine(command);
        await Lab.HostAsync(command.Split(' '));
    }

    /// <summary>The same of a device that it had mounted and not handed to the instance yet.</summary>
    private async Task RemoveLeftMountAsync(ApplyResult result)
    {
        var message = result.Resources.Select(r => r.Message).FirstOrDefault(text => text?.Contains("unmount it on the server's host", StringComparison.Ordinal) == true);
        if (message is null)
            return;
        var mount = message.Split(' ').Single(word => word.Contains("/devices/", StringComparison.Ordinal)).TrimEnd(':');
        output.WriteLine("umount " + mount);
        await Lab.HostAsync("umount", mount);
    }

    private async Task<(TimeSpan Time, string Inventory)> UndisturbedAsync(string yaml)
    {
        _bench.Load(yaml);
        using var up = UpProcess.Start(Lab, _bench.File, "--allow-restart", "--prune", "--remove-volumes");
        var (code, text, time) = await up.EndAsync();
        Assert.True(code == 0, text);
        return (time, await Inventory.TakeAsync(Lab));
    }

    // Everything goes but the volume with the data.
    private async Task GoBackAsync()
    {
        Assert.True((await _bench.DownAsync(ShopStack.Name)).Succeeded);
        await _bench.UpAsync(Shop.DataOnly, Everything);
        Assert.Equal(["data"], from volume in await _bench.Client.StorageVolumes.ListAsync("default") select volume.Name);
    }
}
