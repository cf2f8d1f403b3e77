using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Composition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Interpolation;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;
using IncusCompose.Validation;

namespace IncusCompose.Loading;

/// <summary>Makes a stack definition of stack files: parses, interpolates, composes, binds and validates them, without a server.</summary>
/// <param name="format">Reads and writes the files' text.</param>
public sealed class StackLoader(IDocumentFormat format)
{
    /// <summary>Loads a stack. Never throws for what files say or for files that cannot be read: every problem is in the result.</summary>
    /// <param name="paths">
    /// Files, each laid over the ones before it; <c>-</c> is standard input, and a folder stands for the stack file in it.
    /// Empty: <c>stack.yaml</c>, <c>stack.yml</c>, <c>compose.yaml</c>, <c>compose.yml</c>, <c>docker-compose.yml</c> or <c>docker-compose.yaml</c> in the
    /// working directory or the nearest folder above. Over a compose file that is found so, a <c>compose.override.yaml</c> beside it is laid;
    /// where <c>COMPOSE_FILE</c> says other files, it is those.
    /// </param>
    /// <param name="options">Replacements for what the file says, and where variables come from.</param>
    /// <param name="cancellationToken">Stops between the steps.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public LoadResult Load(IReadOnlyList<string> paths, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new LoadOptions();
        var workingDirectory = Path.GetFullPath(options.WorkingDirectory ?? Environment.CurrentDirectory);
        var diagnostics = new DiagnosticList();

        var variables = new VariableScope(options.Variables);
        var composer = new Composer(format, workingDirectory, variables, diagnostics);
        var (named, environmentFile) = FindFiles(paths, options, workingDirectory, diagnostics);
        var files = named.ConvertAll(composer.Reader.Named);
        StackDefinition? stack = null;
        if (files.Count > 0)
        {
            var origin = new DocumentOrigin(BaseDirectory(files[0], workingDirectory), variables);
            IReadOnlyList<string> environmentFiles = [];
            var root = composer.Compose(files, origin, options.Name, isCompose =>
            {
                environmentFiles = options.EnvironmentFiles.Count == 0 && isCompose ? ComposeVariables.EnvironmentFilesOf(variables) : options.EnvironmentFiles;
                if (environmentFiles.Count > 0)
                    ReadEnvironmentFiles(environmentFiles, origin, workingDirectory, diagnostics);
                else if (!isCompose || !ComposeVariables.IsBesideDisabled(variables, diagnostics))
                    ReadEnvironmentFileBeside(files[0], environmentFile, origin, workingDirectory, diagnostics);
            });
            cancellationToken.ThrowIfCancellationRequested();
            if (root is not null)
            {
                if (HoldsMask(root))
                    RefuseMasks(root, Site.Root, diagnostics);
                stack = Bind(root, origin, options, diagnostics) with
                {
                    Files = [.. composer.Reader.Files.Select(file => file.Shown)],
                    Paths = [.. composer.Reader.Files.Where(file => !file.IsStandardInput).Select(file => file.Path)],
                    Folder = origin.Folder,
                };
                stack = stack with { EnvironmentPaths = [.. stack.EnvironmentPaths, .. environmentFiles.Select(named => Path.GetFullPath(named, workingDirectory))] };
                stack = Activation.Apply(stack, options, origin.Variables, composer.IsCompose, diagnostics);
                stack = BuiltImages.Declare(stack, diagnostics);
                cancellationToken.ThrowIfCancellationRequested();
                diagnostics.AddRange(StackValidator.Validate(stack));
            }
        }

