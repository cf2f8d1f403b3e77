using System.Management.Automation;
using IncusCompose.Applying;
using IncusCompose.Loading;
using IncusCompose.Planning;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Takes stacks down: instances, networks and profiles always; volumes, images and pools only when told to.</summary>
[Cmdlet(VerbsCommon.Remove, "IncusStack", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = NameSet)]
[OutputType(typeof(ResourceResult))]
public sealed class RemoveIncusStackCommand : ServerCmdlet
{
    private const string NameSet = "Name";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private StackFiles _files = null!;

    /// <summary>The stacks: names (wildcards allowed), or objects of Get-IncusStack or Import-IncusStack. No file is needed.</summary>
    [Parameter(ParameterSetName = NameSet, Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(StackCompleter))]
    public StackIdentity[] Name { get; set; } = [];

    /// <summary>Stack files, wildcards allowed, that say which stack and where.</summary>
    [Parameter(ParameterSetName = PathSet, Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Stack files whose names are taken as they are.</summary>
    [Parameter(ParameterSetName = LiteralPathSet, Mandatory = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("PSPath", "LP")]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Delete the stack's volumes too, with their data.</summary>
    [Parameter]
    public SwitchParameter RemoveVolumes { get; set; }

    /// <summary>Delete the images that the stack brought to the server and that nothing else uses.</summary>
    [Parameter]
    public SwitchParameter RemoveImages { get; set; }

    /// <summary>Delete the stack's storage pools too; needs RemoveVolumes.</summary>
    [Parameter]
    public SwitchParameter RemovePools { get; set; }

    /// <summary>Most changes at work at one time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = ApplyOptions.DefaultThrottleLimit;

    /// <summary>How long an instance may take to stop by itself before it is stopped by force; a number is seconds.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        base.OnBegin();
        _files = new StackFiles(Session, Host.CurrentDirectory);
    }

    /// <inheritdoc/>
    private protected override Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken) =>
        RemovePools && !RemoveVolumes
            ? throw CmdletErrors.Needs(nameof(RemovePools), nameof(RemoveVolumes), "a pool goes with the volumes in it")
            : Task.CompletedTask;

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        foreach (var identity in await IdentitiesAsync(pipeline, cancellationToken).ConfigureAwait(false))
        {
            var connection = await ConnectAsync(identity.Server, identity.Project, cancellationToken).ConfigureAwait(false);
            IEnumerable<string> names = [identity.Name];
            if (identity.IsPattern)
            {
                var wanted = WildcardPattern.Get(identity.Name, WildcardOptions.IgnoreCase);
                var stacks = await StackLookup.ListAsync(Session.Engine, connection, allProjects: false, cancellationToken).ConfigureAwait(false);
                names = stacks.Select(stack => stack.Name).Where(wanted.IsMatch);
            }

            foreach (var name in names)
                await RemoveAsync(pipeline, connection, name, identity, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RemoveAsync(
        Pipeline pipeline, Sessions.ServerConnection connection, string name, StackIdentity identity, CancellationToken cancellationToken)
    {
        var removal = new RemovalOptions { RemoveVolumes = RemoveVolumes, RemoveImages = RemoveImages, RemovePools = RemovePools };
        var plan = await Session.Engine.CompareRemovalAsync(connection.Client, name, removal, cancellationToken).ConfigureAwait(false);
        if (plan.Resources.Count == 0)
        {
            pipeline.WriteWarning($"There is nothing of stack '{name}' in project {connection.Project} on {connection.Server}.");
            return;
        }

        var options = new ApplyOptions { ThrottleLimit = ThrottleLimit, StopTimeout = StopTimeout };
        await new PlanRunner(pipeline, Session.Engine, "Remove-IncusStack", IsWhatIf)
            .RunAsync(connection, plan with { Server = connection.Server }, options, identity.Original, cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<StackIdentity>> IdentitiesAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (Name.Length > 0)
            return Name;
        var literal = LiteralPath.Length > 0;
        var options = new LoadOptions { Project = Project ?? Server?.Project, Remote = Remote ?? Server?.Name };
        var stack = await _files.LoadOrReportAsync(pipeline, literal ? LiteralPath : Path, literal, options, cancellationToken).ConfigureAwait(false);
        return stack is null ? [] : [new StackIdentity(stack)];
    }
}
