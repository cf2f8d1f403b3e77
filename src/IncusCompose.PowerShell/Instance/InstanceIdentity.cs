using System.Management.Automation;
using IncusCompose.Readiness;
using IncusCompose.Watching;

namespace IncusCompose.PowerShell;

/// <summary>An instance that a parameter names.</summary>
public sealed class InstanceIdentity : Identity
{
    /// <summary>Names an instance of the server and project that the command works with.</summary>
    /// <param name="name">The name; may hold wildcards.</param>
    public InstanceIdentity(string name)
        : base(name, "an instance")
    {
    }

    /// <summary>Names an instance that a record tells of: by its properties Name and, where it has them, Project and Server.</summary>
    /// <param name="record">A row of Import-Csv, ConvertFrom-Json or Select-Object, or an object of a job.</param>
    public InstanceIdentity(PSObject record)
        : base(record, "instance")
    {
    }

    /// <summary>Names the instance that an object stands for.</summary>
    /// <param name="instance">The object.</param>
    public InstanceIdentity(IncusInstance instance)
        : base(instance, Required(instance).Name, instance.Server, instance.Project)
    {
    }

    /// <summary>Names the instance whose health an object tells.</summary>
    /// <param name="health">The object of Get-IncusStackHealth or Wait-IncusStack.</param>
    public InstanceIdentity(InstanceHealth health)
        : base(health, Required(health).Name, health.Server.Length > 0 ? health.Server : null, health.Project)
    {
    }

    /// <summary>Names the instance that a watch saw.</summary>
    /// <param name="status">The object of Watch-IncusStack.</param>
    public InstanceIdentity(InstanceStatus status)
        : base(status, Required(status).Name, status.Server.Length > 0 ? status.Server : null, status.Project)
    {
    }
}
