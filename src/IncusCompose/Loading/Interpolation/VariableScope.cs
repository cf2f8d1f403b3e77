using System.Collections;
using IncusCompose.Diagnostics;

namespace IncusCompose.Loading.Interpolation;

/// <summary>
/// The variables that a stack file can name: the environment's, then those of environment files. An included file has
/// a scope of its own, in which its environment files fill what is left open by the scope around it.
/// </summary>
internal sealed class VariableScope
{
    private readonly VariableScope? _around;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly Dictionary<string, string> _secretsFound;
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _said = new(StringComparer.Ordinal);

    public VariableScope(IReadOnlyDictionary<string, string>? environment)
    {
        _environment = environment ?? ProcessEnvironment();
        _secretsFound = new(StringComparer.Ordinal);
    }

    private VariableScope(VariableScope around)
    {
        _around = around;
        _environment = new Dictionary<string, string>();
        _secretsFound = around._secretsFound;
    }

    /// <summary>The values of the variables that were asked for and name a secret, each with its variable's name.</summary>
    public IReadOnlyDictionary<string, string> SecretsFound => _secretsFound;

    /// <summary>Every name that has a value.</summary>
    public IEnumerable<string> Names => (_around?.Names ?? _environment.Keys).Concat(_files.Keys).Concat(_said.Keys);

    /// <summary>The variable's value; null where it is not set.</summary>
    public string? Find(string name)
    {
        if (_around?.Find(name) is { } outer)
            return outer;
        if (!_said.TryGetValue(name, out var value) && !_environment.TryGetValue(name, out value) && !_files.TryGetValue(name, out value))
            return null;
        if (Secrets.IsSecret(name))
            _secretsFound[value] = name;
        return value;
    }

    /// <summary>Adds the variables of a file, which win over those of files before it and fill only what the environment leaves open.</summary>
    public void Fill(IReadOnlyDictionary<string, string> file)
    {
        foreach (var (name, value) in file)
            _files[name] = value;
    }

    /// <summary>Gives a variable its value, whatever the environment and files say.</summary>
    public void Say(string name, string value) => _said[name] = value;

    /// <summary>A scope for an included file.</summary>
    public VariableScope Within() => new(this);

    private static Dictionary<string, string> ProcessEnvironment()
    {
        var comparer = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
        var variables = new Dictionary<string, string>(comparer);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        return variables;
    }
}
