using IncusCompose.Definition;
using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading.Composition;

public class MergeTests
{
    private static InstanceDefinition Web(string below, string above)
    {
        using var folder = Folder(below, above);
        return folder.Require(null, "stack.yaml", "override.yaml").Instances["web"];
    }

    private static string[] Problems(string below, string above)
    {
        using var folder = Folder(below, above);
        return folder.Problems(null, "stack.yaml", "override.yaml");
    }

    private static StackFolder Folder(string below, string above) => new(
        ("stack.yaml", $"instances:\n  db: {{healthcheck: {{tcp: 5432}}}}\n  api: {{}}\n  web: {below}\n"), ("override.yaml", $"instances:\n  web: {above}\n"));

    private static string Text(IReadOnlyDictionary<string, string> values) => string.Join(' ', values.Select(pair => $"{pair.Key}={pair.Value}"));

    [Theory]
    [InlineData("{A: 1, B: 2}", "{B: 3, C: 4}", "A=1 B=3 C=4")]
    [InlineData("[A=1, B=2]", "[B=3, C=4]", "A=1 B=3 C=4")]
    [InlineData("{A: 1, B: 2}", "[B=3, C=4]", "A=1 B=3 C=4")]
    [InlineData("[A=1, B=2]", "{B: 3, C: }", "A=1 B=3 C=from-shell")]
    [InlineData("{A: 1, C: 2}", "{C: }", "A=1 C=from-shell")]
    [InlineData("{A: 1, C: 2}", "[C]", "A=1 C=from-shell")]
    [InlineData("[A=1, B=x=y]", "[!reset A]", "B=x=y")]
    [InlineData("{A: 1, B: 2}", "{A: !reset null}", "B=2")]
    [InlineData("{A: 1, B: 2}", "!override {A: 3}", "A=3")]
    [InlineData("{A: 1, B: 2}", "!reset {}", "")]
    public void Environment_is_merged_by_name_whatever_form_it_has(string below, string above, string expected)
    {
        using var folder = Folder($"{{environment: {below}}}", $"{{environment: {above}}}");
        var options = new LoadOptions { Variables = new Dictionary<string, string> { ["C"] = "from-shell" } };
        Assert.Equal(expected, Text(folder.Require(options, "stack.yaml", "override.yaml").Instances["web"].Environment));
    }

    [Theory]
    [InlineData("['80:80']", "['81:81']", "80:80 81:81")]
    [InlineData("['80:80', '443:443']", "['0.0.0.0:80:80/tcp']", "80:80 443:443")]
    [InlineData("['80:80']", "[{target: 80, published: 80, instance_ip: 127.0.0.2}]", "80:80")]
    [InlineData("['80:80']", "['80:80/udp']", "80:80 80:80")]
    [InlineData("['80:80', '81:81']", "[!reset '80:80']", "81:81")]
    [InlineData("['80:80', '81:81']", "!override ['82:82']", "82:82")]
    public void Ports_are_merged_by_address_ports_and_protocol(string below, string above, string expected) =>
        Assert.Equal(expected, string.Join(' ', Web($"{{ports: {below}}}", $"{{ports: {above}}}").Ports.Select(port => $"{port.HostPort}:{port.InstancePort}")));

    [Fact]
    public void Volumes_are_merged_by_their_place_in_the_instance()
    {
        var web = Web("{volumes: ['data:/data', 'logs:/logs']}", "{volumes: [{source: /srv/data, target: /data, read_only: true}, 'more:/more']}");
        Assert.Equal(["/srv/data:/data", "logs:/logs", "more:/more"], web.Volumes.Select(mount => $"{mount.Source}:{mount.Target}"));
        Assert.True(web.Volumes[0].ReadOnly);
    }

    [Theory]
    [InlineData("[db]", "[api, db]", "db:Started api:Started")]
    [InlineData("[db]", "{db: {condition: healthy}}", "db:Healthy")]
    [InlineData("{db: {condition: healthy, restart: true}}", "[db]", "db:Started")]
    [InlineData("{db: {condition: healthy}, api: {}}", "{db: !reset null}", "api:Started")]
    public void Dependencies_are_merged_by_name_in_a_list_or_a_mapping(string below, string above, string expected) =>
        Assert.Equal(expected, string.Join(' ', Web($"{{depends_on: {below}}}", $"{{depends_on: {above}}}").DependsOn.Select(one => $"{one.Instance}:{one.Condition}")));

    [Theory]
    [InlineData("[lan]", "[dmz]", "lan dmz")]
    [InlineData("[lan]", "{lan: {ipv4: 10.0.0.2}, dmz: }", "lan=10.0.0.2 dmz")]
    [InlineData("{lan: {ipv4: 10.0.0.2}}", "[{network: lan, ipv4: 10.0.0.3}, dmz]", "lan=10.0.0.3 dmz")]
    [InlineData("{lan: {ipv4: 10.0.0.2}}", "[lan]", "lan=10.0.0.2")]
    [InlineData("[lan, dmz]", "[!reset lan]", "dmz")]
    public void Networks_are_merged_by_name_in_a_list_or_a_mapping(string below, string above, string expected) =>
        Assert.Equal(expected, string.Join(' ', Web($"{{networks: {below}}}", $"{{networks: {above}}}").Networks.Select(nic => nic.Ipv4 is null ? nic.Network : $"{nic.Network}={nic.Ipv4}")));

