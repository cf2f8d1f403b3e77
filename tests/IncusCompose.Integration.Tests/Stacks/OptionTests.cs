using Incus.Client;
using IncusCompose.Exporting;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>Incus's own words for the options of an instance, all the way: into the container, changed, put back, and written as a file.</summary>
[Collection(LabCollection.Name)]
public sealed class OptionTests(LabFixture fixture)
{
    private const string Name = "options";

    [Fact]
    public async Task Hold_in_a_container_are_changed_in_place_put_back_and_exported_to_a_plan_of_nothing()
    {
        await using var bench = await StackWorkbench.OpenAsync(fixture.Lab);
        // What only newer servers have.
        var (boot, memory) = (bench.Client.HasExtension("instance_auto_restart") ? ", autorestart: true" : "", bench.Client.HasExtension("instance_limits_oom") ? ", oom_priority: 100" : "");
        var stack = $$"""
            name: {{Name}}
            instances:
              opbox:
                image: busybox
                cpu: {set: 0, allowance: 50%, priority: 5}
                memory: {limit: 128MiB, enforce: soft, swap: false, swap_priority: 1{{memory}}}
                processes: 200
                disk: {size: 1GiB}
                autostart: true
                boot_priority: 7
                boot: {autostart_delay: 2s, stop_priority: -3, host_shutdown_timeout: 1m, host_shutdown_action: force-stop{{boot}}}
                security:
                  nesting: true
                  guestapi: false
                  protection: [delete]
                  idmap: {isolated: true, size: 70000}
                  syscalls: {deny: [keyctl, add_key], deny_compat: true}
                kernel:
                  sysctl: {net.ipv4.ip_forward: 1, net.core.somaxconn: 512}
                  limits: {nofile: "500:1000", core: 0}
                migration:
                  evacuate: stop
                  incremental_memory: {enabled: true, goal: 60}
                snapshots: {schedule: "@daily", expiry: 7d, pattern: "auto-%d", stopped: true}
                raw: {lxc: "lxc.environment = RAW=cooked"}
                config: {user.note: "kept: as it is"}
            """;
        try
        {
            await bench.UpAsync(stack);
            Assert.Equal("1 512", await bench.ShellAsync("opbox", "echo $(cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/core/somaxconn)"));
            Assert.Equal("500 1000 0", await bench.ShellAsync("opbox", "echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -c)"));
            Assert.Equal("70000", await bench.ShellAsync("opbox", "awk '{print $3; exit}' /proc/self/uid_map"));
            Assert.Equal("cooked", await bench.VariableOfInitAsync("opbox", "RAW"));
            Assert.Equal("gone", await bench.ShellAsync("opbox", "[ -e /dev/incus/sock ] || echo gone"));
            var config = (await bench.InstanceAsync("opbox")).Config;
            Assert.Equal(("2", "60", "force-stop"), (config["boot.autostart.delay"], config["boot.host_shutdown_timeout"], config["boot.host_shutdown_action"]));
            Assert.Equal(("false", "1"), (config["limits.memory.swap"], config["limits.memory.swap.priority"]));

            // What needs no restart is changed without one, and what the file drops goes.
            var pid = await bench.PidAsync("opbox");
            var changed = stack.Replace("limit: 128MiB", "limit: 96MiB", StringComparison.Ordinal).Replace("processes: 200", "processes: 150", StringComparison.Ordinal)
                .Replace("allowance: 50%, ", "", StringComparison.Ordinal).Replace("protection: [delete]", "protection: {delete: false}", StringComparison.Ordinal)
                .Replace("expiry: 7d", "expiry: 2w", StringComparison.Ordinal).Replace("stop_priority: -3", "stop_priority: 3", StringComparison.Ordinal)
                .Replace("      evacuate: stop\n", "", StringComparison.Ordinal);
            var plan = await bench.PlanAsync(changed);
            var change = Assert.Single(plan.Changes);
            Assert.Equal((ChangeAction.Update, false, false), (change.Action, change.Restarts, change.PendingRestart));
            Assert.Equal(
                ["cluster.evacuate", "boot.stop.priority", "limits.cpu.allowance", "limits.memory", "limits.processes", "security.protection.delete", "snapshots.expiry"],
                change.Properties.Select(property => property.Path["config.".Length..]).OrderBy(path => path == "cluster.evacuate" ? "" : path, StringComparer.Ordinal));
            await bench.UpAsync(changed);
            Assert.Equal(pid, await bench.PidAsync("opbox"));
            config = (await bench.InstanceAsync("opbox")).Config;
            Assert.Equal(("96MiB", "150", "false"), (config["limits.memory"], config["limits.processes"], config["security.protection.delete"]));
            Assert.DoesNotContain("limits.cpu.allowance", config.Keys);

            // What somebody changes or takes away is put back; what they add is theirs.
            await bench.Client.Instances.UpdateAsync("opbox", now =>
            {
                var theirs = new Dictionary<string, string>(now.Config) { ["limits.processes"] = "77", ["user.theirs"] = "3" };
                theirs.Remove("boot.autostart.delay");
                return now with { Config = theirs };
            }).CompleteAsync();
            var drift = Assert.Single((await bench.PlanAsync(changed)).Changes);
            Assert.Equal(["config.boot.autostart.delay", "config.limits.processes"], drift.Properties.Where(property => property.Difference == PropertyDifference.Drifted).Select(property => property.Path));
            Assert.Equal("config.user.theirs", Assert.Single(drift.Properties, property => property.Difference == PropertyDifference.Unmanaged).Path);
            await bench.UpAsync(changed);
            config = (await bench.InstanceAsync("opbox")).Config;
            Assert.Equal(("150", "2", "3"), (config["limits.processes"], config["boot.autostart.delay"], config["user.theirs"]));
            Assert.Equal(pid, await bench.PidAsync("opbox"));
            await bench.Client.Instances.UpdateAsync("opbox", now => now with { Config = now.Config.Where(entry => entry.Key != "user.theirs").ToDictionary() }).CompleteAsync();

            var export = await bench.Engine.ExportAsync(bench.Client, new ExportOptions { Stack = Name });
            Assert.Empty(export.Variables);
            var again = await bench.PlanAsync(export.Text);
            Assert.True(!again.HasChanges && again.Orphans.Count == 0, StackWorkbench.Text(again) + export.Text);
        }
        finally
        {
            await fixture.Lab.IncusAsync("config", "unset", "opbox", "security.protection.delete");
            await bench.DownAsync(Name);
        }
    }
}
