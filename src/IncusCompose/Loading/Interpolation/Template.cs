using System.Text;
using IncusCompose.Diagnostics;

namespace IncusCompose.Loading.Interpolation;

/// <summary>
/// Text with variables in it, in compose's grammar: <c>$NAME</c>, <c>${NAME}</c>, <c>${NAME:-default}</c> (unset or empty),
/// <c>${NAME-default}</c> (unset), <c>${NAME:?message}</c> and <c>${NAME?message}</c> (an error then),
/// <c>${NAME:+other}</c> and <c>${NAME+other}</c> (if set), <c>$$</c> for a dollar sign. Defaults, messages and
/// replacements may hold variables themselves.
/// Source: https://docs.docker.com/reference/compose-file/interpolation/
/// </summary>
internal sealed class Template
{
    private const int MaxNesting = 16;

    private readonly string _text;
    private readonly Func<string, string?> _find;
    private readonly Action<string> _unset;
    private readonly Action<int> _spend;
    private int _position;
    private bool _isMessage;

    private Template(string text, Func<string, string?> find, Action<string> unset, Action<int> spend)
    {
        _text = text;
        _find = find;
        _unset = unset;
        _spend = spend;
    }

    /// <summary>The text cannot be expanded.</summary>
    public sealed class Failure(string id, string message, string advice) : Exception(message)
    {
        public string Id { get; } = id;

        public string Advice { get; } = advice;
    }

    /// <summary>The text with its variables replaced.</summary>
    /// <param name="text">The text.</param>
    /// <param name="find">Gives a variable's value, null where it is not set.</param>
    /// <param name="unset">Is told of each variable that is not set, has no default, and becomes nothing.</param>
    /// <param name="spend">Is told how many characters a variable brings; throws where that is too much.</param>
    /// <exception cref="Failure">The grammar is broken, or a variable that must be set is not.</exception>
    public static string Expand(string text, Func<string, string?> find, Action<string> unset, Action<int> spend)
    {
        var template = new Template(text, find, unset, spend);
        return template.ReadUntilEnd(nesting: 0, active: true);
    }

    /// <summary>Reads to the end of the text, or to the brace that ends the word in which it stands.</summary>
    /// <param name="nesting">How many braces are open.</param>
    /// <param name="active">False in a word that is not used: it is read, but names nothing that must be set.</param>
    private string ReadUntilEnd(int nesting, bool active)
    {
        if (nesting > MaxNesting)
            throw new Failure("BadInterpolation", $"variables stand in one another more than {MaxNesting} deep", "use fewer");
        var result = new StringBuilder();
        while (_position < _text.Length)
        {
            var c = _text[_position];
            if (c == '}' && nesting > 0)
                return result.ToString();
            _position++;
            if (c != '$')
            {
                result.Append(c);
                continue;
            }

            var value = ReadVariable(nesting, active);
            result.Append(value);
        }

        if (nesting > 0)
            throw Broken("`${` is not closed", "add the missing `}`");
        return result.ToString();
    }

    private string ReadVariable(int nesting, bool active)
    {
        if (_position < _text.Length && _text[_position] == '$')
        {
            _position++;
            return "$";
        }

        if (_position < _text.Length && _text[_position] == '{')
        {
            _position++;
            return ReadBraced(nesting, active);
        }

        var name = ReadName();
        // A default that is not used may be anything, as compose has it.
        if (name.Length == 0 && !active)
            return "$";
        if (name.Length == 0)
            throw Broken("`$` is not followed by a variable's name", "write `$$` for a dollar sign");
        return Value(name, _find(name), active);
    }

    private string ReadBraced(int nesting, bool active)
    {
        var name = ReadName();
        if (name.Length == 0)
            throw Broken("`${` is not followed by a variable's name", "write `$${` for these two characters");
        var value = _find(name);
        if (Take("}"))
            return Value(name, value, active);

        var emptyCounts = !Take(":");
        var isSet = value is not null && (emptyCounts || value.Length > 0);
        if (Take("-"))
        {
            var otherwise = ReadWord(nesting, active && !isSet);
            return isSet ? Value(name, value, active) : otherwise;
        }

        if (Take("+"))
        {
            var instead = ReadWord(nesting, active && isSet);
            return isSet ? instead : "";
        }

        if (Take("?"))
        {
            var message = ReadMessage(nesting, active && !isSet);
            if (isSet || !active)
                return Value(name, value, active);
            var problem = value is null ? $"the variable {name} is not set" : $"the variable {name} is empty";
            throw new Failure("RequiredVariable", message.Length == 0 ? problem : $"{problem}: {message}", "set it in the environment or in the .env file");
        }

        if (_position == _text.Length)
            throw Broken($"`${{{name}` is not closed", "add the missing `}`");
        throw Broken($"`${{{name}` is followed by what is no operator", "write `}`, `:-default`, `:?message` or `:+other` after the name");
    }

    private string ReadWord(int nesting, bool active)
    {
        var word = ReadUntilEnd(nesting + 1, active);
        _position++;
        return word;
    }

    /// <summary>A word that people are to read: it names the variables that hold secrets.</summary>
    private string ReadMessage(int nesting, bool active)
    {
        var outer = _isMessage;
        _isMessage = true;
        var message = ReadWord(nesting, active);
        _isMessage = outer;
        return message;
    }

    private string Value(string name, string? value, bool active)
    {
        if (!active)
            return "";
        if (_isMessage && value is not null && Secrets.IsSecret(name))
            return $"${{{name}}}";
        if (value is null)
            _unset(name);
        else
            _spend(value.Length);
        return value ?? "";
    }

    private string ReadName()
    {
        var start = _position;
        while (_position < _text.Length && (_text[_position] == '_' || char.IsAsciiLetter(_text[_position]) || (_position > start && char.IsAsciiDigit(_text[_position]))))
            _position++;
        return _text[start.._position];
    }

    private bool Take(string expected)
    {
        if (string.CompareOrdinal(_text, _position, expected, 0, expected.Length) != 0)
            return false;
        _position += expected.Length;
        return true;
    }

    private static Failure Broken(string message, string advice) => new("BadInterpolation", message, advice);
}
