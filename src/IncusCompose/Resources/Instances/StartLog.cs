using System.Text.RegularExpressions;
using Incus.Client;
using IncusCompose.Readiness;

namespace IncusCompose.Resources.Instances;

/// <summary>Why an instance did not start: Incus names only the command of its own that failed, and leaves the reason in a log.</summary>
internal static partial class StartLog
{
    private const int MostReasons = 3;

    /// <summary>The server's own command that starts a container, as each release calls it. Source: Incus internal/server/instance/drivers/driver_lxc.go.</summary>
    public static IReadOnlyList<string> Starters { get; } = ["forkstart", "forklxc"];

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_longestEnd = TimeSpan.FromSeconds(10);

    /// <summary>The reason that the instance's own log tells; null where the error is of another kind, or nothing is told.</summary>
    /// <param name="client">The project's view of the server.</param>
    /// <param name="instance">The instance's name.</param>
    /// <param name="error">What its start ended with.</param>
    public static async Task<string?> ReasonAsync(IncusClient client, string instance, Exception error)
    {
        if (error is not IncusException { ServerMessage: { } said } || !Starters.Any(said.Contains))
            return null;
        await PutAwayAsync(client, instance).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(s_limit);
        try
        {
            return Read(await client.Instances.GetLogAsync(instance, "lxc.log", limit.Token).ConfigureAwait(false));
        }
        catch (Exception unread) when (unread is IncusException or OperationCanceledException)
        {
            // The error itself has to do.
            return null;
        }
    }

    // Until all of what did not start is put away, the server calls it stopped, running and stopped again: its log is complete
    // only then, and nobody who looks at it next takes it for what runs.
    private static async Task PutAwayAsync(IncusClient client, string instance)
    {
        using var limit = new CancellationTokenSource(s_longestEnd);
        try
        {
            await InstanceWatch.UntilAsync(
                client,
                instance,
                async token => (await client.Instances.GetAsync(instance, token).ConfigureAwait(false)).Value is { StatusCode: StatusCode.Stopped } now
                    && now.Config.GetValueOrDefault("volatile.last_state.power") != "RUNNING"
                        ? Look.Met
                        : Look.Soon("it is being put away"),
                longestPause: null,
                limit.Token).ConfigureAwait(false);
        }
        catch (Exception other) when (other is IncusException or OperationCanceledException)
        {
            // It is gone, or somebody else has started it: neither changes what is told.
        }
    }

    /// <summary>The first errors of the last start in a log of LXC, which the others follow from.</summary>
    public static string? Read(string log)
    {
        var reasons = log.Split('\n').Select(line => ErrorLine().Match(line)).Where(match => match.Success)
            .Select(match => match.Groups["message"].Value.Trim()).Distinct().ToList();
        return reasons.Count == 0 ? null : string.Join("; ", reasons.Take(MostReasons));
    }

    // lxc web 20260102030405.678 ERROR    start - ../src/lxc/start.c:lxc_init:845 - Failed to ...
    [GeneratedRegex(@"^lxc \S+ \d+\.\d+ ERROR +\S+ - \S+ - (?<message>.+)$")]
    private static partial Regex ErrorLine();
}
