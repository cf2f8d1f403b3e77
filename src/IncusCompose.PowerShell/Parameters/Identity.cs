using System.Management.Automation;

namespace IncusCompose.PowerShell;

/// <summary>
/// Something on a server that a parameter names: by name (wildcards allowed), or by an object that says its server and
/// project too.
/// </summary>
public abstract class Identity
{
    /// <summary>Names it in the project that the command works with.</summary>
    private protected Identity(string name, string what)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new ArgumentException($"The name of {what} must not be empty.", nameof(name));
        Name = name;
        Original = name;
    }

    /// <summary>Names what an object stands for.</summary>
    private protected Identity(object original, string name, string? server, string? project)
    {
        Name = name;
        Server = server;
        Project = project;
        Original = original;
    }

    /// <summary>Names what a record tells of that is no object of this module: a row of a table, or what is left of one.</summary>
    private protected Identity(PSObject record, string what)
        : this(record, Word(record, nameof(Name)) ?? throw new ArgumentException($"This names no {what}: it has no property Name with a text.", nameof(record)), Word(record, nameof(Server)), Word(record, nameof(Project)))
    {
    }

    /// <summary>The name or pattern.</summary>
    public string Name { get; }

    /// <summary>The server; null for the one that the command works with.</summary>
    public string? Server { get; }

    /// <summary>The project; null for the one that the command works with.</summary>
    public string? Project { get; }

    /// <summary>What the user gave.</summary>
    internal object Original { get; }

    /// <summary>Whether the name may mean several.</summary>
    internal bool IsPattern => Original is string && WildcardPattern.ContainsWildcardCharacters(Name);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private static string? Word(PSObject record, string name) =>
        Required(record).Properties[name]?.Value is { } value && LanguagePrimitives.TryConvertTo<string>(value, out var text) && !string.IsNullOrWhiteSpace(text) ? text : null;

    /// <summary>The object, which must be there.</summary>
    private protected static T Required<T>(T value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }
}
