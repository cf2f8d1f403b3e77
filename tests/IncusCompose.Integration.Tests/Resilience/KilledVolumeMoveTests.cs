using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Resilience;

/// <summary>The client goes while the server moves a volume to another pool, which the server then does alone.</summary>
[Collection(CrashLabCollection.Name)]
public sealed class KilledVolumeMoveTests(CrashLabFixture fixture) : IAsyncLifetime
{
    private const string Move = "Moving storage volume";
    private static readonly string[] Pools = ["moveslow", "movefast"];

    private StackWorkbench _bench = null!;

    private Lab.Lab Lab => fixture.Lab;

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(Lab);
        foreach (var pool in Pools)
            await Lab.IncusAsync("storage", "create", pool, "dir");
    }

    public async Task DisposeAsync()
    {
        await _bench.DownAsync("moved", new RemovalOptions { RemoveVolumes = true });
        await _bench.DisposeAsync();
        foreach (var pool in Pools)
            await Lab.IncusAsync("storage", "delete", pool);
    }

    [Fact]
    public async Task The_next_apply_waits_for_the_move_and_goes_on_with_the_same_data_whichever_pool_it_wants()
    {
        await _bench.UpAsync(File("moveslow"));
        await _bench.ShellAsync("mover", "dd if=/dev/zero of=/one/big bs=1M count=200 && echo precious > /one/kept");

        // Back to where it was, while it is on its way; what is started there has its data, and keeps what it writes.
        await KillWhileMovingAsync();
        await _bench.UpAsync(File("moveslow"));
        await IsInAsync("moveslow", "precious");
        await _bench.ShellAsync("mover", "echo more > /two/kept");

        // And on to where it was to go.
        await KillWhileMovingAsync();
        await _bench.UpAsync(File("movefast"));
        await IsInAsync("movefast", "more");

        // Somebody else moves it: what is planned meanwhile is planned for what comes of it.
        await Lab.IncusAsync("stop", "--force", "mover");
        await Lab.IncusAsync("profile", "device", "remove", "movertwo", "e");
        await Lab.IncusAsync("profile", "device", "remove", "moverone", "d");
        var before = await MovesAsync();
        var moving = Lab.IncusAsync("storage", "volume", "move", "movefast/kept", "moveslow/kept");
        await IsOnItsWayAsync(before, "moveslow");
        var plan = await _bench.PlanAsync(File("moveslow"));
        await moving;
        var volume = plan.Changes.Single(change => change.Kind == "volume");
        Assert.Equal((ChangeAction.Update, null, "was moved here with its data and snapshots, and not yet marked"), (volume.Action, volume.Refused, volume.Reason));
        await _bench.UpAsync(File("moveslow"));
        await IsInAsync("moveslow", "more");
    }

    /// <summary>Asks for a move, and kills whoever asked as soon as the server is at it.</summary>
    private async Task KillWhileMovingAsync()
    {
        await Lab.IncusAsync("stop", "--force", "mover");
        var before = await MovesAsync();
        _bench.Load(File("movefast"));
        using var up = UpProcess.Start(Lab, _bench.File);
        await IsOnItsWayAsync(before, "movefast");
        await up.KillAsync();
    }

    private async Task IsOnItsWayAsync(List<string> before, string pool)
    {
        await Eventually.GetAsync(MovesAsync, moves => moves.Except(before).Any());
        await Eventually.GetAsync(() => _bench.Client.StorageVolumes.FindAsync(pool, "kept"), volume => volume is not null);
    }

    private async Task<List<string>> MovesAsync() =>
        [.. (await _bench.Client.Operations.ListAsync()).Where(operation => operation.Description == Move).Select(operation => operation.Id)];

    private async Task IsInAsync(string pool, string text)
    {
        Assert.Equal(text, await _bench.ShellAsync("mover", "cat /two/kept"));
        foreach (var one in Pools)
            Assert.Equal(one == pool, await _bench.Client.StorageVolumes.FindAsync(one, "kept") is not null);
        foreach (var (profile, device) in new[] { ("moverone", "d"), ("movertwo", "e") })
            Assert.Equal(pool, (await _bench.Client.Profiles.GetAsync(profile)).Value.Devices[device]["pool"]);
    }

    private static string File(string pool) => $$"""
        name: moved
        volumes: { kept: { pool: {{pool}} } }
        profiles:
          moverone: { devices: { d: { type: disk, pool: {{pool}}, source: kept, path: /one } } }
          movertwo: { devices: { e: { type: disk, pool: {{pool}}, source: kept, path: /two } } }
        instances: { mover: { image: busybox, profiles: [default, moverone, movertwo] } }
        """;
}
