using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Loading;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>A stack of several files on a real server, with instances that exist only where somebody asks for them.</summary>
[Collection(LabCollection.Name)]
public sealed class CompositionTests(LabFixture fixture) : IAsyncLifetime
{
    private readonly string _stack = "parts" + Guid.NewGuid().ToString("N")[..6];
    private StackWorkbench _bench = null!;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public async Task DisposeAsync()
    {
        await _bench.DownAsync(_stack);
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task A_stack_of_several_files_comes_up_as_one_and_what_is_not_active_any_more_stays_until_it_is_taken_down()
    {
        Write("stack.yaml", $$"""
            name: {{_stack}}
            include: [db/stack.yaml]
            defaults: {image: busybox, memory: 64MiB, environment: [ZONE=UTC]}
            instances:
              {{_stack}}-web: {extends: {file: common/base.yaml, instance: base}, depends_on: [{{_stack}}-db], labels: [tier=front]}
              {{_stack}}-debug: {activate: [debug], depends_on: [{{_stack}}-web]}
            """);
        Write("db/stack.yaml", $$"""
            instances:
              {{_stack}}-db: {env_file: db.env, volumes: ["./conf:/conf:ro"]}
            """);
        Write("db/db.env", "MODE=$LEVEL\nLEVEL=not this");
        Write("db/.env", "LEVEL=fast");
        Write("db/conf/app.conf", "beside the file");
        Write("common/base.yaml", "instances: {base: {description: a base, environment: [KIND=base], labels: [tier=none, owner=ann]}}");
        Write("override.yaml", $"instances: {{{_stack}-web: {{memory: 96MiB, labels: {{owner: !reset null}}, environment: [ZONE=CET]}}}}");
        string[] files = ["stack.yaml", "override.yaml"];

        var plan = await PlanAsync(files);
        Assert.True((await _bench.Engine.ApplyAsync(_bench.Client, plan)).Succeeded);
        Assert.False((await PlanAsync(files)).HasChanges);

        var web = await _bench.InstanceAsync($"{_stack}-web");
        Assert.Equal(("96MiB", "CET", "base", "front", "a base"), (web.Config["limits.memory"], web.Config["environment.ZONE"], web.Config["environment.KIND"], web.Config["user.label.tier"], web.Description));
        Assert.DoesNotContain("user.label.owner", web.Config.Keys);
        var db = await _bench.InstanceAsync($"{_stack}-db");
        Assert.Equal(("64MiB", "fast", "UTC"), (db.Config["limits.memory"], db.Config["environment.MODE"], db.Config["environment.ZONE"]));
        Assert.Equal("beside the file", await _bench.ShellAsync($"{_stack}-db", "cat /conf/app.conf"));

        // What is activated is made beside the others, and changed in place with them.
        var before = await _bench.PidAsync($"{_stack}-web");
        var activated = await PlanAsync(files, "debug");
        Assert.Equal($"instance/{_stack}-debug", Assert.Single(activated.Changes).Id.ToString());
        Assert.True((await _bench.Engine.ApplyAsync(_bench.Client, activated)).Succeeded);
        Assert.False((await PlanAsync(files, "debug")).HasChanges);
        Assert.Equal(before, await _bench.PidAsync($"{_stack}-web"));

        // Without its word it is nobody's orphan.
        var without = await PlanAsync(files, options: new PlanOptions { Prune = true });
        Assert.False(without.HasChanges);
        Assert.Empty(without.Orphans);
        Assert.Contains($"note: instance/{_stack}-debug is not active and stays as it is", StackWorkbench.Text(without));
        Assert.True((await _bench.Engine.ApplyAsync(_bench.Client, without)).Succeeded);
        Assert.Equal("Running", (await _bench.InstanceAsync($"{_stack}-debug")).Status);

        Assert.True((await _bench.DownAsync(_stack)).Succeeded);
        Assert.Null(await _bench.Client.Instances.FindAsync($"{_stack}-debug"));
    }

    private Task<StackPlan> PlanAsync(string[] files, string? word = null, PlanOptions? options = null)
    {
        var stack = _bench.Engine.Load(files, new LoadOptions { WorkingDirectory = Path.GetDirectoryName(_bench.File), Activate = word is null ? [] : [word] }).Require();
        return _bench.Engine.CompareAsync(_bench.Client, stack, options);
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(Path.GetDirectoryName(_bench.File)!, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
