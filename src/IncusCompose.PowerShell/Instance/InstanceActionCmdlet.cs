using System.Management.Automation;
using Incus.Client;
using IncusCompose.PowerShell.Completion;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.PowerShell.Sessions;

namespace IncusCompose.PowerShell;

/// <summary>
/// A cmdlet that does the same thing to each of several instances: asks for each as it comes along the pipeline,
/// then works on all of them at once. One that fails does not stop the others.
/// </summary>
public abstract class InstanceActionCmdlet : ServerCmdlet
{
    private readonly List<InstanceTarget> _targets = [];
    private int _ended;

    /// <summary>The instances: names (wildcards allowed) or objects of Get-IncusInstance.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceCompleter))]
    public InstanceIdentity[] Name { get; set; } = [];

    /// <summary>Most instances to work on at one time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 16;

    /// <summary>What is done, for progress: <c>Stopping</c>.</summary>
    private protected abstract string Activity { get; }

    /// <summary>What is done, for questions: <c>Stop</c>.</summary>
    private protected abstract string Action { get; }

    /// <inheritdoc/>
    private protected sealed override async Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        foreach (var identity in Name)
        {
            var connection = await ConnectAsync(identity.Server, identity.Project, cancellationToken).ConfigureAwait(false);
            foreach (var instance in await FindAsync(pipeline, connection, identity, cancellationToken).ConfigureAwait(false))
            {
                var target = new InstanceTarget(connection, instance, identity.Original);
                if (IsNeeded(pipeline, target) is false)
                {
                    await DoneAsync(pipeline, target, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                var what = $"{Action} instance {target}{Consequence(target)}";
                if (await pipeline.ShouldProcessAsync(what, what + "?", MyInvocation?.MyCommand?.Name ?? Action).ConfigureAwait(false))
                    _targets.Add(target);
            }
        }
    }

    /// <inheritdoc/>
    private protected sealed override async Task EndAsync(Pipeline pipeline, CancellationToken cancellationToken)
    {
        if (_targets.Count == 0)
            return;
        Report(pipeline);
        await Parallel.ForEachAsync(
            _targets,
            new ParallelOptions { MaxDegreeOfParallelism = ThrottleLimit, CancellationToken = cancellationToken },
            async (target, token) =>
            {
                try
                {
                    await ActAsync(pipeline, target, token).ConfigureAwait(false);
                    await DoneAsync(pipeline, target, token).ConfigureAwait(false);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    pipeline.WriteError(CmdletErrors.From(exception, target.Original));
                }

                Interlocked.Increment(ref _ended);
                Report(pipeline);
            }).ConfigureAwait(false);
        pipeline.WriteProgress(new ProgressUpdate(0, Activity, "done") { Completed = true });
    }

    /// <summary>The instances that a user means; what does not exist is an error.</summary>
    private protected virtual Task<IReadOnlyList<Instance>> FindAsync(
        Pipeline pipeline, ServerConnection connection, InstanceIdentity identity, CancellationToken cancellationToken) =>
        Commands.InstanceLookup.FindAsync(pipeline, connection, identity, cancellationToken);

    /// <summary>What else comes of it, for the question; begins with a space where there is something.</summary>
    private protected virtual string Consequence(InstanceTarget target) => "";

    /// <summary>Whether there is anything to do; where not, says so in a verbose message.</summary>
    private protected virtual bool IsNeeded(Pipeline pipeline, InstanceTarget target) => true;

    /// <summary>Does it, and waits until it is done.</summary>
    private protected abstract Task ActAsync(Pipeline pipeline, InstanceTarget target, CancellationToken cancellationToken);

    /// <summary>What follows when it is done, or was not needed.</summary>
    private protected virtual Task DoneAsync(Pipeline pipeline, InstanceTarget target, CancellationToken cancellationToken) => Task.CompletedTask;

    private void Report(Pipeline pipeline) =>
        pipeline.WriteProgress(new ProgressUpdate(0, Activity, $"{_ended} of {_targets.Count} instances") { Percent = _ended * 100 / _targets.Count });

    /// <summary>An instance to work on.</summary>
    /// <param name="Connection">The server and project it was found on.</param>
    /// <param name="Instance">What it was when it was found.</param>
    /// <param name="Original">What the user gave.</param>
    private protected sealed record InstanceTarget(ServerConnection Connection, Instance Instance, object Original)
    {
        public string Name => Instance.Name;

        /// <summary>The instances of its project.</summary>
        public InstanceApi Api => Connection.Client.Instances;

        public override string ToString() => $"{Name} (project {Connection.Project} on {Connection.Server})";
    }
}
