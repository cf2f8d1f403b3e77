using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Pools and volumes on a real server: made from files of this machine, changed in place, kept until told.</summary>
[Collection(LabCollection.Name)]
public sealed class StorageTests(LabFixture fixture) : IAsyncLifetime
{
    private readonly string _stack = "storage" + Guid.NewGuid().ToString("N")[..6];
    private StackWorkbench _bench = null!;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public async Task DisposeAsync()
    {
        var down = await _bench.DownAsync(_stack, new RemovalOptions { RemoveVolumes = true, RemovePools = true });
        await _bench.DisposeAsync();
        // What stays would stand in the way of others.
        Assert.All(down.Resources, result => Assert.True(result.Outcome == ChangeOutcome.Done, $"{result.Id}: {result.Message}"));
    }

    [Fact]
    public async Task A_new_volume_holds_its_content_before_anything_starts_and_nothing_is_ever_written_over_it()
    {
        var seed = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(_bench.File)!, "seed", "inner")).Parent!.FullName;
        await File.WriteAllTextAsync(Path.Combine(seed, "ä b.txt"), "first");
        await File.WriteAllTextAsync(Path.Combine(seed, "inner", "secret"), "s3cret");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path.Combine(seed, "inner", "secret"), UnixFileMode.UserRead);
        File.CreateSymbolicLink(Path.Combine(seed, "link"), "ä b.txt");
        var file = $$"""
            name: {{_stack}}
            storage_pools:
              {{_stack}}: {driver: dir}
            volumes:
              data:
                pool: {{_stack}}
                description: seeded
                initial: {uid: 1000, gid: 100, mode: "0750"}
                content: [./seed, {source: "./seed/ä b.txt", target: /deep/er, uid: 7, gid: 8}]
            instances:
              {{_stack}}: {image: busybox, volumes: ["data:/data"], environment: {RUN: "cat /data/link >/started; sleep 1000"} }

            """;

        await _bench.UpAsync(file);

        Assert.Equal("first", await Eventually.GetAsync(() => _bench.ShellAsync(_stack, "cat /started 2>/dev/null || true"), text => text.Length > 0));
        Assert.Equal("750 1000 100\n400 1000 100\n755 7 8\nfirst", await _bench.ShellAsync(_stack, "cd /data; stat -c '%a %u %g' . inner/secret deep/er; cat 'deep/er/ä b.txt'"));
        Assert.Equal("seeded", (await _bench.Client.StorageVolumes.GetAsync(_stack, "data")).Value.Description);

        await _bench.ShellAsync(_stack, "echo mine >'/data/ä b.txt'");
        await File.WriteAllTextAsync(Path.Combine(seed, "ä b.txt"), "second");
        await _bench.UpAsync(file.Replace("description: seeded", "description: kept", StringComparison.Ordinal));
        Assert.Equal("mine", await _bench.ShellAsync(_stack, "cat '/data/ä b.txt'"));

        // Pruning and down take no data along.
        Directory.Delete(seed, recursive: true);
        var orphan = Assert.Single((await _bench.PlanAsync($"name: {_stack}\nstorage_pools: {{{_stack}: {{driver: dir}}}}\n", new PlanOptions { Prune = true })).Orphans);
        Assert.Contains("--remove-volumes", orphan.Advice, StringComparison.Ordinal);
        await _bench.DownAsync(_stack);
        Assert.NotNull(await _bench.Client.StorageVolumes.FindAsync(_stack, "data"));
        await _bench.UpAsync(file.Replace("description: seeded", "description: kept", StringComparison.Ordinal));
        Assert.Equal("mine", await _bench.ShellAsync(_stack, "cat '/data/ä b.txt'"));
    }

    [Fact]
    public async Task A_volume_is_moved_to_the_pool_that_the_file_says_with_its_data_and_snapshots()
    {
        var other = _stack + "x";
        string File(string pool, string description = "kept") => $$"""
            name: {{_stack}}
            storage_pools: { {{_stack}}: {driver: dir}, {{other}}: {driver: dir} }
            volumes: { data: {pool: {{pool}}, description: {{description}} } }
            instances: { {{_stack}}: {image: busybox, volumes: ["data:/data"], stop_grace_period: 1s} }

            """;
        await _bench.UpAsync(File(_stack));
        await _bench.ShellAsync(_stack, "echo mine >/data/kept");
        await fixture.Lab.IncusAsync("storage", "volume", "snapshot", "create", _stack, "data", "before");

        var refused = (await _bench.PlanAsync(File(other))).Changes.Single(change => change.Kind == "volume");
        Assert.Contains($"the instance {_stack} uses it and runs, and the server moves no volume of what runs; stop it first", refused.Refused, StringComparison.Ordinal);
        await fixture.Lab.IncusAsync("stop", "--force", _stack);

        var result = await _bench.UpAsync(File(other, "moved"), new PlanOptions { Prune = true, RemoveVolumes = true });
        Assert.Equal(["instance Update", "volume Update"], result.Resources.Where(one => one.Change.Action != ChangeAction.None).Select(one => $"{one.Change.Kind} {one.Change.Action}").Order(StringComparer.Ordinal));
        Assert.Equal("mine", await _bench.ShellAsync(_stack, "cat /data/kept"));
        Assert.Equal("moved", (await _bench.Client.StorageVolumes.GetAsync(other, "data")).Value.Description);
        Assert.Equal(["before"], (await _bench.Client.StorageVolumes.ListSnapshotsAsync(other, "data")).Select(snapshot => snapshot.Name));
        Assert.Null(await _bench.Client.StorageVolumes.FindAsync(_stack, "data"));

        // What is not the stack's uses it: it stays, and what to do is said.
        await fixture.Lab.IncusAsync("stop", "--force", _stack);
        await fixture.Lab.IncusAsync("create", "busybox", _stack + "y");
        await fixture.Lab.IncusAsync("storage", "volume", "attach", other, "data", _stack + "y", "theirs", "/theirs");
        var theirs = (await _bench.PlanAsync(File(_stack, "moved"))).Changes.Single(change => change.Kind == "volume");
        Assert.Contains($"instances/{_stack}y uses it, which is not in the file", theirs.Refused, StringComparison.Ordinal);
        await fixture.Lab.IncusAsync("delete", _stack + "y");
    }

    [Fact]
    public async Task A_root_disk_is_moved_to_the_pool_that_the_file_says_with_what_is_in_it_its_snapshots_and_who_the_machine_is()
    {
        string File(string disk) => $$"""
            name: {{_stack}}
            storage_pools: { {{_stack}}: {driver: dir} }
            instances: { {{_stack}}: {image: busybox, {{disk}} stop_grace_period: 1s} }

            """;
        var (elsewhere, restarting) = (File($"disk: {{pool: {_stack}}},"), new PlanOptions { AllowRestart = true });
        await _bench.UpAsync(File(""));
        var before = await _bench.InstanceAsync(_stack);
        var home = before.ExpandedDevices["root"]["pool"];
        await _bench.ShellAsync(_stack, "echo mine >/etc/kept");
        await fixture.Lab.IncusAsync("snapshot", "create", _stack, "first");

        var refused = (await _bench.PlanAsync(elsewhere)).Changes.Single();
        Assert.Equal($"it runs, and is stopped while its root disk is moved to the pool {_stack}; allow that with -AllowRestart (--allow-restart)", refused.Refused);
        var plan = (await _bench.PlanAsync(elsewhere, restarting)).Changes.Single();
        Assert.Equal((ChangeAction.Update, true, $"moves the root disk from {home} to {_stack}, with its data and snapshots; it is stopped meanwhile"), (plan.Action, plan.Restarts, plan.Reason));
        // What the server would lose on the way is not begun, and nothing is stopped for it.
        await fixture.Lab.IncusAsync("query", "-X", "POST", "--wait", "-d", """{"name": "saved"}""", $"/1.0/instances/{_stack}/backups");
        var kept = (await _bench.PlanAsync(elsewhere, restarting)).Changes.Single();
        Assert.StartsWith($"the server deletes the backups of an instance whose root disk it moves, and {_stack} has saved; save or delete them first", kept.Refused, StringComparison.Ordinal);
        await fixture.Lab.IncusAsync("query", "-X", "DELETE", "--wait", $"/1.0/instances/{_stack}/backups/saved");

        // Whoever dies while the server is at it leaves a machine that is the same for cloud-init, and whoever comes next waits.
        await System.IO.File.WriteAllTextAsync(_bench.File, elsewhere);
        await _bench.ShellAsync(_stack, "dd if=/dev/zero of=/root/large bs=1M count=300 2>/dev/null");
        using (var killed = Resilience.UpProcess.Start(fixture.Lab, _bench.File, "--allow-restart"))
        {
            await Eventually.GetAsync(() => _bench.Client.Operations.ListAsync(), operations => operations.Any(operation => operation.Description == "Migrating instance" && operation.Resources["instances"].Any(address => address.EndsWith("/" + _stack, StringComparison.Ordinal))));
            await killed.KillAsync();
        }

        var interrupted = (await _bench.PlanAsync(elsewhere)).Changes.Single();
        Assert.Equal((ChangeAction.Update, true, "a move of its root disk was interrupted: it stays the machine that it was for cloud-init"), (interrupted.Action, interrupted.Starts, interrupted.Reason));
        await _bench.UpAsync(elsewhere);
        await AssertInAsync(_stack, isOwn: true);
        Assert.DoesNotContain("user.incus-compose.moved", (await _bench.InstanceAsync(_stack)).Config.Keys);
        await _bench.ShellAsync(_stack, "rm /root/large");

        // What somebody moves is drift, and put back; one that is stopped needs no leave, and runs again.
        await fixture.Lab.IncusAsync("stop", "--force", _stack);
        await fixture.Lab.IncusAsync("move", _stack, "--storage", home);
        var drift = (await _bench.PlanAsync(elsewhere)).Changes.Single();
        Assert.Equal([("devices.root.pool", PropertyDifference.Drifted, home, _stack)], drift.Properties.Select(property => (property.Path, property.Difference, property.Old!, property.New!)));
        before = await _bench.InstanceAsync(_stack);
        await _bench.UpAsync(elsewhere);
        await AssertInAsync(_stack, isOwn: true);

        // Without the word it is where the profile has it again.
        await _bench.UpAsync(File(""), restarting);
        await AssertInAsync(home, isOwn: false);

        async Task AssertInAsync(string pool, bool isOwn)
        {
            var now = await _bench.InstanceAsync(_stack);
            Assert.Equal((StatusCode.Running, pool, isOwn), (now.StatusCode, now.ExpandedDevices["root"]["pool"], now.Devices.ContainsKey("root")));
            Assert.Equal("mine", await _bench.ShellAsync(_stack, "cat /etc/kept"));
            Assert.Equal(["first"], (await _bench.Client.Instances.ListSnapshotsAsync(_stack)).Select(snapshot => snapshot.Name));
            Assert.All(new[] { "volatile.cloud-init.instance-id", "volatile.eth0.hwaddr" }, key => Assert.Equal(before.Config[key], now.Config[key]));
        }
    }

    [Fact]
    public async Task What_instances_have_by_a_profile_is_moved_with_it()
    {
        string File(string root, string data) => $$"""
            name: {{_stack}}
            storage_pools: { {{_stack}}: {driver: dir} }
            volumes: { data: {pool: {{data}} } }
            profiles: { {{_stack}}: {disk: {pool: {{root}} }, devices: {data: {type: disk, pool: {{data}}, source: data, path: /data} } } }
            instances: { {{_stack}}: {image: busybox, profiles: [default, {{_stack}}], stop_grace_period: 1s} }

            """;
        await _bench.UpAsync(File("default", "default"));
        await _bench.ShellAsync(_stack, "echo mine | tee /etc/kept >/data/kept");
        var refused = (await _bench.PlanAsync(File(_stack, _stack))).Changes;
        Assert.Contains($"the instance {_stack} has it by the profile {_stack} and runs", refused.Single(change => change.Kind == "volume").Refused, StringComparison.Ordinal);
        Assert.Contains($"is stopped while that is moved to the pool {_stack}; allow that with -AllowRestart", refused.Single(change => change.Kind == "profile").Refused, StringComparison.Ordinal);

        await fixture.Lab.IncusAsync("stop", "--force", _stack);
        await _bench.UpAsync(File(_stack, _stack));
        await AssertInAsync(_stack);
        // The disk alone, of what runs.
        var plan = (await _bench.PlanAsync(File("default", _stack), new PlanOptions { AllowRestart = true })).Changes;
        Assert.Equal([("instance", ChangeAction.Restart), ("profile", ChangeAction.Update)], plan.Select(change => (change.Kind, change.Action)).Order());
        Assert.True((await _bench.Engine.ApplyAsync(_bench.Client, await _bench.PlanAsync(File("default", _stack), new PlanOptions { AllowRestart = true }), new ApplyOptions { Exact = true, StopTimeout = TimeSpan.Zero })).Succeeded);
        Assert.Empty((await _bench.PlanAsync(File("default", _stack))).Changes);
        await AssertInAsync("default");

        async Task AssertInAsync(string pool)
        {
            var now = await _bench.InstanceAsync(_stack);
            Assert.Equal((StatusCode.Running, pool, _stack), (now.StatusCode, now.ExpandedDevices["root"]["pool"], now.ExpandedDevices["data"]["pool"]));
            Assert.Empty(now.Devices);
            Assert.Equal("mine mine", await _bench.ShellAsync(_stack, "echo $(cat /etc/kept /data/kept)"));
        }
    }

    [Fact]
    public async Task Volumes_come_from_backups_and_from_images_of_discs_and_are_the_stacks_own()
    {
        var folder = Path.GetDirectoryName(_bench.File)!;
        var disc = new byte[300_000];
        new Random(1).NextBytes(disc);
        await File.WriteAllBytesAsync(Path.Combine(folder, "disc.iso"), disc);
        await _bench.UpAsync(Named($"volumes:\n  old{_stack}: {{size: 20MiB}}\ninstances:\n  {_stack}: {{image: busybox, volumes: [\"old{_stack}:/data\"]}}\n"));
        await _bench.ShellAsync(_stack, "echo precious >/data/kept");
        await fixture.Lab.IncusAsync("storage", "volume", "snapshot", "create", "default", "old" + _stack, "before");
        await fixture.Lab.IncusAsync("storage", "volume", "export", "default", "old" + _stack, Path.Combine(folder, "data.tar.gz"));
        await _bench.DownAsync(_stack, new RemovalOptions { RemoveVolumes = true });

        var file = Named($$"""
            volumes:
              new{{_stack}}: {import: ./data.tar.gz, description: imported, size: 40MiB}
              cd{{_stack}}: {content_type: iso, source: ./disc.iso, description: a disc}
            instances:
              {{_stack}}: {image: busybox, volumes: ["new{{_stack}}:/data"]}

            """);
        await _bench.UpAsync(file);

        Assert.Equal("precious", await _bench.ShellAsync(_stack, "cat /data/kept"));
        var imported = (await _bench.Client.StorageVolumes.GetAsync("default", "new" + _stack)).Value;
        Assert.Equal(("imported", "40MiB"), (imported.Description, imported.Config["size"]));
        Assert.Single(await _bench.Client.StorageVolumes.ListSnapshotsAsync("default", "new" + _stack));
        Assert.Equal("iso", (await _bench.Client.StorageVolumes.GetAsync("default", "cd" + _stack)).Value.ContentType);
        Assert.Equal(disc, (await File.ReadAllBytesAsync($"{fixture.Lab.Environment["INCUS_DIR"]}/storage-pools/default/custom/default_cd{_stack}.iso/root.img"))[..disc.Length]);

        // Incus changes no such volume: it would be a replacement, which takes its own words.
        var changed = Assert.Single((await _bench.PlanAsync(file.Replace("a disc", "another disc", StringComparison.Ordinal))).Changes);
        Assert.Contains("-AllowReplace", changed.Refused, StringComparison.Ordinal);
        Assert.Contains("could cut off", Assert.Single((await _bench.PlanAsync(file.Replace("40MiB", "30MiB", StringComparison.Ordinal))).Changes).Refused, StringComparison.Ordinal);
        await _bench.UpAsync(file.Replace("40MiB", "60MiB", StringComparison.Ordinal));
        Assert.Equal("60MiB", (await _bench.Client.StorageVolumes.GetAsync("default", "new" + _stack)).Value.Config["size"]);
    }

    [Fact]
    public async Task What_is_no_backup_is_refused_in_the_servers_words_and_leaves_no_volume()
    {
        await File.WriteAllTextAsync(Path.Combine(Path.GetDirectoryName(_bench.File)!, "data.tar.gz"), "no backup");

        var result = await _bench.ApplyAsync(Named($"volumes:\n  bad{_stack}: {{import: ./data.tar.gz}}\n"));

        var failed = Assert.Single(result.Resources);
        Assert.Equal(ChangeOutcome.Failed, failed.Outcome);
        Assert.NotEmpty(failed.Message!);
        Assert.Null(await _bench.Client.StorageVolumes.FindAsync("default", "bad" + _stack));
        var missing = await Assert.ThrowsAsync<StackFileException>(() => _bench.PlanAsync(Named($"volumes:\n  bad{_stack}: {{import: ./nowhere.tar.gz}}\n")));
        Assert.Contains("nowhere.tar.gz", Assert.Single(missing.Diagnostics).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_example_comes_up_grows_in_place_and_leaves_its_data_until_told()
    {
        await Lab.Lab.InstallAsync("mkfs.btrfs:btrfs-progs");
        var folder = Path.GetDirectoryName(_bench.File)!;
        Directory.CreateDirectory(Path.Combine(folder, "site"));
        File.Copy(Repository.PathOf("examples/storage-pools/site/index.html"), Path.Combine(folder, "site", "index.html"));
        // Beside one that may be running on this lab.
        var yaml = (await File.ReadAllTextAsync(Repository.PathOf("examples/storage-pools/stack.yaml")))
            .Replace("name: storage-pools", $"name: {_stack}", StringComparison.Ordinal).Replace("shelf:", $"{_stack}:", StringComparison.Ordinal);
        string Sized(string size) => yaml.Replace("${PAGES_SIZE:-64MiB}", size, StringComparison.Ordinal);

        await _bench.UpAsync(Sized("64MiB"));
        var pid = await _bench.PidAsync(_stack);
        Assert.Contains("lay in its volume", await _bench.ShellAsync(_stack, "wget -qO- http://127.0.0.1/"), StringComparison.Ordinal);
        Assert.Equal("1000:1000 770", await _bench.ShellAsync(_stack, "stat -c '%u:%g %a' /srv/uploads"));

        await _bench.UpAsync(Sized("96MiB"));
        Assert.Equal(pid, await _bench.PidAsync(_stack));
        Assert.Contains("could cut off", Assert.Single((await _bench.PlanAsync(Sized("32MiB"))).Changes).Refused, StringComparison.Ordinal);
        await _bench.DownAsync(_stack);
        Assert.NotNull(await _bench.Client.StorageVolumes.FindAsync("poolfast", "pages"));
    }

    private string Named(string rest) => $"name: {_stack}\n{rest}";
}
