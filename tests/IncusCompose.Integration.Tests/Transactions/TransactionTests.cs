using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;
using IncusCompose.Publishing;
using IncusCompose.Transactions;

namespace IncusCompose.Integration.Tests.Transactions;

/// <summary>An apply that fails leaves everything as it was before, wherever it fails.</summary>
[Collection(TakingBackLabCollection.Name)]
public sealed class TransactionTests(LabFixture lab)
{
    private static readonly ApplyOptions Transactional = new() { Checkpoint = true, StopTimeout = TimeSpan.Zero, WaitTimeout = TimeSpan.FromSeconds(20) };

    [Fact]
    public async Task What_does_not_become_ready_takes_every_change_back_and_what_does_leaves_no_checkpoint()
    {
        await using var stack = await ChangingStack.UpAsync(lab, "txr");
        var before = await stack.StateAsync();
        // What somebody has open in an instance ends with it: an apply that waited for it might never end.
        var shells = ((string[])["txr-gone", "txr-moved"]).Select(name => stack.Client.Instances.ExecAsync(name, new ExecRequest { Command = ["sleep", "300"] })).ToList();
        await Eventually.GetAsync(() => stack.Client.Operations.ListAsync(), operations => operations.Count(operation => operation.Description == "Executing command") == 2);

        // What is put back by making it anew is protected from deletion by then, and goes all the same.
        var second = stack.Second("false").Replace("txr-moved: {", "txr-moved: { config: { security.protection.delete: 'true' },", StringComparison.Ordinal);
        var result = await stack.Bench.Engine.ApplyAsync(stack.Client, await stack.PlanAsync(second), Transactional);

        Assert.False(result.Succeeded);
        foreach (var shell in shells)
            Assert.NotEqual(0, await ExitCodeAsync(shell));
        Assert.True(result.Transaction!.Message.Length == 0, result.Transaction.Message + string.Join("\n", result.Transaction.Steps.Select(step => $"{step.Step} {step.Outcome} {step.Message}")));
        Assert.Equal((TransactionOutcome.RolledBack, false), (result.Transaction.Outcome, result.Transaction.IsCheckpointLeft));
        States.AssertSame(before, await stack.StateAsync());
        var failed = Assert.Single(result.Resources, resource => resource.Outcome == ChangeOutcome.Failed);
        Assert.Equal(("txr-made", true), (failed.Name, failed.IsNotReady));
        Assert.Contains(result.Resources, resource => resource is { Action: ChangeAction.Rebuild, Outcome: ChangeOutcome.RolledBack });
        Assert.Contains(result.Resources, resource => resource is { Name: "txr-moved", Action: ChangeAction.Update, Outcome: ChangeOutcome.RolledBack });
        Assert.Empty(await stack.Bench.Engine.GetCheckpointsAsync(stack.Client));
        Assert.Empty((await stack.PlanAsync(stack.First)).Changes);

        var events = new List<ApplyEvent>();
        result = await stack.Bench.Engine.ApplyAsync(stack.Client, await stack.PlanAsync(stack.Second()), Transactional, new Collector<ApplyEvent>(events));
        Assert.True(result.Succeeded, Text(result));
        Assert.Equal((TransactionOutcome.Kept, false), (result.Transaction!.Outcome, result.Transaction.IsCheckpointLeft));
        Assert.Contains(events, happened => happened is { Kind: ApplyEventKind.Checkpoint, Text: "snapshot" });
        Assert.Empty(await stack.Bench.Engine.GetCheckpointsAsync(stack.Client));
        Assert.Empty((await stack.PlanAsync(stack.Second())).Changes);
        Assert.Equal("kept", await stack.ShellAsync("txr-db", "cat /data/file"));
        foreach (var instance in await stack.Client.Instances.ListAsync())
            Assert.Empty(await stack.Client.Instances.ListSnapshotsAsync(instance.Name));
        Assert.Equal(["txr-db", "txr-made", "txr-moved", "txr-web"], (await stack.Client.Instances.ListAsync()).Select(instance => instance.Name).Order());
    }

