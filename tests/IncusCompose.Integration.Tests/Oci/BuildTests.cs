using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Oci;

/// <summary>Images that a builder of this machine builds, on an Incus that runs applications.</summary>
[Collection(Incus7LabCollection.Name)]
public sealed class BuildTests(Incus7Fixture fixture) : IDisposable
{
    private const string Storage = "CONTAINERS_STORAGE_CONF";

    private const string Dockerfile = """
        FROM scratch AS base
        COPY busybox /bin/busybox
        RUN ["/bin/busybox", "ln", "-s", "busybox", "/bin/sh"]
        RUN /bin/busybox --install -s /bin && mkdir -p /etc /srv && chmod 4755 /bin/busybox \
         && echo 'web:x:1000:1001::/home/web:/bin/sh' >/etc/passwd && echo 'web:x:1001:' >/etc/group
        ENV PATH=/bin FROM_IMAGE=yes
        FROM base
        ARG GREETING=none
        ARG API_TOKEN
        COPY page.html /srv/index.html
        RUN echo "$GREETING" >/srv/greeting && test -z "$API_TOKEN" -o "$API_TOKEN" = hunter2hunter2
        USER web
        ENTRYPOINT ["httpd", "-f"]
        CMD ["-p", "80", "-h", "/srv"]
        HEALTHCHECK --interval=1s --retries=60 CMD wget -q -O /dev/null http://127.0.0.1:80/
        """;

    private readonly DirectoryInfo _store = Directory.CreateTempSubdirectory("incus-compose-test-");

