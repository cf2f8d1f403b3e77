using System.Text.Json;
using Incus.Client;
using IncusCompose.Resources;

namespace IncusCompose.Tests.Planning;

/// <summary>A list as properties, and back.</summary>
public class ItemListTests
{
    private static readonly ItemList<NetworkAclRule> s_rules = new(
        "rules",
        () => new NetworkAclRule(),
        [
            new("protocol", rule => rule.Protocol, (rule, text) => rule with { Protocol = text }),
            new("source", rule => rule.Source, (rule, text) => rule with { Source = text }),
        ],
        [
            new("action", rule => rule.Action, (rule, text) => rule with { Action = text }),
            new("state", rule => rule.State, (rule, text) => rule with { State = text }, "enabled"),
            new("description", rule => rule.Description, (rule, text) => rule with { Description = text }),
        ]);

    [Theory]
    [InlineData("", "", "allow", "enabled", "")]
    [InlineData("tcp", "10.0.0.0/8", "drop", "logged", "with = and state=odd")]
    [InlineData("", "@internal", "allow", "enabled", " blanks, and\nlines ")]
    public void What_is_written_reads_back(string protocol, string source, string action, string state, string description)
    {
        var rule = new NetworkAclRule { Protocol = protocol, Source = source, Action = action, State = state, Description = description };

        var read = Assert.Single(s_rules.FromProperties(s_rules.ToProperties([rule]), []));

        Assert.Equal(rule, read);
    }

    [Fact]
    public void What_is_one_word_and_is_said_twice_is_one_item()
    {
        var words = new ItemList<NetworkAclRule>("addresses", () => new NetworkAclRule(), [new("source", rule => rule.Source, (rule, text) => rule with { Source = text })], []);

        var properties = words.ToProperties([new() { Source = "fd00::1" }, new() { Source = "fd00::2" }, new() { Source = "fd00::1" }]).ToDictionary();

        Assert.Equal(["fd00::1", "fd00::2"], words.FromProperties(properties, []).Select(rule => rule.Source));
    }

    [Fact]
    public void An_item_that_stays_keeps_its_place_and_what_this_program_does_not_know_of_it()
    {
        var before = JsonSerializer.Deserialize<List<JsonElement>>("""[{"action":"allow","protocol":"udp","state":"enabled"},{"action":"drop","protocol":"tcp","state":"enabled","speed":"fast"}]""")!
            .Select(json => ResourceText.Read<NetworkAcl>(JsonSerializer.SerializeToUtf8Bytes(new { name = "a", ingress = new[] { json } })).Ingress[0]).ToList();
        var properties = s_rules.ToProperties(before).ToDictionary();
        properties["rules/protocol=tcp"] = "action=reject";
        properties["rules/protocol=icmp4"] = "action=allow";

        var after = s_rules.FromProperties(properties, before);

        Assert.Equal(["udp allow", "tcp reject", "icmp4 allow"], after.Select(rule => $"{rule.Protocol} {rule.Action}"));
        Assert.Same(before[0], after[0]);
        Assert.Equal("fast", after[1].UnknownFields!["speed"].GetString());
    }

    [Fact]
    public void Items_that_are_known_by_the_same_come_back_each()
    {
        var rules = new[] { new NetworkAclRule { Action = "drop" }, new NetworkAclRule { Action = "allow" } };

        var properties = s_rules.ToProperties(rules).ToList();

        Assert.Equal(["rules/any=action=allow", "rules/any #2=action=drop"], properties.Select(property => $"{property.Key}={property.Value}"));
        Assert.Equal(["allow", "drop"], s_rules.FromProperties(properties, []).Select(rule => rule.Action).Order());
    }
}
