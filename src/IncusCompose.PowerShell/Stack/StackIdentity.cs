using System.Management.Automation;
using IncusCompose.Definition;

namespace IncusCompose.PowerShell;

/// <summary>A stack that a parameter names.</summary>
public sealed class StackIdentity : Identity
{
    /// <summary>Names a stack in the project that the command works with.</summary>
    /// <param name="name">The name; may hold wildcards.</param>
    public StackIdentity(string name)
        : base(name, "a stack")
    {
    }

    /// <summary>Names a stack that a record tells of: by its properties Name and, where it has them, Project and Server.</summary>
    /// <param name="record">A row of Import-Csv, ConvertFrom-Json or Select-Object, or an object of a job.</param>
    public StackIdentity(PSObject record)
        : base(record, "stack")
    {
    }

    /// <summary>Names the stack that an object of Get-IncusStack stands for.</summary>
    /// <param name="stack">The object.</param>
    public StackIdentity(StackSummary stack)
        : base(stack, Required(stack).Name, stack.Server.Length > 0 ? stack.Server : null, stack.Project)
    {
    }

    /// <summary>Names the stack that a stack file defines.</summary>
    /// <param name="stack">The stack of Import-IncusStack.</param>
    public StackIdentity(StackDefinition stack)
        : base(stack, Required(stack).Name, stack.Remote, stack.Project?.Name)
    {
    }

    /// <summary>Names the stack that an instance belongs to, which must be one.</summary>
    internal StackIdentity(IncusInstance instance)
        : base(instance, instance.Stack!, instance.Server, instance.Project)
    {
    }

    /// <summary>Names the stack that a file on disk defines.</summary>
    /// <param name="file">A stack file, as Get-Item returns it.</param>
    public StackIdentity(FileInfo file)
        : base(file, Required(file).FullName, null, null) => File = file;

    /// <summary>The file that has to be read to know the stack; null where it is known already.</summary>
    internal FileInfo? File { get; }
}
