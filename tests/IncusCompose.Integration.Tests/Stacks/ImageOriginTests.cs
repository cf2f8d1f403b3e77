using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using IncusCompose.Applying;
using IncusCompose.Exporting;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Images that come from no image server: of files of this machine, and of an instance of the stack.</summary>
[Collection(LabCollection.Name)]
public sealed class ImageOriginTests(LabFixture fixture) : IAsyncLifetime
{
    private readonly string _stack = "origin" + Guid.NewGuid().ToString("N")[..6];
    private StackWorkbench _bench = null!;

    public async Task InitializeAsync() => _bench = await StackWorkbench.OpenAsync(fixture.Lab);

    public async Task DisposeAsync()
    {
        await _bench.DownAsync(_stack, new RemovalOptions { RemoveImages = true });
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task An_image_is_made_of_an_instance_that_was_provisioned_and_of_the_file_that_it_was_exported_to()
    {
        var (golden, again) = ($"golden{_stack}", $"again{_stack}");
        var file = $$"""
            name: {{_stack}}
            images:
              golden: {publish: builder{{_stack}}, aliases: [{{golden}}, "{{golden}}/1"], profiles: [default]}
            instances:
              builder{{_stack}}: {image: busybox, provision: "echo made >/kept"}
              app{{_stack}}: {image: golden}

            """;

        await _bench.UpAsync(file);

        Assert.Equal("made", await _bench.ShellAsync("app" + _stack, "cat /kept"));
        Assert.Equal(Incus.Client.StatusCode.Running, (await _bench.InstanceAsync("builder" + _stack)).StatusCode);
        var image = (await _bench.Client.Images.GetByAliasAsync(golden)).Value;
        Assert.Equal([golden, golden + "/1"], image.Aliases.Select(alias => alias.Name).Order());
        await fixture.Lab.IncusAsync("image", "alias", "create", "theirs" + _stack, image.Fingerprint);

        // An alias that is dropped goes, and no other one.
        await _bench.UpAsync(file.Replace($", \"{golden}/1\"", "", StringComparison.Ordinal));
        Assert.Equal([golden, "theirs" + _stack], (await _bench.Client.Images.GetAsync(image.Fingerprint)).Value.Aliases.Select(alias => alias.Name).Order());

        var exported = Path.Combine(Path.GetDirectoryName(_bench.File)!, "again");
        await fixture.Lab.IncusAsync("image", "export", image.Fingerprint, exported);
        exported = Directory.GetFiles(Path.GetDirectoryName(exported)!, "again*").Single();
        await _bench.DownAsync(_stack, new RemovalOptions { RemoveImages = true });
        Assert.Null(await _bench.Client.Images.FindAsync(image.Fingerprint));

        var fromFile = $$"""
            name: {{_stack}}
            images:
              again: {file: "./{{Path.GetFileName(exported)}}", aliases: [{{again}}]}
            instances:
              app{{_stack}}: {image: again}
              more{{_stack}}: {image: again}

            """;
        var made = await _bench.UpAsync(fromFile);
        Assert.Equal(image.Fingerprint, (await _bench.Client.Images.GetByAliasAsync(again)).Value.Fingerprint);
        Assert.Equal("made", await _bench.ShellAsync("more" + _stack, "cat /kept"));
        Assert.Single(made.Resources, resource => resource.Kind == "image");

        // Once the server has it, the file is not needed any more.
        File.Delete(exported);
        Assert.Empty((await _bench.PlanAsync(fromFile)).Changes);
    }

    [Fact]
    public async Task An_image_whose_metadata_says_nothing_of_itself_is_sent_in_one_file_and_in_two()
    {
        var folder = Path.GetDirectoryName(_bench.File)!;
        var metadata = $"architecture: {_bench.Client.Server.Environment.Architectures[0]}\ncreation_date: 1\n";
        await WriteAsync("split.tar", ("metadata.yaml", metadata));
        await WriteAsync("rootfs.tar", ("kept", _stack));
        await WriteAsync("whole.tar", ("metadata.yaml", metadata), ("rootfs/kept", _stack));

        await _bench.UpAsync($$"""
            name: {{_stack}}
            images:
              split{{_stack}}: {metadata: split.tar, rootfs: rootfs.tar}
              whole{{_stack}}: {file: whole.tar}

            """);

        var images = (await _bench.Client.Images.ListAsync()).Where(image => image.Properties.GetValueOrDefault("user.incus-compose.stack") == _stack);
        Assert.Equal(["split" + _stack, "whole" + _stack], images.Select(image => image.Properties["user.incus-compose.key"]).Order());

        async Task WriteAsync(string name, params (string Path, string Text)[] files)
        {
            await using var writer = new TarWriter(File.Create(Path.Combine(folder, name)));
            foreach (var (path, text) in files)
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
        }
    }

    [Fact]
    public async Task What_an_export_says_of_images_in_one_file_and_in_two_is_what_their_files_are_called_and_brings_the_stack_up_again()
    {
        var folder = Path.GetDirectoryName(_bench.File)!;
        var busybox = (await _bench.Client.Images.GetByAliasAsync("busybox")).Value;
        await fixture.Lab.IncusAsync("image", "export", busybox.Fingerprint, Path.Combine(folder, "busybox"));
        var whole = Directory.GetFiles(folder, "busybox*").Single();
        await RunAsync($"mkdir split && tar xf {whole} -C split && tar cf meta.tar -C split $(cd split && ls | grep -v '^rootfs$') && echo two >split/rootfs/kept && tar cJf root.tar.xz -C split/rootfs . && echo one >split/rootfs/kept && tar cf one.tar -C split . && rm -r split", folder);
        await _bench.UpAsync($$"""
            name: {{_stack}}
            images:
              two: {metadata: meta.tar, rootfs: root.tar.xz, aliases: ["two{{_stack}}"]}
              one: {file: one.tar}
              golden: {publish: "a{{_stack}}"}
            instances:
              a{{_stack}}: {image: two}
              b{{_stack}}: {image: one}
              c{{_stack}}: {image: golden}

            """);

        var export = await _bench.Engine.ExportAsync(_bench.Client, new ExportOptions { Stack = _stack });
        Assert.Equal((("./two.image", "./two.image.root"), "./one.tar"), ((export.Stack.Images["two"].Metadata, export.Stack.Images["two"].Rootfs), export.Stack.Images["one"].File));
        var told = export.Notes.Where(note => note.Id == "ImageOfFiles").Select(note => note.Advice[note.Advice.IndexOf("incus ", StringComparison.Ordinal)..]).ToList();
        Assert.Equal(3, told.Count);
        foreach (var file in Directory.GetFiles(folder))
            File.Delete(file);
        foreach (var command in told)
            await RunAsync(command, folder);
        Assert.Empty((await _bench.PlanAsync(export.Text)).Changes);
        await _bench.DownAsync(_stack, new RemovalOptions { RemoveImages = true });
        Assert.DoesNotContain(await _bench.Client.Images.ListAsync(), image => image.Properties.GetValueOrDefault("user.incus-compose.stack") == _stack);

        await _bench.UpAsync(export.Text);
        Assert.Equal(["two", "one", "two"], [await _bench.ShellAsync("a" + _stack, "cat /kept"), await _bench.ShellAsync("b" + _stack, "cat /kept"), await _bench.ShellAsync("c" + _stack, "cat /kept")]);
        Assert.Empty((await _bench.PlanAsync(export.Text)).Changes);
    }

    /// <summary>Runs a command as whoever reads a file would.</summary>
    private async Task RunAsync(string command, string folder)
    {
        var start = new ProcessStartInfo("sh", ["-c", command]) { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var (name, value) in fixture.Lab.Environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (text, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{command}: {await text}{await errors}");
    }

    [Fact]
    public async Task An_image_that_somebody_else_brought_is_used_and_stays_theirs()
    {
        var busybox = (await _bench.Client.Images.GetByAliasAsync("busybox")).Value;
        var exported = Path.Combine(Path.GetDirectoryName(_bench.File)!, "theirs");
        await fixture.Lab.IncusAsync("image", "export", busybox.Fingerprint, exported);
        exported = Directory.GetFiles(Path.GetDirectoryName(exported)!, "theirs*").Single();

        var result = await _bench.UpAsync($$"""
            name: {{_stack}}
            images:
              same: {file: "./{{Path.GetFileName(exported)}}" }
            instances:
              {{_stack}}: {image: same}

            """);

        Assert.Equal(ChangeOutcome.Unchanged, Assert.Single(result.Resources, resource => resource.Kind == "image").Outcome);
        await _bench.DownAsync(_stack, new RemovalOptions { RemoveImages = true });
        Assert.NotNull(await _bench.Client.Images.FindAsync(busybox.Fingerprint));
    }
}