    [Fact]
    public async Task Replicas_are_rebuilt_one_after_the_other_and_all_put_back_where_one_does_not_become_ready()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await Stacks.StackWorkbench.OpenAsync(lab.Lab);
        await lab.Lab.IncusAsync("image", "alias", "create", "txg-again", (await lab.Client.Images.FindAliasAsync("busybox"))!.Target[..12]);
        PublishedImage? moved = null;
        try
        {
            string Stack(string mode, string check) => $$"""
                name: txg
                project: {{project.Name}}
                volumes: { txg-shared: { pool: default } }
                instances:
                  txg:
                    image: txg-again
                    replicas: 3
                    volumes: ["txg-shared:/data"]
                    update: { on_failure: rollback }
                    healthcheck: { test: '{{check}}', interval: 1s, retries: 2 }
                  txo: { image: busybox, environment: { MODE: {{mode}} } }
                """;
            var options = new PlanOptions { AllowRebuild = true, AllowRestart = true };
            await bench.UpAsync(Stack("one", "true"));
            async Task<string> FileAsync(int number) => (await lab.Lab.IncusAsync("--project", project.Name, "exec", $"txg-{number}", "--", "sh", "-c", "cat /root-file 2>/dev/null; cat /data/file")).Trim();
            async Task<string[]> NamesAsync() => [.. (await project.Client.Instances.ListAsync()).Where(i => i.Name.StartsWith("txg", StringComparison.Ordinal)).OrderBy(i => i.Name, StringComparer.Ordinal).Select(i => $"{i.Name} {i.Status} {i.Config["volatile.eth0.hwaddr"]} {i.Config["volatile.uuid"]}")];
            foreach (var number in (int[])[1, 2, 3])
                await lab.Lab.IncusAsync("--project", project.Name, "exec", $"txg-{number}", "--", "sh", "-c", $"echo {number} >/root-file; echo shared >/data/file");
            var (names, last) = (await NamesAsync(), (await project.Client.Instances.GetStateAsync("txg-3")).Pid);

            // The same word leads to another image now: that is a note, until they may be rebuilt.
            moved = await bench.Engine.PublishImageAsync(project.Client, new PublishOptions { Instance = "txo", Aliases = ["txg-again"], MoveAliases = true });
            var note = $"image txg-again moved on: {(await lab.Client.Images.FindAliasAsync("busybox"))!.Target[..12]} -> {moved.Fingerprint[..12]} (txg-1, txg-2, txg-3)";
            async Task IsNotedAsync()
            {
                var plan = await bench.PlanAsync(Stack("one", "true"));
                Assert.False(plan.IsRefused);
                Assert.DoesNotContain(plan.Changes, change => change.Name.StartsWith("txg-", StringComparison.Ordinal));
                Assert.Equal(note, Assert.Single(plan.Diagnostics).Message);
            }

            await IsNotedAsync();

            // The second is never healthy once it is rebuilt: what was in its root disk is gone.
            var result = await bench.ApplyAsync(Stack("two", "test -e /root-file || test $$(hostname) != txg-2"), options);

            Assert.Equal((TransactionOutcome.RolledBack, false, false), (result.Transaction!.Outcome, result.Transaction.IsWhole, result.Transaction.IsCheckpointLeft));
            Assert.Equal(
                [("txg-1", ChangeOutcome.RolledBack), ("txg-2", ChangeOutcome.Failed), ("txg-3", ChangeOutcome.Skipped), ("txo", ChangeOutcome.Done)],
                result.Resources.Where(resource => resource.Kind == "instance").Select(resource => (resource.Name, resource.Outcome)).Order());
            Assert.Equal(names, await NamesAsync());
            Assert.Equal(["1\nshared", "2\nshared", "3\nshared"], [await FileAsync(1), await FileAsync(2), await FileAsync(3)]);
            Assert.Empty(await bench.Engine.GetCheckpointsAsync(project.Client));
            await IsNotedAsync();

            // One that is too many and was deleted is there again too.
            result = await bench.ApplyAsync(
                Stack("txg-again", "test -e /root-file || test $$(hostname) != txg-2"), options with { Scale = new Dictionary<string, int> { ["txg"] = 2 } });
            Assert.Equal(TransactionOutcome.RolledBack, result.Transaction!.Outcome);
            Assert.Equal(ChangeOutcome.RolledBack, result.Resources.Single(resource => resource is { Name: "txg-3", Action: ChangeAction.Delete }).Outcome);
            Assert.Equal(names, await NamesAsync());
            Assert.Equal(["1\nshared", "2\nshared", "3\nshared"], [await FileAsync(1), await FileAsync(2), await FileAsync(3)]);

            // Where all become ready, each keeps what is its own but for the root disk.
            result = await bench.ApplyAsync(Stack("two", "true"), options);
            Assert.True(result.Succeeded, Text(result));
            Assert.Equal(3, result.Resources.Count(resource => resource is { Action: ChangeAction.Rebuild, Outcome: ChangeOutcome.Done }));
            Assert.Equal(names, await NamesAsync());
            Assert.NotEqual(last, (await project.Client.Instances.GetStateAsync("txg-3")).Pid);
            Assert.Equal(["shared", "shared", "shared"], [await FileAsync(1), await FileAsync(2), await FileAsync(3)]);
            Assert.Empty(await bench.Engine.GetCheckpointsAsync(project.Client));
            var quiet = await bench.PlanAsync(Stack("two", "true"), options);
            Assert.Equal((false, 0), (quiet.HasChanges, quiet.Diagnostics.Count));
        }
        finally
        {
            // With the image goes its alias.
            await lab.Lab.IncusAsync(moved is null ? ["image", "alias", "delete", "txg-again"] : ["image", "delete", moved.Fingerprint]);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Configuration_that_was_changed_while_they_ran_is_put_back_while_they_go_on(bool whole)
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await Stacks.StackWorkbench.OpenAsync(lab.Lab);
        string Stack(string mode, string label, string check) => $$"""
            name: txl
            project: {{project.Name}}
            volumes: { txl-data: { pool: default }, txl-own: { pool: default } }
            instances:
              txl:
                image: busybox
                replicas: 2
                description: {{label}}
                config: { user.label: {{label}} }
                volumes: ["txl-data:/data"]
                update: { on_failure: rollback }
                healthcheck: { test: '{{check}}', interval: 1s, retries: 1 }
              txm: { image: busybox, environment: { MODE: {{mode}} }, volumes: ["txl-own:/data"] }
            """;
        await bench.UpAsync(Stack("one", "one", "true"));
        async Task<List<string>> DefinitionsAsync() => [.. (await project.Client.Instances.ListAsync()).OrderBy(i => i.Name, StringComparer.Ordinal)
            .Select(i => $"{i.Name} {i.Description} " + string.Join(" ", i.Config.Where(e => !e.Key.StartsWith("volatile.", StringComparison.Ordinal)).OrderBy(e => e.Key, StringComparer.Ordinal)))];
        async Task<long[]> PidsAsync() => await Task.WhenAll(((string[])["txl-1", "txl-2", "txm"]).Select(async name => (await project.Client.Instances.GetStateAsync(name)).Pid));
        var (definitions, pids) = (await DefinitionsAsync(), await PidsAsync());

        // Not ready any more for another label; what is written in the meantime stays, where no disk was touched.
        var check = "touch /written /data/written; false";
        var result = await bench.Engine.ApplyAsync(
            project.Client, await bench.PlanAsync(Stack(whole ? "two" : "one", "two", check), new PlanOptions { AllowRestart = true }), Transactional with { Checkpoint = whole, Wait = true });

        Assert.Equal((TransactionOutcome.RolledBack, whole, false), (result.Transaction!.Outcome, result.Transaction.IsWhole, result.Transaction.IsCheckpointLeft));
        Assert.Equal(definitions, await DefinitionsAsync());
        Assert.Equal(pids[..2], (await PidsAsync())[..2]);
        Assert.NotEmpty(result.Transaction.Steps);
        Assert.All(result.Transaction.Steps.Where(step => step.Id.Name.StartsWith("txl-", StringComparison.Ordinal) && step.Id.Kind == "instance"), step => Assert.Equal((RestoreAction.Update, ChangeOutcome.Done), (step.Action, step.Outcome)));
        Assert.DoesNotContain(result.Transaction.Steps, step => step.Id.Name == "txl-data");
        Assert.Equal(
            "/data/written\n/written",
            (await lab.Lab.IncusAsync("--project", project.Name, "exec", result.Resources.First(resource => resource.IsNotReady).Id.Name, "--", "sh", "-c", "ls /data/written /written")).Trim());
        Assert.Empty(await bench.Engine.GetCheckpointsAsync(project.Client));
        Assert.Empty((await bench.PlanAsync(Stack("one", "one", "true"))).Changes);
    }

