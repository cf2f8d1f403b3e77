using System.Text;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Interpolation;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;
using IncusCompose.Validation;

namespace IncusCompose.Loading;

/// <summary>Makes a stack definition of stack files: parses, interpolates, binds and validates them, without a server.</summary>
/// <param name="format">Reads and writes the files' text.</param>
public sealed class StackLoader(IDocumentFormat format)
{
    private const string StandardInput = "-";

    /// <summary>Loads a stack. Never throws for what files say or for files that cannot be read: every problem is in the result.</summary>
    /// <param name="paths">
    /// Files, each laid over the ones before it; <c>-</c> is standard input, and a folder stands for the stack file in it.
    /// Empty: <c>stack.yaml</c>, <c>stack.yml</c>, <c>compose.yaml</c> or <c>compose.yml</c> in the working directory or the nearest folder above.
    /// </param>
    /// <param name="options">Replacements for what the file says, and where variables come from.</param>
    /// <param name="cancellationToken">Stops between the steps.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public LoadResult Load(IReadOnlyList<string> paths, LoadOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new LoadOptions();
        var workingDirectory = Path.GetFullPath(options.WorkingDirectory ?? Environment.CurrentDirectory);
        var diagnostics = new DiagnosticList();

        var files = FindFiles(paths, workingDirectory, diagnostics);
        var roots = files.Select(file => ReadDocument(file, workingDirectory, diagnostics)).ToList();
        cancellationToken.ThrowIfCancellationRequested();

        StackDefinition? stack = null;
        if (roots.Count > 0 && !roots.Contains(null))
        {
            var baseDirectory = BaseDirectory(files[0], workingDirectory);
            var variables = new VariableScope(options.Variables);
            variables.Fill(ReadEnvironmentFile(files[0], baseDirectory, variables, diagnostics));

            var root = roots.Select(read => new Interpolator(variables, diagnostics).Interpolate(read!)).Aggregate(DocumentMerger.Merge);
            cancellationToken.ThrowIfCancellationRequested();

            RefuseMasks(root, Site.Root, diagnostics);
            stack = Bind(root, baseDirectory, variables, options, diagnostics) with { Files = files, Folder = baseDirectory };
            cancellationToken.ThrowIfCancellationRequested();
            diagnostics.AddRange(StackValidator.Validate(stack));
        }

