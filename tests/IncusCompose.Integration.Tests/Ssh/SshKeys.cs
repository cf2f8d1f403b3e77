using System.Diagnostics;
using IncusCompose.Instances;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Integration.Tests.Stacks;

namespace IncusCompose.Integration.Tests.Ssh;

/// <summary>Key pairs of a test's own, and the system's ssh with them.</summary>
internal sealed class SshKeys : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("incus-compose-ssh-");

    public string Folder => _folder.FullName;

    /// <summary>Makes a pair and returns the path of the private key; the public one is beside it, <c>.pub</c>.</summary>
    public string Make(string name) => Make(_folder.FullName, name);

    /// <summary>Does so in a folder of somebody else's.</summary>
    public static string Make(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        using var process = Process.Start("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return path;
    }

    /// <summary>An instance's address, once its SSH server answers.</summary>
    public async Task<string> HostAsync(StackWorkbench bench, string instance)
    {
        var state = await Eventually.GetAsync(
            () => bench.Client.Instances.GetStateAsync(instance),
            state => InstanceFacts.AddressesOf(state, "inet").Count > 0);
        await Eventually.GetAsync(
            () => bench.ShellAsync(instance, "cloud-init status --wait >/dev/null; systemctl is-active ssh || true"), text => text == "active");
        return InstanceFacts.AddressesOf(state, "inet")[0];
    }

    /// <summary>Logs in and runs a command, from where the lab's links are.</summary>
    /// <exception cref="InvalidOperationException">It did not succeed.</exception>
    public async Task<string> RunAsync(Lab.Lab lab, string key, string destination, string command, params string[] options) =>
        (await lab.HostAsync(Command(key, destination, command, options))).TrimEnd('\n');

    /// <summary>The words of the command that does so.</summary>
    public static string[] Command(string key, string destination, string command, params string[] options) =>
    [
        "ssh", "-F", "none", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", .. options, destination, command,
    ];

    public void Dispose() => _folder.Delete(recursive: true);
}
