namespace IncusCompose.Tests.Loading.Composition;

public class ExtendsTests
{
    [Fact]
    public void An_instance_has_what_the_other_one_has_and_it_does_not_say_otherwise()
    {
        using var folder = new StackFolder(("stack.yaml", """
            instances:
              web: {extends: base, memory: 2GiB, environment: [B=3]}
              base: {extends: {service: core}, memory: 1GiB, environment: {A: 1, B: 2}}
              core: {cpu: 2, depends_on: [db]}
              db: {}
            """));
        var web = folder.Require().Instances["web"];
        Assert.Equal(("2GiB", "2", "db"), (web.Memory, web.Cpu, web.DependsOn[0].Instance));
        Assert.Equal(["A=1", "B=3"], web.Environment.Select(pair => $"{pair.Key}={pair.Value}"));
    }

    [Fact]
    public void Published_ports_of_both_are_published_and_clash_as_ever()
    {
        using var folder = new StackFolder(("stack.yaml", "instances:\n  web: {extends: base, ports: !override ['81:81']}\n  base: {ports: ['80:80']}"));
        Assert.Equal([81], folder.Require().Instances["web"].Ports.Select(port => port.HostPort));
    }

    [Fact]
    public void An_instance_of_another_file_comes_with_its_defaults_and_its_paths()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "defaults: {cpu: 1, memory: 1GiB}\ninstances:\n  web: {extends: {file: common/base.yaml, instance: base}, volumes: ['./www:/www']}\n  db: {extends: {file: common/base.yaml}}"),
            ("common/base.yaml", "defaults: {memory: 2GiB}\ninstances:\n  base: {extends: core, description: b}\n  core: {volumes: ['./data:/data'], env_file: core.env}\n  db: {extends: {file: deep/db.yaml, instance: db}}"),
            ("common/deep/db.yaml", "instances: {db: {volumes: ['../x:/x'], description: deep}, not: {}}"),
            ("common/core.env", "A=1"));
        var stack = folder.Require();
        Assert.Equal(["web", "db"], stack.Instances.Keys);
        var web = stack.Instances["web"];
        Assert.Equal(("1", "2GiB", "b", "1"), (web.Cpu, web.Memory, web.Description, web.Environment["A"]));
        Assert.Equal(["/common/data", "/www"], web.Volumes.Select(mount => mount.Source[folder.Path.Length..]));
        Assert.Equal(("deep", "/common/x", "2GiB"), (stack.Instances["db"].Description, stack.Instances["db"].Volumes[0].Source[folder.Path.Length..], stack.Instances["db"].Memory));
        Assert.Equal("common/base.yaml:3:38", stack.Source.Find("instances.web.description").ToString());
    }

    [Fact]
    public void An_instance_may_extend_one_that_is_included_or_in_a_file_below()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "include: [base.yaml]\ninstances: {web: {extends: base}}"), ("base.yaml", "instances: {base: {cpu: 2}}"), ("override.yaml", "instances: {more: {extends: web, memory: 1GiB}}"));
        var stack = folder.Require(null, "stack.yaml", "override.yaml");
        Assert.Equal(("2", "2", "1GiB"), (stack.Instances["web"].Cpu, stack.Instances["more"].Cpu, stack.Instances["more"].Memory));
    }

    [Fact]
    public void A_reset_takes_away_what_would_be_inherited()
    {
        using var folder = new StackFolder(("stack.yaml", "instances:\n  base: {cpu: 2, ports: ['80:80'], activate: [never]}\n  web: {extends: base, cpu: !reset null, ports: !reset [], activate: !reset []}"));
        var web = folder.Require().Instances["web"];
        Assert.Null(web.Cpu);
        Assert.Empty(web.Ports);
    }

    [Fact]
    public void A_circle_is_an_error_with_every_place_of_it()
    {
        using var folder = new StackFolder(
            ("stack.yaml", "instances:\n  a: {extends: b}\n  b: {extends: {file: other.yaml, instance: c}}\n  self: {extends: self}"),
            ("other.yaml", "instances:\n  c: {extends: {file: stack.yaml, instance: a}}"));
        Assert.Equal(
            [
                "stack.yaml:4:19: instances.self.extends: the instances extend one another in a circle: self (stack.yaml:4:3) -> self (stack.yaml:4:3); remove one of the `extends`",
                "other.yaml:2:16: instances.c.extends: the instances extend one another in a circle: a (stack.yaml:2:3) -> b (stack.yaml:3:3) -> c (other.yaml:2:3) -> a (stack.yaml:2:3); remove one of the `extends`",
            ],
            folder.Problems());
    }

    [Theory]
    [InlineData("extends: basee", "stack.yaml:2:18: instances.web.extends: there is no instance `basee` in stack.yaml; did you mean `base`?")]
    [InlineData("extends: {file: base.yaml, instance: no}", "stack.yaml:2:18: instances.web.extends: there is no instance `no` in base.yaml")]
    [InlineData("extends: {file: no.yaml, instance: no}", "stack.yaml:2:18: the file `no.yaml` does not exist")]
    [InlineData("extends: {fil: base.yaml}", "there is no key `fil` here; did you mean `file`?")]
    [InlineData("extends: {}", "neither an instance nor a file is named")]
    [InlineData("extends: [base]", "stack.yaml:2:18: instances.web.extends: a list stands here")]
    [InlineData("extends: {file: base.yaml, instance: bad}", "base.yaml:1:46: instances.web.cpu: `x` is neither")]
    public void A_bad_extends_is_an_error_where_it_stands(string extends, string expected)
    {
        using var folder = new StackFolder(("stack.yaml", $"instances:\n  web: {{{extends}}}\n  base: {{}}"), ("base.yaml", "instances: {base: {memory: 1GiB}, bad: {cpu: x}}"));
        Assert.Contains(expected, string.Join('\n', folder.Problems()));
    }

    [Fact]
    public void A_mistake_that_many_instances_share_is_said_once()
    {
        using var folder = new StackFolder(("stack.yaml", "defaults: {imgae: x}\ninstances:\n  base: {cpu: x}\n" + string.Concat(Enumerable.Range(0, 50).Select(i => $"  web{i}: {{extends: base}}\n"))));
        Assert.Equal(["stack.yaml:1:12", "stack.yaml:3:15"], folder.Load().Diagnostics.Select(d => d.Location.ToString()));
    }

    [Fact]
    public void A_chain_as_long_as_a_file_is_followed()
    {
        using var folder = new StackFolder(("stack.yaml", "instances:\n  web0: {cpu: 2}\n" + string.Concat(Enumerable.Range(1, 5000).Reverse().Select(i => $"  web{i}: {{extends: web{i - 1}}}\n"))));
        Assert.Equal("2", folder.Require().Instances["web5000"].Cpu);
    }

    [Fact]
    public void What_grows_by_extending_without_end_is_an_error()
    {
        var lines = string.Concat(Enumerable.Range(0, 60).Select(i => $"provision-{i}, "));
        using var folder = new StackFolder(("stack.yaml", $"instances:\n  web0: {{provision: [{lines}]}}\n" + string.Concat(Enumerable.Range(1, 1000).Select(i => $"  web{i}: {{extends: web{i - 1}, provision: [{lines}]}}\n"))));
        Assert.Contains("grows beyond 500000 values", Assert.Single(folder.Problems()));
    }

    [Fact]
    public void Defaults_extend_nothing()
    {
        using var folder = new StackFolder(("stack.yaml", "defaults: {extends: web}\ninstances: {web: {}}"));
        Assert.StartsWith("stack.yaml:1:12: defaults.extends: what all instances have cannot be taken from one of them", Assert.Single(folder.Problems()));
    }

    [Fact]
    public void What_is_extended_is_named_by_one_word()
    {
        var found = Assert.Single(StackText.Load("instances: {web: {extends: {instance: a, service: b}}, a: {image: x}, b: {image: y}}").Diagnostics).ToString();

        Assert.Contains("instances.web.extends.service: `service` and `instance` say the same thing; remove one of the two", found, StringComparison.Ordinal);
    }
}