    [Fact]
    public async Task What_could_not_be_put_back_is_refused_before_anything_is_done()
    {
        await using var stack = await ChangingStack.UpAsync(lab, "txs");
        foreach (var name in (string[])["txs-gone", "txs-web"])
            await stack.Client.Instances.CreateSnapshotAsync(name, "mine").CompleteAsync();
        await stack.Client.StorageVolumes.CreateSnapshotAsync("default", "txs-old", "mine").CompleteAsync();
        var before = await stack.StateAsync();

        var refused = await Assert.ThrowsAsync<PlanRefusedException>(async () =>
            await stack.Bench.Engine.ApplyAsync(stack.Client, await stack.PlanAsync(stack.Second()), Transactional));

        Assert.Equal(
            ["instance/txs-gone", "instance/txs-web", "volume/default/txs-old"], refused.Changes.Select(change => change.Id.ToString()).Order(StringComparer.Ordinal));
        Assert.All(refused.Changes, change => Assert.Contains("mine", change.Refused, StringComparison.Ordinal));
        States.AssertSame(before, await stack.StateAsync());

        // Without a transaction too, an instance with snapshots is not stopped for a rebuild that the server refuses.
        var pid = (await stack.Client.Instances.GetStateAsync("txs-web")).Pid;
        var result = await stack.Bench.Engine.ApplyAsync(stack.Client, await stack.PlanAsync(stack.Second()), new ApplyOptions { StopTimeout = TimeSpan.Zero });
        Assert.Contains("The server rebuilds no instance that has snapshots, and this one has mine", result.Resources.Single(resource => resource.Name == "txs-web").Message, StringComparison.Ordinal);
        Assert.Equal(pid, (await stack.Client.Instances.GetStateAsync("txs-web")).Pid);
    }

