using System.ComponentModel;
using System.Diagnostics;
using Incus.Client;
using IncusCompose.Definition;

namespace IncusCompose.Ssh;

/// <summary>
/// Logs in to an instance as its user would, by the system's <c>ssh</c>: by the way there is, with the user's own key, and with
/// the instance's host keys verified. Source: ssh(1), ssh_config(5).
/// </summary>
internal static class LoginCheck
{
    // The one of ssh itself; what the remote command ends with is another.
    private const int SshFailed = 255;

    /// <summary>Logs in once and does nothing there.</summary>
    /// <param name="client">The server, in the instance's project.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="gate">What is waited for.</param>
    /// <param name="probe">Whether an SSH server answers at addresses at all, which is cheaper to ask: why not, or nothing.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Why nobody gets in, and whether waiting may help; nothing where somebody did.</returns>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public static async Task<(string Failure, bool Final)> TryAsync(
        IncusClient client, Instance instance, SshGate gate, Func<string, int, Task<string>> probe, CancellationToken cancellationToken)
    {
        var access = await AccessReader.ReadAsync(client, instance, cancellationToken).ConfigureAwait(false);
        if (access.User is null)
            return ("nobody is let in to it by SSH; write `ssh:` in its stack file, or create it with -SshUser", true);
        if (!access.HasSsh)
            return ("it has no address yet", false);
        // A way through the host, or by one of its ports, leads to the port that `ssh` names.
        if (access.Jump is null && gate.Port != SshDefinition.DefaultPort)
            access = access with { Port = gate.Port };
        if (access.Jump is null && await probe(access.Address!, access.Port).ConfigureAwait(false) is { Length: > 0 } failure)
            return (failure, false);
        if (access.HostKeys.Count == 0)
            return ("its SSH server has no host keys yet", false);
        var folder = Directory.CreateTempSubdirectory("incus-compose-ssh-");
        try
        {
            var knownHosts = Path.Combine(folder.FullName, "known_hosts");
            KnownHosts.Replace(knownHosts, [access]);
            return await RunAsync(access, knownHosts, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(string Failure, bool Final)> RunAsync(InstanceAccess access, string knownHosts, CancellationToken cancellationToken)
    {
        var options = SshConfig.OptionsFor(access, knownHosts)
            .Append(new("BatchMode", "yes"))
            .Append(new("ConnectTimeout", "10"))
            .Append(new("LogLevel", "ERROR"))
            .SelectMany(option => new[] { "-o", $"{option.Key}={option.Value}" });
        var start = new ProcessStartInfo("ssh", [.. options, "-n", "-T", access.Name, "exit 0"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            return ("there is no program ssh on this machine to log in with; install OpenSSH's client (openssh-client)", true);
        }

        using (process)
        {
            var said = process.StandardError.ReadToEndAsync(CancellationToken.None);
            // What a login shell's start-up files print is nobody's business, but must not fill the pipe.
            var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            try
            {
                await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }

            await output.ConfigureAwait(false);
            var last = (await said.ConfigureAwait(false)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "";
            return process.ExitCode switch
            {
                0 => ("", false),
                SshFailed => ((last.Length > 0 ? last.TrimEnd('.') : "ssh could not log in") + (access.KeyFile is null ? ", and of the keys that are let in, ~/.ssh has none" : ""), false),
                _ => ($"the login of {access.User} ended with exit status {process.ExitCode}{(last.Length > 0 ? $": {last}" : "")}", false),
            };
        }
    }
}
