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

    /// <summary>Names the instance that an object stands for.</summary>
    /// <param name="instance">The object.</param>
    public InstanceIdentity(IncusInstance instance)
        : base(instance, Required(instance).Name, instance.Server, instance.Project)
    {
    }
}
