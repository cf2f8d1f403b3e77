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

    private static async Task<int> OwnerAsync(string path)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%u", path]) { RedirectStandardOutput = true })!;
        return int.Parse(await process.StandardOutput.ReadToEndAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
