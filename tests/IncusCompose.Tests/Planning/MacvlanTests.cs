using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources.Networks;
using IncusCompose.Tests.Loading;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Planning;

/// <summary>An interface in the host's own network: which one, and what is said of it.</summary>
public class MacvlanTests
{
    private readonly PlanningWorld _world = new();
    private readonly InstanceDefinition _web = Web with { Macvlan = new MacvlanDefinition() };

    [Fact]
    public void The_hosts_interface_is_found_and_the_limit_is_said_once()
    {
        _world.Uplink = new HostUplink("eno1", ["eno1"]);

        var plan = _world.Plan(Stack(_web));

        Assert.Contains("+ devices.eth0.nictype: macvlan\n      + devices.eth0.parent: eno1\n", Text(plan));
        Assert.Equal(("MacvlanHostLimit", DiagnosticSeverity.Warning), (Assert.Single(plan.Diagnostics).Id, plan.Diagnostics[0].Severity));
        _world.With(_world.Applied(Stack(_web), "web"));
        Assert.Empty(_world.Plan(Stack(_web)).Diagnostics);
    }

    [Fact]
    public void It_comes_after_other_networks_and_can_be_named()
    {
        var text = Text(_world.Plan(Stack(_web with { Macvlan = new MacvlanDefinition("eno2"), Networks = [new() { Network = "lan" }] }) with
        {
            Networks = new Dictionary<string, NetworkDefinition> { ["lan"] = new() { Name = "lan" } },
        }));

        Assert.Contains("devices.eth0.network: lan\n", text);
        Assert.Contains("devices.eth1.parent: eno2\n", text);
    }

    [Fact]
    public void What_it_stands_on_stays_where_the_hosts_routes_change()
    {
        _world.Uplink = new HostUplink("eno1", ["eno1"]);
        _world.With(_world.Applied(Stack(_web), "web"));
        _world.Uplink = new HostUplink("eno2", ["eno1", "eno2"]);

        Assert.False(_world.Plan(Stack(_web)).HasChanges);
    }

    [Fact]
    public void Where_there_is_no_telling_the_choice_is_shown()
    {
        _world.Uplink = new HostUplink(null, ["eno1", "eno2"]);

        var problem = Assert.Single(Assert.Throws<StackFileException>(() => _world.Plan(Stack(_web))).Diagnostics);

        Assert.Equal("NoUplink", problem.Id);
        Assert.Contains("macvlan:NAME; the host has: eno1, eno2", problem.ToString());
    }

    [Fact]
    public void The_limit_is_said_once_for_all_instances()
    {
        _world.Uplink = new HostUplink("eno1", ["eno1"]);

        var plan = _world.Plan(Stack(_web, _web with { Name = "web2" }));

        Assert.Equal("MacvlanHostLimit", Assert.Single(plan.Diagnostics).Id);
    }

    [Theory]
    [InlineData("macvlan:no such", "has a blank")]
    [InlineData("macvlan:averylonginterface", "is longer than 15 characters")]
    public void What_cannot_be_an_interface_is_said(string word, string what) =>
        Assert.Contains(what, Assert.Single(StackText.Load($"instances: {{web: {{image: x, network: '{word}'}}}}").Diagnostics).ToString());

    [Theory]
    [InlineData("macvlan", null)]
    [InlineData("macvlan:br0.5", "br0.5")]
    public void The_word_says_what_and_where(string word, string? parent) =>
        Assert.Equal(new MacvlanDefinition(parent), StackText.Web("network: " + word).Macvlan);

    [Theory]
    [InlineData("shopnet")]
    [InlineData("macvlan:")]
    public void Other_networks_are_a_list(string word) =>
        Assert.Contains($"write `networks: [{word}]`, or `macvlan`", Assert.Single(StackText.Load($"instances: {{web: {{network: '{word}'}}}}").Diagnostics).ToString());
}
