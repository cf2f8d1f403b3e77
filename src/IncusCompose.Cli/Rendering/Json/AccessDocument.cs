using IncusCompose.Ssh;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>One of what <c>ssh-config --json</c> writes: how an instance is reached by SSH.</summary>
internal sealed record AccessDocument(
    string Name, string Project, string Server, string? Stack, string User, string Address, int Port, string? JumpHost, string? KeyFile,
    string? HostKeyAlias, string? KnownHosts)
{
    /// <param name="instance">An instance with a way by SSH.</param>
    /// <param name="knownHosts">The file with its host keys.</param>
    public static AccessDocument From(InstanceAccess instance, string knownHosts)
    {
        var isKnown = instance.HostKeys.Count > 0;
        return new AccessDocument(
            instance.Name, instance.Project, instance.Server, instance.Stack, instance.User!, instance.Address!, instance.Port, instance.Jump, instance.KeyFile,
            isKnown ? instance.HostKeyAlias : null, isKnown ? knownHosts : null);
    }
}
