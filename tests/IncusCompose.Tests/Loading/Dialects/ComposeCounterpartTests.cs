using System.Text;
using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Tests.Loading.Composition;

namespace IncusCompose.Tests.Loading.Dialects;

/// <summary>Words of compose files that a stack file has other words for, and what is said of those that it follows in part.</summary>
public partial class ComposeCounterpartTests
{
    private static string Service(string words) => $"name: shop\nservices: {{web: {{image: nginx, {words}}}}}\n";

    private static string Problem(string words) => Assert.Single(StackText.Problems(Service(words)));

    [Theory]
    [InlineData("80")]
    [InlineData("80/udp")]
    [InlineData("8000-8010")]
    [InlineData(":80")]
    [InlineData("0:80")]
    [InlineData("127.0.0.1::80")]
    [InlineData("127.0.0.1:0:80/tcp")]
    [InlineData("[::1]::80")]
    public void A_port_of_the_host_that_docker_chooses_is_passed_over_with_a_warning(string port)
    {
        Assert.Contains("services.web.ports: warning: ", Problem($"ports: ['{port}']"), StringComparison.Ordinal);
        Assert.Empty(StackText.Load(Service($"ports: ['{port}']")).Definition!.Instances["web"].Ports);
    }

    [Theory]
    [InlineData("{target: 80}")]
    [InlineData("{target: 80, published: }")]
    [InlineData("{target: 80, published: ''}")]
    [InlineData("{target: 80, published: '0'}")]
    public void So_is_one_in_the_long_form(string port)
    {
        Assert.Contains("`80` is passed over: docker takes any port of the host for it", Problem($"ports: [{port}]"), StringComparison.Ordinal);
        Assert.Empty(StackText.Load(Service($"ports: [{port}]")).Definition!.Instances["web"].Ports);
    }

    [Theory]
    [InlineData("'8080-8082:80'", "0.0.0.0:8080")]
    [InlineData("'127.0.0.1:8080-8082:80/udp'", "127.0.0.1:8080")]
    [InlineData("{target: 80, published: 8080-8082, host_ip: 127.0.0.1}", "127.0.0.1:8080")]
    public void Of_a_range_of_the_hosts_ports_for_one_port_the_first_is_taken_with_a_warning(string port, string expected)
    {
        Assert.Contains("leaves it to docker which port of the host it takes: here it is the first, 8080", Problem($"ports: [{port}]"), StringComparison.Ordinal);
        var made = Assert.Single(StackText.Load(Service($"ports: [{port}]")).Definition!.Instances["web"].Ports);
        Assert.Equal((expected, 80, 1), ($"{made.HostAddress}:{made.HostPort}", made.InstancePort, made.Count));
    }

    [Fact]
    public void Ports_that_are_said_stay_as_they_are() =>
        Assert.Equal(["8080:80", "8000:9000", "53:53"], Dialect.Load(Service("ports: ['8080:80', '8000-8001:9000-9001', '127.0.0.1:53:53/udp']")).Instances["web"].Ports.Select(port => $"{port.HostPort}:{port.InstancePort}"));

