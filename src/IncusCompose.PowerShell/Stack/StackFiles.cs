using System.Management.Automation;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Reads the stack files that a command line names.</summary>
internal sealed class StackFiles
{
    private readonly ServerSession _session;
    private readonly string _currentDirectory;

    /// <summary>Makes a reader; to be called on the pipeline thread.</summary>
    public StackFiles(ServerSession session, string currentDirectory)
    {
        _session = session;
        _currentDirectory = currentDirectory;
    }

    /// <summary>Loads files; several make one stack.</summary>
    /// <param name="pipeline">Where a path that means no file is reported.</param>
    /// <param name="paths">What the user named; empty: the file that is here or in a parent folder.</param>
    /// <param name="literal">True where wildcard characters stand for themselves.</param>
    /// <param name="options">Name, project and remote instead of the file's.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What came of it; null where a path means no file.</returns>
    public async Task<LoadResult?> LoadAsync(
        Pipeline pipeline, IReadOnlyList<string> paths, bool literal, LoadOptions options, CancellationToken cancellationToken)
    {
        var files = new List<string>();
        foreach (var path in paths)
        {
            var found = await pipeline.ResolvePathAsync(path, literal).ConfigureAwait(false);
            if (found.Count == 0)
            {
                pipeline.WriteError(CmdletErrors.Own(
                    "FileNotFound", ErrorCategory.ObjectNotFound, path, $"No file matches '{path}'.",
                    "Check the pattern and the current directory."));
                return null;
            }

            files.AddRange(found.Select(file => AsNamed(path, file)));
        }

        return _session.Engine.Load(files, options with { WorkingDirectory = _currentDirectory }, cancellationToken);
    }

    /// <summary>Loads files and says what is wrong with them: one error that holds all problems, warnings each for itself.</summary>
    /// <returns>The stack; null where there is none.</returns>
    public async Task<StackDefinition?> LoadOrReportAsync(
        Pipeline pipeline, IReadOnlyList<string> paths, bool literal, LoadOptions options, CancellationToken cancellationToken) =>
        (await LoadWithNotesAsync(pipeline, paths, literal, options, cancellationToken).ConfigureAwait(false))?.Definition;

    /// <summary>As <see cref="LoadOrReportAsync"/>, with what was said of the files.</summary>
    public async Task<LoadResult?> LoadWithNotesAsync(
        Pipeline pipeline, IReadOnlyList<string> paths, bool literal, LoadOptions options, CancellationToken cancellationToken)
    {
        if (await LoadAsync(pipeline, paths, literal, options, cancellationToken).ConfigureAwait(false) is not { } result)
            return null;
        foreach (var warning in result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Warning))
            pipeline.WriteWarning(ProblemList.Text(warning));
        if (!result.Succeeded)
        {
            pipeline.WriteError(CmdletErrors.From(new StackFileException(result.Diagnostics), paths.Count > 0 ? paths : _currentDirectory));
            return null;
        }

        return result;
    }

    /// <summary>The file as the user would write it, for messages: relative where the path was.</summary>
    private string AsNamed(string path, string file)
    {
        if (Path.IsPathRooted(path) || path.Contains(':', StringComparison.Ordinal))
            return file;
        var relative = Path.GetRelativePath(_currentDirectory, file);
        // A bare dash would be standard input.
        return relative == "-" ? "./-" : relative;
    }
}
