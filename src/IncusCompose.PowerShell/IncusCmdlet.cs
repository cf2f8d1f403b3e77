using System.Management.Automation;
using IncusCompose.PowerShell.Errors;
using IncusCompose.PowerShell.Hosting;

namespace IncusCompose.PowerShell;

/// <summary>
/// What every cmdlet shares: its work is asynchronous and runs beside the pipeline thread, it ends when the user
/// stops it or a later command wants no more objects, and every exception becomes one kind of error record.
/// </summary>
public abstract class IncusCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private bool _disposed;

    /// <summary>Makes the cmdlet, to be run by PowerShell.</summary>
    protected IncusCmdlet()
    {
        Host = new PowerShellHost(this);
    }

    /// <summary>What runs the cmdlet.</summary>
    internal new ICmdletHost Host { get; set; }

    /// <summary>Whether changes are only told, not made.</summary>
    private protected bool IsWhatIf { get; private set; }

    /// <summary>Cancels the work and lets go of what the cmdlet holds.</summary>
    public void Dispose()
    {
        // PowerShell calls neither StopProcessing nor EndProcessing where a later command has enough: only this.
        if (!_disposed)
        {
            _disposed = true;
            _stop.Cancel();
            _stop.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    internal void Begin()
    {
        IsWhatIf = Host.IsWhatIf;
        OnBegin();
        Run(BeginAsync);
    }

    internal void Process() => Run(ProcessAsync);

    internal void End() => Run(EndAsync);

    internal void Stop()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The cmdlet ended while it was being stopped.
        }
    }

    /// <inheritdoc/>
    protected sealed override void BeginProcessing() => Begin();

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => Process();

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => End();

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => Stop();

    /// <summary>What to take from the runspace, on the pipeline thread, before anything else.</summary>
    private protected virtual void OnBegin()
    {
    }

    /// <summary>What to do before the first object of the pipeline.</summary>
    private protected virtual Task BeginAsync(Pipeline pipeline, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What to do with each object of the pipeline.</summary>
    private protected virtual Task ProcessAsync(Pipeline pipeline, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What to do after the last object of the pipeline.</summary>
    private protected virtual Task EndAsync(Pipeline pipeline, CancellationToken cancellationToken) => Task.CompletedTask;

    private void Run(Func<Pipeline, CancellationToken, Task> work)
    {
        var failure = PipelinePump.Run(Host, work, _stop.Token);
        if (failure is null)
            return;
        if (failure is OperationCanceledException && _stop.IsCancellationRequested)
            throw new PipelineStoppedException();
        Host.ThrowTerminatingError(CmdletErrors.From(failure, target: null));
    }
}
