using System.Management.Automation;

namespace IncusCompose.PowerShell;

/// <summary>An instance that a parameter names: by name (wildcards allowed), or by an object that says its server too.</summary>
public sealed class InstanceIdentity
{
    /// <summary>Names an instance of the server and project that the command works with.</summary>
    /// <param name="name">The name; may hold wildcards.</param>
    public InstanceIdentity(string name)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new ArgumentException("An instance's name must not be empty.", nameof(name));
        Name = name;
        Original = name;
    }

    /// <summary>Names the instance that an object stands for.</summary>
    /// <param name="instance">The object.</param>
    public InstanceIdentity(IncusInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        Name = instance.Name;
        Server = instance.Server;
        Project = instance.Project;
        Original = instance;
    }

    /// <summary>The name or pattern.</summary>
    public string Name { get; }

    /// <summary>The server; null for the one that the command works with.</summary>
    public string? Server { get; }

    /// <summary>The project; null for the one that the command works with.</summary>
    public string? Project { get; }

    /// <summary>What the user gave.</summary>
    internal object Original { get; }

    /// <summary>Whether the name may mean several instances.</summary>
    internal bool IsPattern => Original is string && WildcardPattern.ContainsWildcardCharacters(Name);

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
