using System.Runtime.CompilerServices;
using System.Text;
using Incus.Client;
using IncusCompose.Instances;

namespace IncusCompose.Logs;

/// <summary>Reads what an instance writes to its console.</summary>
internal sealed class ConsoleReader(IncusClient client, string instance)
{
    /// <summary>
    /// What the server kept of the console since the instance's last start, oldest first, without times. Servers up to
    /// Incus 7.1 forget what they handed out while the container runs: there it is what was written since the last reading.
    /// </summary>
    public async Task<IReadOnlyList<LogLine>> ReadAsync(CancellationToken cancellationToken)
    {
        var text = await client.Instances.GetConsoleLogAsync(instance, cancellationToken).ConfigureAwait(false);
        return [.. text.TrimEnd('\r', '\n').Split('\n').Select(line => LogText.Clean(line)).SkipWhile(line => line.Length == 0).Select(line => Line(line, null))];
    }

    /// <summary>What comes from a console that was opened, until cancelled or until the instance stops. A line has the time at which it was complete.</summary>
    public async IAsyncEnumerable<LogLine> FollowAsync(ConsoleStream console, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var bytes = new byte[16 * 1024];
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        var decoder = Encoding.UTF8.GetDecoder();
        var pending = new StringBuilder();
        int count;
        while ((count = await console.ReadAsync(bytes, cancellationToken).ConfigureAwait(false)) > 0)
        {
            var length = decoder.GetChars(bytes, 0, count, characters, 0);
            var from = 0;
            for (int end; (end = Array.IndexOf(characters, '\n', from, length - from)) >= 0; from = end + 1)
            {
                pending.Append(characters, from, end - from);
                yield return Taken();
            }

            pending.Append(characters, from, length - from);
            if (pending.Length >= LineStream.LongestLine)
                yield return Taken();
        }

        if (Taken() is { Text.Length: > 0 } rest)
            yield return rest;

        LogLine Taken()
        {
            var line = Line(LogText.Clean(pending.ToString()), DateTimeOffset.UtcNow);
            pending.Clear();
            return line;
        }
    }

    private LogLine Line(string text, DateTimeOffset? time) => new(instance, LogSource.Console, time, text);
}
