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
    private const string Named = "COMPOSE_ENV_FILES";
    private const string Disabled = "COMPOSE_DISABLE_ENV_FILE";

    private static readonly string[] s_yes = ["1", "t", "true"], s_no = ["", "0", "f", "false"];

    /// <summary>The files of variables that are meant where the command line names none; none where nothing does.</summary>
    /// <param name="environment">The environment. A <c>.env</c> names no others, as in docker.</param>
    public static IReadOnlyList<string> EnvironmentFilesOf(VariableScope environment) =>
        (environment.Find(Named) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Whether the <c>.env</c> beside the file is left alone.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="diagnostics">Where it goes if the variable says neither; null to be silent.</param>
    public static bool IsBesideDisabled(VariableScope environment, DiagnosticList? diagnostics)
    {
        var said = environment.Find(Disabled) ?? "";
        if (s_yes.Contains(said, StringComparer.OrdinalIgnoreCase))
            return true;
        if (!s_no.Contains(said, StringComparer.OrdinalIgnoreCase))
            diagnostics?.Add(Diagnostic.Error("BadVariable", new SourceLocation(Disabled, 0, 0), "", $"{Excerpts.Quote(said)} is neither true nor false", "write `true`, or unset it"));
        return false;
    }

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
        var named = options.EnvironmentFiles.Count > 0 ? options.EnvironmentFiles : EnvironmentFilesOf(variables);
        IReadOnlyList<string?> folders = named.Count > 0 || IsBesideDisabled(variables, diagnostics: null) ? [] : [workingDirectory, Path.GetDirectoryName(found)];
        foreach (var file in named)
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
