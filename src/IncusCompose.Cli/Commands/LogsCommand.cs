using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using IncusCompose.Cli.Rendering;
using IncusCompose.Cli.Rendering.Json;
using IncusCompose.Logs;

namespace IncusCompose.Cli.Commands;

/// <summary><c>logs</c>: what the instances of a stack wrote to their consoles and journals, merged by time, and what they go on to write.</summary>
internal sealed class LogsCommand : Verb
{
    private readonly Argument<string[]> _instances = new("instance")
    {
        Description = "Names of instances. Default: all of the stack.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "Go on with what is written from now on, until cancelled. (A stack file is named before the verb: -f FILE logs -f.)",
    };

    private readonly Option<DateTimeOffset?> _since = Time("--since", "Only lines since then: how long ago (10m), or a date and time.");
    private readonly Option<DateTimeOffset?> _until = Time("--until", "Only lines until then.");

    private readonly Option<int?> _tail = new("--tail", "-n")
    {
        Description = "Only the last lines of each console and journal: a number, or all.",
        HelpName = "lines",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (text == "all")
                return null;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
                return count;
            result.AddError("--tail must be a whole number, or all.");
            return null;
        },
    };

    private readonly Option<LogSource[]> _sources = new("--source")
    {
        Description = "Where to look: console or journal. Default: both.",
        HelpName = "console|journal",
        CustomParser = result => [.. result.Tokens.Select(token => Source(result, token.Value))],
    };

    private readonly Option<bool> _timestamps = new("--timestamps", "-t")
    {
        Description = "Show when each line was written.",
    };

    private readonly Option<bool> _noColor = new("--no-color")
    {
        Description = "Show no colours.",
    };

    private readonly Option<bool> _noPrefix = new("--no-log-prefix")
    {
        Description = "Do not show whose line it is.",
    };

    public LogsCommand(Session session, NameCompletion names) : base("logs", "Show what instances wrote to console and journal.", session)
    {
        _instances.CompletionSources.Add(names.Instances);
        _sources.CompletionSources.Add("console", "journal");
        Add(_instances);
        Add(_follow);
        Add(_since);
        Add(_until);
        Add(_tail);
        Add(_sources);
        Add(_timestamps);
        Add(_noColor);
        Add(_noPrefix);
    }

    protected override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        var options = new LogOptions
        {
            Since = invocation.Get(_since),
            Until = invocation.Get(_until),
            Tail = invocation.Get(_tail),
            Sources = invocation.Get(_sources) is { Length: > 0 } sources ? sources : null,
            Follow = invocation.Get(_follow),
        };
        if (options is { Follow: true, Until: not null })
            throw new UsageException("--follow goes on, and --until ends: leave out one of the two.");
        if (options.Since > options.Until)
            throw new UsageException("--since is later than --until: nothing lies between them.");
        Session.Terminal.EndsByInterrupt = options.Follow;
        await using var stack = await invocation.OpenStackAsync(cancellationToken);
        var terminal = Session.Terminal;
        var output = invocation.Get(_noColor) ? new StyledWriter(terminal.Out.Inner, color: false) : terminal.Out;
        var names = invocation.Get(_instances);
        var instances = await invocation.Engine.GetInstancesAsync(stack.Client, stack.Name, names, cancellationToken);
        var prefixes = new LogPrefixes([.. instances.Select(instance => instance.Name)]);
        await foreach (var line in invocation.Engine.ReadLogAsync(stack.Client, stack.Name, names, options, Note, cancellationToken))
        {
            if (invocation.Json)
                JsonLines.Write(output.Inner, LogDocument.From(line), JsonDocuments.Lines.LogDocument);
            else
                Write(output, prefixes, line, invocation);
            if (options.Follow)
                output.Flush();
            // Whoever read it has seen enough.
            if (terminal.IsUnheard)
                break;
        }

        output.Flush();
        return ExitCode.Success;

        void Note(string instance, string text)
        {
            if (!invocation.Quiet)
                terminal.Note($"{instance}: {text}");
        }
    }

    private void Write(StyledWriter output, LogPrefixes prefixes, LogLine line, Invocation invocation)
    {
        if (!invocation.Get(_noPrefix))
        {
            var color = prefixes.ColorOf(line.Instance);
            output.WriteColored($"{line.Instance.PadRight(prefixes.Width)} | ", color);
        }

        if (invocation.Get(_timestamps))
            output.Write(line.Time is { } time ? $"{time.ToLocalTime():yyyy-MM-ddTHH:mm:ss.fffzzz} " : $"{"-",-29} ", Style.Faint);
        if (line.Identifier is not null)
            output.Write($"{line.Identifier}: ", Style.Faint);
        output.Line(line.Text, line.Priority is <= 3 ? Style.Removed : Style.None);
    }

    private static LogSource Source(ArgumentResult result, string text)
    {
        if (Enum.TryParse<LogSource>(text, ignoreCase: true, out var source) && Enum.IsDefined(source))
            return source;
        result.AddError($"There is no log source \"{text}\": console or journal.");
        return default;
    }

    private static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "time",
        CustomParser = result =>
        {
            if (LogTime.TryParse(result.Tokens[0].Value, DateTimeOffset.Now, out var time))
                return time;
            result.AddError($"{name} \"{result.Tokens[0].Value}\" is no time: write how long ago (10m, 1h30m), or a date and time (2026-01-31T08:00).");
            return null;
        },
    };

    /// <summary>A colour and a place of the same width for each instance's name.</summary>
    private sealed class LogPrefixes(List<string> names)
    {
        // Cyan, yellow, green, magenta, blue, and their bright forms: each may be told from its neighbour, none means an error.
        private static readonly int[] s_colors = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

        public int Width { get; private set; } = names.Select(name => name.Length).DefaultIfEmpty().Max();

        public int ColorOf(string name)
        {
            // One that was made meanwhile.
            if (!names.Contains(name))
                names.Add(name);
            Width = Math.Max(Width, name.Length);
            return s_colors[names.IndexOf(name) % s_colors.Length];
        }
    }
}
