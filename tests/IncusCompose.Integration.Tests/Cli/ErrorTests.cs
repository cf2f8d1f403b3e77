using System.Net;
using System.Net.Sockets;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Cli;

/// <summary>What goes wrong is told on standard error, with what to do, and ends in exit code 1.</summary>
[Collection(CommandLabCollection.Name)]
public sealed class ErrorTests(LabFixture lab)
{
    private const string Stack = "name: clierr\ninstances: { clierr1: { image: busybox } }\n";

    [Fact]
    public async Task No_daemon()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        folder.Environment["INCUS_SOCKET"] = "/nonexistent/unix.socket";
        Assert.Equal(
            new Ended(1, "", "error: There is no Incus socket at /nonexistent/unix.socket (from INCUS_SOCKET): the daemon is not running, or uses another place. Start it (sudo systemctl start incus), or name its socket with INCUS_SOCKET\n"),
            await folder.RunAsync("up"));
    }

    [Fact]
    public async Task No_permission()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(
            new Ended(1, "", $"error: User nobody may not use the Incus socket {lab.Lab.Socket}. Become a member of the group incus-admin (sudo usermod -aG incus-admin USER, then log in again), or run as root\n"),
            await folder.RunAsNobodyAsync("ps"));
    }

    [Fact]
    public async Task No_such_image_and_nothing_is_made()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: clierr\nvolumes: { clivol: {} }\ninstances:\n  clierr1:\n    image: nosuch\n");
        var up = await folder.RunAsync("up");
        Assert.Equal(
            new Ended(1, "", $"stack.yaml:5:12: instances.clierr1.image: there is no image \"nosuch\" for containers on the server in project \"{project.Name}\"; name an image server before the alias, such as images:debian/12, or list what is there with: incus image list\n"),
            up);
        Assert.DoesNotContain(await project.Client.StorageVolumes.ListAsync("default"), volume => volume.Name == "clivol");
    }

    [Fact]
    public async Task A_name_that_is_taken()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("clierr1");
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(
            new Ended(1, "", "stack.yaml:2:14: instances.clierr1: there is already an instance \"clierr1\" on the server, and it was not made by this stack; rename one of the two, delete the other, or give the stack a project of its own; or take it into the stack as it is with -Adopt (--adopt)\n"),
            await folder.RunAsync("up"));
    }

    [Fact]
    public async Task An_unknown_stack()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(
            new Ended(1, "", $"error: no instance of a stack \"nosuch\" in project {project.Name}; there is no stack\n"),
            await folder.RunAsync("ps", "nosuch"));
        Assert.Equal(new Ended(0, "", ""), await folder.RunAsync("ssh-config"));
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        var unknown = new Ended(1, "", $"error: there is no instance of a stack \"nosuch\" in project {project.Name}; there is: clierr\n");
        foreach (var arguments in (string[][])[["inventory"], ["ssh-config"], ["checkpoint", "list"], ["ssh", "clierr1"]])
            Assert.Equal(unknown, await folder.RunAsync(["--name", "nosuch", .. arguments]));
        Assert.Equal(unknown, await folder.RunAsync("checkpoint", "list", "nosuch"));
        Assert.Equal(0, (await folder.RunAsync("--name", "nosuch", "inventory", "--list")).ExitCode);
        Assert.Equal(new Ended(0, "{}\n", ""), await folder.RunAsync("--name", "nosuch", "inventory", "--host", "clierr1"));
        Assert.Equal(0, (await folder.RunAsync("checkpoint", "list", "clierr")).ExitCode);
        Assert.Equal(
            new Ended(1, "", $"error: no instance of a stack \"nosuch\" in project {project.Name}; its stacks: clierr\n"),
            await folder.RunAsync("ps", "nosuch"));
    }

    [Fact]
    public async Task What_ssh_is_asked_for_is_found_as_exec_finds_it()
    {
        await using var project = await lab.CreateProjectAsync();
        await project.LaunchAsync("clierrother");
        using var folder = new CliFolder(lab, project, "name: clierr\ninstances: { clierr1: { image: busybox, replicas: 2 } }\n");
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        static Ended Locked(string name) =>
            new(1, "", $"error: nobody was let in to \"{name}\" by SSH: write ssh: in its stack file, or run a command with: incus-compose exec {name} -- COMMAND\n");

        Assert.Equal(Locked("clierr1-1"), await folder.RunAsync("ssh", "clierr1"));
        Assert.Equal(Locked("clierr1-2"), await folder.RunAsync("ssh", "clierr1", "--index", "2"));
        Assert.Equal(
            new Ended(1, "", "error: stack clierr has no instance \"clierrother\" on the server; there is: clierr1-1, clierr1-2\n"),
            await folder.RunAsync("ssh", "clierrother"));
        Assert.Equal(
            new Ended(0, "[]\n", "none of the instances can be reached by SSH: nobody was let in (ssh: in the stack file), or they do not run\n"),
            await folder.RunAsync("ssh-config", "--json"));
        folder.Delete("stack.yaml");
        Assert.Equal(Locked("clierrother"), await folder.RunAsync("ssh", "clierrother"));
        Assert.Equal(
            new Ended(1, "", $"error: there is no instance \"clierrothr\" in project {project.Name}; did you mean \"clierrother\"?\n"),
            await folder.RunAsync("ssh", "clierrothr"));
    }

    [Fact]
    public async Task A_bad_file_and_no_file()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, "name: clierr\ninstances:\n  clierr1:\n    imgae: busybox\n    memory: lots\n");
        var plan = await folder.RunAsync("plan");
        Assert.Equal((1, ""), (plan.ExitCode, plan.Output));
        Assert.Equal(2, plan.Error.Count(c => c == '\n'));
        Assert.StartsWith("stack.yaml:4:5: instances.clierr1.imgae: ", plan.Error, StringComparison.Ordinal);
        Assert.Contains("\nstack.yaml:5:13: instances.clierr1.memory: ", plan.Error, StringComparison.Ordinal);

        Assert.Equal(
            new Ended(1, "", "other.yaml: the file does not exist\n"),
            await folder.RunAsync("plan", "-f", "other.yaml"));
    }

    [Fact]
    public async Task What_is_not_allowed_is_planned_and_refused_until_it_is_allowed()
    {
        await using var project = await lab.CreateProjectAsync();
        using var folder = new CliFolder(lab, project, Stack);
        Assert.Equal(0, (await folder.RunAsync("up", "-q")).ExitCode);
        var fingerprint = (await lab.Client.Images.ListAsync()).Single(image => image.Aliases.Any(alias => alias.Name == LabFixture.Image)).Fingerprint;
        await lab.Lab.IncusAsync("image", "alias", "create", "clierr-new", fingerprint);
        try
        {
            folder.Write("stack.yaml", "name: clierr\ninstances: { clierr1: { image: clierr-new } }\n");
            const string refusal = "its root disk would be made anew from the image; allow it with -AllowRebuild (--allow-rebuild)";

            var plan = await folder.RunAsync("plan");
            Assert.Equal((2, ""), (plan.ExitCode, plan.Error));
            Assert.Contains(
                $"-/+ instance/clierr1  rebuild, restarts\n      ~ image  busybox -> clierr-new  (needs rebuild)\n      refused: {refusal}\n",
                plan.Output, StringComparison.Ordinal);
            Assert.EndsWith("\n1 refused: nothing is applied until that is solved.\n", plan.Output, StringComparison.Ordinal);

            var up = await folder.RunAsync("up");
            Assert.Equal((1, $"error: instance/clierr1: {refusal}\n"), (up.ExitCode, up.Error));
            Assert.Equal(StatusCode.Running, (await project.Client.Instances.GetAsync("clierr1")).Value.StatusCode);

            var allowed = await folder.RunAsync("up", "--allow-rebuild");
            Assert.True(allowed is { ExitCode: 0, Error: "" }, allowed.ToString());
            Assert.Contains("-/+ instance/clierr1  rebuilt", allowed.Output, StringComparison.Ordinal);
            Assert.Equal(0, (await folder.RunAsync("plan")).ExitCode);
        }
        finally
        {
            await lab.Lab.IncusAsync("image", "alias", "delete", "clierr-new");
        }
    }

    [Fact]
    public async Task A_resource_that_fails_stops_those_that_need_it_and_the_next_up_carries_on()
    {
        await using var project = await lab.CreateProjectAsync();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var folder = new CliFolder(lab, project, $$"""
            name: clifail
            instances:
              clifirst: { image: busybox }
              cliport:
                image: busybox
                ports: ["127.0.0.1:{{port}}:80"]
              cliafter:
                image: busybox
                depends_on: [cliport]
            """);

        var up = await folder.RunAsync("up");

        Assert.True(up.ExitCode == 1, up.ToString());
        Assert.Contains("  + instance/clifirst  created", up.Output, StringComparison.Ordinal);
        Assert.Contains("  ! instance/cliafter  skipped  not begun, since instance/cliport failed\n", up.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^Stack clifail: 1 created, 1 failed, 1 skipped", up.Output);
        Assert.StartsWith("error: instance/cliport: create failed: ", up.Error, StringComparison.Ordinal);
        Assert.EndsWith("\nWhat was done stays; run the same command again to carry on from there.\n", up.Error, StringComparison.Ordinal);

        taken.Stop();
        var again = await folder.RunAsync("up");
        Assert.True(again is { ExitCode: 0, Error: "" }, again.ToString());
        Assert.Equal(3, (await project.Client.Instances.ListAsync()).Count(instance => instance.StatusCode == StatusCode.Running));
    }
}
