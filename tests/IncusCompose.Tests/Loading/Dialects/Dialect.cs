using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Yaml;

namespace IncusCompose.Tests.Loading.Dialects;

/// <summary>Files of other tools.</summary>
internal static class Dialect
{
    /// <summary>The definition of a file that holds nothing that cannot be kept.</summary>
    public static StackDefinition Load(string yaml)
    {
        var result = StackText.Load(yaml);
        Assert.Empty(result.Diagnostics.Select(diagnostic => diagnostic.ToString()));
        return result.Definition!;
    }

    /// <summary>The definition of a file, whatever cannot be kept of it.</summary>
    public static StackDefinition LoadWithNotes(string yaml)
    {
        var result = StackText.Load(yaml);
        Assert.DoesNotContain(result.Diagnostics, diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        return result.Definition!;
    }

    /// <summary>Writes a file as a stack file, and checks that it says the same, and what could not be kept.</summary>
    public static string Convert(string yaml)
    {
        var loaded = StackText.Load(yaml);
        var converted = new ComposeEngine(new YamlDocumentFormat()).Convert(loaded);

        // Secrets are masked in what is compared.
        var again = StackText.Load(converted.Text, converted.Variables.ToDictionary(variable => variable.Name, _ => "#cloud-config\n"));

        Assert.Empty(again.Diagnostics.Select(diagnostic => diagnostic.ToString()));
        Assert.Equal(Resolved(loaded.Definition!), Resolved(again.Definition!));
        foreach (var note in loaded.Diagnostics)
            Assert.Contains(note.Message, converted.Text, StringComparison.Ordinal);
        return converted.Text;
    }

    private static string Resolved(StackDefinition stack)
    {
        using var text = new StringWriter();
        StackText.Loader.WriteResolved(stack, text);
        return text.ToString();
    }
}
