using System.Text;
using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;
using IncusCompose.Requirements;

namespace IncusCompose.Tests.Loading;

/// <summary>
/// What a row of the reference says of a key: from its declaration, from the tables that say which key of Incus's
/// configuration a word stands for and which API extension that needs, from the defaults that Incus documents
/// (incus-defaults.txt), and from key-facts.txt for what no table of the program holds.
/// </summary>
internal static partial class KeyReference
{
    /// <summary>The file of what no table of the program holds.</summary>
    public static string Facts { get; } = Path.Combine(StackText.Here(), "key-facts.txt");

    private static readonly Dictionary<string, string[]> s_facts = Read("key-facts.txt").ToDictionary(fields => fields[0], StringComparer.Ordinal);
    private static readonly Dictionary<string, string> s_defaults = Read("incus-defaults.txt").ToDictionary(fields => fields[0], fields => fields[1], StringComparer.Ordinal);

    /// <summary>The keys that key-facts.txt speaks of.</summary>
    public static IReadOnlyCollection<string> Known => s_facts.Keys;

    /// <summary>The keys of Incus that a fact names, without those of which a part is free.</summary>
    public static IEnumerable<(string Path, string Key)> Keys => s_facts.SelectMany(fact => Quoted().Matches(fact.Value[1]).Select(match => (fact.Key, match.Groups["text"].Value)));

    /// <summary>The API extensions that facts name.</summary>
    public static IEnumerable<string> Extensions => s_facts.Values.Select(fact => fact[3]).Where(extension => extension.Length > 0);