    [Incus7Fact]
    public async Task What_is_built_here_comes_up_follows_its_sources_and_goes()
    {
        var registry = (await fixture.Lab.RegistryAsync()).Address.Replace("https://", "", StringComparison.Ordinal);
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        await PrepareAsync(bench, "page");
        var yaml = $$$"""
            name: built
            services:
              built-page:
                build: {context: page, args: {GREETING: Moin, API_TOKEN: hunter2hunter2}}
                command: -p 8080 -h /srv
              built-other:
                image: {{{registry}}}/none
                build: page
                depends_on: {built-page: {condition: service_started}}
                healthcheck: {interval: 2s}
              built-last:
                image: {{{registry}}}/web
                depends_on: {built-other: {condition: service_healthy}}
              built-store:
                image: {{{registry}}}/kv
                build: page
            """;

        var plan = StackWorkbench.Text(await bench.PlanAsync(yaml));
        Assert.Contains("+ build: ./page (Dockerfile), sources ", plan, StringComparison.Ordinal);
        Assert.Contains("+ config.oci.entrypoint: httpd -f -p 8080 -h /srv", plan, StringComparison.Ordinal);
        Assert.Contains("none is built, since its registry does not have it", plan, StringComparison.Ordinal);
        // What its registry has is fetched, or is there already.
        Assert.DoesNotContain("image/built-store", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", plan, StringComparison.Ordinal);

        await bench.UpAsync(yaml);
        // What was built says itself that it is healthy, as often as the file wants it.
        var health = (await bench.InstanceAsync("built-other")).Config["user.incus-compose.image-healthcheck"];
        Assert.Contains("wget -q", health, StringComparison.Ordinal);
        Assert.Contains("\"Interval\":\"00:00:02\"", health, StringComparison.Ordinal);
        Assert.Contains("wget -q", (await bench.Client.Images.ListAsync()).Single(image => image.Properties.GetValueOrDefault("user.incus-compose.key") == "built-other").Properties["user.incus-compose.image-healthcheck"], StringComparison.Ordinal);
        Assert.Equal("one", await PageAsync("built-page", 8080));
        Assert.Equal("one", await PageAsync("built-other", 80));
        var instance = await bench.InstanceAsync("built-page");
        Assert.Equal(("true", "1000", "1001"), (instance.Config["volatile.container.oci"], instance.Config["oci.uid"], instance.Config["oci.gid"]));
        Assert.Equal("Moin -rwsr-xr-x", await bench.ShellAsync("built-page", "echo $(cat /srv/greeting) $(ls -l /bin/busybox | cut -c 1-10)"));
        Assert.StartsWith("nc ", (await bench.InstanceAsync("built-store")).Config["oci.entrypoint"], StringComparison.Ordinal);
        Assert.DoesNotContain((await bench.Client.Images.ListAsync()).SelectMany(image => image.Properties.Values), value => value.Contains("hunter2", StringComparison.Ordinal));

        // Another page: the image is built anew, and instances follow where they may.
        await WriteAsync(bench, "page/page.html", "two");
        await WriteAsync(bench, "page/notes.md", "no source");
        var changed = await bench.PlanAsync(yaml);
        Assert.Equal(["built-other", "built-page"], changed.Changes.Select(change => change.Name).Order());
        Assert.Equal(["ImageMovedOn", "ImageMovedOn"], changed.Diagnostics.Select(note => note.Id));
        var before = (await bench.Client.Images.ListAsync()).Count;
        await bench.UpAsync(yaml, new PlanOptions { AllowRebuild = true });
        Assert.Equal("two", await PageAsync("built-page", 8080));
        Assert.Equal(before, (await bench.Client.Images.ListAsync()).Count);
        await WriteAsync(bench, "page/notes.md", "still no source");
        Assert.Empty((await bench.PlanAsync(yaml)).Changes);
        // Where the sources lie does not count.
        Directory.Move(Path.Combine(Path.GetDirectoryName(bench.File)!, "page"), Path.Combine(Path.GetDirectoryName(bench.File)!, "elsewhere"));
        yaml = yaml.Replace("context: page", "context: elsewhere", StringComparison.Ordinal).Replace("build: page", "build: elsewhere", StringComparison.Ordinal);
        Assert.Empty((await bench.PlanAsync(yaml)).Changes);

        // What cannot be built leaves what is there.
        await WriteAsync(bench, "elsewhere/Dockerfile", Dockerfile + "\nRUN exit 3");
        var failed = await bench.ApplyAsync(yaml, new PlanOptions { AllowRebuild = true });
        Assert.False(failed.Succeeded);
        Assert.Contains("buildah build ended with exit status 3", failed.Resources.Single(resource => resource.Name == "built-page" && resource.Kind == "image").Message, StringComparison.Ordinal);
        Assert.Equal("two", await PageAsync("built-page", 8080));
        File.Delete(Path.Combine(Path.GetDirectoryName(bench.File)!, "elsewhere/Dockerfile"));
        var error = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync(yaml));
        Assert.Contains("stack.yaml:4:5: instances.built-page.build: it cannot be built: the folder", error.Message, StringComparison.Ordinal);

        Assert.True((await bench.DownAsync("built", new RemovalOptions { RemoveImages = true })).Succeeded);
        Assert.DoesNotContain(await bench.Client.Images.ListAsync(), image => image.Properties.GetValueOrDefault("user.incus-compose.stack") == "built");

        Task<string> PageAsync(string name, int port) => Eventually.GetAsync(
            async () =>
            {
                try
                {
                    return await bench.ShellAsync(name, $"wget -q -O - http://127.0.0.1:{port}/ || true");
                }
                catch (InvalidOperationException)
                {
                    return "";
                }
            },
            text => text.Length > 0);
    }

    [Incus7Fact]
    public async Task Two_stacks_that_build_one_folder_have_an_image_each()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        await PrepareAsync(bench, "shared");
        string Stack(string name) => $$"""
            name: {{name}}
            images:
              page: {build: shared, aliases: ["{{name}}-page"]}
            instances:
              {{name}}-web: {image: page}

            """;

        await bench.UpAsync(Stack("left"));
        await bench.UpAsync(Stack("right"));
        Assert.Empty((await bench.PlanAsync(Stack("left"))).Changes);
        Assert.Equal(2, (await bench.Client.Images.ListAsync()).Count(image => image.Properties.GetValueOrDefault("user.incus-compose.key") == "page"));

        // Whichever the server lists first: each takes its own away.
        Assert.True((await bench.DownAsync("left", new RemovalOptions { RemoveImages = true })).Succeeded);
        Assert.Null(await bench.Client.Images.FindAliasAsync("left-page"));
        Assert.NotNull(await bench.Client.Images.FindAliasAsync("right-page"));
        await bench.UpAsync(Stack("left"));
        Assert.True((await bench.DownAsync("left", new RemovalOptions { RemoveImages = true })).Succeeded);
        Assert.NotNull(await bench.Client.Images.FindAliasAsync("right-page"));
        Assert.Empty((await bench.PlanAsync(Stack("right"))).Changes);

