using System.Management.Automation;
using IncusCompose.Definition;

namespace IncusCompose.PowerShell;

/// <summary>A stack that a parameter names: by name (wildcards allowed), or by an object that says its server and project too.</summary>
public sealed class StackIdentity
{
    /// <summary>Names a stack in the project that the command works with.</summary>
    /// <param name="name">The name; may hold wildcards.</param>
    public StackIdentity(string name)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new ArgumentException("A stack's name must not be empty.", nameof(name));
        Name = name;
        Original = name;
    }

    /// <summary>Names the stack that an object of Get-IncusStack stands for.</summary>
    /// <param name="stack">The object.</param>
    public StackIdentity(StackSummary stack)
    {
        ArgumentNullException.ThrowIfNull(stack);
        Name = stack.Name;
        Server = stack.Server.Length > 0 ? stack.Server : null;
        Project = stack.Project;
        Original = stack;
    }

    /// <summary>Names the stack that a stack file defines.</summary>
    /// <param name="stack">The stack of Import-IncusStack.</param>
    public StackIdentity(StackDefinition stack)
    {
        ArgumentNullException.ThrowIfNull(stack);
        Name = stack.Name;
        Server = stack.Remote;
        Project = stack.Project?.Name;
        Original = stack;
    }

    /// <summary>The name or pattern.</summary>
    public string Name { get; }

    /// <summary>The server; null for the one that the command works with.</summary>
    public string? Server { get; }

    /// <summary>The project; null for the one that the command works with.</summary>
    public string? Project { get; }

    /// <summary>What the user gave.</summary>
    internal object Original { get; }

    /// <summary>Whether the name may mean several stacks.</summary>
    internal bool IsPattern => Original is string && WildcardPattern.ContainsWildcardCharacters(Name);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