    /// <summary>The table of a mapping's keys. Columns with nothing in them are left out.</summary>
    /// <param name="path">Where the mapping stands.</param>
    /// <param name="shape">The mapping.</param>
    public static string Table(string path, IKeyedShape shape)
    {
        string[] head = ["Key", "Says", "Write", "Default", "In Incus", "In compose", "Needs"];
        var rows = shape.Keys.Select(key => Row(path.Length == 0 ? key.Name : $"{path}.{key.Name}", key)).ToList();
        var shown = Enumerable.Range(0, head.Length).Where(column => column < 3 || rows.Exists(row => row[column].Length > 0)).ToList();
        var table = new StringBuilder();
        Line(head);
        Line([.. head.Select(_ => "---")]);
        foreach (var row in rows)
            Line(row);
        return table.ToString();

        void Line(string[] cells) => table.Append("| ").AppendJoin(" | ", shown.Select(column => cells[column].Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
    }

    /// <summary>True for a key of which the tables of the program say something.</summary>
    public static bool IsInTables(string path, ObjectKey key) => (key.Stands ?? ComposeKey(path)) is not null;

    /// <summary>Splits a description into what it says and what is so where the key is missing.</summary>
    public static (string Says, string Default) Split(string description)
    {
        // `…; 30s where the key is missing`, and what comes after it.
        if (Missing().Match(description) is { Success: true } missing)
        {
            var rest = missing.Groups["rest"].Value;
            var others = rest.StartsWith(", ", StringComparison.Ordinal) && !rest.Contains(". ", StringComparison.Ordinal) ? rest : "";
            return (missing.Groups["says"].Value + (others.Length > 0 ? "" : Clause(rest)), missing.Groups["default"].Value.TrimEnd(',') + others);
        }

        // `…; where the key is missing, it is one`
        if (Otherwise().Match(description) is { Success: true } otherwise)
            return (otherwise.Groups["says"].Value, otherwise.Groups["default"].Value);

        // `a` (the default) or `b`
        if (Marked().Match(description) is { Success: true } marked)
            return (description.Remove(marked.Groups["mark"].Index, marked.Groups["mark"].Length), marked.Groups["default"].Value is var word && word.StartsWith('`') ? word : $"`{word}`");
        return (description, "");
    }

    private static string Clause(string rest) => rest.StartsWith(". ", StringComparison.Ordinal) && rest.Length > 2 ? $"; {char.ToLowerInvariant(rest[2])}{rest[3..]}" : rest;

    private static string[] Row(string path, ObjectKey key)
    {
        var (says, normal) = Split(key.Description);
        var fact = s_facts.GetValueOrDefault(path);
        var word = key.Stands ?? ComposeKey(path);
        var incus = fact is { } && fact[1].Length > 0 ? fact[1] : word is null ? "" : $"`{word.Key}{(word.IsPrefix ? "*" : "")}`";
        // Of compose's words it is another one's default, in other units.
        if (normal.Length == 0 && !key.Required && key.Stands is not null)
            normal = s_defaults.GetValueOrDefault(key.Stands.Key, "");
        var compose = fact is { } && fact[2].Length > 0 ? fact[2] : ComposeOf(path, word);
        return [$"`{key.Name}`{(key.Required ? " (needed)" : "")}", says, key.Shape.Wanted, normal, Devices(incus), compose, Needs(path, incus, fact?[3], word)];
    }

    /// <summary>What a word of compose stands for that becomes one configuration key.</summary>
    private static ConfigWord? ComposeKey(string path)
    {
        var found = ComposeWords.ConfigWords.FirstOrDefault(word => path == $"instances.*.{word.Word}");
        return found.Word is null ? null : OptionWords.Of(found.ConfigKey).FirstOrDefault() ?? new ConfigWord(found.Word, found.ConfigKey);
    }

    private static string ComposeOf(string path, ConfigWord? word)
    {
        if (!path.StartsWith("instances.", StringComparison.Ordinal))
            return "";
        if (ComposeWords.ConfigWords.Any(own => path == $"instances.*.{own.Word}"))
            return $"`{path["instances.*.".Length..]}`";
        return word is null ? "" : string.Join(", ", ComposeWords.ConfigWords.Where(own => own.ConfigKey == word.Key).Select(own => $"`{own.Word}`"));
    }

    private static string Needs(string path, string incus, string? fact, ConfigWord? word)
    {
        var needs = new List<string>();
        var only = word?.Only ?? (ComposeWords.ContainerWords.Any(own => path == $"instances.*.{own}") ? InstanceType.Container : null);
        if (only is { } type)
            needs.Add(type == InstanceType.Container ? "a container" : "a virtual machine");
        var extensions = Quoted().Matches(incus).Select(match => Requirement(path, match.Groups["text"].Value)).Append(fact).Append(word?.Extension).OfType<string>().Where(extension => extension.Length > 0).Distinct();
        needs.AddRange(extensions.Select(extension => $"`{extension}`{(IncusCompose.Requirements.Extensions.SinceOf(extension) is { } since and not "-" ? $" ({since})" : "")}"));
        return string.Join(", ", needs);
    }

    private static string? Requirement(string path, string key)
    {
        if (DeviceOption().Match(key) is { Success: true } device)
        {
            var options = DeviceOptions.All.Where(option => IsOf(option.Kind, device.Groups["type"].Value) && Covers(option.Option.Key, device.Groups["option"].Value)).ToList();
            return options.Count > 0 && options.TrueForAll(option => option.Option.Extension is not null) ? options[0].Option.Extension : null;
        }

        var entities = path.Split('.')[0] switch
        {
            "project" or "projects" => (string[])["project"],
            "networks" when path.Split('.').Length <= 4 => ["network", "network:bridge"],
            "volumes" => ["storage-volume"],
            "storage_pools" => ["storage-pool"],
            _ => [],
        };
        return entities.Select(entity => IncusCompose.Requirements.Extensions.For(entity, key)).FirstOrDefault(extension => extension is not null);
    }

    /// <summary>True for a key of Incus, and for what is none: a field of a resource.</summary>
    public static bool IsKnown(string path, string key)
    {
        if (DeviceOption().Match(key) is { Success: true } device)
            return DeviceOptions.All.Any(option => IsOf(option.Kind, device.Groups["type"].Value) && Covers(option.Option.Key, device.Groups["option"].Value));
        var entities = path.Split('.')[0] switch
        {
            "project" or "projects" => (string[])["project"],
            "instances" or "profiles" => ["instance"],
            "networks" when !path.Contains(".load_balancers.", StringComparison.Ordinal) => ["network_bridge", "network_macvlan", "network_ovn", "network_physical", "network_sriov"],
            _ => [],
        };
        if (entities.Length == 0 || !key.Contains('.', StringComparison.Ordinal) || key.StartsWith("user.", StringComparison.Ordinal) || key[0] == '/')
            return true;
        return entities.Any(entity => ConfigCatalog.Of(entity) is { } catalog && (key.EndsWith(".*", StringComparison.Ordinal)
            ? catalog.Names.Any(name => name.StartsWith(key[..^1], StringComparison.Ordinal)) || catalog.Find(key[..^1] + "x") is not null
            : catalog.Find(key) is not null));
    }

    private static bool Covers(string option, string key) => option == key || (option.EndsWith(".*", StringComparison.Ordinal) && key.StartsWith(option[..^1], StringComparison.Ordinal));

    private static bool IsOf(string kind, string type) => kind == type || kind.StartsWith(type + "_", StringComparison.Ordinal);

    /// <summary><c>nic: hwaddr</c> as a reader takes it.</summary>
    private static string Devices(string incus)
    {
        var text = Quoted().Replace(incus, match => DeviceOption().Match(match.Groups["text"].Value) is { Success: true } option
            ? $"`{option.Groups["type"].Value}` device: `{option.Groups["option"].Value}`"
            : match.Value);
        // Said once of several.
        return SameDevice().Replace(text, "${first}, ");
    }

    private static IEnumerable<string[]> Read(string name) => File.ReadLines(Path.Combine(StackText.Here(), name))
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries));

    [GeneratedRegex("^(?<says>.*?); (?<default>[^;]+?),? (?:where the key is missing|by default)(?<rest>.*)$")]
    private static partial Regex Missing();

    [GeneratedRegex("^(?<says>.*?); where the key is missing,? it is (?<default>.*)$")]
    private static partial Regex Otherwise();

    [GeneratedRegex("(?<default>`[^`]+`|\\btcp|\\bbridge)(?<between>, where [^;]*?|)(?<mark> \\(where the key is missing\\)| \\(the default\\)|, the default(?=\\)))")]
    private static partial Regex Marked();

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("^(?<type>[a-z-]+): (?<option>.+)$")]
    private static partial Regex DeviceOption();

    [GeneratedRegex("(?<first>`(?<type>[a-z-]+)` device: `[^`]+`), `\\k<type>` device: ")]
    private static partial Regex SameDevice();
}