    [Fact]
    public async Task What_the_server_is_still_asked_for_when_an_apply_is_cancelled_does_not_come_after_the_rollback()
    {
        await using var project = await lab.CreateProjectAsync();
        await using var bench = await Stacks.StackWorkbench.OpenAsync(lab.Lab);
        await using var relay = new FaultyRelay(lab.Lab.Socket);
        await using var client = (await relay.ConnectAsync()).ForProject(project.Name);
        var plan = await bench.PlanAsync($$"""
            name: txh
            project: {{project.Name}}
            profiles: { txh-late: {} }
            instances: { txh: { image: busybox, profiles: [default, txh-late] } }
            """);
        using var cancel = new CancellationTokenSource();
        var held = relay.Hold($"POST /1.0/profiles?project={project.Name}");

        var applying = bench.Engine.ApplyAsync(client, plan, Transactional, null, cancel.Token);
        await held.Come;
        await cancel.CancelAsync();
        // Longer than cancelled work is waited for otherwise.
        await Task.WhenAny(applying, Task.Delay(TimeSpan.FromSeconds(3)));
        await held.PassOnAsync();
        var result = await applying;

        Assert.Equal(TransactionOutcome.RolledBack, result.Transaction!.Outcome);
        Assert.Null(await project.Client.Profiles.FindAsync("txh-late"));
        Assert.Empty(await bench.Engine.GetCheckpointsAsync(project.Client));
    }

