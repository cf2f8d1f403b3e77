using System.Management.Automation;
using IncusCompose.Loading;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Commands;

namespace IncusCompose.PowerShell;

/// <summary>A cmdlet that reads stack files.</summary>
public abstract class StackFileCmdlet : ServerCmdlet
{
    private protected const string PathSet = "Path";
    private protected const string LiteralPathSet = "LiteralPath";

    /// <summary>
    /// Stack files, wildcards allowed; several are merged in order into one stack. Without it: stack.yaml, stack.yml,
    /// compose.yaml, compose.yml or docker-compose.yml here or in a parent folder.
    /// </summary>
    [Parameter(ParameterSetName = PathSet, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [FilePath]
    public string[] Path { get; set; } = [];

    /// <summary>Stack files whose names are taken as they are.</summary>
    [Parameter(ParameterSetName = LiteralPathSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>A name for the stack, instead of the file's.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Files with variables for the stack files, instead of the .env beside the first; the later win.</summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    public string[] EnvFile { get; set; } = [];

    /// <summary>
    /// Words that activate instances of the file (<c>activate:</c>), * for all; without it those of the variable
    /// INCUS_COMPOSE_ACTIVATE.
    /// </summary>
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ActivationCompleter))]
    public string[] Activate { get; set; } = [];

    /// <summary>Instances that are named, and exist whatever activates them.</summary>
    private protected virtual IReadOnlyList<string> NamedInstances => [];

    /// <summary>Reads the files.</summary>
    private protected StackFiles Files { get; private set; } = null!;

    /// <summary>Whether the files are named literally.</summary>
    private protected bool IsLiteral => LiteralPath.Length > 0;

    /// <summary>What the user named.</summary>
    private protected string[] NamedFiles => IsLiteral ? LiteralPath : Path;

    /// <summary>What the command line says instead of the file.</summary>
    private protected LoadOptions LoadOptions => new()
    {
        Name = Name,
        Project = Project ?? Server?.Project,
        Remote = Remote ?? Server?.Name,
        EnvironmentFiles = EnvFile,
        Activate = Activate,
        ActivateInstances = NamedInstances,
    };

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        base.OnBegin();
        Files = new StackFiles(Session, Host.CurrentDirectory);
    }
}
