using Incus.Client;

namespace IncusCompose.Instances;

/// <summary>A process in an instance.</summary>
/// <param name="Pid">Its number there.</param>
/// <param name="ParentPid">The number of the process that started it.</param>
/// <param name="User">Whose it is.</param>
/// <param name="Time">The processor time that it used, as <c>ps</c> writes it; null where that cannot tell.</param>
/// <param name="Command">Program and arguments.</param>
public sealed record InstanceProcess(string Pid, string ParentPid, string User, string? Time, string Command);

/// <summary>The processes of an instance, by the guest's own <c>ps</c>, which every system from busybox to Debian has.</summary>
public static class ProcessList
{
    private const string Columns = "pid,ppid,user,time,args";

    // Debian's busybox cannot tell the time.
    private const string FewerColumns = "pid,ppid,user,args";

    private const long LargestOutput = 16 * 1024 * 1024;

    /// <summary>Lists them.</summary>
    /// <param name="client">The server, in the instance's project.</param>
    /// <param name="instance">The name of a running instance.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The processes, without the one that lists them.</returns>
    /// <exception cref="IncusNotFoundException">The guest has no <c>ps</c>.</exception>
    /// <exception cref="IncusException">The guest could not be asked, for instance because it does not run.</exception>
    public static async Task<IReadOnlyList<InstanceProcess>> ReadAsync(IncusClient client, string instance, CancellationToken cancellationToken = default)
    {
        var (columns, result) = (Columns, await AskAsync(client, instance, Columns, cancellationToken).ConfigureAwait(false));
        if (result.ExitCode != 0)
            (columns, result) = (FewerColumns, await AskAsync(client, instance, FewerColumns, cancellationToken).ConfigureAwait(false));
        if (result.ExitCode != 0)
            throw new IncusException($"ps in instance {instance} ended with exit status {result.ExitCode}: {result.StandardError?.Trim()}");
        return Parse(result.StandardOutput ?? "", columns);
    }

    /// <summary>The processes that <c>ps</c> wrote, without the one that wrote it.</summary>
    internal static IReadOnlyList<InstanceProcess> Parse(string text, string columns)
    {
        var count = columns.Split(',').Length;
        return
        [
            .. text.Split('\n').Skip(1)
                .Select(line => line.TrimEnd().Split((char[]?)null, count, StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words.Length == count && words[^1] != string.Join(' ', CommandFor(columns)))
                .Select(words => new InstanceProcess(words[0], words[1], words[2], count == 5 ? words[3] : null, words[^1])),
        ];
    }

    private static Task<ExecResult> AskAsync(IncusClient client, string instance, string columns, CancellationToken cancellationToken) =>
        client.Instances.ExecAsync(instance, new ExecRequest { Command = CommandFor(columns) }, new ExecStreams { LargestOutput = LargestOutput }, cancellationToken);

    private static string[] CommandFor(string columns) => ["ps", "-e", "-o", columns];
}
