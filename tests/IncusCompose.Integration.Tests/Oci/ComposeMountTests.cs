using System.Formats.Tar;
using System.Text;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;

namespace IncusCompose.Integration.Tests.Oci;

/// <summary>What services of a docker compose file mount, on an Incus that runs applications.</summary>
[Collection(Incus7LabCollection.Name)]
public sealed class ComposeMountTests(Incus7Fixture fixture)
{
    [Incus7Fact]
    public async Task Paths_of_the_host_are_made_and_have_the_same_owners_on_both_sides()
    {
        var registry = (await fixture.Lab.RegistryAsync()).Address.Replace("https://", "", StringComparison.Ordinal);
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var folder = Directory.CreateTempSubdirectory("incus-compose-bind-").FullName;
        try
        {
            await File.WriteAllTextAsync($"{folder}/web.conf", "listen\n");
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
                // Nobody but root of the host may read it.
                File.SetUnixFileMode($"{folder}/web.conf", (UnixFileMode)0b110_000_000);
            }

            var compose = $$"""
                name: bound
                services:
                  web:
                    image: {{registry}}/web
                    container_name: bound-web
                    volumes:
                      - {{folder}}/data/deep:/data
                      - {{folder}}/web.conf:/etc/web.conf:ro
                      - modules:/data/modules
                      - /data/cache
                volumes: {modules: }
                """;
            await bench.UpAsync(compose);

            Assert.Equal("listen", await bench.ShellAsync("bound-web", "cat /etc/web.conf"));
            await bench.ShellAsync("bound-web", "echo hello >/data/greeting && echo a >/data/modules/a && echo b >/data/cache/b && chown 1234 /data/greeting");
            Assert.Equal("hello\n", await File.ReadAllTextAsync($"{folder}/data/deep/greeting"));
            Assert.Equal("1234", await bench.ShellAsync("bound-web", "stat -c %u /data/greeting"));
            Assert.Equal((1234, 0), (await OwnerAsync($"{folder}/data/deep/greeting"), await OwnerAsync($"{folder}/data/deep")));
            Assert.Empty((await bench.PlanAsync(compose)).Changes);

            await bench.Client.Instances.RestartAsync("bound-web", force: true).CompleteAsync(null);
            Assert.Equal("hello a b", (await bench.ShellAsync("bound-web", "cat /data/greeting /data/modules/a /data/cache/b")).Replace('\n', ' ').Trim());
            await bench.DownAsync("bound", new() { RemoveVolumes = true });
            Assert.True(File.Exists($"{folder}/data/deep/greeting"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Incus7Fact]
    public async Task A_new_volume_gets_what_the_image_has_there_once()
    {
        var registry = await fixture.Lab.RegistryAsync();
        var address = registry.Address.Replace("https://", "", StringComparison.Ordinal);
        await registry.PublishAsync("web", "seeded", [
            new PaxTarEntry(TarEntryType.Directory, "var/lib/app") { Uid = 999, Gid = 998, Mode = (UnixFileMode)0b111_101_000 },
            new PaxTarEntry(TarEntryType.RegularFile, "var/lib/app/seed") { Uid = 999, Gid = 998, Mode = (UnixFileMode)0b110_100_000, DataStream = new MemoryStream(Encoding.UTF8.GetBytes("from the image\n")) },
            new PaxTarEntry(TarEntryType.Directory, "var/lib/app/deep") { Uid = 999, Mode = (UnixFileMode)0b111_000_000 },
            new PaxTarEntry(TarEntryType.RegularFile, "var/lib/app/deep/er") { Uid = 7, Gid = 8, Mode = (UnixFileMode)0b100_000_000, DataStream = new MemoryStream(new byte[100_000]) },
            new PaxTarEntry(TarEntryType.SymbolicLink, "var/lib/app/link") { LinkName = "seed" }]);
        var compose = $$"""
            name: seeded
            services:
              side: {image: {{address}}/web, container_name: seeded-side, volumes: ["seeded-data:/data:ro"], depends_on: [app]}
              app:
                image: {{address}}/seeded
                container_name: seeded-app
                volumes: ["seeded-data:/var/lib/app", {type: volume, source: seeded-bare, target: /var/lib/app/deep, volume: {nocopy: true} }]
            volumes: {seeded-data: , seeded-bare: }
            """;
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        Assert.Contains("what the image of seeded-app has at /var/lib/app", StackWorkbench.Text(await bench.PlanAsync(compose)), StringComparison.Ordinal);
        await bench.UpAsync(compose);

        const string List = "cd /data && stat -c '%n %u:%g %a %s' . seed deep deep/er; readlink link; cat link";
        var first = ". 999:998 750 4096\nseed 999:998 640 15\ndeep 999:0 700 4096\ndeep/er 7:8 400 100000\nseed\nfrom the image";
        Assert.Equal(first, await bench.ShellAsync("seeded-side", List));
        await bench.Lab.IncusAsync("exec", "seeded-app", "--user", "999", "--group", "998", "--", "sh", "-c", "echo mine >/var/lib/app/mine");
        Assert.Equal("0", await bench.ShellAsync("seeded-app", "echo $(stat -c %u /var/lib/app/deep) $(ls /var/lib/app/deep)"));
        Assert.Empty((await bench.PlanAsync(compose)).Changes);

        // What was filled once stays as its users leave it, also where the instance is made anew.
        await bench.ShellAsync("seeded-app", "rm /var/lib/app/link");
        await bench.Lab.IncusAsync("delete", "-f", "seeded-app");
        await bench.UpAsync(compose);
        Assert.Equal("no link, mine", await bench.ShellAsync("seeded-app", "test -L /var/lib/app/link || echo no link, $(cat /var/lib/app/mine)"));

        // One that was interrupted is gone on with, whoever has mounted the volume meanwhile; what is there stays.
        await bench.ShellAsync("seeded-app", "echo changed >/var/lib/app/seed");
        await bench.Lab.IncusAsync("storage", "volume", "file", "delete", "default", "seeded-data/deep/er");
        await bench.Lab.IncusAsync("delete", "-f", "seeded-app");
        await bench.Lab.IncusAsync("storage", "volume", "set", "default", "seeded-data", "user.incus-compose.filling=begun");
        await bench.UpAsync(compose);
        Assert.Equal(". 999:998 750 4096\nseed 999:998 640 8\ndeep 999:0 700 4096\ndeep/er 7:8 400 100000\nseed\nchanged", await bench.ShellAsync("seeded-side", List));
        Assert.Empty((await bench.PlanAsync(compose)).Changes);
        await bench.DownAsync("seeded", new() { RemoveVolumes = true });
    }

    private static async Task<int> OwnerAsync(string path)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%u", path]) { RedirectStandardOutput = true })!;
        return int.Parse(await process.StandardOutput.ReadToEndAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
