using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using IncusCompose.Applying;
using IncusCompose.Checkpoints;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;
using IncusCompose.Resources.Instances;
using IncusCompose.Transactions;

namespace IncusCompose.Integration.Tests.Transactions;

/// <summary>What there is no more to than its definition — ACLs, zones, forwards, certificates — goes back with everything else.</summary>
[Collection(LabCollection.Name)]
public sealed class DefinitionTests(LabFixture lab) : IAsyncLifetime
{
    private static readonly PlanOptions Everything = new() { Prune = true, RemoveVolumes = true, AllowRestart = true };
    private static readonly ApplyOptions Transactional = new() { Checkpoint = true, StopTimeout = TimeSpan.Zero, WaitTimeout = TimeSpan.FromSeconds(20) };

    private StackWorkbench _bench = null!;
    private TestProject _project = null!;

    private string Name => $"txd{lab.Lab.Number}";

    private string Subnet => lab.Lab.Subnets[^3];

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(lab.Lab);
        _project = await lab.CreateProjectAsync();
    }

    public async Task DisposeAsync()
    {
        await _bench.Engine.ApplyAsync(_project.Client, await _bench.Engine.CompareRemovalAsync(_project.Client, Name, new RemovalOptions { RemoveVolumes = true }));
        await _project.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Acls_zones_forwards_and_certificates_are_put_back_by_a_transaction_that_fails_and_by_a_checkpoint()
    {
        var (first, second) = (First(Certificate()), Second(Certificate()));
        await _bench.UpAsync(first);
        var before = await StateAsync();
        var taken = await _bench.Engine.TakeCheckpointAsync(_project.Client, Name, new CheckpointOptions { Name = "good" });

        var plan = await _bench.PlanAsync(second + Broken, Everything);
        Assert.Equal(
            ["certificate", "network", "network-acl", "network-forward", "network-zone", "network-zone-record"],
            plan.Changes.Select(change => change.Kind).Where(kind => kind != InstanceKind.KindName).Distinct().Order(StringComparer.Ordinal));
        var failed = await _bench.Engine.ApplyAsync(_project.Client, plan, Transactional);

        Assert.True(failed.Transaction is { Outcome: TransactionOutcome.RolledBack, IsCheckpointLeft: false }, failed.Transaction?.Message);
        Assert.Equal(before, await StateAsync());
        Assert.Empty((await _bench.PlanAsync(first, Everything)).Changes);

        // What is good stays, and a checkpoint that somebody took goes back from it: but for what is the server's.
        var made = await _bench.Engine.ApplyAsync(_project.Client, await _bench.PlanAsync(second, Everything), Transactional);
        Assert.True(made.Transaction is { Outcome: TransactionOutcome.Kept }, string.Join("\n", made.Resources.Select(one => $"{one.Id} {one.Outcome} {one.Message}")));
        Assert.NotEqual(before, await StateAsync());
        Assert.Empty((await _bench.PlanAsync(second, Everything)).Changes);
        var options = new RestoreOptions { Prune = true };
        var restored = await _bench.Engine.RestoreCheckpointAsync(_project.Client, await _bench.Engine.CompareCheckpointAsync(_project.Client, taken, options), options);
        Assert.True(restored.Succeeded, string.Join("\n", restored.Steps.Select(step => $"{step.Step} {step.Outcome} {step.Message}")));
        Assert.Equal(WithoutCertificates(before), WithoutCertificates(await StateAsync()));

        await _bench.Engine.RemoveCheckpointAsync(_project.Client, taken);
    }

    [Fact]
    public async Task Wherever_a_request_for_one_of_them_fails_the_state_is_the_one_before()
    {
        var certificate = Certificate();
        await _bench.UpAsync(First(certificate));
        var before = await StateAsync();
        await using var relay = new FaultyRelay(lab.Lab.Socket);
        // One for each way in which such a thing is made, changed and deleted.
        foreach (var request in new[] { $"PUT /1.0/network-acls/{Name}in", "DELETE /1.0/network-acls/", $"POST /1.0/network-zones/{Name}.example/records", $"PUT /1.0/networks/{Name}/forwards/", $"DELETE /1.0/networks/{Name}/forwards/" })
        {
            await using var client = (await relay.ConnectAsync()).ForProject(_project.Name);
            relay.Refuse(request);
            var failed = await _bench.Engine.ApplyAsync(client, await _bench.PlanAsync(Second(certificate), Everything), Transactional);
            relay.Refuse();

            Assert.False(failed.Succeeded);
            Assert.True(failed.Transaction is { Outcome: TransactionOutcome.RolledBack or TransactionOutcome.RollbackFailed }, failed.Transaction?.Message);
            if (failed.Transaction is { Outcome: TransactionOutcome.RollbackFailed })
            {
                // The same request was needed to go back: the checkpoint is left, and goes back once the server answers.
                var left = Assert.Single(await _bench.Engine.GetCheckpointsAsync(_project.Client));
                var options = new RestoreOptions { Prune = true };
                Assert.True((await _bench.Engine.RestoreCheckpointAsync(_project.Client, await _bench.Engine.CompareCheckpointAsync(_project.Client, left, options), options)).Succeeded);
                await _bench.Engine.RemoveCheckpointAsync(_project.Client, left);
            }

            Assert.Equal(before, await StateAsync());
        }
    }

    private string Broken => $"""

        instances:
          {Name}: {"{"} image: busybox, networks: [{Name}], healthcheck: {"{"} test: "false", interval: 1s, retries: 1 {"}"} {"}"}
        """;

    private string First(string certificate) => $$"""
        name: {{Name}}
        project: {{_project.Name}}
        network_acls:
          {{Name}}in: {description: first, ingress: [{action: allow, protocol: tcp, destination_port: 80}, {action: drop}], config: {user.a: "1"} }
          {{Name}}old: {egress: [{action: allow}]}
        network_zones:
          {{Name}}.example: {nameservers: [ns1.example.net], records: {www: [A 192.0.2.1], old: {description: kept, entries: [{type: TXT, value: "a b", ttl: 60}]} } }
        networks:
          {{Name}}:
            ipv4: {{Subnet}}.1/24
            ipv6: none
            acls: [{{Name}}in]
            forwards:
              192.0.2.{{lab.Lab.Number}}: {{Subnet}}.10
              198.51.100.{{lab.Lab.Number}}: {description: old, ports: [{listen_port: 80, target_address: {{Subnet}}.11}]}
        certificates: { {{_project.Name}}: {certificate: {{JsonSerializer.Serialize(certificate)}}, description: first} }
        """;

    private string Second(string certificate) => $$"""
        name: {{Name}}
        project: {{_project.Name}}
        network_acls:
          {{Name}}in: {description: second, ingress: [{action: allow, protocol: tcp, destination_port: 81}, {action: drop, state: logged}], config: {user.b: "2"} }
          {{Name}}new: {}
        network_zones:
          {{Name}}.example: {nameservers: [ns2.example.net], nat: false, records: {www: [A 192.0.2.9], new: [A 192.0.2.3]} }
        networks:
          {{Name}}:
            ipv4: {{Subnet}}.1/24
            ipv6: none
            acls: [{{Name}}in, {{Name}}new]
            forwards:
              192.0.2.{{lab.Lab.Number}}: {{Subnet}}.20
              203.0.113.{{lab.Lab.Number}}: {{Subnet}}.12
        certificates: { {{_project.Name}}: {certificate: {{JsonSerializer.Serialize(certificate)}}, description: second, projects: [default, {{_project.Name}}]} }
        """;

    /// <summary>All of it, as the server tells it.</summary>
    private async Task<string> StateAsync()
    {
        var texts = new List<string>();
        foreach (var collection in (string[])["network-acls", "network-zones", $"network-zones/{Name}.example/records", $"networks/{Name}/forwards", "networks", "certificates"])
        {
            var list = JsonNode.Parse(await lab.Lab.IncusAsync("query", $"/1.0/{collection}?recursion=1"))!.AsArray();
            texts.AddRange(list.Select(node => Own(collection, node!.AsObject())).OfType<string>().Order(StringComparer.Ordinal));
        }

        return string.Join("\n", texts);
    }

    private string? Own(string collection, JsonObject node)
    {
        node.Remove("used_by");
        // Their order means nothing to the server.
        foreach (var list in new[] { "ingress", "egress", "ports", "entries", "projects" })
        {
            if (node[list] is JsonArray items)
                node[list] = new JsonArray([.. items.OrderBy(item => item!.ToJsonString(), StringComparer.Ordinal).Select(item => item!.DeepClone())]);
        }

        var text = $"{collection} {node.ToJsonString()}";
        return text.Contains(Name, StringComparison.Ordinal) || text.Contains($"\"{_project.Name}\"", StringComparison.Ordinal) ? text : null;
    }

    private static string WithoutCertificates(string state) => string.Join("\n", state.Split('\n').Where(line => !line.StartsWith("certificates ", StringComparison.Ordinal)));

    private string Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={_project.Name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.ExportCertificatePem();
    }
}
