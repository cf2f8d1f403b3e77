using System.Net;
using System.Net.Sockets;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Tests.Loading;
using IncusCompose.Validation;

namespace IncusCompose.Tests.Validation;

/// <summary>What is right is not complained about, and the borders of each rule; whole bad files are in Loading/Bad.</summary>
public class ValidationTests
{
    [Theory]
    [InlineData("web")]
    [InlineData("Web-1")]
    [InlineData("1abc")]
    [InlineData("a23456789012345678901234567890123456789012345678901234567890123")]
    public void A_host_name_is_an_instances_name(string name) => Assert.Null(NameRules.Instance(name));

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a_b")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("12")]
    [InlineData("web\n")]
    [InlineData("ä")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public void What_is_no_host_name_is_not(string name) => Assert.NotNull(NameRules.Instance(name));

    [Theory]
    [InlineData("lan0", "bridge", true)]
    [InlineData("x", "bridge", false)]
    [InlineData("sixteen-letters-", "bridge", false)]
    [InlineData("a-long-name-is-fine", "ovn", true)]
    [InlineData("a:b", "ovn", false)]
    [InlineData("none", "ovn", false)]
    public void A_bridges_name_is_an_interfaces_name(string name, string type, bool valid) => Assert.Equal(valid, NameRules.Network(name, type) is null);

    [Theory]
    [InlineData("a_b.c-d", true)]
    [InlineData("a", true)]
    [InlineData("_a", false)]
    [InlineData("a b", false)]
    [InlineData("a/b", false)]
    [InlineData("a\n", false)]
    public void Names_in_the_api_begin_and_end_with_a_letter_or_digit(string name, bool valid) => Assert.Equal(valid, NameRules.Api(name) is null);

    [Theory]
    [InlineData("@", true)]
    [InlineData("*", true)]
    [InlineData("*.apps", true)]
    [InlineData("_dmarc", true)]
    [InlineData("_srv._tcp", true)]
    [InlineData("www", true)]
    [InlineData("-www", false)]
    [InlineData("a b", false)]
    [InlineData("_", false)]
    public void Records_of_a_zone_have_the_names_that_dns_has(string name, bool valid) => Assert.Equal(valid, NameRules.Record(name) is null);

    [Fact]
    public void What_exists_already_may_have_any_name() =>
        StackText.Require("project: my_project\nnetworks: {_x: {external: true}}\nprofiles: {_x: {external: true}}\nvolumes: {_x: {external: true}}\nstorage_pools: {_x: {external: true}}");

    [Theory]
    [InlineData("1", 1)]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("10GB", 10_000_000_000)]
    [InlineData("1kB", 1000)]
    [InlineData("7EiB", 7L << 60)]
    [InlineData("5 bytes", 5)]
    public void Sizes_are_counted_in_incuss_units(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var actual));
        Assert.Equal(bytes, actual);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GiB")]
    [InlineData("1.5GiB")]
    [InlineData("1K")]
    [InlineData("1KB")]
    [InlineData("-1GiB")]
    [InlineData("1 GiB")]
    [InlineData("8EiB")]
    [InlineData("99999999999999999999")]
    public void What_incus_would_refuse_is_no_size(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData("512m", "512MiB")]
    [InlineData("1g", "1GiB")]
    [InlineData("1.5g", "1536MiB")]
    [InlineData("10 GB", "10GiB")]
    [InlineData("64k", "64KiB")]
    [InlineData("0.3GiB", null)]
    [InlineData("lots", null)]
    public void A_size_in_other_words_is_put_into_incuss(string text, string? expected) => Assert.Equal(expected, ByteSize.Correct(text));

    [Theory]
    [InlineData("10.20.0.1/24", "10.20.0.0/24", "10.20.0.255", "10.20.1.0")]
    [InlineData("10.20.0.129/25", "10.20.0.128/25", "10.20.0.128", "10.20.0.127")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0", "255.255.255.255", "::1")]
    [InlineData("fd42::1/64", "fd42::/64", "fd42::ffff:0:0:1", "fd42:0:0:1::1")]
    public void A_network_holds_its_addresses_and_no_others(string text, string network, string inside, string outside)
    {
        var family = text.Contains(':') ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        Assert.True(Cidr.TryParse(text, family, out var cidr));
        Assert.Equal(network, cidr.ToString());
        Assert.True(cidr.Contains(IPAddress.Parse(inside)));
        Assert.False(cidr.Contains(IPAddress.Parse(outside)));
    }

    [Theory]
    [InlineData("010.0.0.1")]
    [InlineData("10.1")]
    [InlineData("0x0a.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("fe80::1%eth0")]
    [InlineData("1")]
    public void What_dotnet_takes_for_an_address_beyond_addresses_is_none(string text) => Assert.False(Addresses.TryParse(text, out _));

    [Theory]
    [InlineData("imgae", "image")]
    [InlineData("dependsOn", "depends_on")]
    [InlineData("READ-ONLY", "read_only")]
    [InlineData("mem", "memory")]
    [InlineData("only", "read_only")]
    [InlineData("xyz", null)]
    [InlineData("a", null)]
    public void The_nearest_word_is_the_one_that_was_meant(string word, string? expected) =>
        Assert.Equal(expected, Suggestions.Nearest(word, ["image", "depends_on", "read_only", "memory", "cpu"]));

    [Theory]
    [InlineData("ca", "abc", 3)]
    [InlineData("abcd", "acbd", 1)]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    public void Swapped_neighbours_are_one_mistake(string a, string b, int distance) => Assert.Equal(distance, Suggestions.Distance(a, b));

    [Fact]
    public void A_dependency_on_many_without_a_circle_is_fine() =>
        StackText.Require("instances: {a: {depends_on: [b, c, d]}, b: {depends_on: [d]}, c: {depends_on: [d]}, d: {}}");

    [Fact]
    public void A_long_chain_of_dependencies_is_fine() =>
        StackText.Require("instances:\n" + string.Concat(Enumerable.Range(0, 5000).Select(i => $"  i{i}: {{depends_on: [i{i + 1}]}}\n")) + "  i5000: {}\n");

    [Fact]
    public void Ports_of_different_addresses_and_protocols_do_not_clash() =>
        StackText.Require("""
            instances:
              a: {ports: ["127.0.0.1:80:80", "53:53/udp", "8000-8009:1-10"]}
              b: {ports: ["127.0.0.2:80:80", "53:53/tcp", "8010-8019:1-10"]}
              c: {ports: ["[::1]:80:80", "[::1]:53:53"]}
            """);

    [Theory]
    [InlineData("80:80", "127.0.0.1:80:80")]
    [InlineData("[::]:80:80", "127.0.0.1:80:80")]
    [InlineData("[::]:80:80", "[::1]:80:80")]
    [InlineData("[::]:80:80", "80:80")]
    [InlineData("80-90:80-90", "127.0.0.1:90:80")]
    [InlineData("[0:0::1]:80:80", "[::1]:80:80")]
    public void Ports_clash_where_one_socket_takes_the_others_place(string one, string other)
    {
        foreach (var (first, second) in new[] { (one, other), (other, one) })
        {
            var problems = StackText.Problems($"instances: {{a: {{ports: [\"{first}\"]}}, b: {{ports: [\"{second}\"]}}}}");
            Assert.Contains("instances.b.ports[0]: instance `a` already publishes", Assert.Single(problems));
        }
    }

    [Fact]
    public void The_last_free_address_of_a_network_can_be_used() =>
        StackText.Require("networks: {lan: {ipv4: 10.20.0.1/30, ipv6: 'fd42::1/64', config: {ipv6.dhcp.stateful: true}}}\ninstances: {a: {networks: {lan: {ipv4: 10.20.0.2, ipv6: 'fd42::ffff:ffff:ffff:ffff'}}}}");

    [Fact]
    public void An_address_on_a_network_that_is_not_in_the_file_is_the_servers_business() =>
        StackText.Require("instances: {a: {networks: {incusbr0: {ipv4: 10.20.0.2}}}}\nnetworks: {lan: {external: true}}");

    [Fact]
    public void The_same_address_on_two_networks_is_fine() =>
        StackText.Require("instances: {a: {networks: {one: {ipv4: 10.20.0.2}}}, b: {networks: {two: {ipv4: 10.20.0.2}}}}");

    [Fact]
    public void Numbered_names_are_not_taken_for_mistakes() =>
        StackText.Require("networks: {lan1: , lan2: }\ninstances: {a: {networks: [lan3]}}\nvolumes: {data: }\nimages: {debian: 'images:debian/12'}");

    [Fact]
    public void All_problems_come_in_the_order_of_the_file()
    {
        var lines = StackText.Load("instances:\n  web: {memory: x, depends_on: [no], cpu: y}\n  a_b: {}\nname: .\nnam: x").Diagnostics;
        Assert.Equal(lines.OrderBy(d => d.Location.Line).ThenBy(d => d.Location.Column), lines);
        Assert.Equal(["BadSize", "UnknownDependency", "BadCpu", "BadInstanceName", "BadStackName", "UnknownKey"], lines.Select(d => d.Id));
    }

    [Fact]
    public void A_definition_that_code_made_is_validated_without_places()
    {
        var stack = new StackDefinition { Name = "x", Instances = new Dictionary<string, InstanceDefinition> { ["a_b"] = new() { Name = "a_b" } } };
        Assert.Equal("instances.a_b: `a_b` cannot be an instance's name: it has characters other than letters, digits and dashes; write `a-b`",
            Assert.Single(StackValidator.Validate(stack)).ToString());
    }
}