    [Fact]
    public void Short_and_long_forms_are_merged_as_what_they_mean()
    {
        var web = Web("{disk: 10GiB, update: rolling, snapshots: '@daily'}", "{disk: {pool: fast}, update: {parallel: 2}, snapshots: {expiry: 2d}}");
        Assert.Equal(new RootDiskDefinition("10GiB", "fast"), web.Disk);
        Assert.Equal(new UpdateDefinition { Parallel = 2 }, web.Update);
        Assert.Equal(("@daily", "2d"), (web.Snapshots!.Schedule, web.Snapshots.Expiry));
        Assert.Equal(new RootDiskDefinition("20GiB", "fast"), Web("{disk: {size: 10GiB, pool: fast}}", "{disk: 20GiB}").Disk);
    }

    [Fact]
    public void What_may_stand_alone_or_in_a_list_is_joined()
    {
        var web = Web("{provision: a, hooks: {post_start: {exec: b}}, ready: address}", "{provision: [c], hooks: {post_start: [{exec: d}]}, ready: ['tcp:80', address]}");
        Assert.Equal(2, web.Provision.Count);
        Assert.Equal(2, web.Hooks!.Points[HookPoint.PostStart].Count);
        Assert.Equal(2, web.Ready!.Gates.Count);
    }

    [Fact]
    public void A_health_check_of_another_command_has_that_command_alone()
    {
        var check = Web("{healthcheck: {test: [CMD, a, b], interval: 5s}}", "{healthcheck: {test: [CMD, c]}}").Healthcheck!;
        Assert.Equal(["c"], ((ExecProbe)check.Probe).Command);
        Assert.Equal(TimeSpan.FromSeconds(5), check.Interval);
    }

    [Fact]
    public void Profiles_come_one_after_the_other_and_each_once() =>
        Assert.Equal(["default", "a", "b"], Web("{profiles: [default, a]}", "{profiles: [a, b]}").Profiles);

    [Fact]
    public void Cloud_init_data_is_merged_as_mappings_and_replaced_as_text_or_file()
    {
        Assert.Equal("#cloud-config\npackages:\n  - a\n  - b\nfqdn: x\n", Web("{cloud_init: {user_data: {packages: [a]}}}", "{cloud_init: {user_data: {packages: [b], fqdn: x}}}").CloudInit!.UserData);
        Assert.Equal("#!/bin/sh", Web("{cloud_init: {user_data: {packages: [a]}}}", "{cloud_init: {user_data: '#!/bin/sh'}}").CloudInit!.UserData);
    }

    [Fact]
    public void A_reset_gives_the_default_back_and_an_override_replaces_a_whole_mapping()
    {
        var web = Web("{image: a, memory: 1GiB, config: {limits.processes: 5}, labels: {a: b}}", "{image: !reset null, config: !override {user.x: y}, labels: !reset []}");
        Assert.Equal((InstanceDefinition.DefaultImage, "1GiB"), (web.Image, web.Memory));
        Assert.Equal("user.x=y", Text(web.Config));
        Assert.Empty(web.Labels);
    }

    [Fact]
    public void A_whole_instance_can_be_taken_away()
    {
        using var folder = new StackFolder(("stack.yaml", "instances: {web: {}, db: {}}"), ("override.yaml", "instances: {db: !reset null}"));
        Assert.Equal(["web"], folder.Require(null, "stack.yaml", "override.yaml").Instances.Keys);
    }

    [Fact]
    public void A_reset_holds_against_everything_below_and_not_against_what_comes_above()
    {
        using var folder = new StackFolder(
            ("1.yaml", "defaults: {ports: ['80:80'], memory: 1GiB}\ninstances: {web: {ports: ['81:81']}}"),
            ("2.yaml", "instances: {web: {ports: !reset [], memory: !reset null}}"),
            ("3.yaml", "instances: {web: {ports: ['82:82']}}"));
        var web = folder.Require(null, "1.yaml", "2.yaml", "3.yaml").Instances["web"];
        Assert.Equal([82], web.Ports.Select(port => port.HostPort));
        Assert.Null(web.Memory);
    }

    [Fact]
    public void Forms_that_cannot_become_one_are_an_error_that_names_both_places() =>
        Assert.Equal(
            ["override.yaml:2:16: instances.web.ready: a mapping stands here and a single value at stack.yaml:4:16, which cannot be merged; write both in the same form, or put `!override` before the one that is to stand alone"],
            Problems("{ready: address}", "{ready: {tcp: 80}}"));

    [Fact]
    public void A_problem_has_the_place_of_the_file_that_it_is_in() =>
        Assert.Equal(
            ["stack.yaml:4:14: instances.web.cpu: `x` is neither a number nor a set of CPUs; write a number of CPUs such as `2` or a set such as `0-3,6`",
             "override.yaml:2:17: instances.web.memory: `y` is not a size that Incus knows; write a size such as `512MiB` or a percentage such as `20%`"],
            Problems("{cpu: x, memory: 1GiB}", "{memory: y}"));

    [Fact]
    public void Other_tags_are_errors() =>
        Assert.StartsWith("override.yaml:2:17: instances.web.memory: the tag `!reseet` is not known here", Assert.Single(Problems("{}", "{memory: !reseet null}")));

    [Fact]
    public void Aliases_and_merge_keys_work_within_each_file()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "x-base: &base {memory: 1GiB, environment: &env {A: 1}}\ninstances:\n  web: {<<: *base, cpu: 2}\n  db: {<<: [*base, {cpu: 1}], environment: {<<: *env, B: 2}}"),
            ("override.yaml", "x-base: &base {cpu: 4}\ninstances: {web: *base}"));
        var stack = folder.Require(null, "stack.yaml", "override.yaml");
        Assert.Equal(("1GiB", "4"), (stack.Instances["web"].Memory, stack.Instances["web"].Cpu));
        Assert.Equal("B=2 A=1", Text(stack.Instances["db"].Environment));
    }
}
