using System.Formats.Tar;
using System.Text.Json.Nodes;
using Incus.Client;
using IncusCompose.Backups;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Transactions;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>A stack into a directory or archive, and back: on the same server and on another one.</summary>
[Collection(LabCollection.Name)]
public sealed class BackupTests(LabFixture fixture) : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("incus-compose-backup-");
    private StackWorkbench _bench = null!;

    private string Bridge => $"bk{fixture.Lab.Number}";

    private string Shop => $$$"""
        name: shop
        networks:
          {{{Bridge}}}: {config: {ipv4.address: {{{fixture.Lab.Subnets[3]}}}.1/24, ipv4.nat: true, ipv6.address: none}}
        volumes:
          data: {description: Data of the shop}
        profiles:
          small: {config: {limits.memory: 64MiB}}
        instances:
          db:
            image: busybox
            profiles: [default, small]
            networks: [{{{Bridge}}}]
            volumes: ["data:/data"]
            environment: {DB_PASSWORD: s3cret}
          web:
            image: busybox
            networks: [{{{Bridge}}}]
            depends_on: [db]
        """;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public async Task DisposeAsync()
    {
        await _bench.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
        await _bench.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("shop")]
    [InlineData("shop.tar")]
    public async Task A_stack_that_is_restored_on_another_server_has_the_same_files_and_nothing_left_to_do(string name)
    {
        await UpWithDataAsync();
        await _bench.ShellAsync("db", "echo before >/data/state; sync");
        await fixture.Lab.IncusAsync("snapshot", "create", "db", "first");
        var digests = await DigestsAsync(_bench);
        var path = Path.Combine(_folder.FullName, name);

        var backup = await _bench.Engine.BackUpAsync(_bench.Client, "shop", path);

        Assert.Equal(["db", "web"], backup.Instances);
        Assert.Equal(path, backup.Path);
        Assert.Empty(await _bench.Client.Instances.ListBackupsAsync("db"));
        Assert.Empty(await _bench.Client.StorageVolumes.ListBackupsAsync("default", "data"));
        OnlyTheOwnerReads(path);

        await using var other = await Lab.Lab.StartAsync($"other{Environment.ProcessId}", "--own-network");
        await using var there = await StackWorkbench.OpenAsync(other);
        var plan = await there.Engine.PlanRestoreAsync(there.Client, path);
        Assert.Equal([$"network/{Bridge}", "volume/default/data", "profile/small", "instance/db", "instance/web"], plan.Resources.Select(r => r.ToString()));
        Assert.Empty((await there.Engine.GetStacksAsync(there.Client)));

        var result = await there.Engine.CopyAsync(there.Client, plan);

        Assert.Empty(result.NotStarted);
        Assert.Equal(digests, await DigestsAsync(there));
        Assert.Empty((await there.PlanAsync(Shop)).Changes);
        Assert.Equal("first", (await other.IncusAsync("snapshot", "list", "db", "--format", "csv", "--columns", "n")).Trim());
        Assert.Equal("s3cret", await there.ShellAsync("db", "echo $DB_PASSWORD"));
        // It is the stack's like any other: it comes down by its marks.
        var down = await there.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
        Assert.True(down.Succeeded);
        Assert.Equal(5, down.Resources.Count(r => r.Change.Action == ChangeAction.Delete));
    }

    [Fact]
    public async Task A_stack_comes_back_in_another_project_and_what_is_there_already_is_a_conflict()
    {
        await UpWithDataAsync();
        var path = Path.Combine(_folder.FullName, "shop");
        await _bench.Engine.BackUpAsync(_bench.Client, "shop", path);
        var before = Directory.GetFiles(path, "*", SearchOption.AllDirectories).Length;

        var taken = await Assert.ThrowsAsync<StackConflictException>(() => _bench.Engine.PlanRestoreAsync(_bench.Client, path));
        Assert.Equal(5, taken.Problems.Count);
        Assert.Contains("instance/web exists already, of stack shop", taken.Problems);
        var full = await Assert.ThrowsAsync<IOException>(() => _bench.Engine.BackUpAsync(_bench.Client, "shop", path));
        Assert.Contains("exists already", full.Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFiles(path, "*", SearchOption.AllDirectories).Length);

        var digests = await DigestsAsync(_bench);
        await _bench.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
        await using var project = await fixture.CreateProjectAsync();
        await CutOffAsync(project, path);
        var plan = await _bench.Engine.PlanRestoreAsync(project.Client, path);
        await _bench.Engine.CopyAsync(project.Client, plan);

        var stack = Assert.Single(await _bench.Engine.GetStacksAsync(project.Client));
        Assert.Equal(("shop", project.Name, 2), (stack.Name, stack.Project, stack.Running));
        var again = await _bench.PlanAsync(Shop + $"\nproject: {project.Name}\n");
        Assert.Empty(again.Changes);
        Assert.Equal(digests["db"], await DigestAsync(fixture.Lab, "db", "/data", "--project", project.Name));
        await _bench.Engine.ApplyAsync(project.Client, await _bench.Engine.CompareRemovalAsync(project.Client, "shop", new RemovalOptions { RemoveVolumes = true }));
    }

    [Fact]
    public async Task A_stack_with_a_project_and_the_profile_that_comes_with_it_is_restored_and_cloned_with_both()
    {
        var name = $"own{fixture.Lab.Number}";
        var text = $$$"""
            name: owned
            project: {name: {{{name}}}, create: true, config: {features.images: "false"}}
            profiles:
              default: {config: {limits.memory: 64MiB}, devices: {root: {type: disk, path: /, pool: default} } }
            instances:
              {{{name}}}: {image: busybox, networks: [{{{fixture.Lab.Environment["LAB_BRIDGE"]}}}] }
            """;
        var (there, fresh, empty) = (_bench.Client.ForProject(name), _bench.Client.ForProject(name + "fresh"), _bench.Client.ForProject(name + "empty"));
        var removal = new RemovalOptions { RemoveVolumes = true };
        try
        {
            await _bench.UpAsync(text);
            var path = Path.Combine(_folder.FullName, "owned");
            await _bench.Engine.BackUpAsync(there, "owned", path);

            // In a project that the clone makes, and in one that somebody has made for it.
            await fixture.Lab.IncusAsync("project", "create", empty.Project, "-c", "features.images=false");
            foreach (var target in new[] { fresh, empty })
            {
                var options = new CloneOptions { Names = new Dictionary<string, string> { [$"instance/{name}"] = "c" + target.Project } };
                var plan = await _bench.Engine.PlanCloneAsync(there, "owned", target, options);
                Assert.Contains("profile/default", plan.Resources.Select(resource => resource.Id.ToString()));
                Assert.Empty((await _bench.Engine.CopyAsync(target, plan)).NotStarted);
                var inherited = (await target.Instances.GetAsync("c" + target.Project)).Value;
                Assert.Equal("64MiB", inherited.ExpandedConfig["limits.memory"]);
                Assert.True((await _bench.Engine.ApplyAsync(target, await _bench.Engine.CompareRemovalAsync(target, "owned", removal))).Succeeded);
            }

            Assert.Null(await _bench.Client.Projects.FindAsync(fresh.Project));
            var left = (await empty.Profiles.GetAsync("default")).Value;
            Assert.Equal((0, 0), (left.Config.Count, left.Devices.Count));

            await _bench.Engine.ApplyAsync(there, await _bench.Engine.CompareRemovalAsync(there, "owned", removal));
            Assert.Null(await _bench.Client.Projects.FindAsync(name));
            await _bench.Engine.CopyAsync(there, await _bench.Engine.PlanRestoreAsync(there, path));
            Assert.Empty((await _bench.PlanAsync(text)).Changes);
        }
        finally
        {
            foreach (var project in new[] { there, fresh, empty })
            {
                if (await _bench.Client.Projects.FindAsync(project.Project) is null)
                    continue;
                await _bench.Engine.ApplyAsync(project, await _bench.Engine.CompareRemovalAsync(project, "owned", removal));
                if (await _bench.Client.Projects.FindAsync(project.Project) is not null)
                    await fixture.Lab.IncusAsync("project", "delete", project.Project);
            }
        }
    }

    [Fact]
    public async Task A_pool_of_another_name_takes_the_place_of_the_one_in_the_backup()
    {
        await using var project = await fixture.CreateProjectAsync();
        var pool = $"fast{fixture.Lab.Number}";
        await fixture.Lab.IncusAsync("storage", "create", pool, "dir");
        try
        {
            var text = $"""
                name: pooled
                project: {project.Name}
                volumes: {"{"}data: {"{"}pool: {pool}{"}}"}
                instances:
                  db{project.Name}: {"{"}image: busybox, disk: {"{"}pool: {pool}{"}"}, volumes: ["data:/data"]{"}"}
                """;
            await _bench.UpAsync(text);
            var name = $"db{project.Name}";
            await fixture.Lab.IncusAsync("exec", "--project", project.Name, name, "--", "sh", "-c", "echo kept >/data/state; echo kept >/root.txt");
            var path = Path.Combine(_folder.FullName, "pooled");
            await _bench.Engine.BackUpAsync(project.Client, "pooled", path);
            await _bench.Engine.ApplyAsync(project.Client, await _bench.Engine.CompareRemovalAsync(project.Client, "pooled", new RemovalOptions { RemoveVolumes = true }));
            await fixture.Lab.IncusAsync("storage", "delete", pool);

            var missing = await Assert.ThrowsAsync<StackConflictException>(() => _bench.Engine.PlanRestoreAsync(project.Client, path));
            Assert.Contains($"needs storage-pool/{pool}, which is not there; say which pool takes its place (default)", missing.Message, StringComparison.Ordinal);
            var options = new BackupRestoreOptions { Pools = new Dictionary<string, string> { [pool] = "default" } };
            await _bench.Engine.CopyAsync(project.Client, await _bench.Engine.PlanRestoreAsync(project.Client, path, options));

            Assert.Equal("kept", (await fixture.Lab.IncusAsync("exec", "--project", project.Name, name, "--", "cat", "/data/state")).Trim());
            Assert.Equal("kept", (await fixture.Lab.IncusAsync("exec", "--project", project.Name, name, "--", "cat", "/root.txt")).Trim());
            Assert.Empty((await _bench.PlanAsync(text.Replace(pool, "default", StringComparison.Ordinal))).Changes);
        }
        finally
        {
            await _bench.Engine.ApplyAsync(project.Client, await _bench.Engine.CompareRemovalAsync(project.Client, "pooled", new RemovalOptions { RemoveVolumes = true }));
            if ((await _bench.Client.StoragePools.FindAsync(pool)) is not null)
                await fixture.Lab.IncusAsync("storage", "delete", pool);
        }
    }

    [Fact]
    public async Task A_damaged_backup_is_found_out_before_anything_is_made()
    {
        await UpWithDataAsync();
        var path = Path.Combine(_folder.FullName, "shop");
        await _bench.Engine.BackUpAsync(_bench.Client, "shop", path);
        await _bench.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
        var data = Path.Combine(path, "instances/web.tar.gz");
        var bytes = await File.ReadAllBytesAsync(data);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(data, bytes);
        File.Delete(Path.Combine(path, "profiles/small.json"));

        var damaged = await Assert.ThrowsAsync<BackupUnusableException>(() => _bench.Engine.PlanRestoreAsync(_bench.Client, path));

        Assert.Equal(["profiles/small.json is missing", "instances/web.tar.gz is damaged (its digest is not the one that was recorded)"], damaged.Problems);
        Assert.Empty(await _bench.Engine.GetStacksAsync(_bench.Client));
        var manifest = Path.Combine(path, "manifest.json");
        var text = JsonNode.Parse(await File.ReadAllTextAsync(manifest))!;
        text["version"] = 2;
        await File.WriteAllTextAsync(manifest, text.ToJsonString());
        Assert.Contains("use a newer one", (await Assert.ThrowsAsync<BackupUnusableException>(() => _bench.Engine.ReadBackupAsync(path))).Message, StringComparison.Ordinal);
        text["version"] = 1;
        text["members"]![0]!["file"] = "../../etc/passwd";
        await File.WriteAllTextAsync(manifest, text.ToJsonString());
        Assert.Contains("which no backup does", (await Assert.ThrowsAsync<BackupUnusableException>(() => _bench.Engine.ReadBackupAsync(path))).Message, StringComparison.Ordinal);
        File.Delete(manifest);
        Assert.Contains("not completed", (await Assert.ThrowsAsync<BackupUnusableException>(() => _bench.Engine.ReadBackupAsync(path))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../etc/passwd", "which no backup does")]
    [InlineData("/etc/passwd", "which no backup does")]
    [InlineData("instances/../../x", "which no backup does")]
    [InlineData("instances/db.json", "twice")]
    public async Task A_manifest_that_leads_elsewhere_is_refused(string file, string problem)
    {
        var source = await SmallBackupAsync();
        var manifest = Path.Combine(source, "manifest.json");
        var text = JsonNode.Parse(await File.ReadAllTextAsync(manifest))!;
        var member = text["members"]!.AsArray().First(member => (string)member!["file"]! != "instances/db.json")!;
        member["file"] = file;
        await File.WriteAllTextAsync(manifest, text.ToJsonString());

        var error = await Assert.ThrowsAsync<BackupUnusableException>(() => _bench.Engine.PlanRestoreAsync(_bench.Client, source));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name": "..", "kind": "instance", "role": "definition", "file": "x.json", "size": 1, "sha256": "x"}""", "which no backup does")]
    [InlineData("""{"name": "a/../../1.0", "kind": "instance", "role": "definition", "file": "x.json", "size": 1, "sha256": "x"}""", "which no backup does")]
    [InlineData("""{"name": "a", "kind": "volume", "role": "definition", "file": "x.json", "size": 1, "sha256": "x"}""", "which no backup does")]
    [InlineData("""{"name": "a", "kind": "weather", "role": "definition", "file": "x.json", "size": 1, "sha256": "x"}""", "which no backup does")]
    [InlineData("""{"name": "a", "kind": "instance", "role": "definition", "file": "x.json", "size": 1, "sha256": "x"}""", "the data of instance/a is not in it")]
    [InlineData("""{"name": "a", "kind": "instance", "role": "data", "file": "x.json", "size": 1, "sha256": "x"}""", "it holds data of instance/a and does not say what that is")]
    [InlineData("null", "which no backup does")]
    [InlineData("{}", "cannot be read")]
    public async Task A_manifest_with_an_odd_member_is_refused(string member, string problem)
    {
        var source = await SmallBackupAsync();
        var manifest = Path.Combine(source, "manifest.json");
        var text = JsonNode.Parse(await File.ReadAllTextAsync(manifest))!;
        text["members"]!.AsArray().Add(JsonNode.Parse(member));
        await File.WriteAllTextAsync(manifest, text.ToJsonString());

        var error = await Assert.ThrowsAsync<BackupUnusableException>(() => _bench.Engine.PlanRestoreAsync(_bench.Client, source));

        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        text["members"] = null;
        await File.WriteAllTextAsync(manifest, text.ToJsonString());
        await Assert.ThrowsAsync<BackupUnusableException>(() => _bench.Engine.ReadBackupAsync(source));
    }

    [Fact]
    public async Task A_truncated_archive_is_refused_and_what_else_an_archive_holds_is_never_written()
    {
        var source = await SmallBackupAsync("small.tar");
        var bytes = await File.ReadAllBytesAsync(source);
        foreach (var length in new[] { 0, 100, 512, bytes.Length / 2, bytes.Length - 2048 })
        {
            var cut = Path.Combine(_folder.FullName, $"cut{length}.tar");
            await File.WriteAllBytesAsync(cut, bytes[..length]);
            var error = await Assert.ThrowsAsync<BackupUnusableException>(() => _bench.Engine.PlanRestoreAsync(_bench.Client, cut));
            Assert.Contains("manifest.json", error.Message, StringComparison.Ordinal);
        }

        var noise = Path.Combine(_folder.FullName, "noise.tar");
        await File.WriteAllBytesAsync(noise, [.. Enumerable.Range(0, 4096).Select(index => (byte)(index * 31))]);
        await Assert.ThrowsAsync<BackupUnusableException>(() => _bench.Engine.PlanRestoreAsync(_bench.Client, noise));

        // A file that leads out, and a link, before the real ones: nobody looks at them.
        var odd = Path.Combine(_folder.FullName, "odd.tar");
        var escaped = Path.Combine(_folder.FullName, "escaped");
        await using (var output = File.Create(odd))
        await using (var writer = new TarWriter(output, TarEntryFormat.Pax))
        await using (var input = new TarReader(File.OpenRead(source)))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "../escaped") { DataStream = new MemoryStream([1]) });
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, escaped) { DataStream = new MemoryStream([1]) });
            while (await input.GetNextEntryAsync(copyData: true) is { } entry)
            {
                if (entry.Name == "instances/db.tar")
                    await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, entry.Name) { LinkName = "/etc/passwd" });
                else
                    await writer.WriteEntryAsync(entry);
            }
        }

        var link = await Assert.ThrowsAsync<BackupUnusableException>(() => _bench.Engine.PlanRestoreAsync(_bench.Client, odd));
        Assert.StartsWith("instances/db.tar has 0 bytes instead of ", Assert.Single(link.Problems), StringComparison.Ordinal);
        Assert.False(File.Exists(escaped));
        Assert.False(File.Exists(Path.Combine(_folder.FullName, "..", "escaped")));
        Assert.Empty(await _bench.Engine.GetStacksAsync(_bench.Client));
    }

    [Theory]
    [InlineData("dir", "btrfs")]
    [InlineData("btrfs", "dir")]
    public async Task A_backup_goes_between_pools_of_different_drivers(string from, string to)
    {
        var (one, other) = ($"one{fixture.Lab.Number}", $"other{fixture.Lab.Number}");
        await CreatePoolAsync(one, from);
        await CreatePoolAsync(other, to);
        try
        {
            string Text(string pool) => $$$"""
                name: shop
                volumes: {data: {pool: {{{pool}}}}}
                instances:
                  db: {image: busybox, disk: {pool: {{{pool}}}}, volumes: ["data:/data"]}
                """;
            await _bench.UpAsync(Text(one));
            await _bench.ShellAsync("db", "head -c 300000 /dev/urandom >/data/1; chmod 640 /data/1; chown 12:34 /data/1; ln -s 1 /data/link; sync");
            var digest = await DigestAsync(fixture.Lab, "db", "/data");
            var (plain, optimized) = (Path.Combine(_folder.FullName, "plain.tar"), Path.Combine(_folder.FullName, "optimized"));
            await _bench.Engine.BackUpAsync(_bench.Client, "shop", plain);
            await _bench.Engine.BackUpAsync(_bench.Client, "shop", optimized, new BackupOptions { OptimizedStorage = true });
            await _bench.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
            var pools = new BackupRestoreOptions { Pools = new Dictionary<string, string> { [one] = other } };

            if (from == "btrfs")
            {
                var refused = await Assert.ThrowsAsync<StackConflictException>(() => _bench.Engine.PlanRestoreAsync(_bench.Client, optimized, pools));
                Assert.Contains($"volume/{one}/data was saved in the format of btrfs, and pool {other} is dir", refused.Problems);
                Assert.Contains($"instance/db was saved in the format of btrfs, and pool {other} is dir", refused.Problems);
            }

            await _bench.Engine.CopyAsync(_bench.Client, await _bench.Engine.PlanRestoreAsync(_bench.Client, optimized));
            Assert.Equal(digest, await DigestAsync(fixture.Lab, "db", "/data"));
            Assert.Empty((await _bench.PlanAsync(Text(one))).Changes);
            await _bench.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
            await _bench.Engine.CopyAsync(_bench.Client, await _bench.Engine.PlanRestoreAsync(_bench.Client, plain, pools));
            Assert.Equal(digest, await DigestAsync(fixture.Lab, "db", "/data"));
            Assert.Empty((await _bench.PlanAsync(Text(other))).Changes);
        }
        finally
        {
            await _bench.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
            await fixture.Lab.IncusAsync("storage", "delete", one);
            await fixture.Lab.IncusAsync("storage", "delete", other);
        }
    }

    [Fact]
    public async Task A_disk_that_is_full_is_said_and_nothing_stays_on_it()
    {
        await UpWithDataAsync();
        var small = Path.Combine(_folder.FullName, "small");
        Directory.CreateDirectory(small);
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", small);
        try
        {
            foreach (var name in new[] { "shop", "shop.tar" })
            {
                var error = await Assert.ThrowsAnyAsync<IOException>(() => _bench.Engine.BackUpAsync(_bench.Client, "shop", Path.Combine(small, name)));
                Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
                Assert.Empty(Directory.GetFileSystemEntries(small));
            }

            Assert.Empty(await _bench.Client.Instances.ListBackupsAsync("db"));
            Assert.Empty(await _bench.Client.StorageVolumes.ListBackupsAsync("default", "data"));
        }
        finally
        {
            await RunAsync("umount", small);
        }
    }

    [Fact]
    public async Task A_server_that_goes_away_during_a_restore_leaves_nothing_that_taking_down_does_not_clean()
    {
        await UpWithDataAsync();
        var path = Path.Combine(_folder.FullName, "shop");
        await _bench.Engine.BackUpAsync(_bench.Client, "shop", path);
        var digests = await DigestsAsync(_bench);
        await using var server = await Lab.Lab.StartAsync($"gone{Environment.ProcessId}", "--own-network");
        await using var there = await IncusClient.ConnectAsync(ConnectionOptions.Unix(server.Socket) with { ReconnectTimeout = TimeSpan.FromSeconds(5) });
        Task? killed = null;
        var when = new Reporter(happened =>
        {
            if (happened.Id.Kind == "volume" && happened.Text == "making")
                killed ??= server.KillAsync();
        });
        var plan = await _bench.Engine.PlanRestoreAsync(there, path);

        await Assert.ThrowsAnyAsync<IncusException>(() => _bench.Engine.CopyAsync(there, plan, null, when));

        await killed!;
        await server.RestartAsync();
        await using var again = await StackWorkbench.OpenAsync(server);
        Assert.True((await again.DownAsync("shop", new RemovalOptions { RemoveVolumes = true })).Succeeded);
        Assert.Empty(await again.Client.Instances.ListAsync());
        Assert.Empty(await again.Client.StorageVolumes.ListAsync("default"));
        try
        {
            await again.Engine.CopyAsync(again.Client, await again.Engine.PlanRestoreAsync(again.Client, path));
        }
        catch (IncusException error) when (error.ServerMessage?.Contains("already exists on target", StringComparison.Ordinal) == true)
        {
            // It was killed between making a volume or an instance and noting it, and nothing that a client can ask for takes
            // that away. The server knows of none, as was just seen.
            var pool = Path.Combine(server.Environment["INCUS_DIR"], "storage-pools/default");
            foreach (var left in (string[])[.. Directory.GetDirectories(Path.Combine(pool, "custom")), .. Directory.GetDirectories(Path.Combine(pool, "containers"))])
                Directory.Delete(left, recursive: true);
            await again.Engine.CopyAsync(again.Client, await again.Engine.PlanRestoreAsync(again.Client, path));
        }

        Assert.Equal(digests, await DigestsAsync(again));
        Assert.Empty((await again.PlanAsync(Shop)).Changes);
        await again.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
    }

    [Fact]
    public async Task A_backup_that_is_cancelled_leaves_nothing_on_the_server_and_nothing_on_disk()
    {
        await UpWithDataAsync();
        using var cancel = new CancellationTokenSource();
        var path = Path.Combine(_folder.FullName, "cancelled");
        var when = new Reporter(happened =>
        {
            if (happened.Id.Kind == "instance" && happened.Text.StartsWith("saving", StringComparison.Ordinal))
                cancel.Cancel();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _bench.Engine.BackUpAsync(_bench.Client, "shop", path, null, when, cancel.Token));

        Assert.True(cancel.IsCancellationRequested);
        Assert.False(Directory.Exists(path));
        Assert.Empty(await _bench.Client.Instances.ListBackupsAsync("db"));
        Assert.Empty(await _bench.Client.Instances.ListBackupsAsync("web"));
        Assert.Empty(await _bench.Client.StorageVolumes.ListBackupsAsync("default", "data"));
        await Assert.ThrowsAsync<IncusNotFoundException>(() => _bench.Engine.BackUpAsync(_bench.Client, "nosuch", path));
        Assert.False(Directory.Exists(path));
    }

    [Theory]
    [InlineData("volume", "making")]
    [InlineData("instance", "making")]
    [InlineData("instance", "made")]
    public async Task A_restore_that_is_cancelled_takes_back_what_it_made_and_can_be_run_again(string kind, string text)
    {
        await UpWithDataAsync();
        var path = Path.Combine(_folder.FullName, "shop.tar");
        // What it made itself is protected from others only.
        await ProtectAsync("true");
        await _bench.Engine.BackUpAsync(_bench.Client, "shop", path);
        await ProtectAsync("false");
        await _bench.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
        using var cancel = new CancellationTokenSource();
        var when = new Reporter(happened =>
        {
            if (happened.Id.Kind == kind && happened.Text == text)
                cancel.Cancel();
        });
        var plan = await _bench.Engine.PlanRestoreAsync(_bench.Client, path);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _bench.Engine.CopyAsync(_bench.Client, plan, null, when, cancel.Token));

        Assert.Empty(await _bench.Engine.GetStacksAsync(_bench.Client));
        Assert.Empty(await _bench.Client.Instances.ListAsync());
        Assert.Empty(await _bench.Client.StorageVolumes.ListAsync("default"));
        await _bench.Engine.CopyAsync(_bench.Client, await _bench.Engine.PlanRestoreAsync(_bench.Client, path));
        Assert.Empty((await _bench.PlanAsync(Shop)).Changes);
        await ProtectAsync("false");

        async Task ProtectAsync(string word)
        {
            foreach (var instance in (string[])["db", "web"])
                await fixture.Lab.IncusAsync("config", "set", instance, "security.protection.delete=" + word);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_somebody_made_since_the_plan_is_theirs_however_the_restore_ends(bool cancelled)
    {
        await UpWithDataAsync();
        var path = Path.Combine(_folder.FullName, "shop");
        await _bench.Engine.BackUpAsync(_bench.Client, "shop", path);
        await _bench.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
        var plan = await _bench.Engine.PlanRestoreAsync(_bench.Client, path);
        foreach (var name in new[] { "db", "web" })
            await fixture.Lab.IncusAsync("launch", "busybox", name);
        using var cancel = new CancellationTokenSource();
        var when = new Reporter(happened =>
        {
            if (cancelled && happened is { Id.Kind: "instance", Text: "making" })
                cancel.Cancel();
        });

        var error = await Assert.ThrowsAnyAsync<Exception>(() => _bench.Engine.CopyAsync(_bench.Client, plan, null, when, cancel.Token));

        Assert.Equal(["db", "web"], (await _bench.Client.Instances.ListAsync()).Select(instance => instance.Name).Order());
        Assert.Empty(await _bench.Client.StorageVolumes.ListAsync("default"));
        if (!cancelled)
            Assert.Matches("^instance/(db|web) exists already: somebody has made it since this was planned", error.Message);
        await fixture.Lab.IncusAsync("delete", "-f", "db", "web");
    }

    [Fact]
    public async Task What_cannot_be_started_is_there_all_the_same()
    {
        await using var project = await fixture.CreateProjectAsync();
        var port = 20000 + (Environment.ProcessId % 10000);
        var text = $$"""
            name: ported
            project: {{project.Name}}
            instances:
              p{{project.Name}}: {image: busybox, ports: ["127.0.0.1:{{port}}:80"]}
            """;
        await _bench.UpAsync(text);
        var path = Path.Combine(_folder.FullName, "ported");
        await _bench.Engine.BackUpAsync(project.Client, "ported", path, new BackupOptions { Compression = "none", Snapshots = false });
        await _bench.Engine.ApplyAsync(project.Client, await _bench.Engine.CompareRemovalAsync(project.Client, "ported"));
        using var occupant = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
        occupant.Start();

        var result = await _bench.Engine.CopyAsync(project.Client, await _bench.Engine.PlanRestoreAsync(project.Client, path));

        var (name, reason) = Assert.Single(result.NotStarted);
        Assert.Equal($"p{project.Name}", name);
        Assert.StartsWith("Starting instance", reason, StringComparison.Ordinal);
        occupant.Stop();
        var left = Assert.Single((await _bench.PlanAsync(text)).Changes);
        Assert.Equal(ChangeAction.Start, left.Action);
    }

    /// <summary>
    /// A restore that never learns of an instance that was imported and cannot take back anything, as if it were killed: taking the stack down finds all of it.
    /// </summary>
    private async Task CutOffAsync(TestProject project, string path)
    {
        await using var relay = new FaultyRelay(fixture.Lab.Socket);
        await using var client = (await relay.ConnectAsync()).ForProject(project.Name);
        var plan = await _bench.Engine.PlanRestoreAsync(client, path);
        relay.LoseAnswers("POST /1.0/instances");
        relay.Refuse("DELETE ");

        await Assert.ThrowsAnyAsync<IncusException>(() => _bench.Engine.CopyAsync(client, plan, new CopyOptions { ThrottleLimit = 1 }));

        Assert.Equal("db", Assert.Single(await project.Client.Instances.ListAsync()).Name);
        var removal = await _bench.Engine.CompareRemovalAsync(project.Client, "shop", new RemovalOptions { RemoveVolumes = true });
        Assert.Equal(
            ["instance/db", $"network/{Bridge}", "profile/small", "volume/default/data"], removal.Changes.Select(change => change.Id.ToString()).Order(StringComparer.Ordinal));
        Assert.True((await _bench.Engine.ApplyAsync(project.Client, removal)).Succeeded);
    }

    private async Task UpWithDataAsync()
    {
        await _bench.UpAsync(Shop);
        await _bench.ShellAsync("db", "for i in 1 2 3; do head -c 300000 /dev/urandom >/data/$i; done; ln -s 1 /data/link; chmod 640 /data/2; chown 12:34 /data/3; sync");
        await _bench.ShellAsync("web", "head -c 300000 /dev/urandom >/srv/page; sync");
    }

    /// <summary>A backup of one instance, whose stack is gone already.</summary>
    private async Task<string> SmallBackupAsync(string name = "small")
    {
        await _bench.UpAsync("name: shop\nvolumes: {data: {}}\ninstances: {db: {image: busybox, volumes: [\"data:/data\"]}}\n");
        var path = Path.Combine(_folder.FullName, name);
        await _bench.Engine.BackUpAsync(_bench.Client, "shop", path, new BackupOptions { Compression = "none" });
        await _bench.DownAsync("shop", new RemovalOptions { RemoveVolumes = true });
        return path;
    }

    private async Task CreatePoolAsync(string name, string driver) =>
        await fixture.Lab.IncusAsync(["storage", "create", name, driver, .. driver == "btrfs" ? ["size=256MiB"] : Array.Empty<string>()]);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    private static async Task<Dictionary<string, string>> DigestsAsync(StackWorkbench bench) => new()
    {
        ["db"] = await DigestAsync(bench.Lab, "db", "/data"),
        ["web"] = await DigestAsync(bench.Lab, "web", "/srv"),
    };

    // Content, owner and mode of every file.
    private static Task<string> DigestAsync(Lab.Lab lab, string instance, string folder, params string[] options) => lab.IncusAsync(
        ["exec", .. options, instance, "--", "sh", "-c", $"cd {folder} && find . | sort | while read f; do stat -c '%n %F %a %u %g' $f; [ -f $f ] && sha256sum $f; done"]);

    private static void OnlyTheOwnerReads(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        if (File.Exists(path))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            using var archive = new TarReader(File.OpenRead(path));
            while (archive.GetNextEntry() is { } entry)
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, entry.Mode);
            return;
        }

        foreach (var file in Directory.GetFiles(path, "*", SearchOption.AllDirectories))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        foreach (var folder in Directory.GetDirectories(path, "*", SearchOption.AllDirectories).Append(path))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
    }

    private sealed class Reporter(Action<CopyEvent> report) : IProgress<CopyEvent>
    {
        public void Report(CopyEvent value) => report(value);
    }
}
