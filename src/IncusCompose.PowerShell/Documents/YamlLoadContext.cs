using System.Reflection;
using System.Runtime.Loader;
using IncusCompose.Loading.Documents;

namespace IncusCompose.PowerShell.Documents;

/// <summary>
/// Holds <c>IncusCompose.Yaml</c> and its parser, from the <c>deps</c> folder beside the cmdlets. Everything else,
/// the engine above all, comes from the default context: its types must be the same ones on both sides.
/// </summary>
internal sealed class YamlLoadContext : AssemblyLoadContext
{
    private const string AssemblyName = "IncusCompose.Yaml";
    private const string FormatName = "IncusCompose.Yaml.YamlDocumentFormat";

    private readonly string _folder;

    private YamlLoadContext(string folder)
        : base(AssemblyName)
    {
        _folder = folder;
    }

    /// <summary>Loads the parser.</summary>
    /// <exception cref="InvalidOperationException">The module's files are not complete.</exception>
    public static IDocumentFormat CreateFormat()
    {
        var module = Path.GetDirectoryName(typeof(YamlLoadContext).Assembly.Location)!;
        var folder = Path.Combine(module, "deps");
        // Said here: the engine would take a missing assembly for a missing stack file.
        if (!File.Exists(Path.Combine(folder, AssemblyName + ".dll")))
            throw new InvalidOperationException($"The module is not complete: {Path.Combine(folder, AssemblyName)}.dll is missing. Build or install it again.");
        var context = new YamlLoadContext(folder);
        var format = context.LoadFromAssemblyName(new AssemblyName(AssemblyName)).GetType(FormatName, throwOnError: true)!;
        return (IDocumentFormat)Activator.CreateInstance(format)!;
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var engine = typeof(IDocumentFormat).Assembly;
        if (assemblyName.Name == engine.GetName().Name)
            return engine;
        var path = Path.Combine(_folder, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }
}
