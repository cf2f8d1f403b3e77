using System.Management.Automation;
using IncusCompose.Ssh;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Writes a file to include from ~/.ssh/config: where the instances are, who may log in, and which host keys to believe.</summary>
[Cmdlet(VerbsData.Export, "IncusSshConfig", SupportsShouldProcess = true)]
[OutputType(typeof(string))]
public sealed class ExportIncusSshConfigCommand : AccessCmdlet
{
    /// <inheritdoc/>
    private protected override string What => "a configuration for ssh";

    /// <inheritdoc/>
    private protected override string? WhyLeftOut(InstanceAccess instance) =>
        instance.HasSsh ? null
        : instance.User is null ? "nobody is let in to it by SSH (write `ssh:` in its stack file, or create it with -SshUser)"
        : instance.Status is "Running" or "Ready" ? "it has no address" : $"it is {instance.Status.ToLowerInvariant()}";

    /// <inheritdoc/>
    private protected override string Write(IReadOnlyList<InstanceAccess> instances, string knownHosts) => SshConfig.Write(instances, knownHosts);
}
