using System.Text.Json;
using System.Text.RegularExpressions;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Resilience;

namespace IncusCompose.Integration.Tests.Cli;

/// <summary><c>ls</c>, <c>top</c>, <c>port</c>, <c>images</c>, <c>volumes</c> and <c>events</c>.</summary>
[Collection(CommandLabCollection.Name)]
public sealed partial class ListTests(LabFixture lab)
{
    private const string Stack = """
        name: clilists
        volumes: { clilistdata: { size: 64MiB } }
        instances:
          clilist1: { image: busybox, volumes: ["clilistdata:/data"], environment: { RUN: sleep 1234 } }
          clilist2: { image: busybox }
        """;

    [Fact]
    public async Task Stacks_are_listed_by_what_runs_of_them()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(new Ended(0, "NAME  PROJECT  STATUS  NETWORKS  VOLUMES\n", ""), await folder.RunAsync("ls"));
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("kill", "-q", "clilist2")).ExitCode);

        Assert.Equal($"clilists {project.Name} running(1), stopped(1) - clilistdata", Squeeze((await folder.RunAsync("ls")).Output.Split('\n')[1]));
        Assert.Contains("clilists\n", (await folder.RunAsync("ls", "-q", "--all-projects")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await folder.RunAsync("kill", "-q")).ExitCode);
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("ls", "-q"));
        Assert.Equal(new Ended(0, "clilists\n", ""), await folder.RunAsync("ls", "-q", "--all"));
        using var json = JsonDocument.Parse((await folder.RunAsync("ls", "-a", "--json")).Output);
        Assert.Equal(2, Assert.Single(json.RootElement.EnumerateArray()).GetProperty("statuses").GetProperty("stopped").GetInt32());
        Assert.Equal(new Ended(64, "", "error: ls looks at no file: leave out --file.\nSee 'incus-compose ls --help'.\n"), await folder.RunAsync("-f", "stack.yaml", "ls"));
    }

    [Fact]
    public async Task Processes_are_those_of_the_guest()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        var all = await folder.RunAsync("top");
        Assert.Equal((0, ""), (all.ExitCode, all.Error));
        var lines = all.Output.TrimEnd().Split('\n').Select(Squeeze).ToList();
        Assert.Equal("INSTANCE PID PPID USER TIME COMMAND", lines[0]);
        Assert.Contains(lines, line => line.StartsWith("clilist1 ", StringComparison.Ordinal) && line.EndsWith(" sleep 1234", StringComparison.Ordinal));
        Assert.Contains("clilist2 1 0 root - {init} /bin/sh /sbin/init", lines);
        Assert.DoesNotContain(lines, line => line.Contains("ps -e", StringComparison.Ordinal));
        using var json = JsonDocument.Parse((await folder.RunAsync("top", "--json", "clilist1")).Output);
        Assert.All(json.RootElement.EnumerateArray(), process => Assert.Equal("clilist1", process.GetProperty("instance").GetString()));

        Assert.Equal(0, (await folder.RunAsync("kill", "-q", "clilist2")).ExitCode);
        var partly = await folder.RunAsync("top");
        Assert.Equal((0, "clilist2: it is stopped\n"), (partly.ExitCode, partly.Error));
        Assert.Equal(new Ended(1, "INSTANCE  PID  PPID  USER  TIME  COMMAND\n", "clilist2: it is stopped\n"), await folder.RunAsync("top", "clilist2"));
    }

    [Fact]
    public async Task Ports_are_shown_where_the_host_listens()
    {
        await using var project = await lab.CreateProjectAsync();
        var tcp = HostPort.Free();
        var udp = HostPort.Free();
        using var folder = new CliFolder(lab, project, $"""
            name: cliports
            instances:
              cliport1: {"{"} image: busybox, ports: ["127.0.0.1:{tcp}:80", "{udp}:53/udp"] {"}"}
              cliport2: {"{"} image: busybox {"}"}
            """);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);

        Assert.Equal(new Ended(0, $"127.0.0.1:{tcp}\n", ""), await folder.RunAsync("port", "cliport1", "80"));
        Assert.Equal(new Ended(0, $"0.0.0.0:{udp}\n", ""), await folder.RunAsync("port", "--protocol", "udp", "cliport1", "53", "--index", "1"));
        Assert.Equal(new Ended(0, $"80/tcp -> 127.0.0.1:{tcp}\n53/udp -> 0.0.0.0:{udp}\n", ""), await folder.RunAsync("port", "cliport1"));
        using var json = JsonDocument.Parse((await folder.RunAsync("port", "cliport1", "80", "--json")).Output);
        Assert.Equal($"127.0.0.1:{tcp}", Assert.Single(json.RootElement.EnumerateArray()).GetProperty("host").GetString());
        Assert.Equal(
            new Ended(1, "", $"error: port 53/tcp of instance \"cliport1\" is not published; it has: 127.0.0.1:{tcp}->80/tcp, 0.0.0.0:{udp}->53/udp\n"),
            await folder.RunAsync("port", "cliport1", "53"));
        Assert.Equal(new Ended(1, "", "error: port 80/tcp of instance \"cliport2\" is not published; none is\n"), await folder.RunAsync("port", "cliport2", "80"));
        Assert.Equal(64, (await folder.RunAsync("port", "cliport1", "99999")).ExitCode);
        Assert.Equal(64, (await folder.RunAsync("port", "cliport1", "--protocol", "sctp")).ExitCode);
        Assert.Equal(
            new Ended(1, "", "error: stack cliports has no instance \"cliport3\" on the server; did you mean \"cliport1\"?\n"),
            await folder.RunAsync("port", "cliport3"));
    }

    [Fact]
    public async Task Images_and_volumes_are_those_that_the_stack_uses()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        var fingerprint = (await project.Client.Instances.GetAsync("clilist1")).Value.Config["volatile.base_image"];

        Assert.Equal($"clilist1 busybox, for tests {fingerprint[..12]}", Squeeze((await folder.RunAsync("images", "clilist1")).Output.Split('\n')[1])[..40]);
        Assert.Equal(new Ended(0, fingerprint + "\n", ""), await folder.RunAsync("images", "-q"));
        using var images = JsonDocument.Parse((await folder.RunAsync("images", "--json")).Output);
        Assert.Equal(["clilist1", "clilist2"], images.RootElement.EnumerateArray().Select(image => image.GetProperty("instance").GetString()));
        Assert.All(images.RootElement.EnumerateArray(), image => Assert.InRange(image.GetProperty("size").GetInt64(), 1_000_000, 10_000_000));

        Assert.Equal("clilistdata default 64MiB clilist1", Squeeze((await folder.RunAsync("volumes")).Output.Split('\n')[1]));
        Assert.Equal(new Ended(0, "clilistdata\n", ""), await folder.RunAsync("volumes", "-q", "clilist1"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("volumes", "-q", "clilist2"));
        using var volumes = JsonDocument.Parse((await folder.RunAsync("volumes", "--json")).Output);
        Assert.Equal("clilist1", Assert.Single(volumes.RootElement[0].GetProperty("used_by").EnumerateArray()).GetString());
        Assert.Equal(1, (await folder.RunAsync("volumes", "nosuch")).ExitCode);
        Assert.Equal(0, (await folder.RunAsync("down", "--yes", "-q")).ExitCode);
        Assert.Equal(new Ended(0, "clilistdata\n", ""), await folder.RunAsync("volumes", "-q"));
    }

    [Fact]
    public async Task Events_come_as_they_happen_and_only_of_the_stack()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        await project.LaunchAsync("clilistother");
        Assert.Equal(new Ended(1, "", "error: stack clilists has no instance \"clilist3\" on the server; did you mean \"clilist1\"?\n"), await folder.RunAsync("events", "clilist3"));

        using var enough = new CancellationTokenSource();
        var happening = HappenAsync(project, enough.Token);
        var (ended, _) = await folder.InterruptAsync("INT", twice: false, "instance-snapshot-created", enough.CancelAsync, "events", "--json");
        await happening;

        Assert.Equal((130, ""), (ended.ExitCode, ended.Error));
        var events = ended.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.All(events, happened => Assert.Contains(happened.GetProperty("instance").GetString(), (string[])["clilist1", "clilist2"]));
        Assert.Contains(events, happened => (happened.GetProperty("instance").GetString(), happened.GetProperty("action").GetString()) == ("clilist1", "instance-snapshot-created"));
        Assert.All(events, happened => Assert.Equal(DateTimeOffset.UtcNow, happened.GetProperty("time").GetDateTimeOffset(), TimeSpan.FromMinutes(2)));
    }

    /// <summary>Over and over, so that some of it happens after somebody has begun to listen; what is shown comes last.</summary>
    private static async Task HappenAsync(TestProject project, CancellationToken cancellationToken)
    {
        for (var number = 1; !cancellationToken.IsCancellationRequested; number++)
        {
            foreach (var name in (string[])["clilistother", "clilist2"])
            {
                await project.Client.Instances.StopAsync(name, force: true, cancellationToken: CancellationToken.None).CompleteAsync(cancellationToken: CancellationToken.None);
                await project.Client.Instances.StartAsync(name, cancellationToken: CancellationToken.None).CompleteAsync(cancellationToken: CancellationToken.None);
            }
            await project.Client.Instances.CreateSnapshotAsync("clilist1", $"s{number}", cancellationToken: CancellationToken.None).CompleteAsync(cancellationToken: CancellationToken.None);
        }
    }

    private static string Squeeze(string line) => Blanks().Replace(line, " ");

    [GeneratedRegex(" {2,}")]
    private static partial Regex Blanks();
}
