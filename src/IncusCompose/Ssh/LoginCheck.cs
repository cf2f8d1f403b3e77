using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Instances;

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
        var last = "";
        using var errors = new LineStream(line => last = line.Trim() is { Length: > 0 } said ? said : last);
        // What a login shell's start-up files print is nobody's business.
        var end = await new HostProgram { Command = ["ssh", .. options, "-n", "-T", access.Name, "exit 0"] }.RunAsync(Stream.Null, errors, cancellationToken).ConfigureAwait(false);
        return end switch
        {
            { NotStarted: true } => ("there is no program ssh on this machine to log in with; install OpenSSH's client (openssh-client)", true),
            { ExitCode: 0 } => ("", false),
            { ExitCode: SshFailed } => ((last.Length > 0 ? last.TrimEnd('.') : "ssh could not log in") + (access.KeyFile is null ? ", and of the keys that are let in, ~/.ssh has none" : ""), false),
            _ => ($"the login of {access.User} ended with exit status {end.ExitCode}{(last.Length > 0 ? $": {last}" : "")}", false),
        };
    }
}
