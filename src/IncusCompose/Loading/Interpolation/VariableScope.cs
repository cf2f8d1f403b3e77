using System.Collections;
using IncusCompose.Diagnostics;

namespace IncusCompose.Loading.Interpolation;

/// <summary>The variables that a stack file can name: the environment's, then those of the <c>.env</c> file.</summary>
internal sealed class VariableScope
{
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly Dictionary<string, string> _secretsFound = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<string, string> _file = new Dictionary<string, string>();

    public VariableScope(IReadOnlyDictionary<string, string>? environment)
    {
        _environment = environment ?? ProcessEnvironment();
    }

    /// <summary>The values of the variables that were asked for and name a secret, each with its variable's name.</summary>
    public IReadOnlyDictionary<string, string> SecretsFound => _secretsFound;

    /// <summary>The variable's value; null where it is not set.</summary>
    public string? Find(string name)
    {
        if (!_environment.TryGetValue(name, out var value) && !_file.TryGetValue(name, out value))
            return null;
        if (Secrets.IsSecret(name))
            _secretsFound[value] = name;
        return value;
    }

    /// <summary>Every name that has a value.</summary>
    public IEnumerable<string> Names => _environment.Keys.Concat(_file.Keys);

    /// <summary>Adds the variables of a file, which fill only what the environment leaves open.</summary>
    public void Fill(IReadOnlyDictionary<string, string> file) => _file = file;

    private static Dictionary<string, string> ProcessEnvironment()
    {
        var comparer = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;
        var variables = new Dictionary<string, string>(comparer);
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        return variables;
    }
}
