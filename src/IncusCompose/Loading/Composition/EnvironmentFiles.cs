using System.Text;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Interpolation;

namespace IncusCompose.Loading.Composition;

/// <summary>Reads environment files: <c>.env</c>, those of the command line, of <c>include</c> and of instances.</summary>
internal static class EnvironmentFiles
{
    /// <summary>The name that is looked for beside a stack file.</summary>
    public const string DefaultName = ".env";

    /// <summary>The variables of a file; none, with the reason reported, where it cannot be read.</summary>
    /// <param name="path">The absolute path.</param>
    /// <param name="shown">What the file is called in messages.</param>
    /// <param name="find">Variables that values can name.</param>
    /// <param name="diagnostics">Where problems go.</param>
    /// <param name="hidden">What messages must not quote.</param>
    /// <param name="place">Where the file is named, to say there that it cannot be read; null: in the file itself.</param>
    /// <param name="isRaw">True where values are taken as they are.</param>
    public static EnvironmentFileContent Read(
        string path, string shown, Func<string, string?> find, DiagnosticList diagnostics, HiddenValues hidden, SourceLocation? place = null, bool isRaw = false)
    {
        void Report(string id, string reason, string advice) => diagnostics.Add(hidden.Hide(place is { } named
            ? Diagnostic.Error(id, named, "", $"the environment file {Excerpts.Quote(shown)} {reason}", advice)
            : Diagnostic.Error(id, new SourceLocation(shown, 0, 0), "", $"the environment file {reason}", advice)));

        try
        {
            var text = BoundedText.Read(path, EnvironmentFile.MaxCharacters);
            if (text is null)
                Report("EnvironmentFileTooLarge", "is larger than 1 MiB", "is it really an environment file?");
            else if (text.Contains('\0', StringComparison.Ordinal))
                Report("UnreadableFile", "holds the character U+0000, which no variable can", "is it really an environment file?");
            else
                return isRaw ? EnvironmentFile.ParseRaw(shown, text, find, diagnostics) : EnvironmentFile.Parse(shown, text, find, diagnostics);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            var reason = error switch
            {
                FileNotFoundException or DirectoryNotFoundException => "does not exist",
                DecoderFallbackException => "is not UTF-8 text",
                UnauthorizedAccessException => "may not be read",
                _ => "cannot be read",
            };
            Report("UnreadableFile", reason, "");
        }

        return EnvironmentFileContent.Empty;
    }
}
