namespace IncusCompose.PowerShell;

/// <summary>What <c>Wait-IncusInstance</c> can wait for.</summary>
public enum InstanceCondition
{
    /// <summary>The instance has a certain status.</summary>
    Status,

    /// <summary>The instance has a global IPv4 or IPv6 address, and has it still a moment later.</summary>
    Address,

    /// <summary>A virtual machine's agent answers; a container needs none.</summary>
    Agent,

    /// <summary>cloud-init is done, without errors.</summary>
    CloudInit,

    /// <summary>The guest says that it is ready, by <c>/dev/incus</c>.</summary>
    Guest,

    /// <summary>The health check of its stack's file succeeds.</summary>
    Healthy,

    /// <summary>A web server answers this machine.</summary>
    Http,

    /// <summary>All that its stack's file calls ready, health included; of an instance without such words, that it runs.</summary>
    Ready,

    /// <summary>An SSH server greets this machine.</summary>
    Ssh,

    /// <summary>A TCP port takes connections from this machine.</summary>
    Tcp,
}
