namespace IncusCompose.Resources;

/// <summary>A field of an item of a list, as text.</summary>
/// <param name="Name">Incus's name for it.</param>
/// <param name="Read">The field's text; empty where the item does not have it.</param>
/// <param name="Write">The item with the field.</param>
/// <param name="Default">What need not be said.</param>
internal sealed record ItemField<T>(string Name, Func<T, string> Read, Func<T, string, T> Write, string Default = "");

/// <summary>
/// A list that Incus keeps in no order (the rules of an ACL), as one property for each item: what an item is known by
/// is the path, the rest the value. So items are compared one by one, and those that somebody else added are left alone.
/// Both are written in Incus's words, <c>protocol=tcp destination_port=80</c>; free text comes last.
/// </summary>
/// <param name="word">The list's name.</param>
/// <param name="blank">An item without any field.</param>
/// <param name="keys">What an item is known by; where it is one field, its text alone.</param>
/// <param name="values">What else there is of an item.</param>
internal sealed class ItemList<T>(string word, Func<T> blank, IReadOnlyList<ItemField<T>> keys, IReadOnlyList<ItemField<T>> values)
    where T : class
{
    private const string Anything = "any";
    private const string NothingElse = "listed";
    private const string Again = " #";

    /// <summary>The items as properties.</summary>
    public IEnumerable<KeyValuePair<string, string>> ToProperties(IEnumerable<T> items) => Keyed(items).Select(item => new KeyValuePair<string, string>(PropertyPath.Item(word, item.Key), ValueOf(item.Item)));

    /// <summary>The items that properties describe; those that were there before keep their place and whatever else they hold.</summary>
    /// <param name="properties">All properties of the resource.</param>
    /// <param name="before">The items as they were.</param>
    public IReadOnlyList<T> FromProperties(IEnumerable<KeyValuePair<string, string>> properties, IReadOnlyList<T> before)
    {
        var wanted = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (path, value) in properties)
        {
            if (PropertyPath.IsItem(path, word, out var key))
                wanted[key] = value;
        }

        var items = new List<T>();
        foreach (var (key, item) in Keyed(before))
        {
            if (wanted.Remove(key, out var value))
                items.Add(value == ValueOf(item) ? item : Parse(item, values, value));
        }

        // What is known by the same twice is told apart by a number, which is no part of it.
        items.AddRange(wanted.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => Parse(Parse(blank(), keys, WithoutNumber(entry.Key)), values, entry.Value)));
        return items;
    }

    private IEnumerable<(string Key, T Item)> Keyed(IEnumerable<T> items) => items
        .GroupBy(item => TextOf(item, keys) is { Length: > 0 } key ? key : Anything)
        // What is its one field and nothing else is the same thing, however often it is said.
        .SelectMany(group => group.OrderBy(ValueOf, StringComparer.Ordinal).Take(keys.Count == 1 && values.Count == 0 ? 1 : int.MaxValue).Select((item, index) => (index == 0 ? group.Key : $"{group.Key}{Again}{index + 1}", item)));

    private string WithoutNumber(string key)
    {
        // One field alone may be free text, and is never there twice.
        var at = keys.Count == 1 ? -1 : key.LastIndexOf(Again, StringComparison.Ordinal);
        return at < 0 ? key : key[..at];
    }

    private string ValueOf(T item) => TextOf(item, values) is { Length: > 0 } value ? value : NothingElse;

    private static string TextOf(T item, IReadOnlyList<ItemField<T>> fields)
    {
        if (fields.Count == 1 && fields[0].Default.Length == 0)
            return fields[0].Read(item);
        return string.Join(' ', fields.Select(field => (field.Name, Text: field.Read(item), field.Default)).Where(field => field.Text != field.Default && field.Text.Length > 0).Select(field => $"{field.Name}={field.Text}"));
    }

    private static T Parse(T item, IReadOnlyList<ItemField<T>> fields, string text)
    {
        if (fields.Count == 1 && fields[0].Default.Length == 0)
            return fields[0].Write(item, text);
        foreach (var (index, field) in fields.Index())
        {
            var begin = field.Name + "=";
            if (!text.StartsWith(begin, StringComparison.Ordinal))
            {
                item = field.Write(item, field.Default);
                continue;
            }

            // A value ends where the next field begins.
            var end = fields.Skip(index + 1).Select(next => text.IndexOf($" {next.Name}=", begin.Length, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(text.Length).Min();
            item = field.Write(item, text[begin.Length..end]);
            text = end < text.Length ? text[(end + 1)..] : "";
        }

        return item;
    }
}
