using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Exporting;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Networks with what lies on them and stands beside them, on a real server: made, changed in place, repaired, pruned, taken down.</summary>
[Collection(LabCollection.Name)]
public sealed class NetworkKindTests(LabFixture fixture) : IAsyncLifetime
{
    private StackWorkbench _bench = null!;
    private string _stack = "";

    private Lab.Lab Lab => fixture.Lab;

    private string Front => $"n{Lab.Number}front";

    private string Subnet => Lab.Subnets[6];

    public async Task InitializeAsync()
    {
        _bench = await StackWorkbench.OpenAsync(Lab);
        _stack = "nets" + Guid.NewGuid().ToString("N")[..6];
    }

    public async Task DisposeAsync()
    {
        await _bench.DownAsync(_stack);
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Acls_zones_and_forwards_are_made_changed_in_place_repaired_pruned_and_taken_down()
    {
        await _bench.UpAsync(Stack());
        Assert.Equal("true", (await _bench.Client.Networks.GetAsync(Front)).Value.Config["ipv4.nat"]);
        Assert.Equal("web", (await _bench.Client.NetworkAcls.GetAsync($"{_stack}web")).Value.Description);

        // Somebody else adds to it, and takes away what is the stack's.
        await Lab.IncusAsync("network", "acl", "rule", "add", $"{_stack}web", "ingress", "action=allow", "protocol=udp", "destination_port=123");
        await Lab.IncusAsync("network", "acl", "rule", "remove", $"{_stack}web", "ingress", "action=allow", "protocol=icmp4");
        await Lab.IncusAsync("network", "forward", "port", "add", Front, $"192.0.2.{Lab.Number}", "tcp", "99", $"{Subnet}.99");
        await Lab.IncusAsync("network", "forward", "set", Front, $"192.0.2.{Lab.Number}", $"target_address={Subnet}.77");
        await Lab.IncusAsync("network", "zone", "record", "entry", "add", $"{_stack}.example", "www", "A", $"{Subnet}.99");
        Assert.Equal(
            $"""
              ~ network-acl/{_stack}web: change
                  ~ ingress[protocol=icmp4 icmp_type=8]: (unset) -> action=allow (drifted)
                    ingress[protocol=udp destination_port=123]: action=allow (unmanaged, left alone)
              = network-zone-record/{_stack}.example/www: keep
                    entries[A {Subnet}.99]: listed (unmanaged, left alone)
              ~ network-forward/{Front}/192.0.2.{Lab.Number}: change
                  ~ config.target_address: {Subnet}.77 -> {Subnet}.10 (drifted)
                    ports[protocol=tcp listen_port=99]: target_address={Subnet}.99 (unmanaged, left alone)
            {_stack}: 2 to change, 6 unchanged

            """,
            StackWorkbench.Text(await _bench.PlanAsync(Stack())));

        await _bench.UpAsync(Stack(action: "drop", listen: 8081, ttl: 60));
        var acl = (await _bench.Client.NetworkAcls.GetAsync($"{_stack}web")).Value;
        Assert.Equal(
            ["allow icmp4 8", "allow tcp 80,443", "allow udp 123", "drop  "],
            acl.Ingress.Select(rule => $"{rule.Action} {rule.Protocol} {rule.DestinationPort}{rule.IcmpType}").Order(StringComparer.Ordinal));
        var forward = (await _bench.Client.Networks.Forwards(Front).GetAsync($"192.0.2.{Lab.Number}")).Value;
        Assert.Equal(["53,5353", "8081", "99"], forward.Ports.Select(port => port.ListenPort).Order(StringComparer.Ordinal));
        Assert.Equal($"{Subnet}.10", forward.Config["target_address"]);
        Assert.Equal(60, Assert.Single((await _bench.Client.NetworkZones.Records($"{_stack}.example").GetAsync("@")).Value.Entries).Ttl);

        var less = Stack(forwards: false, records: false);
        Assert.Equal(["network-forward", "network-zone-record"], (await _bench.PlanAsync(less)).Orphans.Select(orphan => orphan.Id.Kind).Distinct().Order(StringComparer.Ordinal));
        await _bench.UpAsync(less, new PlanOptions { Prune = true });
        Assert.Empty(await _bench.Client.Networks.Forwards(Front).ListAsync());
        Assert.Empty(await _bench.Client.NetworkZones.Records($"{_stack}.example").ListAsync());

        await _bench.UpAsync(Stack());
        Assert.True((await _bench.DownAsync(_stack)).Succeeded);
        Assert.Null(await _bench.Client.Networks.FindAsync(Front));
        Assert.Null(await _bench.Client.NetworkAcls.FindAsync($"{_stack}web"));
        Assert.Null(await _bench.Client.NetworkZones.FindAsync($"{_stack}.example"));
    }

    [Fact]
    public async Task Acls_whose_rules_name_each_other_and_themselves_are_made_changed_pruned_exported_and_taken_down()
    {
        string File(string acls) => $"name: {_stack}\nnetwork_acls:\n{acls.ReplaceLineEndings("\n").Replace("X", _stack, StringComparison.Ordinal)}\n";
        const string Web = "  Xweb: {ingress: [{action: allow, source: Xapp}, {action: allow, source: Xweb}], egress: [{action: allow, destination: 'Xapp,Xdb'}]}";
        const string App = "  Xapp: {ingress: [{action: allow, source: Xweb}], egress: [{action: allow, destination: Xdb}]}";
        const string Db = "  Xdb: {ingress: [{action: allow, source: 'Xapp,Xweb'}, {action: allow, source: Xdb}]}";
        var all = File($"{Web}\n{App}\n{Db}");

        await _bench.UpAsync(all);
        Assert.Empty((await _bench.PlanAsync(all)).Changes);
        Assert.Equal($"{_stack}app,{_stack}db", Assert.Single((await _bench.Client.NetworkAcls.GetAsync($"{_stack}web")).Value.Egress).Destination);
        Assert.True((await _bench.DownAsync(_stack)).Succeeded);
        Assert.DoesNotContain(await _bench.Client.NetworkAcls.ListAsync(), acl => acl.Name.StartsWith(_stack, StringComparison.Ordinal));

        // One of a circle is there already, without what closes it.
        await _bench.UpAsync(File("  Xdb: {}"));
        await _bench.UpAsync(all);
        var export = await _bench.Engine.ExportAsync(_bench.Client, new ExportOptions { Stack = _stack });
        Assert.Empty((await _bench.PlanAsync(export.Text)).Changes);

        // A checkpoint brings all of them back.
        var checkpoint = await _bench.Engine.TakeCheckpointAsync(_bench.Client, _stack, new CheckpointOptions { Name = "all" });
        Assert.True((await _bench.DownAsync(_stack)).Succeeded);
        var restored = await _bench.Engine.RestoreCheckpointAsync(_bench.Client, await _bench.Engine.CompareCheckpointAsync(_bench.Client, checkpoint));
        Assert.True(restored.Succeeded);
        Assert.Empty((await _bench.PlanAsync(all)).Changes);
        await _bench.Engine.RemoveCheckpointAsync(_bench.Client, checkpoint);

        // Two that name each other go together, once a third names them no more.
        var less = File("  Xdb: {ingress: [{action: allow, source: Xdb}]}");
        await _bench.UpAsync(less, new PlanOptions { Prune = true });
        Assert.Equal([$"{_stack}db"], (await _bench.Client.NetworkAcls.ListAsync()).Select(acl => acl.Name).Where(name => name.StartsWith(_stack, StringComparison.Ordinal)));
        Assert.Empty((await _bench.PlanAsync(less)).Changes);
    }

    [Fact]
    public async Task Many_acls_go_at_once_and_none_stays()
    {
        var yaml = $"name: {_stack}\nnetwork_acls:\n" + string.Concat(Enumerable.Range(1, 12).Select(i => $"  {_stack}a{i}: {{ingress: [{{action: allow, protocol: tcp, destination_port: {i}}}]}}\n"));
        for (var round = 0; round < 3; round++)
        {
            await _bench.UpAsync(yaml);
            Assert.True((await _bench.DownAsync(_stack)).Succeeded);
            Assert.DoesNotContain(await _bench.Client.NetworkAcls.ListAsync(), acl => acl.Name.StartsWith(_stack, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task An_instance_on_two_bridges_that_share_their_names_finds_its_neighbours_on_both()
    {
        var back = $"n{Lab.Number}back";
        string File(string host) => $$"""
            name: {{_stack}}
            networks:
              {{Front}}: {ipv4: {{Subnet}}.1/24, ipv6: none, share_names: true}
              {{back}}: {ipv4: {{Lab.Subnets[7]}}.{{host}}/24, ipv6: none, share_names: true}
            instances:
              {{_stack}}front: { image: busybox, networks: [{{Front}}], ready: {address: true} }
              {{_stack}}back: { image: busybox, networks: [{{back}}], ready: {address: true} }
              {{_stack}}both: { image: busybox, networks: [{{back}}, {{Front}}], ready: {address: true} }
            """;
        // A bridge that is changed gets its name service anew.
        Task<string> AskAsync(string server, string name) =>
            Eventually.GetAsync(() => _bench.ShellAsync($"{_stack}both", $"nslookup -type=a {name} {server} | tail -n +3 || true"), answer => answer.Contains("Address", StringComparison.Ordinal));
        await _bench.UpAsync(File("1"));
        foreach (var (server, host) in new[] { ($"{Subnet}.1", "1"), ($"{Lab.Subnets[7]}.1", "1") })
        {
            Assert.Contains($"{Subnet}.", await AskAsync(server, $"{_stack}front.{Front}.incus"), StringComparison.Ordinal);
            Assert.Contains($"{Lab.Subnets[7]}.", await AskAsync(server, $"{_stack}back.{back}.incus"), StringComparison.Ordinal);
        }

        Assert.Equal($"{back}.incus,{Front}.incus", (await _bench.Client.Networks.GetAsync(back)).Value.Config["dns.search"]);

        // The other one is told where a bridge that moved is, and nothing is left to be done after that.
        Assert.Equal(
            $"""
              ~ network/{back}: change
                  ~ config.ipv4.address: {Lab.Subnets[7]}.1/24 -> {Lab.Subnets[7]}.2/24
              ~ network/{Front}: change
                  ~ config.raw.dnsmasq: server=/{back}.incus/{Lab.Subnets[7]}.1 -> server=/{back}.incus/{Lab.Subnets[7]}.2
            {_stack}: 2 to change, 3 unchanged

            """,
            StackWorkbench.Text(await _bench.PlanAsync(File("2"))));
        await _bench.UpAsync(File("2"));
        Assert.Contains($"{Lab.Subnets[7]}.", await AskAsync($"{Subnet}.1", $"{_stack}back.{back}.incus"), StringComparison.Ordinal);

        // Addresses that the server chooses are known only once the bridges are there.
        await _bench.DownAsync(_stack);
        var chosen = $$"""
            name: {{_stack}}
            networks:
              {{Front}}: {ipv4: none, ipv6: auto, share_names: true}
              {{back}}: {ipv4: none, share_names: true}
            instances:
              {{_stack}}both: { image: busybox, autostart: false, networks: [{{back}}, {{Front}}] }
            """;
        await _bench.UpAsync(chosen);
        foreach (var (one, other) in new[] { (Front, back), (back, Front) })
        {
            var address = (await _bench.Client.Networks.GetAsync(other)).Value.Config["ipv6.address"].Split('/')[0];
            Assert.Equal($"server=/{other}.incus/{address}", (await _bench.Client.Networks.GetAsync(one)).Value.Config["raw.dnsmasq"]);
        }
    }

    [Fact]
    public async Task A_forward_leads_to_an_instance_and_an_acl_lets_through_what_it_allows_and_nothing_else()
    {
        string File(string port) => $$"""
            name: {{_stack}}
            network_acls:
              {{_stack}}web: {ingress: [{action: allow, protocol: tcp, destination_port: {{port}}}, {action: allow, protocol: udp}], egress: [{action: allow}]}
            networks:
              {{Front}}: {ipv4: {{Subnet}}.1/24, ipv6: none, acls: ["{{_stack}}web"]}
            instances:
              {{_stack}}:
                image: busybox
                environment: {GREETING: through, RUN: "httpd -f -p 80 -h /srv/hello"}
                networks: [ {network: {{Front}}, ipv4: {{Subnet}}.10 } ]
                ready: {address: true}
            """;
        await _bench.UpAsync(File("80"));
        Assert.Contains("through", await Eventually.GetAsync(() => FetchAsync($"{Subnet}.10"), page => page.Length > 0), StringComparison.Ordinal);

        await _bench.UpAsync(File("81"));
        Assert.Equal("", await FetchAsync($"{Subnet}.10"));

        await _bench.UpAsync(File("80"));
        Assert.Contains("through", await FetchAsync($"{Subnet}.10"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_lies_on_a_network_of_somebody_else_is_the_stacks_and_the_network_stays_as_it_is()
    {
        var bridge = Lab.Environment["LAB_BRIDGE"];
        var text = $"name: {_stack}\nnetworks: {{{bridge}: {{external: true, forwards: {{192.0.2.{Lab.Number}: {Lab.Environment["LAB_SUBNET"].Replace(".0/24", ".10", StringComparison.Ordinal)}}}}}}}\n";
        var before = (await _bench.Client.Networks.GetAsync(bridge)).Value;

        await _bench.UpAsync(text);

        var error = await Assert.ThrowsAsync<StackFileException>(() => _bench.PlanAsync(text.Replace(_stack, "other", StringComparison.Ordinal)));
        Assert.Contains($"belongs to the stack \"{_stack}\"", Assert.Single(error.Diagnostics).Message, StringComparison.Ordinal);
        Assert.True((await _bench.DownAsync(_stack)).Succeeded);
        Assert.Empty(await _bench.Client.Networks.Forwards(bridge).ListAsync());
        Assert.Equal(before.Config, (await _bench.Client.Networks.GetAsync(bridge)).Value.Config);
    }

    [Fact]
    public async Task The_example_is_planned_whole_and_its_acls_and_zone_are_made()
    {
        var text = (await File.ReadAllTextAsync(Repository.PathOf("examples/ovn-and-acls/stack.yaml"))).Replace("name: tenant", $"name: {_stack}", StringComparison.Ordinal).Replace("images:debian/12", "busybox", StringComparison.Ordinal);
        var stack = _bench.Load(text);

        var plan = await _bench.Engine.CompareAsync(_bench.Client, stack);
        Assert.Equal(12, plan.Changes.Count);

        // No OVN runs here: the rest is made.
        var rest = stack with { Networks = new Dictionary<string, NetworkDefinition>(), Instances = new Dictionary<string, InstanceDefinition>() };
        var result = await _bench.Engine.ApplyAsync(_bench.Client, await _bench.Engine.CompareAsync(_bench.Client, rest));
        Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(one => one.Message)));
        Assert.Empty((await _bench.Engine.CompareAsync(_bench.Client, rest)).Changes);
    }

    [Fact]
    public async Task What_this_server_lacks_is_refused_before_and_what_it_cannot_do_is_its_own_answer()
    {
        if (!_bench.Client.HasExtension("network_address_set"))
        {
            var old = await Assert.ThrowsAsync<StackFileException>(() => _bench.PlanAsync($"name: {_stack}\nnetwork_address_sets: {{office: [192.0.2.0/28]}}\n"));
            Assert.Contains($"needs the API extension \"network_address_set\", which Incus {_bench.Client.Server.Environment.ServerVersion} does not have", Assert.Single(old.Diagnostics).Message, StringComparison.Ordinal);
            Assert.Equal(2, Assert.Single(old.Diagnostics).Location.Line);
            Assert.Equal("network_address_set", (await Assert.ThrowsAsync<IncusExtensionMissingException>(() => _bench.Client.NetworkAddressSets.ListAsync())).Extension);
        }

        // No OVN runs here: the request goes as far as the server, and what it says comes back.
        var result = await _bench.ApplyAsync($$"""
            name: {{_stack}}
            networks:
              {{_stack}}:
                type: ovn
                uplink: none
                ipv4: {{Subnet}}.1/24
                load_balancers: {192.0.2.20: {backends: {web: {{Subnet}}.10 }, ports: [{listen_port: 80}] } }
                peers: {other: elsewhere}
            """);
        Assert.False(result.Succeeded);
        Assert.Contains("OVN", Assert.Single(result.Resources, one => one.Kind == "network").Message, StringComparison.OrdinalIgnoreCase);
        Assert.Null(await _bench.Client.Networks.FindAsync(_stack));
    }

    private static async Task<string> FetchAsync(string host)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
        try
        {
            return await http.GetStringAsync(new Uri($"http://{host}/"));
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
        {
            return "";
        }
    }

    private string Stack(string action = "reject", int listen = 8080, int ttl = 3600, bool forwards = true, bool records = true) => $$"""
        name: {{_stack}}
        network_acls:
          {{_stack}}web:
            description: web
            ingress:
              - {action: allow, protocol: tcp, destination_port: [443, 80], description: http}
              - {action: allow, protocol: icmp4, icmp_type: 8}
              - {action: {{action}}, source: "10.9.0.0/16,10.8.0.1-10.8.0.9"}
          {{_stack}}base:
            egress: [{action: allow, state: logged}]
        network_zones:
          {{_stack}}.example:
            nameservers: ns1.example.net
        {{(records ? $$"""
                records:
                  www: [A {{Subnet}}.10, "TXT \"v=spf1 mx ~all\""]
                  "@":
                    entries: [{type: mx, value: 10 mail.example.net., ttl: {{ttl}}}]
            """ : "")}}
        networks:
          {{Front}}:
            ipv4: {{Subnet}}.1/24
            ipv6: none
            mtu: 1400
            nat: {ipv4: true}
            dhcp: {ranges: [{{Subnet}}.100-{{Subnet}}.199]}
            dns: {zones: ["{{_stack}}.example"]}
            acls: ["{{_stack}}web", "{{_stack}}base"]
        {{(forwards ? $$"""
                forwards:
                  192.0.2.{{Lab.Number}}:
                    target_address: {{Subnet}}.10
                    ports:
                      - {listen_port: {{listen}}, target_address: {{Subnet}}.11, target_port: 80}
                      - {listen_port: [53, 5353], protocol: udp, target_address: {{Subnet}}.12}
                  198.51.100.{{Lab.Number}}: {{Subnet}}.10
            """ : "")}}
        """;
}
