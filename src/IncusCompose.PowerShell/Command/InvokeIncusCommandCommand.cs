using System.Collections;
using System.Diagnostics;
using System.Management.Automation;
using Incus.Client;
using IncusCompose.Instances;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Parameters;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Runs a command in instances and returns its output and exit status.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "IncusCommand", SupportsShouldProcess = true, DefaultParameterSetName = NameSet)]
[OutputType(typeof(IncusCommandResult), typeof(string))]
public sealed class InvokeIncusCommandCommand : ServerCmdlet
{
    private const string NameSet = "Name";
    private const string InstanceSet = "Instance";

    private readonly List<object> _input = [];
    private readonly List<(ServerConnection Connection, string Name, object Original)> _targets = [];

    /// <summary>The instances to run it in: names (wildcards allowed) or objects.</summary>
    [Parameter(ParameterSetName = NameSet, Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    public InstanceIdentity[] Name { get; set; } = [];

    /// <summary>An instance of Get-IncusInstance.</summary>
    [Parameter(ParameterSetName = InstanceSet, Mandatory = true, ValueFromPipeline = true)]
    [ValidateNotNull]
    public IncusInstance? Instance { get; set; }

    /// <summary>The program and its arguments, each as a word of its own. No shell is involved.</summary>
    [Parameter(ParameterSetName = NameSet, Mandatory = true, Position = 1, ValueFromRemainingArguments = true)]
    [Parameter(ParameterSetName = InstanceSet, Mandatory = true, Position = 0, ValueFromRemainingArguments = true)]
    [ValidateNotNullOrEmpty]
    public string[] Command { get; set; } = [];

    /// <summary>What the command reads from standard input: text, a line for each object, or bytes.</summary>
    [Parameter(ParameterSetName = NameSet, ValueFromPipeline = true)]
    [Parameter(ParameterSetName = InstanceSet)]
    [AllowNull]
    [AllowEmptyString]
    public object? InputObject { get; set; }

    /// <summary>Environment variables to add. Their values are never shown.</summary>
    [Parameter]
    [ValidateNotNull]
    public IDictionary Environment { get; set; } = new Hashtable();

    /// <summary>The numeric user id to run as.</summary>
    [Parameter]
    public uint User { get; set; }

    /// <summary>The numeric group id to run as.</summary>
    [Parameter]
    public uint Group { get; set; }

    /// <summary>The directory to run in; without it, the user's home.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>
    /// Write each line of standard output as it comes, as text, instead of a result at the end. Lines of standard error and an
    /// exit status other than 0 are errors.
    /// </summary>
    [Parameter]
    public SwitchParameter Stream { get; set; }

    /// <summary>Most instances to run it in at one time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 16;

    /// <inheritdoc/>
    private protected override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        // Lines of standard input come one by one along the pipeline; a parameter's array is all of it.
        if (InputObject is not null)
            _input.Add(InputObject);
        if (_targets.Count > 0 && Instance is null)
            return;

        IEnumerable<InstanceIdentity> identities = Instance is null ? Name : [new InstanceIdentity(Instance)];
        foreach (var identity in identities)
        {
            var connection = await ConnectAsync(identity.Server, identity.Project, cancellationToken).ConfigureAwait(false);
            foreach (var instance in await InstanceLookup.FindAsync(pipeline, connection, identity, cancellationToken).ConfigureAwait(false))
            {
                var what = $"Run {Command[0]} in instance {instance.Name} (project {connection.Project} on {connection.Server})";
                if (await pipeline.ShouldProcessAsync(what, what + "?", "Invoke-IncusCommand").ConfigureAwait(false))
                    _targets.Add((connection, instance.Name, identity.Original));
            }
        }
    }

    /// <inheritdoc/>
    private protected override Task EndAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        var input = _input.Count > 0 ? StandardInput.From(_input) : null;
        return Parallel.ForEachAsync(
            _targets,
            new ParallelOptions { MaxDegreeOfParallelism = ThrottleLimit, CancellationToken = cancellationToken },
            async (target, token) => await RunAsync(pipeline, target.Connection, target.Name, target.Original, input, token).ConfigureAwait(false));
    }

    private async Task RunAsync(Pipeline pipeline, ServerConnection connection, string name, object original, byte[]? input, CancellationToken cancellationToken)
    {
        var request = new ExecRequest
        {
            Command = Command,
            Environment = StringMap.From(Environment),
            User = User,
            Group = Group,
            WorkingDirectory = WorkingDirectory,
        };
        using var standardInput = input is null ? null : new MemoryStream(input, writable: false);
        using var output = Stream ? new LineStream(pipeline.WriteObject) : null;
        using var error = Stream ? new LineStream(line => pipeline.WriteError(CmdletErrors.CommandSaid(line, original))) : null;
        var streams = new ExecStreams { StandardInput = standardInput, StandardOutput = output, StandardError = error };
        var watch = Stopwatch.StartNew();
        try
        {
            if (WorkingDirectory is not null)
                await connection.Client.Instances.RequireDirectoryAsync(name, WorkingDirectory, cancellationToken).ConfigureAwait(false);
            var result = await connection.Client.Instances.ExecAsync(
                name, request, streams, cancellationToken).ConfigureAwait(false);
            if (Stream)
            {
                if (result.ExitCode != 0)
                    pipeline.WriteError(CmdletErrors.CommandFailed(Command[0], name, result.ExitCode, original));
                return;
            }

            pipeline.WriteObject(new IncusCommandResult
            {
                Instance = name,
                Project = connection.Project,
                Server = connection.Server,
                Command = Command,
                ExitCode = result.ExitCode,
                StandardOutput = result.StandardOutput ?? "",
                StandardError = result.StandardError ?? "",
                Duration = watch.Elapsed,
            });
        }
        catch (IncusException exception)
        {
            pipeline.WriteError(CmdletErrors.From(exception, original));
        }
    }
}
