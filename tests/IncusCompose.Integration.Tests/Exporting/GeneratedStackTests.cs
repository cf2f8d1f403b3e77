using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Loading;
using IncusCompose.Loading.Documents;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Tests.Loading;
using IncusCompose.Yaml;

namespace IncusCompose.Integration.Tests.Exporting;

/// <summary>
/// Stacks made at random, on a real server: whatever a file can say, what is exported says it again. Tries more where
/// <c>INCUS_COMPOSE_GENERATED=FROM-TO</c> names seeds.
/// </summary>
[Collection(LabCollection.Name)]
public sealed class GeneratedStackTests(LabFixture fixture) : IAsyncLifetime
{
    private StackWorkbench _bench = null!;
    private TestProject _project = null!;

    public static TheoryData<int> Seeds => Environment.GetEnvironmentVariable("INCUS_COMPOSE_GENERATED")?.Split('-') is [var from, var to]
        ? [.. Enumerable.Range(int.Parse(from, CultureInfo.InvariantCulture), int.Parse(to, CultureInfo.InvariantCulture) - int.Parse(from, CultureInfo.InvariantCulture) + 1)]
        : [1, 2, 3];

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(fixture.Lab);
        _project = await fixture.CreateProjectAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var stack in await _bench.Engine.GetStacksAsync(_project.Client))
            await _bench.Engine.ApplyAsync(_project.Client, await _bench.Engine.CompareRemovalAsync(_project.Client, stack.Name, new RemovalOptions { RemoveVolumes = true, RemovePools = true, SkipHooks = true }), s_unstarted);
        // One that was adopted has gone with its stack.
        if (await _bench.Client.Projects.FindAsync(_project.Name) is not null)
            await _project.DisposeAsync();
        // What an export leaves out is nobody's by now: what nothing in the project used.
        foreach (var network in (await _bench.Client.Networks.ListAsync()).Where(network => network.Name.StartsWith($"x{fixture.Lab.Number}g", StringComparison.Ordinal)))
            await _bench.Client.Networks.DeleteAsync(network.Name);
        foreach (var acl in (await _bench.Client.NetworkAcls.ListAsync()).Where(acl => acl.Name.StartsWith(_project.Name, StringComparison.Ordinal)))
            await _bench.Client.NetworkAcls.DeleteAsync(acl.Name);
        foreach (var zone in (await _bench.Client.NetworkZones.ListAsync()).Where(zone => zone.Name.StartsWith(_project.Name, StringComparison.Ordinal)))
        {
            foreach (var record in await _bench.Client.NetworkZones.Records(zone.Name).ListAsync())
                await _bench.Client.NetworkZones.Records(zone.Name).DeleteAsync(record.Name);
            await _bench.Client.NetworkZones.DeleteAsync(zone.Name);
        }

        foreach (var pool in (await _bench.Client.StoragePools.ListAsync()).Where(pool => pool.Name.StartsWith(_project.Name, StringComparison.Ordinal)))
            await _bench.Client.StoragePools.DeleteAsync(pool.Name);
        foreach (var project in (await _bench.Client.Projects.ListAsync()).Where(project => project.Name.StartsWith(_project.Name, StringComparison.Ordinal)))
            await _bench.Client.Projects.DeleteAsync(project.Name);
        await _bench.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_stack_made_at_random_is_exported_to_a_file_that_plans_to_nothing_and_so_is_the_same_when_it_is_nobodys(int seed)
    {
        var made = new GeneratedStack(seed, new GeneratedWorld(_project.Name, fixture.Lab.Number, fixture.Lab.Subnets, _project.Client.HasExtension));
        try
        {
            await TryAsync(made);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw new InvalidOperationException($"seed {seed}: {error.Message}\n\n{made.Text}", error);
        }
    }

    private async Task TryAsync(GeneratedStack made)
    {
        var stack = Load(made.Text);
        var again = Load(Plain(stack), "what is written of the definition");
        Same(Definitions.Show(stack), Definitions.Show(again), "the definition that was written and read");
        var result = await _bench.Engine.ApplyAsync(_project.Client, await _bench.Engine.CompareAsync(_project.Client, stack), made.IsStarted ? s_started : s_unstarted);
        Assert.True(result.Succeeded, string.Join("\n", result.Resources.Where(resource => resource.Message is not null).Select(resource => $"{resource.Id}: {resource.Message}")));
        Empty(await _bench.Engine.CompareAsync(_project.Client, stack), "the stack itself", "");

        await ExportAsync(new ExportOptions { Stack = made.Name });

        // As if all of it had been made by hand.
        await UnmarkAsync();
        var found = await ExportAsync(new ExportOptions { Name = made.Name }, new PlanOptions { Adopt = true });
        // Pools and networks of the default project that nothing of this project uses are nobody's business.
        var adoption = await _bench.Engine.ApplyAsync(_project.Client, await _bench.Engine.CompareAsync(_project.Client, found, new PlanOptions { Adopt = true }), s_unstarted);
        Assert.True(adoption.Succeeded, string.Join("\n", adoption.Resources.Where(resource => resource.Message is not null).Select(resource => $"{resource.Id}: {resource.Message}")));
        Empty(await _bench.Engine.CompareAsync(_project.Client, found), "what was adopted", "");
    }

    /// <summary>Exports, and requires that the file says what its definition says, and that nothing differs from what is live.</summary>
    private async Task<StackDefinition> ExportAsync(ExportOptions options, PlanOptions? plan = null)
    {
        var export = await _bench.Engine.ExportAsync(_project.Client, options);
        var loaded = Load(export.Text, "what was exported", Variables(export));
        Same(Definitions.Show(export.Stack), Definitions.Show(loaded), "the definition that was exported and read");
        Assert.True(export.Notes.All(note => note.Id is "Stopped" or "Provision" or "Contents"), string.Join("\n", export.Notes) + "\n" + export.Text);
        Empty(await _bench.Engine.CompareAsync(_project.Client, loaded, plan), "what was exported", export.Text);
        Same(export.Text, (await _bench.Engine.ExportAsync(_project.Client, options)).Text, "a second export");
        return loaded;
    }

    private StackDefinition Load(string yaml, string what = "the stack", IReadOnlyDictionary<string, string>? variables = null)
    {
        File.WriteAllText(_bench.File, yaml);
        var loaded = _bench.Engine.Load([_bench.File], new LoadOptions { Variables = variables ?? new Dictionary<string, string>() });
        Assert.True(loaded.Succeeded, $"{what} cannot be loaded: {string.Join("\n", loaded.Diagnostics)}\n{yaml}");
        return loaded.Require();
    }

    /// <summary>The variables as whoever uses the file would set them: by the value that stands in the same place of what the definition says.</summary>
    private static Dictionary<string, string> Variables(StackExport export)
    {
        var whole = StackWriter.ToDocument(export.Stack, (_, value) => value);
        return export.Variables.ToDictionary(variable => variable.Name, variable => Find(whole, export.Document, variable.Name)!.TrimEnd('\n').Replace("$$", "$", StringComparison.Ordinal));

        static string? Find(DocumentNode whole, DocumentNode shown, string name) => (whole, shown) switch
        {
            (ScalarNode value, ScalarNode variable) => variable.Value.StartsWith($"${{{name}:?", StringComparison.Ordinal) ? value.Value : null,
            (MappingNode map, MappingNode other) => map.Entries.Zip(other.Entries).Select(pair => Find(pair.First.Value, pair.Second.Value, name)).FirstOrDefault(found => found is not null),
            (SequenceNode list, SequenceNode other) => list.Items.Zip(other.Items).Select(pair => Find(pair.First, pair.Second, name)).FirstOrDefault(found => found is not null),
            _ => null,
        };
    }

    private static string Plain(StackDefinition stack)
    {
        using var text = new StringWriter { NewLine = "\n" };
        new YamlDocumentFormat().Write(StackWriter.ToDocument(stack, (_, value) => value), text);
        return text.ToString();
    }

    /// <summary>Nothing to change, but that what is stopped would be started, and that what is nobody's would be taken.</summary>
    private static void Empty(StackPlan plan, string what, string text) => Assert.True(
        plan.Orphans.Count == 0 && plan.Changes.All(change => change.Action is ChangeAction.Start or ChangeAction.Adopt && change.Properties.Count == 0),
        $"a plan of {what} finds\n{StackWorkbench.Text(plan)}\n{text}");

    private static void Same(string expected, string actual, string what)
    {
        if (expected == actual)
            return;
        var (before, after) = (expected.Split('\n'), actual.Split('\n'));
        var line = Enumerable.Range(0, Math.Min(before.Length, after.Length)).FirstOrDefault(index => before[index] != after[index]);
        Assert.Fail($"{what} is not the same at line {line + 1}:\n- {string.Join("\n- ", before.Skip(Math.Max(0, line - 3)).Take(8))}\n+ {string.Join("\n+ ", after.Skip(Math.Max(0, line - 3)).Take(8))}");
    }

    /// <summary>Takes the marks of everything in the project that bears one.</summary>
    private async Task UnmarkAsync()
    {
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(fixture.Lab.Socket), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://incus") };
        var server = await StackObserver.ObserveAsync(_project.Client, missingProject: null, pools: [], CancellationToken.None);
        foreach (var live in server.Resources.Where(live => live.Mark?.Project == _project.Name && live.Id.Kind != ImageKind.KindName))
        {
            var kind = ResourceKinds.Of(live.Id);
            var address = new Uri($"{string.Join('/', kind.AddressOf(live).Split('/').Select(Uri.EscapeDataString))}?project={(live.Id.Kind == ProjectKind.KindName ? "default" : _project.Name)}", UriKind.Relative);
            var body = JsonNode.Parse(await http.GetStringAsync(address))!["metadata"]!.AsObject();
            var config = body["config"]!.AsObject();
            foreach (var key in config.Select(entry => entry.Key).Where(key => key.StartsWith(OwnershipMark.Prefix, StringComparison.Ordinal)).ToList())
                config.Remove(key);
            using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            var answer = JsonNode.Parse(await (await http.PutAsync(address, content)).Content.ReadAsStringAsync())!;
            Assert.True(answer["type"]!.GetValue<string>() != "error", $"{live.Id}: {answer.ToJsonString()}");
            if (answer["operation"]?.GetValue<string>() is { Length: > 0 } operation)
            {
                var ended = JsonNode.Parse(await http.GetStringAsync(new Uri(operation + "/wait", UriKind.Relative)))!;
                Assert.True(ended["metadata"]?["status_code"]?.GetValue<int>() == 200, $"{live.Id}: {ended.ToJsonString()}");
            }
        }
    }

    private static readonly ApplyOptions s_started = new() { StopTimeout = TimeSpan.FromSeconds(1), Wait = false };
    private static readonly ApplyOptions s_unstarted = s_started with { Start = false };
}
