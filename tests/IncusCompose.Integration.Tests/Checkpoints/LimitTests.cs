using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Transactions;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Checkpoints;

/// <summary>What stands in a checkpoint's way, and what must not touch it.</summary>
[Collection(TakingBackLabCollection.Name)]
public sealed class LimitTests(LabFixture lab)
{
    [Fact]
    public async Task Snapshots_of_a_checkpoint_do_not_expire_with_those_that_the_server_takes()
    {
        await using var stack = await SmallStack.UpAsync(
            lab, "cpage", "  cpage-one: { image: busybox, snapshots: { schedule: '@yearly', expiry: 1M }, volumes: ['cpage-data:/data'] }",
            "volumes: { cpage-data: { snapshots: { schedule: '@yearly', expiry: 1M } } }");
        var taken = await stack.TakeAsync("good");
        Assert.Equal(1, (await stack.Client.Instances.FindSnapshotAsync("cpage-one", "good"))!.ExpiresAt.Year);
        Assert.True((await stack.Client.StorageVolumes.FindSnapshotAsync("default", "cpage-data", "good"))!.ExpiresAt is null or { Year: 1 });
        await stack.Client.Instances.CreateSnapshotAsync("cpage-one", "other").CompleteAsync();
        Assert.NotEqual(1, (await stack.Client.Instances.FindSnapshotAsync("cpage-one", "other"))!.ExpiresAt.Year);

        // Nor does the server take any of what is kept.
        Assert.Equal(3, (await stack.NamesAsync()).Count(name => name.Contains("checkpoint-", StringComparison.Ordinal)));
        foreach (var copy in (await stack.Client.Instances.ListAsync()).Where(instance => instance.Name != "cpage-one"))
            Assert.DoesNotContain(copy.Config.Keys, key => key.StartsWith("snapshots.", StringComparison.Ordinal));
        await stack.IncusAsync("config", "unset", "cpage-one", "snapshots.schedule");
        await stack.RestoreAsync("good");
        Assert.Empty((await stack.Bench.PlanAsync(stack.Yaml)).Changes);
        Assert.True(taken.IsLive);
    }

    [Fact]
    public async Task A_snapshot_of_somebody_else_of_that_name_stays_and_nothing_else()
    {
        await using var stack = await SmallStack.UpAsync(lab, "cpname", """
              cpname-one: { image: busybox }
              cpname-two: { image: busybox }
            """);
        await stack.IncusAsync("snapshot", "create", "cpname-two", "mine");
        var before = await stack.NamesAsync();

        var error = await Assert.ThrowsAsync<CheckpointException>(() => stack.TakeAsync("mine"));

        Assert.Equal(
            "The checkpoint \"mine\" was not taken: instance/cpname-two: there is a snapshot \"mine\" already, which is none of a checkpoint; choose another name. What was begun was taken back.",
            error.Message);
        Assert.Equal(before, await stack.NamesAsync());

        // One that was exchanged since is not gone back to, nor deleted.
        var taken = await stack.TakeAsync("own", new CheckpointOptions { KeepCopies = false });
        await stack.IncusAsync("snapshot", "delete", "cpname-two", "own");
        await stack.IncusAsync("snapshot", "create", "cpname-two", "own");
        var plan = await stack.Bench.Engine.CompareCheckpointAsync(stack.Client, taken);
        Assert.True(plan.IsRefused);
        await Assert.ThrowsAsync<CheckpointException>(() => stack.Bench.Engine.RestoreCheckpointAsync(stack.Client, plan));
        await stack.Bench.Engine.RemoveCheckpointAsync(stack.Client, taken);
        Assert.Equal([.. before.Take(2), "cpname-two/mine", "cpname-two/own"], await stack.NamesAsync());
    }

    [Fact]
    public async Task Two_that_take_one_of_the_same_name_at_once_leave_one_or_none()
    {
        await using var stack = await SmallStack.UpAsync(lab, "cprace", """
              cprace-one: { image: busybox }
              cprace-two: { image: busybox }
            """);
        var before = await stack.NamesAsync();

        var both = await Task.WhenAll(TryAsync(), TryAsync());

        Assert.InRange(both.Count(taken => taken is not null), 0, 1);
        var left = await stack.ListAsync();
        Assert.Equal(both.Count(taken => taken is not null), left.Count);
        foreach (var taken in left)
        {
            Assert.True(taken is { IsComplete: true, IsLive: true });
            await stack.RestoreAsync("same");
            await stack.Bench.Engine.RemoveCheckpointAsync(stack.Client, taken);
        }

        Assert.Equal(before, await stack.NamesAsync());

        async Task<StackCheckpoint?> TryAsync()
        {
            try
            {
                return await stack.TakeAsync("same");
            }
            catch (CheckpointException error)
            {
                Assert.Contains("\"same\"", error.Message, StringComparison.Ordinal);
                return null;
            }
        }
    }

