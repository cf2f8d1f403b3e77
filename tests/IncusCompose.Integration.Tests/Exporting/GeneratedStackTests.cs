using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Projects;
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
    private IncusClient _client = null!;

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
        await DownAsync(_project.Client);
        if (await _bench.Client.Projects.FindAsync(_project.Name + "o") is not null)
            await DownAsync(_bench.Client.ForProject(_project.Name + "o"));
        // One that was adopted has gone with its stack.
        if (await _bench.Client.Projects.FindAsync(_project.Name) is not null)
            await _project.DisposeAsync();
        // What an export leaves out is nobody's by now: what nothing in the project used.
        foreach (var network in (await _bench.Client.Networks.ListAsync()).Where(network => network.Name.StartsWith($"x{fixture.Lab.Number}g", StringComparison.Ordinal)))
            await _bench.Client.Networks.DeleteAsync(network.Name);
        var acls = (await _bench.Client.NetworkAcls.ListAsync()).Where(acl => acl.Name.StartsWith(_project.Name, StringComparison.Ordinal)).ToList();
        foreach (var acl in acls)
            await _bench.Client.NetworkAcls.UpdateAsync(acl.Name, acl with { Ingress = [], Egress = [] }, (await _bench.Client.NetworkAcls.GetAsync(acl.Name)).ETag, CancellationToken.None);
        foreach (var acl in acls)
            await _bench.Client.NetworkAcls.DeleteAsync(acl.Name);
        foreach (var zone in (await _bench.Client.NetworkZones.ListAsync()).Where(zone => zone.Name.StartsWith(_project.Name, StringComparison.Ordinal)))
        {
            foreach (var record in await _bench.Client.NetworkZones.Records(zone.Name).ListAsync())
                await _bench.Client.NetworkZones.Records(zone.Name).DeleteAsync(record.Name);
            await _bench.Client.NetworkZones.DeleteAsync(zone.Name);
        }

        foreach (var pool in (await _bench.Client.StoragePools.ListAsync()).Where(pool => pool.Name.StartsWith(_project.Name, StringComparison.Ordinal)))
            await _bench.Client.StoragePools.DeleteAsync(pool.Name);
        foreach (var certificate in (await _bench.Client.Certificates.ListAsync()).Where(certificate => certificate.Name.StartsWith(_project.Name, StringComparison.Ordinal)))
            await _bench.Client.Certificates.DeleteAsync(certificate.Fingerprint);
        foreach (var project in (await _bench.Client.Projects.ListAsync()).Where(project => project.Name.StartsWith(_project.Name, StringComparison.Ordinal)))
            await _bench.Client.Projects.DeleteAsync(project.Name);
        await _bench.DisposeAsync();
    }

    private async Task DownAsync(IncusClient client)
    {
        foreach (var stack in await _bench.Engine.GetStacksAsync(client))
        {
            var down = await _bench.Engine.ApplyAsync(client, await _bench.Engine.CompareRemovalAsync(client, stack.Name, new RemovalOptions { RemoveVolumes = true, RemovePools = true, SkipHooks = true }), s_unstarted);
            Assert.True(down.Succeeded, Problems(down));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_stack_made_at_random_is_exported_to_a_file_that_plans_to_nothing_and_so_is_the_same_when_it_is_nobodys(int seed)
    {
        var made = new GeneratedStack(seed, new GeneratedWorld(
            _project.Name, fixture.Lab.Number, fixture.Lab.Subnets, _project.Client.HasExtension, !fixture.Client.Server.Environment.ServerVersion.StartsWith("6.", StringComparison.Ordinal), Certificate));
        _client = _bench.Client.ForProject(made.Project);
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
        foreach (var (path, content) in made.Files)
            await File.WriteAllBytesAsync(Path.Combine(Path.GetDirectoryName(_bench.File)!, path), content);
        var stack = Load(made.Text, variables: made.Variables);
        var again = Load(Plain(stack), "what is written of the definition", made.Variables);
        Same(Definitions.Show(stack), Definitions.Show(again), "the definition that was written and read");
        await UpAsync(stack, made);
        Empty(await CompareAsync(stack), "the stack itself", "");

        var exported = await ExportAsync(new ExportOptions { Stack = made.Name });

        // What is exported makes the same where there is nothing of it.
        var before = await StateAsync(made);
        await DownAsync(_client);
        await UpAsync(exported, made);
        Empty(await CompareAsync(exported), "what was made of the export", "");
        Same(before, await StateAsync(made), "what was made of the export");

        // As if all of it had been made by hand.
        await UnmarkAsync();
        var found = await ExportAsync(new ExportOptions { Name = made.Name }, new PlanOptions { Adopt = true });
        // Pools and networks of the default project that nothing of this project uses are nobody's business.
        var adoption = await _bench.Engine.ApplyAsync(_client, await CompareAsync(found, new PlanOptions { Adopt = true }), s_unstarted);
        Assert.True(adoption.Succeeded, Problems(adoption));
        Empty(await CompareAsync(found), "what was adopted", "");
    }

    private Task<StackPlan> CompareAsync(StackDefinition stack, PlanOptions? plan = null) => _bench.Engine.CompareAsync(_bench.Client, stack, plan);

    private async Task UpAsync(StackDefinition stack, GeneratedStack made)
    {
        var result = await _bench.Engine.ApplyAsync(_bench.Client, await CompareAsync(stack), made.IsStarted ? s_started : s_unstarted);
        Assert.True(result.Succeeded, Problems(result));
    }

    private static string Problems(ApplyResult result) => string.Join("\n", result.Resources.Where(resource => resource.Message is not null).Select(resource => $"{resource.Id}: {resource.Message}"));

    /// <summary>Exports, and requires that the file says what its definition says, and that nothing differs from what is live.</summary>
    private async Task<StackDefinition> ExportAsync(ExportOptions options, PlanOptions? plan = null)
    {
        var export = await _bench.Engine.ExportAsync(_client, options);
        var toFetch = export.Notes.Where(note => note.Id is "SecretFile" or "FileToFetch").ToList();
        foreach (var note in toFetch)
            await RunAsync(note.Advice[note.Advice.IndexOf("incus ", StringComparison.Ordinal)..]);
        var loaded = Load(export.Text, "what was exported", await VariablesAsync(export));
        // Where a file lies is not the file's own.
        Same(Definitions.Show(export.Stack), Definitions.Show(loaded).Replace(Path.GetDirectoryName(_bench.File)! + "/", "./", StringComparison.Ordinal), "the definition that was exported and read");
        Assert.True(export.Notes.Except(toFetch).All(note => note.Id is "Stopped" or "Provision" or "Contents"), string.Join("\n", export.Notes) + "\n" + export.Text);
        Empty(await CompareAsync(loaded, plan), "what was exported", export.Text);
        Same(export.Text, (await _bench.Engine.ExportAsync(_client, options)).Text, "a second export");
        return loaded;
    }

    /// <summary>What the stack has on the server, but for what the server chooses.</summary>
    private async Task<string> StateAsync(GeneratedStack made)
    {
        var server = await StackObserver.ObserveInFullAsync(_client, CancellationToken.None);
        return string.Join("\n", server.Resources.Where(live => live.Mark?.BelongsTo(made.Name, made.Project) == true && live.Id.Kind != ImageKind.KindName)
            .SelectMany(live => live.Properties.Where(property => !ResourceKinds.Of(live.Id).IsServerFilled(property.Key, live)).Select(property => $"{live.Id} {property.Key} = {property.Value}"))
            .Order(StringComparer.Ordinal));
    }

    /// <summary>Runs a command as whoever reads the file would.</summary>
    private async Task<string> RunAsync(string command)
    {
        var start = new ProcessStartInfo("sh", ["-c", command]) { WorkingDirectory = Path.GetDirectoryName(_bench.File)!, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = new UTF8Encoding(false) };
        foreach (var (name, value) in fixture.Lab.Environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (text, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{command}: {await errors}");
        return await text;
    }

    private StackDefinition Load(string yaml, string what = "the stack", IReadOnlyDictionary<string, string>? variables = null)
    {
        File.WriteAllText(_bench.File, yaml);
        var loaded = _bench.Engine.Load([_bench.File], new LoadOptions { Variables = variables ?? new Dictionary<string, string>() });
        Assert.True(loaded.Succeeded, $"{what} cannot be loaded: {string.Join("\n", loaded.Diagnostics)}\n{yaml}");
        return loaded.Require();
    }

    /// <summary>The variables as whoever uses the file would set them: of secrets by the command, else by the value that stands in the same place of what the definition says.</summary>
    private async Task<Dictionary<string, string>> VariablesAsync(StackExport export)
    {
        var whole = StackWriter.ToDocument(export.Stack, (_, value) => value);
        var variables = new Dictionary<string, string>();
        foreach (var variable in export.Variables)
        {
            variables[variable.Name] = variable.Path.StartsWith("secrets.", StringComparison.Ordinal)
                ? await RunAsync(variable.Command!)
                : Find(whole, export.Document, variable.Name)!.TrimEnd('\n').Replace("$$", "$", StringComparison.Ordinal);
        }

        return variables;

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
        var server = await StackObserver.ObserveInFullAsync(_client, CancellationToken.None);
        foreach (var live in server.Resources.Where(live => live.Mark?.Project == _client.Project && live.Id.Kind != ImageKind.KindName))
        {
            var kind = ResourceKinds.Of(live.Id);
            var address = new Uri($"{string.Join('/', kind.AddressOf(live).Split('/').Select(Uri.EscapeDataString))}?project={(live.Id.Kind == ProjectKind.KindName ? "default" : _client.Project)}", UriKind.Relative);
            var body = JsonNode.Parse(await http.GetStringAsync(address))!["metadata"]!.AsObject();
            if (live.Id.Kind == CertificateKind.KindName)
                body["description"] = DescribedMark.Read(body["description"]!.GetValue<string>()).Description;
            var config = body["config"]?.AsObject() ?? [];
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

    /// <summary>A certificate of nobody's.</summary>
    private static string Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=ann", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.UnixEpoch.AddYears(90));
        return certificate.ExportCertificatePem() + "\n";
    }

    private static readonly ApplyOptions s_started = new() { StopTimeout = TimeSpan.FromSeconds(1), Wait = false };
    private static readonly ApplyOptions s_unstarted = s_started with { Start = false };
}
