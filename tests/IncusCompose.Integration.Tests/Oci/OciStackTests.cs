using Incus.Client;
using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Oci;

/// <summary>Applications from OCI images in a stack file: what the image says, what the file says, and what becomes of both.</summary>
[Collection(Incus7LabCollection.Name)]
public sealed class OciStackTests(Incus7Fixture fixture)
{
    [Incus7Fact]
    public async Task What_the_image_says_of_its_program_is_nobodys_change_and_what_the_file_says_is_kept()
    {
        await fixture.Lab.RegistryAsync();
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        static string Stack(string more) => $$"""
            name: applied
            instances:
              ocibox:
                image: oci:kv
                {{more}}
            """;

        await bench.UpAsync(Stack("labels: {tier: back}"));
        Assert.Equal("nc -ll -p 6379 -e /bin/kv", (await bench.InstanceAsync("ocibox")).Config["oci.entrypoint"]);
        Assert.DoesNotContain("unmanaged", StackWorkbench.Text(await bench.PlanAsync(Stack("labels: {tier: back}"))), StringComparison.Ordinal);
        // Nor is it written into a file that is made of it.
        var export = await bench.Engine.ExportAsync(bench.Client, new() { Stack = "applied" });
        Assert.Empty(export.Stack.Instances["ocibox"].Config);
        Assert.Empty(export.Stack.Instances["ocibox"].Environment);

        // What the file says is put back when somebody changes it, and is the image's again once the file drops it.
        var said = Stack("oci: {entrypoint: [nc, -ll, -p, \"7000\", -e, /bin/kv], cwd: /data}\n    environment: {KV_DIR: /tmp}");
        await bench.UpAsync(said, new PlanOptions { AllowRestart = true });
        await bench.Client.Instances.UpdateAsync("ocibox", now => now with { Config = new Dictionary<string, string>(now.Config) { ["oci.cwd"] = "/" } }).CompleteAsync();
        Assert.Equal("config.oci.cwd", Assert.Single(Assert.Single((await bench.PlanAsync(said)).Changes).Properties).Path);
        await bench.UpAsync(said, new PlanOptions { AllowRestart = true });
        Assert.Contains("-p 7000", await ProgramAsync(), StringComparison.Ordinal);
        await bench.UpAsync(Stack("labels: {tier: back}"), new PlanOptions { AllowRestart = true });
        Assert.Contains("-p 6379", await ProgramAsync(), StringComparison.Ordinal);

        // Another image brings its own program along.
        var other = Stack("").Replace("oci:kv", "oci:web", StringComparison.Ordinal);
        await bench.UpAsync(other, new PlanOptions { AllowRebuild = true });
        Assert.Contains("httpd -f -p 80", await ProgramAsync(), StringComparison.Ordinal);

        await bench.DownAsync("applied");

        async Task<string> ProgramAsync() => await bench.ShellAsync("ocibox", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
    }

    [Incus7Fact]
    public async Task Words_for_applications_are_refused_before_anything_happens_where_the_image_is_of_a_system()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        var error = await Assert.ThrowsAsync<StackFileException>(() => bench.PlanAsync("""
            name: no-application
            instances:
              box:
                image: busybox
                entrypoint: [/bin/app]
            """));
        Assert.Contains(":5:", error.Message, StringComparison.Ordinal);
        Assert.Contains("`oci.entrypoint` does nothing here: busybox is the image of a system", error.Message, StringComparison.Ordinal);
    }
}
