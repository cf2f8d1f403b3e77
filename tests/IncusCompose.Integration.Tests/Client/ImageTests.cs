using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Client;

[Collection(CommandLabCollection.Name)]
public sealed class ImageTests(LabFixture lab)
{
    [Fact]
    public async Task Images_are_found_by_alias_and_fingerprint()
    {
        var images = lab.Client.Images;
        var byAlias = (await images.GetByAliasAsync(LabFixture.Image)).Value;
        Assert.Contains(byAlias.Aliases, static alias => alias.Name == LabFixture.Image);
        Assert.Equal(InstanceTypes.Container, byAlias.Type);
        Assert.True(byAlias.Size > 0);
        Assert.Equal(byAlias.Fingerprint, (await images.GetAsync(byAlias.Fingerprint[..12])).Value.Fingerprint);
        Assert.Contains(await images.ListAsync(), image => image.Fingerprint == byAlias.Fingerprint);
        Assert.Contains(await images.ListAliasesAsync(), static alias => alias.Name == LabFixture.Image);
        Assert.Null(await images.FindAliasAsync("no/such"));
        await Assert.ThrowsAsync<IncusNotFoundException>(() => images.GetByAliasAsync("no/such"));
    }

    [Fact]
    public async Task An_image_is_imported_named_described_and_deleted()
    {
        await using var scope = await ImageProject.CreateAsync(lab);
        var images = scope.Client.Images;
        var archive = await scope.ExportAsync();
        await using (var file = File.OpenRead(archive))
        {
            var done = await images.ImportAsync(file, properties: new Dictionary<string, string> { ["description"] = "a & b = c" }).CompleteAsync();
            var fingerprint = ImageApi.FingerprintOf(done)!;
            var image = (await images.GetAsync(fingerprint)).Value;
            Assert.Equal("a & b = c", image.Properties["description"]);

            await images.CreateAliasAsync(new ImageAlias { Name = "mine/latest", Target = fingerprint, Description = "d" });
            await Assert.ThrowsAsync<IncusConflictException>(() => images.CreateAliasAsync(new ImageAlias { Name = "mine/latest", Target = fingerprint }));
            await images.UpdateAliasAsync("mine/latest", alias => alias with { Description = "e" });
            var alias = await images.GetAliasAsync("mine/latest");
            Assert.Equal(("e", fingerprint), (alias.Description, alias.Target));
            await images.DeleteAliasAsync("mine/latest");

            await images.UpdateAsync(fingerprint, i => i with { Properties = new Dictionary<string, string>(i.Properties) { ["os"] = "box" } });
            Assert.Equal("box", (await images.GetAsync(fingerprint)).Value.Properties["os"]);
            await images.DeleteAsync(fingerprint).CompleteAsync();
            Assert.Empty(await images.ListAsync());
        }
    }

    [Fact]
    public async Task An_image_in_two_parts_is_imported()
    {
        await using var scope = await ImageProject.CreateAsync(lab);
        var (metadata, rootfs) = await scope.ExportSplitAsync();
        await using var first = File.OpenRead(metadata);
        await using var second = File.OpenRead(rootfs);

        var fingerprint = ImageApi.FingerprintOf(await scope.Client.Images.ImportAsync(first, second).CompleteAsync())!;

        await scope.Client.Images.CreateAliasAsync(new ImageAlias { Name = "split", Target = fingerprint });
        await scope.Client.Instances.CreateAsync(new InstanceCreate
        {
            Name = $"split-{System.Environment.ProcessId}",
            Source = InstanceSource.FromAlias("split"),
            Profiles = [],
            Devices = new Dictionary<string, IReadOnlyDictionary<string, string>>
            {
                ["root"] = new Dictionary<string, string> { ["type"] = "disk", ["path"] = "/", ["pool"] = "default" },
            },
            Start = true,
        }).CompleteAsync();
        Assert.Equal("Running", (await scope.Client.Instances.ListAsync())[0].Status);
    }

