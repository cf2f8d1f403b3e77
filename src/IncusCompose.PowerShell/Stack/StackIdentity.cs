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
}