        return new LoadResult(diagnostics.HasErrors ? null : stack, diagnostics.InFileOrder([.. composer.Reader.Files.Select(file => file.Shown)]));
    }

    /// <summary>
    /// Writes a definition as a stack file: what was interpolated, merged or abbreviated is written out, defaults are
    /// left out, and secrets are masked (see <see cref="Secrets"/>).
    /// </summary>
    public void WriteResolved(StackDefinition stack, TextWriter writer) => format.Write(Resolve(stack), writer);

    /// <summary>The document that <see cref="WriteResolved"/> writes, for those who write it in another form.</summary>
    /// <remarks>What is active is written as if it always were; what is not stays inactive.</remarks>
    public static DocumentNode Resolve(StackDefinition stack) => StackWriter.ToDocument(
        stack with { Instances = stack.Instances.ToDictionary(pair => pair.Key, pair => pair.Value with { Activate = [] }, StringComparer.Ordinal) },
        Secrets.Mask);

    /// <summary>The files, and the <c>.env</c> that says which they are, if one does.</summary>
    private static (List<string> Files, string? EnvironmentFile) FindFiles(IReadOnlyList<string> paths, LoadOptions options, string workingDirectory, DiagnosticList diagnostics)
    {
        if (paths.Count == 0)
        {
            var found = StackFileFinder.FindUpwards(workingDirectory);
            var (said, environmentFile) = ComposeVariables.FilesOf(found, options, workingDirectory);
            if (said.Count > 0)
                return ([.. said.Select(file => file == StackFile.StandardInput ? file : Path.GetRelativePath(workingDirectory, file))], environmentFile);
            if (found is not null)
                return ([.. new[] { found, StackFileFinder.OverrideOf(found) }.OfType<string>().Select(file => Path.GetRelativePath(workingDirectory, file))], null);
            diagnostics.Add(Diagnostic.Error("NoStackFile", SourceLocation.None, "",
                $"there is no stack file in {workingDirectory} or a folder above it",
                $"name one, or call it {string.Join(", ", StackFileFinder.Names)}"));
            return ([], null);
        }

        var files = new List<string>(paths.Count);
        foreach (var path in paths)
        {
            var full = Path.GetFullPath(path, workingDirectory);
            if (path == StackFile.StandardInput || !Directory.Exists(full))
            {
                files.Add(path);
            }
            else if (StackFileFinder.FindIn(full) is { } inside)
            {
                files.AddRange(new[] { inside, StackFileFinder.OverrideOf(inside) }.OfType<string>().Select(file => Path.Combine(path, Path.GetFileName(file))));
            }
            else
            {
                diagnostics.Add(Diagnostic.Error("NoStackFile", new SourceLocation(path, 0, 0), "",
                    "this folder holds no stack file", $"name a file, or call it {string.Join(", ", StackFileFinder.Names)}"));
            }
        }

        return (files, null);
    }

    private static string BaseDirectory(StackFile file, string workingDirectory) =>
        file.IsStandardInput ? workingDirectory : Path.GetDirectoryName(file.Path)!;

    private static void ReadEnvironmentFiles(IReadOnlyList<string> files, DocumentOrigin origin, string workingDirectory, DiagnosticList diagnostics)
    {
        foreach (var named in files)
            origin.Variables.Fill(EnvironmentFiles.Read(Path.GetFullPath(named, workingDirectory), named, origin.Variables.Find, diagnostics, HiddenValues.None).Values);
    }

    /// <param name="mainFile">The first file.</param>
    /// <param name="naming">The <c>.env</c> that names the files, wherever they are: it wins over the one beside them.</param>
    /// <param name="origin">Takes the variables.</param>
    /// <param name="workingDirectory">Where relative paths start.</param>
    /// <param name="diagnostics">Where problems go.</param>
    private static void ReadEnvironmentFileBeside(StackFile mainFile, string? naming, DocumentOrigin origin, string workingDirectory, DiagnosticList diagnostics)
    {
        var path = Path.Combine(origin.Folder, EnvironmentFiles.DefaultName);
        if (File.Exists(path) && path != naming)
        {
            // Named as the user names the stack file, so that the place can be clicked on in the same way.
            var shown = mainFile.IsStandardInput ? EnvironmentFiles.DefaultName : Path.Combine(Path.GetDirectoryName(mainFile.Shown) ?? "", EnvironmentFiles.DefaultName);
            origin.Variables.Fill(EnvironmentFiles.Read(path, shown, origin.Variables.Find, diagnostics, HiddenValues.None).Values);
        }

        if (naming is not null)
            origin.Variables.Fill(EnvironmentFiles.Read(naming, Path.GetRelativePath(workingDirectory, naming), origin.Variables.Find, diagnostics, HiddenValues.None).Values);
    }

    /// <summary>A file that was written with its secrets masked must not make the mask the secret.</summary>
    private static void RefuseMasks(DocumentNode node, Site site, DiagnosticList diagnostics)
    {
        switch (node)
        {
            case MappingNode mapping:
                foreach (var entry in mapping.Entries)
                    RefuseMasks(entry.Value, site.At(entry.Key.Value), diagnostics);
                break;
            case SequenceNode sequence:
                for (var i = 0; i < sequence.Items.Count; i++)
                    RefuseMasks(sequence.Items[i], site.At(i), diagnostics);
                break;
            case ScalarNode scalar when Secrets.IsMasked(scalar.Value):
                diagnostics.Add(Diagnostic.Error("MaskedSecret", node.Location, site.Path,
                    $"{Secrets.Masked} stands where a secret was masked when this was written",
                    "write the secret itself, or a variable that holds it such as ${DB_PASSWORD}"));
                break;
        }
    }

    private static bool HoldsMask(DocumentNode node)
    {
        switch (node)
        {
            case ScalarNode scalar:
                return scalar.Value.Contains(Secrets.Masked, StringComparison.Ordinal);
            case MappingNode mapping:
                foreach (var entry in mapping.Entries)
                {
                    if (HoldsMask(entry.Value))
                        return true;
                }

                return false;
            case SequenceNode sequence:
                foreach (var item in sequence.Items)
                {
                    if (HoldsMask(item))
                        return true;
                }

                return false;
            default:
                return false;
        }
    }

    private StackDefinition Bind(DocumentNode root, DocumentOrigin origin, LoadOptions options, DiagnosticList diagnostics)
    {
        var context = new BindingContext
        {
            Diagnostics = diagnostics,
            Format = format,
            Origin = origin,
            Hidden = new HiddenValues(origin.Variables.SecretsFound),
        };
        context.Locate(Site.Root, root.Location);
        StackKeys.Stack.TryBind(root, Site.Root, context, out var stack);

        if (options.Name is not null)
            stack = stack with { Name = options.Name };
        else if (stack.Name.Length == 0)
            stack = stack with { Name = NameRules.StackNameFrom(Path.GetFileName(origin.Folder)) };
        if (options.Remote is not null)
            stack = stack with { Remote = options.Remote };
        if (options.Project is not null)
            stack = stack with { Project = (stack.Project ?? new ProjectDefinition { Name = "" }) with { Name = options.Project } };
        else if (stack.Project is { Name.Length: 0 } unnamed)
            stack = stack with { Project = unnamed with { Name = stack.Name } };
        return stack with { Source = context.Source, EnvironmentPaths = [.. context.EnvironmentPaths] };
    }
}
