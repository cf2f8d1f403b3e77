using System.Text.Json;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Cli;

/// <summary><c>clone</c> and <c>publish</c>: what they write and how they exit.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class CloneCommandTests(LabFixture lab)
{
    private static readonly int s_port = 21000 + (Environment.ProcessId % 9000);

    private static string Text(string stack, string prefix, int offset) => $$"""
        name: {{stack}}
        volumes:
          {{prefix}}data: {}
        instances:
          {{prefix}}db: {image: busybox, volumes: ["{{prefix}}data:/data"], ports: ["127.0.0.1:{{s_port + offset}}:80", "127.0.0.1:{{s_port + offset + 1}}:81"]}
        """;

    [Fact]
    public async Task A_stack_is_cloned_and_kept_up_to_date_and_an_image_is_made_by_the_command_line()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Text("blue", "bl", 0));
        folder.Write("green.yaml", Text("green", "green-bl", 1));
        Assert.Equal(0, (await folder.RunAsync("up", "--quiet")).ExitCode);
        await lab.Lab.IncusAsync("exec", "--project", project.Name, "bldb", "--", "sh", "-c", "echo first >/srv/page; sync");

        var named = await folder.RunAsync("clone", "blue", "bad name");
        Assert.Equal(1, named.ExitCode);
        Assert.Contains("error: `bad name` cannot be a stack's name: it has characters other than", named.Error, StringComparison.Ordinal);
        var unknown = await folder.RunAsync(
            "clone", "blue", "green_", "--rename", "blbd=x", "--address", "blnet=10.1.2.1/24", "--pool", "fsat=fast", "--rename", "instance/bldb=y", "--rename", "bldata=a b", "--no-start");
        Assert.Equal(
            (1, "error: the stack has no storage pool `fsat`; there is: default\n"
                + "error: the stack has no resource `blbd`; there is: instance/bldb, volume/default/bldata\n"
                + "error: the stack has no network `blnet`; it has none at all\n"
                + "error: volume/default/bldata would be called `a b`, which has blanks: choose another name for it\n"),
            (unknown.ExitCode, unknown.Error));
        var derived = await folder.RunAsync("clone", "blue", "green_", "--no-start");
        Assert.Equal(
            (1, "error: instance/bldb would be called `green_-bldb`, which has characters other than letters, digits and dashes: choose another name for it\n"), (derived.ExitCode, derived.Error));

        // One of the ports is to be where the other is, which is taken as long as the stack runs.
        var cloned = await folder.RunAsync("clone", "blue", "green", "--port-offset", "1", "--no-start");
        Assert.True(cloned is { ExitCode: 0, Error: "" }, cloned.ToString());
        Assert.Matches(@"(?m)^    instance/green-bldb  made$", cloned.Output);
        Assert.Matches(@"(?m)^Stack green\b.*1 instance, 1 volume", cloned.Output);
        var clone = (await project.Client.Instances.GetAsync("green-bldb")).Value;
        Assert.Equal(
            [$"tcp:127.0.0.1:{s_port + 1}", $"tcp:127.0.0.1:{s_port + 2}"],
            clone.Devices.Values.Where(device => device["type"] == "proxy").Select(device => device["listen"]).Order(StringComparer.Ordinal));
        Assert.Equal("Stopped", clone.Status);
        var taken = await folder.RunAsync("-f", "green.yaml", "plan");
        Assert.Equal(1, taken.ExitCode);
        Assert.Contains($"the host's port {s_port + 1}/tcp is published by the instance \"bldb\" already", taken.Error, StringComparison.Ordinal);

        var again = await folder.RunAsync("clone", "blue", "green");
        Assert.Equal(1, again.ExitCode);
        Assert.Contains($"error: there is a stack green in project {project.Name} already\n", again.Error, StringComparison.Ordinal);
        var refreshed = await folder.RunAsync("clone", "blue", "green", "--refresh", "--port-offset", "1", "--json");
        Assert.True(refreshed is { ExitCode: 0, Error: "" }, refreshed.ToString());
        using (var last = JsonDocument.Parse(refreshed.Output.TrimEnd().Split('\n')[^1]))
        {
            Assert.Equal("result", last.RootElement.GetProperty("event").GetString());
            Assert.True(last.RootElement.GetProperty("succeeded").GetBoolean());
        }

        var alias = "cliimage" + project.Name;
        var published = await folder.RunAsync("publish", "bldb", alias, "--compression", "none", "--property", "description=Made by a test", "--json");
        Assert.True(published is { ExitCode: 0, Error: "" }, published.ToString());
        using var image = JsonDocument.Parse(published.Output);
        try
        {
            Assert.Equal(alias, Assert.Single(image.RootElement.GetProperty("aliases").EnumerateArray()).GetString());
            Assert.Equal("Made by a test", image.RootElement.GetProperty("properties").GetProperty("description").GetString());
            var fingerprint = image.RootElement.GetProperty("fingerprint").GetString()!;
            var there = await folder.RunAsync("publish", "bldb", alias);
            Assert.Equal(
                (1, $"error: There is an image {alias} already ({fingerprint[..12]}). Choose another alias, or let it lead to the new image (-Force, --force).\n"), (there.ExitCode, there.Error));
            var same = await folder.RunAsync("publish", "bldb", alias, "--compression", "none", "--property", "description=Made by a test", "--force");
            Assert.True(same is { ExitCode: 0, Error: "" }, same.ToString());
            Assert.Matches($@"^Image [0-9a-f]{{12}} \({alias}\).*: \d+\.\d MB$", same.Output.TrimEnd());
            folder.Write("red.yaml", $"name: red\ninstances:\n  red{project.Name}: {{image: {alias}}}\n");
            Assert.Equal(0, (await folder.RunAsync("-f", "red.yaml", "up", "--quiet")).ExitCode);
            Assert.Equal("first", (await folder.RunAsync("-f", "red.yaml", "exec", "red" + project.Name, "cat", "/srv/page")).Output.Trim());
        }
        finally
        {
            foreach (var name in (await lab.Client.Images.ListAsync()).Where(made => made.Properties.GetValueOrDefault("description") == "Made by a test").Select(made => made.Fingerprint))
                await lab.Lab.IncusAsync("image", "delete", name);
        }
    }
}
