using System.Text;
using IncusCompose.Diagnostics;

namespace IncusCompose.Loading.Interpolation;

/// <summary>What an environment file says.</summary>
/// <param name="Values">Variables by name.</param>
/// <param name="Places">Where each stands.</param>
internal sealed record EnvironmentFileContent(IReadOnlyDictionary<string, string> Values, IReadOnlyDictionary<string, SourceLocation> Places)
{
    public static EnvironmentFileContent Empty { get; } = new(new Dictionary<string, string>(), new Dictionary<string, SourceLocation>());
}

/// <summary>
/// Reads a <c>.env</c> file: <c>NAME=value</c> lines, <c>export</c> before them allowed, <c>#</c> comments;
/// in single quotes text is as written, in double quotes <c>\n \r \t \\ \" \$</c> are escapes, and outside single quotes
/// variables are replaced. Quoted values may go over several lines.
/// Source: https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax
/// </summary>
internal sealed class EnvironmentFile
{
    /// <summary>The longest text that is read, and the most that variables may bring.</summary>
    public const int MaxCharacters = 1024 * 1024;

    private readonly string _file;
    private readonly string _text;
    private readonly Func<string, string?> _find;
    private readonly DiagnosticList _diagnostics;
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private int _position;
    private int _line = 1;
    private int _brought;

    private readonly Dictionary<string, SourceLocation> _places = new(StringComparer.Ordinal);

    private EnvironmentFile(string file, string text, Func<string, string?> find, DiagnosticList diagnostics)
    {
        _file = file;
        _text = text;
        _find = find;
        _diagnostics = diagnostics;
    }

    /// <summary>The variables of a file. Lines that cannot be read are reported and left out.</summary>
    /// <param name="file">The name to use in messages.</param>
    /// <param name="text">The file's text.</param>
    /// <param name="find">Variables that values can name, beside those of earlier lines.</param>
    /// <param name="diagnostics">Where problems go; no value is ever part of one.</param>
    public static EnvironmentFileContent Parse(string file, string text, Func<string, string?> find, DiagnosticList diagnostics)
    {
        var reader = new EnvironmentFile(file, text.Replace("\r\n", "\n", StringComparison.Ordinal), find, diagnostics);
        reader.ReadLines();
        return new EnvironmentFileContent(reader._values, reader._places);
    }

    /// <summary>The variables of a file in docker's own format: what follows the equals sign is the value as it stands there.</summary>
    /// <inheritdoc cref="Parse"/>
    public static EnvironmentFileContent ParseRaw(string file, string text, Func<string, string?> find, DiagnosticList diagnostics)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var places = new Dictionary<string, SourceLocation>(StringComparer.Ordinal);
        foreach (var (index, written) in text.Split('\n').Index())
        {
            var line = written.TrimEnd('\r').TrimStart();
            if (line.Length == 0 || line[0] == '#')
                continue;
            var place = new SourceLocation(file, index + 1, 1);
            var end = line.IndexOf('=', StringComparison.Ordinal);
            var name = end < 0 ? line.TrimEnd() : line[..end];
            if (name.Length == 0 || name.Any(char.IsWhiteSpace))
            {
                diagnostics.Add(Diagnostic.Error("BadEnvironmentLine", place, "", "this line does not begin with a variable's name and `=`", "write NAME=value, or # before a comment"));
                continue;
            }

            if ((end < 0 ? find(name) : line[(end + 1)..]) is not { } value)
                continue;
            values[name] = value;
            places[name] = place;
        }

        return new EnvironmentFileContent(values, places);
    }

    private void ReadLines()
    {
        while (_position < _text.Length)
        {
            var line = _line;
            try
            {
                ReadLine();
            }
            catch (Template.Failure failure)
            {
                _diagnostics.Add(Diagnostic.Error(failure.Id, new SourceLocation(_file, line, 1), "", failure.Message, failure.Advice));
            }

            SkipToNextLine();
        }
    }

    private void ReadLine()
    {
        SkipBlanks();
        if (AtEndOfLine || _text[_position] == '#')
            return;
        var name = ReadName();
        if (name == "export" && SkipBlanks() > 0)
            name = ReadName();
        SkipBlanks();
        if (name.Length == 0)
            throw new Template.Failure("BadEnvironmentLine", "this line does not begin with a variable's name", "write NAME=value, or # before a comment");
        var place = new SourceLocation(_file, _line, 1);
        if (AtEndOfLine)
        {
            // A name alone hands on the environment's own variable.
            if (_find(name) is { } handedOn)
                Set(name, handedOn, place);
            return;
        }

        // Docker's own reader takes a colon, too.
        if (_text[_position] is not ('=' or ':'))
            throw new Template.Failure("BadEnvironmentLine", $"`=` is missing after {name}", "write NAME=value");
        _position++;
        SkipBlanks();
        var isQuoted = !AtEndOfLine && _text[_position] is '\'' or '"';
        Set(name, ReadValue(), place);
        SkipBlanks();
        if (isQuoted && !AtEndOfLine && _text[_position] != '#')
            _diagnostics.Add(Diagnostic.Warning("TextAfterValue", new SourceLocation(_file, _line, 1), "", $"what stands after the closing quote of {name} is passed over", "put all of the value in the quotes, or `#` before a comment"));
    }

    private void Set(string name, string value, SourceLocation place)
    {
        _values[name] = value;
        _places[name] = place;
    }

    private string ReadValue()
    {
        if (AtEndOfLine)
            return "";
        return _text[_position] switch
        {
            '\'' => ReadQuoted('\''),
            '"' => Expand(ReadQuoted('"')),
            _ => Expand(ReadPlain()),
        };
    }

    private string ReadPlain()
    {
        var start = _position;
        while (!AtEndOfLine && !(_text[_position] == '#' && char.IsWhiteSpace(_text[_position - 1])))
            _position++;
        return _text[start.._position].TrimEnd();
    }

    private string ReadQuoted(char quote)
    {
        var result = new StringBuilder();
        _position++;
        while (_position < _text.Length)
        {
            var c = _text[_position++];
            if (c == quote)
                return result.ToString();
            if (c == '\n')
                _line++;
            if (c == '\\' && quote == '"' && _position < _text.Length)
            {
                var escaped = _text[_position++];
                result.Append(escaped switch
                {
                    'n' => "\n",
                    'r' => "\r",
                    't' => "\t",
                    '"' or '\\' => escaped.ToString(),
                    // Expansion comes after: what was escaped must not be taken for a variable.
                    '$' => "$$",
                    _ => "\\" + escaped,
                });
                continue;
            }

            result.Append(c);
        }

        throw new Template.Failure("BadEnvironmentLine", $"the quote {quote} that begins here is not closed", $"add the missing {quote}");
    }

    private string Expand(string text)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
            return text;
        return Template.Expand(
            text,
            name => _find(name) ?? _values.GetValueOrDefault(name),
            _ => { },
            count =>
            {
                _brought += count;
                if (_brought > MaxCharacters)
                    throw new Template.Failure("TooMuchText", "the variables of this file grow beyond a million characters", "shorten them");
            });
    }

    private string ReadName()
    {
        var start = _position;
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] is '_' or '.' or '-'))
            _position++;
        return _text[start.._position];
    }

    private int SkipBlanks()
    {
        var start = _position;
        while (_position < _text.Length && _text[_position] is ' ' or '\t')
            _position++;
        return _position - start;
    }

    private void SkipToNextLine()
    {
        while (!AtEndOfLine)
            _position++;
        _position++;
        _line++;
    }

    private bool AtEndOfLine => _position >= _text.Length || _text[_position] == '\n';
}
