using System.Management.Automation;
using IncusCompose.Instances;
using IncusCompose.Logs;
using IncusCompose.Operating;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Reads what the instances of stacks wrote to their consoles and journals, merged by time.</summary>
[Cmdlet(VerbsCommon.Get, "IncusStackLog", DefaultParameterSetName = NameSet)]
[OutputType(typeof(LogLine))]
public sealed class GetIncusStackLogCommand : StackTargetCmdlet
{
    private const string InputObjectSet = "InputObject";

    /// <summary>An instance of a stack, as Get-IncusInstance returns it: only what it wrote.</summary>
    [Parameter(ParameterSetName = InputObjectSet, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public IncusInstance? InputObject { get; set; }

    /// <summary>Only these instances, wildcards allowed. A definition with replicas stands for all of them. Without it: all of the stack.</summary>
    [Parameter(ParameterSetName = NameSet)]
    [Parameter(ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    public string[] Instance { get; set; } = [];

    /// <summary>Only lines since then: a date, or how long ago.</summary>
    [Parameter]
    [LogTime]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Only lines until then: a date, or how long ago.</summary>
    [Parameter]
    [LogTime]
    public DateTimeOffset? Until { get; set; }

    /// <summary>Only the last lines of each console and each journal.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <summary>Where to look. Without it: console and journal.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public LogSource[] Source { get; set; } = [LogSource.Console, LogSource.Journal];

    /// <summary>Go on with what is written from now on, until the command is stopped.</summary>
    [Parameter]
    public SwitchParameter Follow { get; set; }

    /// <inheritdoc/>
    private protected override bool GoesOn => Follow;

    /// <inheritdoc/>
    private protected override Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (Since > Until)
            throw new ArgumentException("-Since is later than -Until: nothing lies between them.");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (InputObject is { Stack: null })
        {
            pipeline.WriteError(CmdletErrors.Own("StackNotFound", ErrorCategory.InvalidArgument, InputObject,
                $"Instance '{InputObject.Name}' belongs to no stack.", $"Read its console with: incus console {InputObject.Name} --show-log"));
            return;
        }

        if (InputObject is { } instance)
            Name = [new StackIdentity(instance)];
        await base.ProcessAsync(pipeline, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    private protected override async Task ProcessStackAsync(
        Pipeline pipeline, ServerConnection connection, string name, StackIdentity identity, CancellationToken cancellationToken)
    {
        var options = new LogOptions { Since = Since, Until = Until, Tail = Tail, Sources = Source, Follow = Follow };
        try
        {
            IReadOnlyList<string> selected = identity.Original is IncusInstance one ? [one.Name] : Instance;
            if (InstancePatterns.Any(Instance))
            {
                // By its definition's name a replica is known that is made while the log is followed.
                var all = await Session.Engine.GetInstancesAsync(connection.Client, name, null, cancellationToken).ConfigureAwait(false);
                selected = InstancePatterns.Expand(Instance, all.SelectMany(instance => new[] { instance.Name, InstanceFacts.DefinitionOf(instance) ?? instance.Name }).Distinct());
                // To name nothing would be to name all.
                if (selected.Count == 0)
                    return;
            }

            var lines = Session.Engine.ReadLogAsync(
                connection.Client, name, selected, options, (instance, text) => pipeline.WriteWarning($"{instance}: {text}"), cancellationToken);
            await foreach (var line in lines.ConfigureAwait(false))
                pipeline.WriteObject(line);
        }
        catch (StackTargetException exception)
        {
            pipeline.WriteError(CmdletErrors.From(exception, identity.Original));
        }
    }
}
