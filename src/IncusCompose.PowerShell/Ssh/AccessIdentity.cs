using System.Management.Automation;
using IncusCompose.Definition;
using IncusCompose.Readiness;
using IncusCompose.Watching;

namespace IncusCompose.PowerShell;

/// <summary>Instances that are to be reached: one that a parameter names, or all of a stack that an object stands for.</summary>
public sealed class AccessIdentity : Identity
{
    /// <summary>Names an instance of the server and project that the command works with.</summary>
    /// <param name="name">The name; may hold wildcards.</param>
    public AccessIdentity(string name)
        : base(name, "an instance")
    {
    }

    /// <summary>Names an instance that a record tells of: by its properties Name and, where it has them, Project and Server.</summary>
    /// <param name="record">A row of Import-Csv, ConvertFrom-Json or Select-Object, or an object of a job.</param>
    public AccessIdentity(PSObject record)
        : base(record, "instance")
    {
    }

    /// <summary>Names the instance that an object stands for.</summary>
    /// <param name="instance">The object.</param>
    public AccessIdentity(IncusInstance instance)
        : this(new InstanceIdentity(instance), isStack: false)
    {
    }

    /// <summary>Names the instance whose health an object tells.</summary>
    /// <param name="health">The object of Get-IncusStackHealth or Wait-IncusStack.</param>
    public AccessIdentity(InstanceHealth health)
        : this(new InstanceIdentity(health), isStack: false)
    {
    }

    /// <summary>Names the instance that a watch saw.</summary>
    /// <param name="status">The object of Watch-IncusStack.</param>
    public AccessIdentity(InstanceStatus status)
        : this(new InstanceIdentity(status), isStack: false)
    {
    }

    /// <summary>Names all instances of a stack.</summary>
    /// <param name="stack">The object of Get-IncusStack.</param>
    public AccessIdentity(StackSummary stack)
        : this(new StackIdentity(stack), isStack: true)
    {
    }

    /// <summary>Names all instances of a stack that a stack file defines.</summary>
    /// <param name="stack">The stack of Import-IncusStack.</param>
    public AccessIdentity(StackDefinition stack)
        : this(new StackIdentity(stack), isStack: true)
    {
    }

    private AccessIdentity(Identity identity, bool isStack)
        : base(identity.Original, identity.Name, identity.Server, identity.Project) => IsStack = isStack;

    /// <summary>True where all instances of a stack are meant.</summary>
    internal bool IsStack { get; }
}
