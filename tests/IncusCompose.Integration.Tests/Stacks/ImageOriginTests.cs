using System.Formats.Tar;
using System.Text;
using Incus.Client;
using IncusCompose.Applying;
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