    [Fact]
    public async Task Of_a_stack_that_is_all_new_nothing_stays_not_even_its_project()
    {
        await using var bench = await Stacks.StackWorkbench.OpenAsync(lab.Lab);
        var name = "txn" + Guid.NewGuid().ToString("N")[..6];
        var folder = Directory.CreateTempSubdirectory("incus-compose-test-");
        var plan = await bench.PlanAsync($$"""
            name: {{name}}
            project: { name: {{name}}, create: true, config: { features.images: "false", features.networks: "false" } }
            volumes: { data: { pool: default } }
            profiles: { locked: { config: { security.protection.delete: "true" } } }
            instances:
              box:
                image: busybox
                profiles: [default, locked]
                disk: { pool: default }
                volumes: ["data:/data"]
                persist: ["{{folder.FullName}}/new/kept:/kept", "{{folder.FullName}}/new/filled:/filled"]
                healthcheck: { test: "touch /filled/file; false", interval: 1s, retries: 1 }
                update: { checkpoint: true }
            """);
        var result = await bench.Engine.ApplyAsync(bench.Client, plan, new ApplyOptions { StopTimeout = TimeSpan.Zero });

        Assert.True(result.Transaction is { Outcome: TransactionOutcome.RolledBack, Checkpoint: "", IsWhole: true }, result.Transaction?.Message);
        Assert.Null(await bench.Client.Projects.FindAsync(name));
        // Of what it made for it on the host, what holds nothing.
        Assert.Equal("filled", Path.GetFileName(Assert.Single(Directory.GetDirectories(Path.Combine(folder.FullName, "new")))));
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Volumes_that_outlive_their_project_stay_with_their_data_where_it_is_made_anew_in_vain()
    {
        await using var bench = await Stacks.StackWorkbench.OpenAsync(lab.Lab);
        var name = "txk" + Guid.NewGuid().ToString("N")[..6];
        string Yaml(string check, string mode = "one") => $$"""
            name: {{name}}
            project: { name: {{name}}, create: true, config: { features.images: "false", features.networks: "false", features.storage.volumes: "false" } }
            volumes: { {{name}}-data: { pool: default } }
            instances:
              box:
                image: busybox
                disk: { pool: default }
                volumes: ["{{name}}-data:/data"]
                environment: { MODE: {{mode}} }
                healthcheck: { test: "{{check}}", interval: 1s, retries: 1 }
                update: { checkpoint: true }
            """;
        var quickly = new ApplyOptions { StopTimeout = TimeSpan.Zero };
        try
        {
            var made = await bench.Engine.ApplyAsync(bench.Client, await bench.PlanAsync(Yaml("true")), quickly);
            Assert.True(made.Succeeded, Text(made));
            await lab.Lab.IncusAsync("--project", name, "exec", "box", "--", "sh", "-c", "echo kept >/data/word");
            await lab.Lab.IncusAsync("--project", name, "delete", "--force", "box");
            await lab.Lab.IncusAsync("project", "delete", name);

            // There is no place yet to keep what it was.
            var changed = await bench.PlanAsync(Yaml("true").Replace("{ pool: default } }\n", "{ pool: default, description: other } }\n", StringComparison.Ordinal));
            var early = await Assert.ThrowsAsync<PlanRefusedException>(() => bench.Engine.ApplyAsync(bench.Client, changed, quickly));
            Assert.Contains("it outlived its project", Assert.Single(early.Changes).Refused, StringComparison.Ordinal);

            var result = await bench.Engine.ApplyAsync(bench.Client, await bench.PlanAsync(Yaml("false")), quickly);

            Assert.True(result.Transaction is { Outcome: TransactionOutcome.RolledBack, Checkpoint: "", IsWhole: true }, result.Transaction?.Message);
            Assert.Null(await bench.Client.Projects.FindAsync(name));
            made = await bench.Engine.ApplyAsync(bench.Client, await bench.PlanAsync(Yaml("true")), quickly);
            Assert.True(made.Succeeded, Text(made));
            Assert.Equal("kept\n", await lab.Lab.IncusAsync("--project", name, "exec", "box", "--", "cat", "/data/word"));

            // What could not be put back since somebody else runs with it is refused before anything is changed.
            await lab.Lab.IncusAsync("launch", "busybox", name);
            await lab.Lab.IncusAsync("config", "device", "add", name, "data", "disk", "pool=default", "source=" + name + "-data", "path=/data");
            var pid = (await bench.Client.ForProject(name).Instances.GetStateAsync("box")).Pid;
            var plan = await bench.PlanAsync(Yaml("true", "two"), new PlanOptions { AllowRestart = true });
            var refused = await Assert.ThrowsAsync<PlanRefusedException>(() => bench.Engine.ApplyAsync(bench.Client, plan, quickly));
            Assert.Equal(
                $"volume/default/{name}-data could not be put back, should the apply fail: it is in use by {name} (project default), which runs and does not belong to the stack \"{name}\"; stop it first, or leave out -Checkpoint (--checkpoint, update.checkpoint)",
                Assert.Single(refused.Changes).Refused);
            Assert.Equal(pid, (await bench.Client.ForProject(name).Instances.GetStateAsync("box")).Pid);
            await lab.Lab.IncusAsync("stop", "--force", name);
            Assert.True((await bench.Engine.ApplyAsync(bench.Client, plan, quickly)).Succeeded);
        }
        finally
        {
            await lab.Lab.IncusAsync("delete", "--force", name);
            await lab.Lab.IncusAsync("--project", name, "delete", "--force", "box");
            await lab.Lab.IncusAsync("project", "delete", name);
            await lab.Lab.IncusAsync("storage", "volume", "delete", "default", name + "-data");
        }
    }

    private static async Task<int?> ExitCodeAsync(Task<ExecResult> command)
    {
        try
        {
            return (await command).ExitCode;
        }
        catch (IncusException)
        {
            return null;
        }
    }

    private static string Text(ApplyResult result) =>
        string.Join("\n", result.Resources.Where(resource => resource.Outcome is ChangeOutcome.Failed).Select(resource => $"{resource.Id}: {resource.Outcome} {resource.Message}"));
}