    [Fact]
    public async Task A_pool_without_space_for_it()
    {
        using var disk = await SmallDisk.MakeAsync(lab.Lab, "cpfull", megabytes: 64);
        var pool = "cpfull" + lab.Lab.Number;
        await using var stack = await SmallStack.UpAsync(
            lab, "cpfull", "  cpfull-one: { image: busybox, volumes: ['cpfull-data:/data', 'cpfull-more:/more'] }",
            $"storage_pools: {{ {pool}: {{ driver: dir, config: {{ source: {disk.Path} }} }} }}\nvolumes: {{ cpfull-data: {{ pool: {pool} }}, cpfull-more: {{ pool: {pool} }} }}");
        await stack.ShellAsync("cpfull-one", "dd if=/dev/urandom of=/data/big bs=1M count=40; echo small >/more/small");
        var before = await stack.NamesAsync();

        var error = await Assert.ThrowsAsync<CheckpointException>(() => stack.TakeAsync("big", new CheckpointOptions { Quiesce = true }));

        Assert.StartsWith($"The checkpoint \"big\" was not taken: volume/{pool}/cpfull-data: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            ". The storage is full: delete what is not needed on it, or give the pool a larger size. What was begun was taken back.", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await stack.NamesAsync());

        await stack.ShellAsync("cpfull-one", "rm /data/big");
        await stack.TakeAsync("big");
        await stack.ShellAsync("cpfull-one", "rm /more/small");
        await stack.RestoreAsync("big");
        Assert.Equal("small", await stack.ShellAsync("cpfull-one", "cat /more/small"));
    }

    [Fact]
    public async Task Each_runs_stands_still_or_is_stopped_as_it_was_and_a_part_leaves_the_rest_alone()
    {
        await using var stack = await SmallStack.UpAsync(
            lab, "cppart", """
              cppart-runs: { image: busybox, volumes: ["cppart-both:/both", "cppart-own:/own"] }
              cppart-stands: { image: busybox, volumes: ["cppart-both:/both"] }
              cppart-off: { image: busybox }
            """,
            "volumes: { cppart-both: {}, cppart-own: {} }");
        await stack.ShellAsync("cppart-runs", "echo one >/both/word; echo one >/own/word; echo one >/word");
        await stack.IncusAsync("pause", "cppart-stands");
        await stack.IncusAsync("stop", "--force", "cppart-off");
        await stack.TakeAsync("good");

        await stack.ShellAsync("cppart-runs", "echo two >/both/word; echo two >/own/word; echo two >/word");
        await stack.IncusAsync("start", "cppart-off");
        await stack.IncusAsync("resume", "cppart-stands");
        var part = await stack.RestoreAsync("good", new RestoreOptions { Instances = ["cppart-runs"] });

        Assert.Equal(["volume/default/cppart-own", "instance/cppart-runs"], part.Steps.Select(step => step.Id.ToString()));
        Assert.Equal(["volume/default/cppart-both"], part.Plan.Shared.Select(id => id.ToString()));
        Assert.Equal("two one one", await stack.ShellAsync("cppart-runs", "echo $(cat /both/word /own/word /word)"));
        Assert.Equal(["Running", "Running", "Running"], await StatusAsync());

        await stack.IncusAsync("stop", "--force", "cppart-runs");
        await stack.RestoreAsync("good");
        Assert.Equal(["Stopped", "Running", "Frozen"], await StatusAsync());
        Assert.Equal("one one one", await stack.ShellAsync("cppart-runs", "echo $(cat /both/word /own/word /word)"));

        async Task<IEnumerable<string>> StatusAsync() => (await Task.WhenAll(
            new[] { "cppart-off", "cppart-runs", "cppart-stands" }.Select(name => stack.Client.Instances.GetAsync(name)))).Select(found => found.Value.Status);
    }

    [Fact]
    public async Task A_part_takes_back_no_volume_that_an_instance_uses_which_was_made_since()
    {
        await using var stack = await SmallStack.UpAsync(
            lab, "cplate", """
              cplate-db: { image: busybox, volumes: ["cplate-data:/data"] }
            """,
            "volumes: { cplate-data: {} }");
        await stack.ShellAsync("cplate-db", "echo one >/data/word; echo one >/word");
        await stack.TakeAsync("good");
        await stack.Bench.UpAsync(stack.Yaml + """  cplate-late: { image: busybox, volumes: ["cplate-data:/data"] }""" + "\n");
        await stack.ShellAsync("cplate-late", "echo mine >/data/late");
        var pid = (await stack.Client.Instances.GetStateAsync("cplate-late")).Pid;

        await RestoreDatabaseAsync();
        Assert.Equal(pid, (await stack.Client.Instances.GetStateAsync("cplate-late")).Pid);

        await stack.IncusAsync("stop", "--force", "cplate-late");
        await RestoreDatabaseAsync();
        Assert.Equal("Stopped", (await stack.Client.Instances.GetAsync("cplate-late")).Value.Status);

        // Nor where it is somebody else's.
        await stack.IncusAsync("delete", "cplate-late");
        await stack.IncusAsync("init", "busybox", "cplate-other");
        await stack.IncusAsync("config", "device", "add", "cplate-other", "data", "disk", "pool=default", "source=cplate-data", "path=/data");
        await RestoreDatabaseAsync();

        // What nobody else uses goes back with it.
        await stack.IncusAsync("delete", "cplate-other");
        var whole = await stack.RestoreAsync("good", new RestoreOptions { Instances = ["cplate-db"] });
        Assert.Empty(whole.Plan.Shared);
        Assert.Equal("word", await stack.ShellAsync("cplate-db", "ls /data"));

        async Task RestoreDatabaseAsync()
        {
            await stack.ShellAsync("cplate-db", "echo two >/data/word; echo two >/word");
            var part = await stack.RestoreAsync("good", new RestoreOptions { Instances = ["cplate-db"] });
            Assert.Equal(["instance/cplate-db"], part.Steps.Select(step => step.Id.ToString()));
            Assert.Equal(["volume/default/cplate-data"], part.Plan.Shared.Select(id => id.ToString()));
            Assert.Equal("one two mine", await stack.ShellAsync("cplate-db", "echo $(cat /word /data/word /data/late)"));
        }
    }

    [Fact]
    public async Task Without_its_copies_nothing_is_touched_and_one_that_is_half_removed_is_not_restored()
    {
        await using var stack = await SmallStack.UpAsync(
            lab, "cplost", """
              cplost-one: { image: busybox, volumes: ["cplost-data:/data"] }
            """,
            "volumes: { cplost-data: {} }");
        var taken = await stack.TakeAsync("good");
        var copy = (await stack.Client.Instances.ListAsync()).Single(instance => instance.Name != "cplost-one").Name;

        // What cannot be deleted stops the removal halfway.
        await stack.IncusAsync("config", "set", copy, "security.protection.delete=true");
        await Assert.ThrowsAnyAsync<IncusException>(() => stack.Bench.Engine.RemoveCheckpointAsync(stack.Client, taken));
        var half = Assert.Single(await stack.ListAsync());
        Assert.False(half.IsComplete);
        await Assert.ThrowsAsync<CheckpointException>(() => stack.Bench.Engine.CompareCheckpointAsync(stack.Client, half));
        await stack.IncusAsync("config", "set", copy, "security.protection.delete=false");
        await stack.Bench.Engine.RemoveCheckpointAsync(stack.Client, half);
        Assert.Equal(["cplost-one Running", "cplost-data"], await stack.NamesAsync());

        // One copy is gone, the other is somebody else's by that name.
        taken = await stack.TakeAsync("good");
        copy = (await stack.Client.Instances.ListAsync()).Single(instance => instance.Name != "cplost-one").Name;
        var volumeCopy = (await stack.Client.StorageVolumes.ListAsync("default")).Single(volume => volume.Name.StartsWith("cplost-data-", StringComparison.Ordinal)).Name;
        await stack.IncusAsync("delete", copy);
        await stack.IncusAsync("storage", "volume", "delete", "default", volumeCopy);
        await stack.IncusAsync("storage", "volume", "create", "default", volumeCopy);
        await stack.IncusAsync("snapshot", "delete", "cplost-one", "good");
        await stack.IncusAsync("storage", "volume", "snapshot", "delete", "default", "cplost-data", "good");
        var plan = await stack.Bench.Engine.CompareCheckpointAsync(stack.Client, taken);
        Assert.Equal(
            [$"copy {volumeCopy} is gone", $"copy {copy} is gone"],
            plan.Steps.Where(step => step.Refused is not null).Select(step => step.Refused![step.Refused!.LastIndexOf("copy ", StringComparison.Ordinal)..]));
        await Assert.ThrowsAsync<CheckpointException>(() => stack.Bench.Engine.RestoreCheckpointAsync(stack.Client, plan));
        Assert.Equal("Running", (await stack.Client.Instances.GetAsync("cplost-one")).Value.Status);
        await stack.IncusAsync("storage", "volume", "delete", "default", volumeCopy);
    }

    [Fact]
    public async Task An_ephemeral_instance_that_is_stopped_meanwhile_is_there_afterwards_and_ephemeral()
    {
        await using var stack = await SmallStack.UpAsync(
            lab, "cpeph", """
              cpeph-one: { image: busybox, volumes: ["cpeph-data:/data"] }
            """,
            "volumes: { cpeph-data: {} }");
        await stack.ShellAsync("cpeph-one", "echo one >/data/word");
        await stack.TakeAsync("good");
        await stack.Bench.UpAsync(stack.Yaml + """  cpeph-passing: { image: busybox, ephemeral: true, volumes: ["cpeph-data:/data"] }""" + "\n");
        await stack.ShellAsync("cpeph-passing", "echo two >/data/word; echo mine >/mine");

        var restored = await stack.RestoreAsync("good");

        Assert.Contains(restored.Steps, step => step is { Id.Name: "cpeph-passing", Action: RestoreAction.Pause });
        Assert.Equal("one mine", await stack.ShellAsync("cpeph-passing", "echo $(cat /data/word /mine)"));
        Assert.True((await stack.Client.Instances.GetAsync("cpeph-passing")).Value.Ephemeral);

        // What somebody protects since is not pruned, nor is anything stopped on the way there.
        await stack.IncusAsync("config", "set", "cpeph-passing", "security.protection.delete=true");
        var pid = (await stack.Client.Instances.GetStateAsync("cpeph-one")).Pid;
        var plan = await stack.Bench.Engine.CompareCheckpointAsync(stack.Client, restored.Plan.Checkpoint, new RestoreOptions { Prune = true });
        Assert.Equal(
            "it is protected from deletion; allow it first with: incus config set cpeph-passing security.protection.delete=false",
            plan.Steps.Single(step => step.Action == RestoreAction.Delete).Refused);
        await Assert.ThrowsAsync<CheckpointException>(() => stack.Bench.Engine.RestoreCheckpointAsync(stack.Client, plan));
        Assert.Equal(pid, (await stack.Client.Instances.GetStateAsync("cpeph-one")).Pid);

        // Nor is anything begun while somebody else runs with a volume; where it only could run, all is well.
        await stack.IncusAsync("launch", "busybox", "cpeph-other");
        await stack.IncusAsync("config", "device", "add", "cpeph-other", "data", "disk", "pool=default", "source=cpeph-data", "path=/data");
        plan = await stack.Bench.Engine.CompareCheckpointAsync(stack.Client, restored.Plan.Checkpoint);
        var refused = plan.Steps.Single(step => step.Refused is not null);
        Assert.Equal(
            ("cpeph-data", "it is in use by cpeph-other, which runs and does not belong to the stack \"cpeph\"; stop it first"), (refused.Id.Name, refused.Refused));
        await stack.IncusAsync("stop", "--force", "cpeph-other");
        await stack.RestoreAsync("good");
        await stack.IncusAsync("config", "set", "cpeph-passing", "security.protection.delete=false");
    }

    [Fact]
    public async Task Where_a_pool_goes_back_to_its_newest_snapshot_only_an_older_one_is_copied_and_what_fails_runs_again()
    {
        var net = $"cpold{lab.Lab.Number}";
        await using var stack = await SmallStack.UpAsync(
            lab, "cpold", """
              cpold-one: { image: busybox, volumes: ["cpold-data:/data"], environment: { WORD: one } }
              cpold-two: { image: busybox }
            """,
            $"volumes: {{ cpold-data: {{}} }}\nnetworks: {{ {net}: {{ type: bridge, config: {{ ipv4.address: none, ipv6.address: none }} }} }}");
        await stack.ShellAsync("cpold-one", "echo one >/data/word; echo one >/word; chown 12:34 /word /data/word");
        await stack.TakeAsync("good", new CheckpointOptions { KeepCopies = false });
        await stack.IncusAsync("snapshot", "create", "cpold-one", "mine");
        await stack.IncusAsync("storage", "volume", "snapshot", "create", "default", "cpold-data", "mine");
        await stack.ShellAsync("cpold-one", "echo two >/data/word; echo two >/word; touch /data/more /more");
        await stack.IncusAsync("config", "set", "cpold-one", "environment.WORD=two");
        var before = await stack.NamesAsync();

        // The words of zfs, which does not run everywhere; all else is this server's.
        await using var relay = new FaultyRelay(lab.Lab.Socket);
        const string zfs = "Snapshot 'good' cannot be restored due to subsequent snapshot(s). Set zfs.remove_snapshots to override";
        relay.Answer($"PUT /1.0/instances/cpold-one?project={stack.Client.Project}", zfs);
        relay.Answer($"PUT /1.0/storage-pools/default/volumes/custom/cpold-data?project={stack.Client.Project}", zfs);
        relay.Answer($"PUT /1.0/instances/cpold-two?project={stack.Client.Project}", "The disk is broken");
        await using var client = (await relay.ConnectAsync()).ForProject(stack.Client.Project);
        var restored = await stack.Bench.Engine.RestoreCheckpointAsync(
            client, await stack.Bench.Engine.CompareCheckpointAsync(client, (await stack.ListAsync()).Single()));
        var after = await stack.NamesAsync();
        await stack.IncusAsync("storage", "volume", "snapshot", "delete", "default", "cpold-data", "mine");

        Assert.Equal(
            [$"network/{net} Unchanged ", "volume/default/cpold-data Done ", "instance/cpold-one Done ", "instance/cpold-two Failed The disk is broken; it runs again, as it was"],
            restored.Steps.Select(step => $"{step.Id} {step.Outcome} {step.Message?[(step.Message.IndexOf(": ", StringComparison.Ordinal) + 2)..]}"));
        Assert.Equal(before, after);
        Assert.Equal("one 12 34 one 12 34 one", await stack.ShellAsync("cpold-one", "echo $(cat /word; stat -c '%u %g' /word; cat /data/word; stat -c '%u %g' /data/word) $WORD $(ls / /data | grep more)"));
        Assert.Empty((await stack.Bench.PlanAsync(stack.Yaml)).Changes);
        await stack.RestoreAsync("good");

        // A network that was made anew as another type is made again.
        var macvlan = stack.Yaml.Replace(
            "type: bridge, config: { ipv4.address: none, ipv6.address: none }", $"type: macvlan, config: {{ parent: {lab.Lab.Environment["LAB_BRIDGE"]} }}", StringComparison.Ordinal);
        await stack.Bench.UpAsync(macvlan, new PlanOptions { AllowReplace = true });
        await stack.RestoreAsync("good");
        Assert.Empty((await stack.Bench.PlanAsync(stack.Yaml)).Changes);
        Assert.Equal("bridge", (await stack.Client.Networks.GetAsync(net)).Value.Type);
    }

    /// <summary>A file system of a few megabytes, mounted where the server can use it.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string _folder;
        private readonly Lab.Lab _lab;

        private SmallDisk(Lab.Lab lab, string folder)
        {
            _lab = lab;
            _folder = folder;
        }

        public string Path => System.IO.Path.Combine(_folder, "mount");

        public static async Task<SmallDisk> MakeAsync(Lab.Lab lab, string name, int megabytes)
        {
            var disk = new SmallDisk(lab, Directory.CreateTempSubdirectory("incus-compose-test-" + name).FullName);
            Directory.CreateDirectory(disk.Path);
            await lab.HostAsync("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", name, disk.Path);
            return disk;
        }

        public void Dispose()
        {
            _lab.HostAsync("umount", Path).GetAwaiter().GetResult();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
