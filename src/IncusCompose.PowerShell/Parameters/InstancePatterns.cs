using System.Management.Automation;

namespace IncusCompose.PowerShell.Parameters;

/// <summary>Names of instances as they are given on the command line, wildcards among them.</summary>
internal static class InstancePatterns
{
    /// <summary>True where any of them is a pattern.</summary>
    public static bool Any(IEnumerable<string> names) => names.Any(WildcardPattern.ContainsWildcardCharacters);

    /// <summary>Every pattern replaced by the known names that it matches; of none there may be none left.</summary>
    public static IReadOnlyList<string> Expand(IReadOnlyCollection<string> names, IEnumerable<string> known)
    {
        var patterns = names.Where(WildcardPattern.ContainsWildcardCharacters).Select(name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase)).ToList();
        return
        [
            .. names.Where(name => !WildcardPattern.ContainsWildcardCharacters(name)),
            .. known.Where(name => patterns.Any(pattern => pattern.IsMatch(name))),
        ];
    }
}
