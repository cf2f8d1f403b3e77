using IncusCompose.Diagnostics;
using YamlDotNet.Core;

namespace IncusCompose.Yaml;

/// <summary>Says in a user's words what the parser means.</summary>
internal static class SyntaxError
{
    public static SourceLocation Location(string file, Mark mark) => new(file, (int)mark.Line, (int)mark.Column);

    public static Diagnostic Explain(YamlException error, string file, string text)
    {
        var location = Location(file, error.Start);
        var message = error.Message;
        // The parser puts "(Line: 3, Col: 5, Idx: 20) - (...): " in front in some versions: the location says it already.
        if (message.StartsWith('('))
            message = message[(message.IndexOf("): ", StringComparison.Ordinal) + 3)..];
        return Diagnostic.Error("Syntax", location, "", "this is not YAML: " + message);
    }
}