        return new LoadResult(diagnostics.HasErrors ? null : stack, diagnostics.InFileOrder(files));
    }

    /// <summary>
    /// Writes a definition as a stack file: what was interpolated, merged or abbreviated is written out, defaults are
    /// left out, and secrets are masked (see <see cref="Secrets"/>).
    /// </summary>
    public void WriteResolved(StackDefinition stack, TextWriter writer) => format.Write(Resolve(stack), writer);

    /// <summary>The document that <see cref="WriteResolved"/> writes, for those who write it in another form.</summary>
    public static DocumentNode Resolve(StackDefinition stack) => StackWriter.ToDocument(stack, Secrets.Mask);

    private static List<string> FindFiles(IReadOnlyList<string> paths, string workingDirectory, DiagnosticList diagnostics)
    {
        if (paths.Count == 0)
        {
            if (StackFileFinder.FindUpwards(workingDirectory) is { } found)
                return [Path.GetRelativePath(workingDirectory, found)];
            diagnostics.Add(Diagnostic.Error("NoStackFile", SourceLocation.None, "",
                $"there is no stack file in {workingDirectory} or a folder above it",
                $"name one, or call it {string.Join(", ", StackFileFinder.Names)}"));
            return [];
        }

        var files = new List<string>(paths.Count);
        foreach (var path in paths)
        {
            var full = Path.GetFullPath(path, workingDirectory);
            if (path == StandardInput || !Directory.Exists(full))
            {
                files.Add(path);
            }
            else if (StackFileFinder.FindIn(full) is { } found)
            {
                files.Add(Path.Combine(path, Path.GetFileName(found)));
            }
            else
            {
                diagnostics.Add(Diagnostic.Error("NoStackFile", new SourceLocation(path, 0, 0), "",
                    "this folder holds no stack file", $"name a file, or call it {string.Join(", ", StackFileFinder.Names)}"));
            }
        }

        return files;
    }

    private MappingNode? ReadDocument(string file, string workingDirectory, DiagnosticList diagnostics)
    {
        DocumentReadResult read;
        try
        {
            using var stream = file == StandardInput ? Console.OpenStandardInput() : File.OpenRead(Path.GetFullPath(file, workingDirectory));
            read = format.Read(file, stream, DocumentLimits.Default);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var message = error switch
            {
                FileNotFoundException or DirectoryNotFoundException => "the file does not exist",
                UnauthorizedAccessException => "the file may not be read",
                _ => "the file cannot be read: " + error.Message,
            };
            diagnostics.Add(Diagnostic.Error("UnreadableFile", new SourceLocation(file, 0, 0), "", message));
            return null;
        }

        diagnostics.AddRange(read.Diagnostics);
        switch (read.Root)
        {
            case MappingNode mapping:
                return mapping;
            case null when !diagnostics.HasErrors:
                diagnostics.Add(Diagnostic.Error("EmptyFile", new SourceLocation(file, 0, 0), "", "the file says nothing", "write at least one instance under `instances:`"));
                return null;
            case null:
                return null;
            default:
                diagnostics.Add(Diagnostic.Error("WrongType", read.Root.Location, "", "the file is not a mapping", "begin it with keys such as `name:` and `instances:`"));
                return null;
        }
    }

    private static string BaseDirectory(string file, string workingDirectory) =>
        file == StandardInput ? workingDirectory : Path.GetDirectoryName(Path.GetFullPath(file, workingDirectory))!;

    private static IReadOnlyDictionary<string, string> ReadEnvironmentFile(string mainFile, string baseDirectory, VariableScope variables, DiagnosticList diagnostics)
    {
        var path = Path.Combine(baseDirectory, ".env");
        // Named as the user names the stack file, so that the place can be clicked on in the same way.
        var shownPath = mainFile == StandardInput ? ".env" : Path.Combine(Path.GetDirectoryName(mainFile) ?? "", ".env");
        if (!File.Exists(path))
            return new Dictionary<string, string>();
        try
        {
            if (BoundedText.Read(path, EnvironmentFile.MaxCharacters) is { } text)
                return EnvironmentFile.Parse(shownPath, text, variables, diagnostics);
            diagnostics.Add(Diagnostic.Error("EnvironmentFileTooLarge", new SourceLocation(shownPath, 0, 0), "", "the file is larger than 1 MiB", "is it really an environment file?"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            var reason = error is DecoderFallbackException ? "is not UTF-8 text" : "cannot be read";
            diagnostics.Add(Diagnostic.Error("UnreadableFile", new SourceLocation(shownPath, 0, 0), "", $"the environment file {reason}"));
        }

        return new Dictionary<string, string>();
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

    private StackDefinition Bind(DocumentNode root, string baseDirectory, VariableScope variables, LoadOptions options, DiagnosticList diagnostics)
    {
        var context = new BindingContext
        {
            Diagnostics = diagnostics,
            Format = format,
            Variables = variables.Find,
            BaseDirectory = baseDirectory,
            Hidden = new HiddenValues(variables.SecretsFound),
        };
        context.Locate(Site.Root, root.Location);
        StackKeys.Stack.TryBind(root, Site.Root, context, out var stack);

        if (options.Name is not null)
            stack = stack with { Name = options.Name };
        else if (stack.Name.Length == 0)
            stack = stack with { Name = NameRules.StackNameFrom(Path.GetFileName(baseDirectory)) };
        if (options.Remote is not null)
            stack = stack with { Remote = options.Remote };
        if (options.Project is not null)
            stack = stack with { Project = (stack.Project ?? new ProjectDefinition { Name = "" }) with { Name = options.Project } };
        else if (stack.Project is { Name.Length: 0 } unnamed)
            stack = stack with { Project = unnamed with { Name = stack.Name } };
        return stack with { Source = context.Source };
    }
}