        // An entry point that is another one than was planned with leaves nothing half done.
        var yaml = Stack("right").Replace("image: page}", "image: page, command: [-p, \"80\"]}", StringComparison.Ordinal);
        await bench.UpAsync(yaml, new PlanOptions { AllowRebuild = true });
        await WriteAsync(bench, "shared/page.html", "two");
        var plan = await bench.PlanAsync(yaml, new PlanOptions { AllowRebuild = true });
        await WriteAsync(bench, "shared/Dockerfile", Dockerfile.Replace("\"-f\"", "\"-f\", \"-v\"", StringComparison.Ordinal));
        var result = await bench.Engine.ApplyAsync(bench.Client, plan);
        Assert.Contains("The entry point of what was built is httpd -f -v", Assert.Single(result.Resources, resource => resource.Kind == "image").Message, StringComparison.Ordinal);
        var image = Assert.Single(await bench.Client.Images.ListAsync(), image => image.Properties.GetValueOrDefault("user.incus-compose.stack") == "right");
        Assert.Equal(["right-page"], image.Aliases.Select(alias => alias.Name));
        await bench.UpAsync(yaml, new PlanOptions { AllowRebuild = true });
        Assert.Equal("httpd -f -v -p 80", (await bench.InstanceAsync("right-web")).Config["oci.entrypoint"]);

        Assert.True((await bench.DownAsync("right", new RemovalOptions { RemoveImages = true })).Succeeded);
    }

    [Incus7Fact]
    public async Task A_builder_that_is_stopped_leaves_nothing_and_secrets_come_from_files_of_any_name()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        await PrepareAsync(bench, "stopped");
        var folder = Path.GetDirectoryName(bench.File)!;
        await WriteAsync(bench, "to,ken", "x");
        var build = new BuildDefinition
        {
            Context = Path.Combine(folder, "stopped"),
            DockerfileInline = Dockerfile + "\nUSER 0\nRUN --mount=type=secret,id=token test \"$(cat /run/secrets/token)\" = x",
            Secrets = [new BuildSecret("token", "token")],
        };
        var secrets = new Dictionary<string, SecretDefinition> { ["token"] = new() { Name = "token", File = Path.Combine(folder, "to,ken") } };
        var tool = BuildTool.Find()!;
        using var stop = new CancellationTokenSource();
        var stopping = new ImageBuilder(tool, line => { if (line.StartsWith("packing", StringComparison.Ordinal)) stop.Cancel(); }) { Tag = "localhost/incus-compose/stopped", Secrets = secrets };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stopping.BuildAsync(build, "stopped", [], stop.Token));
        Assert.Equal("", (await tool.RunAsync(["containers", "--quiet"], null, default)).Trim());

        using (var built = await new ImageBuilder(tool, _ => { }) { Tag = "localhost/incus-compose/stopped", Secrets = secrets }.BuildAsync(build, "stopped", [], default))
            Assert.Equal(["httpd", "-f"], built.Config.Entrypoint);
        Assert.Equal("", (await tool.RunAsync(["containers", "--quiet"], null, default)).Trim());
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Storage, null);
        _store.Delete(recursive: true);
    }

    /// <summary>Sources beside the stack file, and a builder whose images are the test's own.</summary>
    private async Task PrepareAsync(StackWorkbench bench, string name)
    {
        await Lab.Lab.InstallAsync("buildah:buildah", "busybox:busybox-static");
        var configuration = Path.Combine(_store.FullName, "storage.conf");
        // This driver leaves nothing mounted.
        await File.WriteAllTextAsync(configuration, $"[storage]\ndriver = \"vfs\"\nrunroot = \"{_store.FullName}/run\"\ngraphroot = \"{_store.FullName}/store\"\n");
        Environment.SetEnvironmentVariable(Storage, configuration);
        await WriteAsync(bench, $"{name}/Dockerfile", Dockerfile);
        await WriteAsync(bench, $"{name}/.dockerignore", "*.md");
        await WriteAsync(bench, $"{name}/page.html", "one");
        File.Copy("/usr/bin/busybox", Path.Combine(Path.GetDirectoryName(bench.File)!, name, "busybox"));
    }

    private static async Task WriteAsync(StackWorkbench bench, string path, string text)
    {
        var file = Path.Combine(Path.GetDirectoryName(bench.File)!, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, text);
    }
}
