using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Incus.Client;

namespace IncusCompose.Logs;

/// <summary>Reads the journal of a guest by its own <c>journalctl</c>, run through the API.</summary>
internal sealed class JournalReader(IncusClient client, string instance)
{
    private const int LongestError = 4096;

    // The guest's journalctl may be anything.
    private const int LargestEntry = 4 * 1024 * 1024;

    /// <summary>Where in the journal the last line was that was read; null before.</summary>
    public string? Cursor { get; private set; }

    /// <summary>The lines that there are, oldest first.</summary>
    /// <exception cref="IncusNotFoundException">The guest has no journal.</exception>
    /// <exception cref="IncusException">The guest cannot be asked; the message says why.</exception>
    public IAsyncEnumerable<LogLine> ReadAsync(LogOptions options, CancellationToken cancellationToken)
    {
        var command = new List<string>();
        if (options.Since is { } since)
            command.Add(Option("since", since));
        if (options.Until is { } until)
            command.Add(Option("until", until));
        // Beside --since, journalctl takes --lines for the first ones.
        if (options is { Tail: { } tail, Since: null, Until: null })
            command.Add($"--lines={tail}");
        var lines = RunAsync(command, cancellationToken);
        return options.Tail is { } last ? LastAsync(lines, last, cancellationToken) : lines;
    }

    private static async IAsyncEnumerable<LogLine> LastAsync(IAsyncEnumerable<LogLine> lines, int count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var last = new Queue<LogLine>();
        await foreach (var line in lines.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            last.Enqueue(line);
            if (last.Count > count)
                last.Dequeue();
        }

        foreach (var line in last)
            yield return line;
    }

    /// <summary>The lines that follow the last one that was read, until cancelled or until the guest stops.</summary>
    public IAsyncEnumerable<LogLine> FollowAsync(CancellationToken cancellationToken) =>
        RunAsync(Cursor is null ? ["--follow", "--lines=0"] : ["--follow", "--no-tail", $"--after-cursor={Cursor}"], cancellationToken);

    /// <summary>All lines since a time and those that follow.</summary>
    public IAsyncEnumerable<LogLine> FollowSinceAsync(DateTimeOffset since, CancellationToken cancellationToken) =>
        RunAsync(["--follow", "--no-tail", Option("since", since)], cancellationToken);

    private static string Option(string name, DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"--{name}=@{time.ToUnixTimeMilliseconds() / 1000m:0.000}");

    private async IAsyncEnumerable<LogLine> RunAsync(IEnumerable<string> options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ExecRequest
        {
            Command = ["journalctl", "--output=json", "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_COMM,PRIORITY", "--all", "--no-pager", "--quiet", .. options],
        };
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var pipe = new Pipe();
        var run = RunAsync(request, pipe.Writer, end.Token);
        try
        {
            await foreach (var entry in EntriesAsync(pipe.Reader, cancellationToken).ConfigureAwait(false))
            {
                foreach (var line in Parse(entry))
                    yield return line;
            }

            await run.ConfigureAwait(false);
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The lines that are written, the last one without its end too.</summary>
    private async IAsyncEnumerable<string> EntriesAsync(PipeReader written, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await written.ReadAsync(cancellationToken).ConfigureAwait(false);
            var rest = read.Buffer;
            while (rest.PositionOf((byte)'\n') is { } end)
            {
                yield return Encoding.UTF8.GetString(rest.Slice(0, end));
                rest = rest.Slice(rest.GetPosition(1, end));
            }

            if (rest.Length > LargestEntry)
                throw new IncusException($"the journal of instance {instance} has an entry of more than {LargestEntry >> 20} MiB", "Look at it in the instance, with journalctl");
            if (read.IsCompleted)
            {
                if (!rest.IsEmpty)
                    yield return Encoding.UTF8.GetString(rest);
                yield break;
            }

            written.AdvanceTo(rest.Start, rest.End);
        }
    }

    private async Task RunAsync(ExecRequest request, PipeWriter output, CancellationToken cancellationToken)
    {
        try
        {
            // Not the pipe's end, but this method, says that the output is complete.
            var streams = new ExecStreams { StandardOutput = output.AsStream(leaveOpen: true), LargestOutput = LargestEntry };
            var result = await client.Instances.ExecAsync(instance, request, streams, cancellationToken).ConfigureAwait(false);
            // 128 + N: the guest stopped and took the command with it.
            if (result.ExitCode is > 0 and < 128)
            {
                var said = (result.StandardError ?? "").Trim();
                throw new IncusException($"journalctl in instance {instance} ended with exit status {result.ExitCode}: {LogText.Clean(said.Length > LongestError ? said[..LongestError] : said)}");
            }
        }
        finally
        {
            await output.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The lines of one entry; none where it cannot be read.</summary>
    private List<LogLine> Parse(string entry)
    {
        try
        {
            using var document = JsonDocument.Parse(entry);
            var root = document.RootElement;
            Cursor = Text(root, "__CURSOR") ?? Cursor;
            var time = long.TryParse(Text(root, "__REALTIME_TIMESTAMP"), CultureInfo.InvariantCulture, out var microseconds)
                ? DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds)
                : (DateTimeOffset?)null;
            var identifier = Text(root, "SYSLOG_IDENTIFIER") ?? Text(root, "_COMM");
            var priority = int.TryParse(Text(root, "PRIORITY"), CultureInfo.InvariantCulture, out var number) ? number : (int?)null;
            return
            [
                .. (Text(root, "MESSAGE") ?? "").TrimEnd('\n').Split('\n').Select(line =>
                    new LogLine(instance, LogSource.Journal, time, LogText.Clean(line)) { Identifier = identifier is null ? null : LogText.Clean(identifier), Priority = priority }),
            ];
        }
        catch (JsonException)
        {
            // Cut off, since the guest stopped.
            return [];
        }
    }

    /// <summary>A field as text: a string, several (the first counts), or bytes where it is not text.</summary>
    private static string? Text(JsonElement entry, string field)
    {
        if (!entry.TryGetProperty(field, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.String)
            return value.GetString();
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
            return null;
        return value[0].ValueKind == JsonValueKind.Number
            ? Encoding.UTF8.GetString([.. value.EnumerateArray().Select(item => item.TryGetByte(out var one) ? one : (byte)'?')])
            : value[0].ValueKind == JsonValueKind.String ? value[0].GetString() : null;
    }
}
