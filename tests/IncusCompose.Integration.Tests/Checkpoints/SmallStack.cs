using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Checkpoints;

/// <summary>A stack of some instances in a project of its own.</summary>
internal sealed class SmallStack : IAsyncDisposable
{
    private readonly LabFixture _lab;
    private readonly TestProject _project;

    private SmallStack(LabFixture lab, TestProject project, StackWorkbench bench, string name, string yaml)
    {
        (_lab, _project, Bench, Name, Yaml) = (lab, project, bench, name, yaml);
    }

    public StackWorkbench Bench { get; }

    public string Name { get; }

    public string Yaml { get; }

    public IncusClient Client => _project.Client;

    /// <param name="lab">Where.</param>
    /// <param name="name">The stack's name.</param>
    /// <param name="instances">Lines under <c>instances</c>.</param>
    /// <param name="rest">Lines beside it.</param>
    public static async Task<SmallStack> UpAsync(LabFixture lab, string name, string instances, string rest = "")
    {
        var project = await lab.CreateProjectAsync();
        var stack = new SmallStack(lab, project, await StackWorkbench.OpenAsync(lab.Lab), name, $"name: {name}\nproject: {project.Name}\n{rest}\ninstances:\n{instances}\n");
        await stack.Bench.UpAsync(stack.Yaml);
        return stack;
    }

    public Task<StackCheckpoint> TakeAsync(
        string name, CheckpointOptions? options = null, IProgress<CheckpointEvent>? progress = null, CancellationToken cancellationToken = default) =>
        Bench.Engine.TakeCheckpointAsync(Client, Name, (options ?? new CheckpointOptions()) with { Name = name }, progress, cancellationToken);

    public Task<IReadOnlyList<StackCheckpoint>> ListAsync() => Bench.Engine.GetCheckpointsAsync(Client, Name);

    /// <summary>Restores and requires that everything was.</summary>
    public async Task<RestoreResult> RestoreAsync(string name, RestoreOptions? options = null)
    {
        var checkpoint = (await ListAsync()).Single(one => one.Name == name);
        var result = await Bench.Engine.RestoreCheckpointAsync(Client, await Bench.Engine.CompareCheckpointAsync(Client, checkpoint, options), options);
        Assert.True(result.Succeeded, string.Join("\n", result.Steps.Select(step => $"{step.Step} {step.Outcome} {step.Message}")));
        return result;
    }

    public async Task<string> ShellAsync(string instance, string command) =>
        (await _lab.Lab.IncusAsync("--project", _project.Name, "exec", instance, "--", "sh", "-c", command)).TrimEnd('\n');

    public Task IncusAsync(params string[] arguments) => _lab.Lab.IncusAsync(["--project", _project.Name, .. arguments]);

    /// <summary>All instances with their status and snapshots, and all volumes.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync()
    {
        var names = new List<string>();
        foreach (var instance in (await Client.Instances.ListAsync()).OrderBy(instance => instance.Name, StringComparer.Ordinal))
        {
            names.Add($"{instance.Name} {instance.Status}");
            names.AddRange((await Client.Instances.ListSnapshotsAsync(instance.Name)).Select(snapshot => $"{instance.Name}/{snapshot.Name}"));
        }

        foreach (var pool in await Client.StoragePools.ListAsync())
            names.AddRange((await Client.StorageVolumes.ListAsync(pool.Name)).Select(volume => volume.Name).Order(StringComparer.Ordinal));
        return names;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var checkpoint in await ListAsync())
            await Bench.Engine.RemoveCheckpointAsync(Client, checkpoint);
        await Bench.Engine.ApplyAsync(
            Client,
            await Bench.Engine.CompareRemovalAsync(Client, Name, new RemovalOptions { RemoveVolumes = true, RemovePools = true, AllowHostHooks = true }),
            new ApplyOptions { StopTimeout = TimeSpan.Zero });
        await _project.DisposeAsync();
        await Bench.DisposeAsync();
    }
}

/// <summary>Keeps what was told while a checkpoint was taken.</summary>
internal sealed class Events : IProgress<CheckpointEvent>
{
    private readonly List<string> _lines = [];

    /// <summary>Is told each line.</summary>
    public Action<string>? On { get; init; }

    public void Report(CheckpointEvent value)
    {
        var line = $"{value.Id.Name} {value.Text}";
        lock (_lines)
            _lines.Add(line);
        On?.Invoke(line);
    }

    /// <summary>The lines in their order; neighbours that are done at once, told by how they end, by name.</summary>
    public IReadOnlyList<string> Sorted(params string[] atOnce)
    {
        string? KindOf(string line) => atOnce.FirstOrDefault(end => line.EndsWith(" " + end, StringComparison.Ordinal));
        var sorted = new List<string>();
        lock (_lines)
        {
            foreach (var line in _lines)
            {
                var place = sorted.Count;
                while (place > 0 && KindOf(line) is { } kind && KindOf(sorted[place - 1]) == kind && string.CompareOrdinal(sorted[place - 1], line) > 0)
                    place--;
                sorted.Insert(place, line);
            }
        }

        return sorted;
    }
}