    [Fact]
    public async Task The_server_copies_an_image_from_a_public_server_with_progress()
    {
        // The lab itself is the image server: its image is public, and it answers HTTPS.
        var image = (await lab.Client.Images.GetByAliasAsync(LabFixture.Image)).Value;
        await lab.Client.Images.UpdateAsync(image.Fingerprint, static i => i with { Public = true });
        await using var scope = await ImageProject.CreateAsync(lab);
        var progress = new List<OperationProgress>();

        var done = await scope.Client.Images.CopyFromAsync(new ImageCopy
        {
            Server = lab.Lab.HttpsAddress,
            Protocol = "incus",
            Alias = LabFixture.Image,
            Certificate = await File.ReadAllTextAsync(lab.Lab.Environment["LAB_SERVER_CERT"]),
            AutoUpdate = true,
            Aliases = [new ImageAliasName { Name = "copied" }],
        }).CompleteAsync(new Collector(progress));

        Assert.Equal(image.Fingerprint, ImageApi.FingerprintOf(done));
        var copy = (await scope.Client.Images.GetByAliasAsync("copied")).Value;
        Assert.True(copy.AutoUpdate);
        Assert.Equal(lab.Lab.HttpsAddress, copy.UpdateSource!.Server);

        var missing = await Assert.ThrowsAnyAsync<IncusException>(() => scope.Client.Images.CopyFromAsync(new ImageCopy
        {
            Server = lab.Lab.HttpsAddress,
            Protocol = "incus",
            Alias = "no/such",
            Certificate = File.ReadAllText(lab.Lab.Environment["LAB_SERVER_CERT"]),
        }).CompleteAsync());
        Assert.Contains("not found", missing.Message, StringComparison.OrdinalIgnoreCase);
    }

    private sealed class Collector(List<OperationProgress> into) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => into.Add(value);
    }

    /// <summary>A project with images of its own.</summary>
    private sealed class ImageProject : IAsyncDisposable
    {
        private static int count;
        private readonly LabFixture lab;
        private readonly string name = $"i{System.Environment.ProcessId}-{Interlocked.Increment(ref count)}";
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("incus-client-test-");

        private ImageProject(LabFixture lab)
        {
            this.lab = lab;
            Client = lab.Client.ForProject(name);
        }

        public IncusClient Client { get; }

        public static async Task<ImageProject> CreateAsync(LabFixture lab)
        {
            var project = new ImageProject(lab);
            await lab.Client.Projects.CreateAsync(new Project { Name = project.name, Config = new Dictionary<string, string> { ["features.networks"] = "false" } });
            return project;
        }

        /// <summary>The lab's image as one file.</summary>
        public async Task<string> ExportAsync()
        {
            await lab.Lab.IncusAsync("image", "export", LabFixture.Image, Path.Combine(folder.FullName, "image"));
            return Assert.Single(folder.GetFiles()).FullName;
        }

        /// <summary>The same image as metadata and root file system.</summary>
        public async Task<(string Metadata, string Rootfs)> ExportSplitAsync()
        {
            var archive = await ExportAsync();
            var unpacked = folder.CreateSubdirectory("unpacked").FullName;
            var metadata = Path.Combine(folder.FullName, "metadata.tar.gz");
            var rootfs = Path.Combine(folder.FullName, "rootfs.tar.gz");
            await TarAsync("-xf", archive, "-C", unpacked);
            await TarAsync("-czf", metadata, "-C", unpacked, "metadata.yaml", "templates");
            await TarAsync("-czf", rootfs, "-C", Path.Combine(unpacked, "rootfs"), ".");
            return (metadata, rootfs);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var instance in await Client.Instances.ListAsync())
            {
                if (instance.Status != "Stopped")
                    await Client.Instances.StopAsync(instance.Name, force: true).CompleteAsync();
                await Client.Instances.DeleteAsync(instance.Name).CompleteAsync();
            }
            foreach (var image in await Client.Images.ListAsync())
                await Client.Images.DeleteAsync(image.Fingerprint).CompleteAsync();
            await lab.Client.Projects.DeleteAsync(name);
            folder.Delete(recursive: true);
        }

        private static async Task TarAsync(params string[] arguments)
        {
            using var tar = System.Diagnostics.Process.Start("tar", arguments);
            await tar.WaitForExitAsync();
            Assert.Equal(0, tar.ExitCode);
        }
    }
}
