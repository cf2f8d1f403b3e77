using IncusCompose.Diagnostics;

namespace IncusCompose.Operating;

/// <summary>A stack or an instance of one was named that is not on the server; nothing was done.</summary>
public abstract class StackTargetException : Exception
{
    private protected StackTargetException(string message) : base(message)
    {
    }

    /// <summary>What there is instead, and which of it was probably meant.</summary>
    private protected static string Known(string wanted, IReadOnlyCollection<string> known, string none) =>
        known.Count == 0 ? none
        : Suggestions.Nearest(wanted, known) is { } likely ? $"did you mean \"{likely}\"?"
        : $"there is: {string.Join(", ", known.Order(StringComparer.Ordinal))}";
}

/// <summary>There is no stack of a name in a project.</summary>
public sealed class StackNotFoundException : StackTargetException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="stack">The name that was asked for.</param>
    /// <param name="project">The project that was looked at.</param>
    /// <param name="known">The stacks that are there.</param>
    public StackNotFoundException(string stack, string project, IReadOnlyCollection<string> known)
        : base($"there is no instance of a stack \"{stack}\" in project {project}; {Known(stack, known, "no stack has any there")}")
    {
        Stack = stack;
    }

    /// <summary>The name that was asked for.</summary>
    public string Stack { get; }
}

/// <summary>A stack has no instance of a name on the server.</summary>
public sealed class StackInstanceNotFoundException : StackTargetException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="stack">The stack.</param>
    /// <param name="instance">The name that was asked for.</param>
    /// <param name="known">The instances that the stack has.</param>
    public StackInstanceNotFoundException(string stack, string instance, IReadOnlyCollection<string> known)
        : base($"stack {stack} has no instance \"{instance}\" on the server; {Known(instance, known, "it has none")}")
    {
        Instance = instance;
    }

    /// <summary>The name that was asked for.</summary>
    public string Instance { get; }
}

/// <summary>A project has no instance of a name that is to be written as a stack file.</summary>
public sealed class ExportedInstanceNotFoundException : StackTargetException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="instance">The name that was asked for.</param>
    /// <param name="project">The project that was looked at.</param>
    /// <param name="known">The instances that are there.</param>
    public ExportedInstanceNotFoundException(string instance, string project, IReadOnlyCollection<string> known)
        : base($"there is no instance \"{instance}\" in project {project}; {Known(instance, known, "it has none")}")
    {
        Instance = instance;
    }

    /// <summary>The name that was asked for.</summary>
    public string Instance { get; }
}
