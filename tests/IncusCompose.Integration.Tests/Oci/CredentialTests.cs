using Incus.Client;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Oci;

/// <summary>Secrets and configs as systemd credentials, which Incus hands out since 6.18.</summary>
[Collection(Incus7LabCollection.Name)]
public sealed class CredentialTests(Incus7Fixture fixture)
{
    private const string Directory = "/dev/.incus-systemd-credentials";

    [Incus7Fact]
    public async Task Credentials_are_delivered_changed_in_place_put_back_and_taken_away_and_never_shown()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        static string Stack(string grants) => $$"""
            name: credentialed
            secrets: { db: { file: ./db.secret }, blob: { file: ./blob.secret } }
            configs: { app: { content: "port = 80\n" } }
            instances:
              credbox:
                image: busybox
                {{grants}}
            """;
        var all = Stack("secrets: [{source: db, delivery: credential}, {source: blob, delivery: credential, target: tls}]\n    configs: [{source: app, delivery: credential}]");
        Write("db.secret", "hunter22"u8);
        Write("blob.secret", [0, 255, 1, 2]);

        Assert.DoesNotContain("hunter22", StackWorkbench.Text(await bench.PlanAsync(all)), StringComparison.Ordinal);
        await bench.UpAsync(all);
        Assert.Equal("app\ndb\ntls", await ListAsync());
        Assert.Equal("hunter22", await bench.ShellAsync("credbox", $"cat {Directory}/db"));
        Assert.Equal("port = 80", await bench.ShellAsync("credbox", $"cat {Directory}/app"));
        Assert.Equal("00 ff 01 02", (await bench.ShellAsync("credbox", $"od -An -tx1 {Directory}/tls")).Trim());
        // It is for root alone.
        Assert.Equal("400 0 0", await bench.ShellAsync("credbox", $"stat -c '%a %u %g' {Directory}/db"));
        Assert.Equal(Directory, await bench.VariableOfInitAsync("credbox", "CREDENTIALS_DIRECTORY"));
        Assert.DoesNotContain((await bench.InstanceAsync("credbox")).Config, entry => entry.Key.StartsWith("user.", StringComparison.Ordinal) && entry.Value.Contains("hunter22", StringComparison.Ordinal));

        // The file says something else: changed while it runs, and not shown.
        var pid = await bench.PidAsync("credbox");
        Write("db.secret", "hunter23"u8);
        var plan = await bench.PlanAsync(all);
        Assert.Equal(ChangeAction.Update, Assert.Single(plan.Changes).Action);
        Assert.False(plan.Changes[0].Restarts);
        var text = StackWorkbench.Text(plan);
        Assert.Contains("systemd.credential.db", text, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
        await bench.UpAsync(all);
        Assert.Equal("hunter23", await bench.ShellAsync("credbox", $"cat {Directory}/db"));

        // Somebody else changes one: it is put back.
        await bench.Client.Instances.UpdateAsync("credbox", now => now with { Config = new Dictionary<string, string>(now.Config) { ["systemd.credential.db"] = "stolen99" } }).CompleteAsync();
        var drift = await bench.PlanAsync(all);
        Assert.Equal(PropertyDifference.Drifted, Assert.Single(Assert.Single(drift.Changes).Properties).Difference);
        Assert.DoesNotContain("stolen99", StackWorkbench.Text(drift), StringComparison.Ordinal);
        await bench.UpAsync(all);
        Assert.Equal("hunter23", await bench.ShellAsync("credbox", $"cat {Directory}/db"));

        // What the file drops goes, and what it no longer calls binary is text.
        Write("blob.secret", "plain"u8);
        await bench.UpAsync(Stack("secrets: [{source: blob, delivery: credential, target: tls}]"));
        Assert.Equal("tls", await ListAsync());
        Assert.Equal("plain", await bench.ShellAsync("credbox", $"cat {Directory}/tls"));
        Assert.Equal(pid, await bench.PidAsync("credbox"));

        await bench.DownAsync("credentialed");

        void Write(string file, ReadOnlySpan<byte> content) => File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(bench.File)!, file), content);

        async Task<string> ListAsync() => await bench.ShellAsync("credbox", $"ls -A1 {Directory}");
    }
}