    [Fact]
    public void The_size_of_its_storage_is_that_of_its_disk()
    {
        Assert.Equal("10GiB", Dialect.Load(Service("storage_opt: {size: 10G}")).Instances["web"].Disk!.Size);
        Assert.Contains("services.web.storage_opt.dm.fs: warning: `dm.fs` is passed over", Problem("storage_opt: {dm.fs: ext4}"), StringComparison.Ordinal);
        Assert.Contains("`storage_opt` says the same as `disk`", Problem("storage_opt: {size: 10G}, disk: 5GiB"), StringComparison.Ordinal);
        Assert.Contains("instances.web.disk: `much` is not a size", Problem("storage_opt: {size: much}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Hooks_of_compose_are_hooks()
    {
        using var folder = new StackFolder(
            ("compose.yaml", Service("post_start: [{command: chown -R app '/my data', user: root}, {command: [./init], working_dir: /srv, environment: [A=1]}], pre_stop: [{command: ./flush}]")),
            ("above.yaml", "services: {web: {post_start: [{command: [late]}], hooks: {post_ready: warm}}}\n"));
        var hooks = folder.Require(null, "compose.yaml", "above.yaml").Instances["web"].Hooks!;

        var start = hooks.Points[HookPoint.PostStart];
        Assert.Equal(["chown -R app /my data", "sh -c cd \"$1\" && shift && exec \"$@\" sh /srv ./init", "late"], start.Select(step => string.Join(' ', step.Command)));
        Assert.Equal(("root", "1"), (start[0].User, start[1].Environment["A"]));
        Assert.Equal(["./flush"], Assert.Single(hooks.Points[HookPoint.PreStop]).Command);
        Assert.Single(hooks.Points[HookPoint.PostReady]);
        Assert.Contains("`privileged` is passed over", Problem("post_start: [{command: [a], privileged: true}]"), StringComparison.Ordinal);
        Assert.Contains("`pre_stop` says the same as `hooks.pre_stop`", Problem("pre_stop: [{command: [a]}], hooks: {pre_stop: b}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("daily")]
    [InlineData("weekly")]
    [InlineData("every_1d12h")]
    public void An_image_that_docker_asks_for_now_and_then_is_asked_for_always_with_a_warning(string policy)
    {
        Assert.Contains($"services.web.pull_policy: warning: `{policy}` becomes `always`", Problem($"pull_policy: {policy}"), StringComparison.Ordinal);
        Assert.Equal(ImagePull.Always, StackText.Load(Service($"pull_policy: {policy}")).Definition!.Instances["web"].PullPolicy);
    }

    [Theory]
    [InlineData("dns_opt: ['ndots:2']", "instances.web.dns_opt: warning: `dns_opt` is passed over: it asks the name servers of its networks")]
    [InlineData("cpu_count: 2", "instances.web.cpu_count: warning: `cpu_count` is passed over: it is a word for Windows containers; write `cpus`")]
    [InlineData("volume_driver: nfs", "instances.web.volume_driver: `volume_driver` has no counterpart: volumes' drivers are docker's own")]
    [InlineData("restart: 'on-failure:3'", "instances.web.restart: warning: the number of times, 3, is passed over")]
    [InlineData("volumes: ['/srv:/a:ro,z']", "services.web.volumes: warning: `z` is passed over: Incus labels no files")]
    [InlineData("healthcheck: {test: [CMD-SHELL, pg_isready, -U, app]}", "services.web.healthcheck.test: warning: only the first word after `CMD-SHELL` is run, as in docker")]
    [InlineData("volumes: ['/srv:/a:Z']", "services.web.volumes: warning: `Z` is passed over: Incus labels no files")]
    public void What_is_not_followed_is_said_where_it_stands(string words, string expected) => Assert.Contains(expected, Problem(words), StringComparison.Ordinal);

    [Fact]
    public void What_asks_for_nothing_is_nothing_to_speak_of()
    {
        Assert.Empty(StackText.Problems(Service("volume_driver: local, restart: on-failure, volumes: ['/srv:/a:nocopy,cached,rw'], healthcheck: {disable: false}")));
        Assert.Contains("models: `models` has no counterpart: Incus runs no models", Assert.Single(StackText.Problems(Service("restart: always") + "models: {llm: {model: x}}\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void All_devices_of_the_usb_are_a_device_without_numbers() =>
        Assert.Equal([new("type", "usb")], Assert.Single(Dialect.Load(Service("devices: [/dev/bus/usb]")).Instances["web"].Devices).Value);

    [Fact]
    public void Labels_come_from_files_too_and_from_below_those_of_the_file()
    {
        using var folder = new StackFolder(
            ("compose.yaml", Service("label_file: [a.labels, ./b.labels], labels: {three: c}")),
            ("above.yaml", "services: {web: {label_file: c.labels}}\n"),
            ("a.labels", "one=a\ntwo=a\n"), ("b.labels", "two=b\nthree=b\n"), ("c.labels", "four=d\n"));
        var labels = folder.Require(null, "compose.yaml", "above.yaml").Instances["web"].Labels;
        Assert.Equal("four=d one=a three=c two=b", string.Join(' ', labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}")));
        Assert.Contains("the environment file `missing` does not exist", Problem("label_file: missing"), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_after_a_quoted_value_of_an_environment_file_is_a_warning()
    {
        var problem = Assert.Single(StackText.Load(Service("environment: {A: $A}"), environmentFile: "# c\nA=\"x\" garbage\nB='y' # fine\nC=\"z\"\n").Diagnostics);
        Assert.Equal(("TextAfterValue", DiagnosticSeverity.Warning, 2), (problem.Id, problem.Severity, problem.Location.Line));
        Assert.DoesNotContain("garbage", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_word_that_the_reference_names_as_composes_is_known_in_a_compose_file()
    {
        var unknown = new List<string>();
        foreach (var fact in File.ReadLines(KeyReference.Facts).Where(line => line.Contains('|', StringComparison.Ordinal) && line[0] != '#').Select(line => line.Split('|')))
        {
            foreach (var word in Quoted().Matches(fact[2]).Select(match => match.Groups["word"].Value).Where(word => !word.Contains('*', StringComparison.Ordinal) && word is not ("x-" or "<<")))
            {
                var yaml = Nested(PlaceOf(fact[0].Trim(), word));
                unknown.AddRange(StackText.Load(yaml).Diagnostics.Where(problem => problem.Id == "UnknownKey").Select(problem => $"{fact[0].Trim()}: {word}: {problem}\n{yaml}"));
            }
        }

        Assert.True(unknown.Count == 0, string.Join('\n', unknown));
    }

    /// <summary>Where a word of compose stands whose counterpart is at a path.</summary>
    private static string PlaceOf(string path, string word)
    {
        var parent = path.Contains('.', StringComparison.Ordinal) ? path[..path.LastIndexOf('.')] : "";
        foreach (var (here, there) in s_elsewhere)
        {
            if (parent == here)
                return $"{there}.{word}";
        }

        // Words that a service has no mapping for are words of the service.
        if (parent.StartsWith("instances.*.", StringComparison.Ordinal) && s_ownMappings.Contains(parent.Split('.')[2]))
            parent = "instances.*";
        return parent.Length == 0 ? word : $"{parent.Replace("instances", "services", StringComparison.Ordinal)}.{word}";
    }

    private static readonly string[] s_ownMappings = ["cpu", "memory", "disk", "security", "kernel", "oci", "update", "boot", "snapshots"];

    private static readonly (string Here, string There)[] s_elsewhere =
    [
        ("instances.*.kernel.limits.as", "services.*.ulimits.nofile"),
        ("instances.*.persist[]", "services.*.volumes[]"),
        ("instances.*.files[]", "services.*.configs[]"),
        ("instances.*.networks[]", "services.*.networks.*"),
        ("instances.*.blkio_config", "services.*"),
        ("networks.*.dhcp", "networks.*"),
        ("images.*", "services.*"),
    ];

    /// <summary>A file with nothing but one key that says nothing.</summary>
    private static string Nested(string path)
    {
        // What a file of configs holds is said where they are declared.
        if (path is "services.*.configs[].content" or "services.*.configs[].file")
            path = $"configs.*.{path[(path.LastIndexOf('.') + 1)..]}";
        var yaml = new StringBuilder(path.StartsWith("services", StringComparison.Ordinal) ? "" : "services: {x: {image: nginx}}\n");
        var indent = 0;
        foreach (var step in path.Split('.'))
        {
            var isList = step.EndsWith("[]", StringComparison.Ordinal);
            yaml.Append(' ', indent).Append(step == "*" ? "x" : isList ? step[..^2] : step).Append(":\n");
            indent += 2;
            if (isList)
            {
                yaml.Append(' ', indent).Append("-\n");
                indent += 2;
            }
        }

        return yaml.ToString();
    }

    [GeneratedRegex("`(?<word>[^`]+)`")]
    private static partial Regex Quoted();
}
