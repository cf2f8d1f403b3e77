using System.Diagnostics;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.PowerShell.Hosting;
using IncusCompose.Readiness;

namespace IncusCompose.PowerShell.Commands;

/// <summary>Waits for conditions of one instance, with progress.</summary>
internal static class ConditionWait
{
    /// <summary>The gate of a condition, as it is where nothing more is said of it.</summary>
    /// <exception cref="InvalidOperationException">The condition is no gate, or says nothing without more words.</exception>
    public static ReadinessGate GateOf(InstanceCondition condition) => condition switch
    {
        InstanceCondition.Address => new AddressGate(),
        InstanceCondition.Agent => new AgentGate(),
        InstanceCondition.CloudInit => new CloudInitGate(),
        InstanceCondition.Guest => new GuestGate(),
        InstanceCondition.Healthy => new HealthGate(),
        InstanceCondition.Ssh => new SshGate(),
        _ => throw new InvalidOperationException($"{condition} is no gate."),
    };

    /// <summary>Waits for one condition after the other.</summary>
    /// <param name="pipeline">Where progress goes.</param>
    /// <param name="client">The server, in the instance's project.</param>
    /// <param name="name">The instance's name.</param>
    /// <param name="bar">The number of the instance's progress bar.</param>
    /// <param name="conditions">What to wait for.</param>
    /// <param name="status">The status that <see cref="InstanceCondition.Status"/> means.</param>
    /// <param name="gateOf">The gates of the other conditions.</param>
    /// <param name="timeout">How long in all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="NotReadyException">It did not come to that.</exception>
    /// <exception cref="IncusException">The server could not be asked.</exception>
    public static async Task ForAsync(
        Pipeline pipeline, IncusClient client, string name, int bar, IEnumerable<InstanceCondition> conditions, StatusCode status,
        Func<InstanceCondition, ReadinessGate> gateOf, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var activity = $"Instance {name}";
        var waiter = new InstanceWaiter(client, name)
        {
            Progress = new ImmediateProgress(text =>
            {
                pipeline.WriteVerbose($"Waiting for {text} of instance {name}.");
                pipeline.WriteProgress(new ProgressUpdate(bar, activity, $"waiting for {text}"));
            }),
        };
        var clock = Stopwatch.StartNew();
        try
        {
            foreach (var condition in conditions)
            {
                var left = timeout - clock.Elapsed is var rest && rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
                await (condition switch
                {
                    InstanceCondition.Status => waiter.WaitForStatusAsync(status, left, cancellationToken),
                    InstanceCondition.Ready => waiter.WaitForReadyAsync(left, cancellationToken),
                    _ => waiter.WaitForAsync(gateOf(condition), left, cancellationToken),
                }).ConfigureAwait(false);
            }
        }
        finally
        {
            pipeline.WriteProgress(new ProgressUpdate(bar, activity, "done") { Completed = true });
        }
    }
}
