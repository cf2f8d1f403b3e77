using IncusCompose.Diagnostics;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Interpolation;

namespace IncusCompose.Loading;

/// <summary>
/// docker compose's variables for itself. They count for compose files alone: a stack file says itself what it is.
/// Source: https://docs.docker.com/compose/how-tos/environment-variables/envvars/
/// </summary>
internal static class ComposeVariables
{
    /// <summary>The project's name, over the one that the file says.</summary>
    public const string ProjectName = "COMPOSE_PROJECT_NAME";

    /// <summary>The profiles that are active, commas between them.</summary>
    public const string Profiles = "COMPOSE_PROFILES";

    private const string Files = "COMPOSE_FILE";
    private const string Separator = "COMPOSE_PATH_SEPARATOR";

    /// <summary>The files that are meant where none is named.</summary>
    /// <param name="found">The file that would be taken otherwise; null: there is none.</param>
    /// <param name="options">The environment, and the files of variables.</param>
    /// <param name="workingDirectory">Where relative paths start that the environment says; those of a <c>.env</c> start from its folder.</param>
    /// <returns>The absolute paths, and the <c>.env</c> that names them; none where nothing does, or where a stack file lies there.</returns>
    public static (IReadOnlyList<string> Paths, string? EnvironmentFile) FilesOf(string? found, LoadOptions options, string workingDirectory)
    {
        if (found is not null && !StackFileFinder.IsCompose(found))
            return ([], null);
        // What is wrong with these files is said when they are read for good.
        var unheard = new DiagnosticList();
        var variables = new VariableScope(options.Variables);
        IReadOnlyList<string?> folders = options.EnvironmentFiles.Count > 0 ? [] : [workingDirectory, Path.GetDirectoryName(found)];
        foreach (var file in options.EnvironmentFiles)
            variables.Fill(EnvironmentFiles.Read(Path.GetFullPath(file, workingDirectory), file, variables.Find, unheard, HiddenValues.None).Values);
        if (PathsOf(variables, workingDirectory) is { Count: > 0 } said)
            return (said, null);
        foreach (var folder in folders.OfType<string>().Distinct())
        {
            var path = Path.Combine(folder, EnvironmentFiles.DefaultName);
            if (!File.Exists(path))
                continue;
            var inside = variables.Within();
            inside.Fill(EnvironmentFiles.Read(path, path, inside.Find, unheard, HiddenValues.None).Values);
            if (PathsOf(inside, folder) is { Count: > 0 } written)
                return (written, path);
        }

        return ([], null);
    }

    private static List<string> PathsOf(VariableScope variables, string folder)
    {
        var separator = variables.Find(Separator) is { Length: > 0 } own ? own : $"{Path.PathSeparator}";
        return [.. (variables.Find(Files) ?? "").Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(path => path == StackFile.StandardInput ? path : Path.GetFullPath(path, folder))];
    }
}
