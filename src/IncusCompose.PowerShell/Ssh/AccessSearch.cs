using System.Management.Automation;
using Incus.Client;
using IncusCompose.Instances;
using IncusCompose.Ssh;

namespace IncusCompose.PowerShell;

/// <summary>Looks in the list of a server's instances for those that were named, and remembers which names led nowhere.</summary>
internal sealed class AccessSearch
{
    private readonly List<AccessIdentity> _names;
    private readonly string[] _stacks;
    private readonly bool _all;
    private readonly HashSet<AccessIdentity> _met = [];
    private readonly HashSet<string> _metStacks = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="names">What was named; null among them: every instance.</param>
    /// <param name="stacks">The stacks, wildcards allowed; null: any or none.</param>
    public AccessSearch(IEnumerable<AccessIdentity?> names, string[]? stacks)
    {
        var given = names.ToList();
        _names = [.. given.OfType<AccessIdentity>()];
        _all = given.Contains(null);
        _stacks = stacks ?? [];
    }

    /// <summary>The instances that were named and are not there; of a pattern there may be none.</summary>
    public IEnumerable<AccessIdentity> MissingInstances => _names.Where(name => !name.IsStack && !name.IsPattern && !_met.Contains(name));

    /// <summary>The stacks that were named and have no instance.</summary>
    public IReadOnlyList<string> MissingStacks =>
    [
        .. _stacks.Where(stack => !WildcardPattern.ContainsWildcardCharacters(stack) && !_metStacks.Contains(stack)),
        .. _names.Where(name => name.IsStack && !_met.Contains(name)).Select(name => name.Name),
    ];

    /// <summary>True for an instance that was asked for.</summary>
    public bool IsWanted(Instance instance)
    {
        var stack = InstanceFacts.StackOf(instance);
        var named = _all;
        foreach (var name in _names.Where(name => IsOf(name, instance, stack)))
        {
            named = true;
            _met.Add(name);
        }

        if (stack is not null)
            _metStacks.Add(stack);
        return named && (_stacks.Length == 0 || (stack is not null && _stacks.Any(pattern => Matches(pattern, stack))));
    }

    /// <summary>True for an instance that the user wrote the name of.</summary>
    public bool IsNamed(InstanceAccess instance) =>
        _names.Exists(name => name is { IsStack: false, IsPattern: false, Original: string } && string.Equals(name.Name, instance.Name, StringComparison.OrdinalIgnoreCase));

    private static bool IsOf(AccessIdentity name, Instance instance, string? stack) =>
        (name.Project is null || instance.Project.Length == 0 || name.Project == instance.Project)
        && (name.IsStack ? name.Name == stack
            : name.IsPattern ? Matches(name.Name, instance.Name)
            : string.Equals(name.Name, instance.Name, StringComparison.OrdinalIgnoreCase));

    private static bool Matches(string pattern, string name) => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name);
}
