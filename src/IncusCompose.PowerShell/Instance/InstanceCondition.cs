namespace IncusCompose.PowerShell;

/// <summary>What <c>Wait-IncusInstance</c> can wait for.</summary>
public enum InstanceCondition
{
    /// <summary>The instance has a certain status.</summary>
    Status,

    /// <summary>The instance has a global IPv4 or IPv6 address.</summary>
    Address,
}
