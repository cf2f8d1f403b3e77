using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Loading.Composition;

/// <summary>A file of a stack.</summary>
/// <param name="Shown">What it is called in messages: as the user names the main file, so that a place can be clicked on.</param>
/// <param name="Path">The absolute path; <c>-</c> for standard input.</param>
internal sealed record StackFile(string Shown, string Path)
{
    public const string StandardInput = "-";

    public bool IsStandardInput => Path == StandardInput;
}

/// <summary>Reads the documents of a stack and remembers which files they were in.</summary>
internal sealed class DocumentReader(IDocumentFormat format, string workingDirectory, Action<Diagnostic> report, DiagnosticList diagnostics, CompositionBudget budget)
{
    private readonly List<StackFile> _files = [];

    /// <summary>The files that were read, each once.</summary>
    public IReadOnlyList<StackFile> Files => _files;

    /// <summary>A file that the command line names.</summary>
    public StackFile Named(string path) => path == StackFile.StandardInput ? new(path, path) : new(path, Path.GetFullPath(path, workingDirectory));

    /// <summary>A file that another file names.</summary>
    /// <param name="path">The path as it is written.</param>
    /// <param name="folder">The folder that it starts from.</param>
    /// <param name="by">The file that names it.</param>
    public StackFile Named(string path, string folder, StackFile by)
    {
        var full = Path.GetFullPath(path, folder);
        if (Directory.Exists(full) && StackFileFinder.FindIn(full) is { } found)
            full = found;
        return new StackFile(ShownAs(full, by), full);
    }

    /// <summary>What a path is called where the file that names it is called as it is.</summary>
    public string ShownAs(string full, StackFile by) => Path.IsPathRooted(by.Shown) ? full : Path.GetRelativePath(workingDirectory, full);

    /// <summary>The document of a file; null where there is none, which has been reported.</summary>
    /// <param name="file">The file.</param>
    /// <param name="namedAt">Where another file names it; null: the command line does.</param>
    public MappingNode? Read(StackFile file, SourceLocation? namedAt = null)
    {
        budget.SpendFile();
        if (!_files.Contains(file))
            _files.Add(file);
        void Report(string id, string what, string advice = "") => report(namedAt is { } place
            ? Diagnostic.Error(id, place, "", $"the file {Excerpts.Quote(file.Shown)} {what}", advice)
            : Diagnostic.Error(id, new SourceLocation(file.Shown, 0, 0), "", $"the file {what}", advice));

        DocumentReadResult read;
        try
        {
            using var stream = file.IsStandardInput ? Console.OpenStandardInput() : File.OpenRead(file.Path);
            read = format.Read(file.Shown, stream, DocumentLimits.Default);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Report("UnreadableFile", error switch
            {
                FileNotFoundException or DirectoryNotFoundException => "does not exist",
                UnauthorizedAccessException when Directory.Exists(file.Path) => "is a folder without a stack file",
                UnauthorizedAccessException => "may not be read",
                _ => "cannot be read: " + error.Message,
            });
            return null;
        }

        diagnostics.AddRange(read.Diagnostics);
        switch (read.Root)
        {
            case MappingNode mapping:
                return mapping;
            case null when read.Diagnostics.All(diagnostic => diagnostic.Severity != DiagnosticSeverity.Error):
                Report("EmptyFile", "says nothing", "write at least one instance under `instances:`");
                return null;
            case null:
                return null;
            default:
                diagnostics.Add(Diagnostic.Error("WrongType", read.Root.Location, "", "the file is not a mapping", "begin it with keys such as `name:` and `instances:`"));
                return null;
        }
    }
}
