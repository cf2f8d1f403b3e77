using System.Collections;
using System.Globalization;

namespace IncusCompose.PowerShell.Parameters;

/// <summary>Hashtables of a command line as the engine's maps. Incus holds text only: booleans become <c>true</c> and <c>false</c>.</summary>
internal static class StringMap
{
    /// <summary>A map of texts.</summary>
    public static IReadOnlyDictionary<string, string> From(IDictionary table) =>
        table.Cast<DictionaryEntry>().ToDictionary(entry => Text(entry.Key), entry => Text(entry.Value), StringComparer.Ordinal);

    /// <summary>A map of maps, such as devices.</summary>
    /// <exception cref="ArgumentException">A value is no hashtable.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> OfMaps(IDictionary table, string what) =>
        table.Cast<DictionaryEntry>().ToDictionary(
            entry => Text(entry.Key),
            entry => Unwrap(entry.Value) is IDictionary inner
                ? From(inner)
                : throw new ArgumentException($"{what} '{entry.Key}' must be a hashtable, such as @{{ type = 'disk'; path = '/data' }}."),
            StringComparer.Ordinal);

    private static string Text(object? value) => Unwrap(value) switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var other => other.ToString() ?? "",
    };

    private static object? Unwrap(object? value) => value is System.Management.Automation.PSObject wrapped ? wrapped.BaseObject : value;
}
