using System.Globalization;
using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <content>When an instance is started and stopped, and how many there are.</content>
internal static partial class ComposeWords
{
    private static Shape<RestartPolicy> Restart { get; } = new ScalarShape<RestartPolicy>("`no`, `always`, `on-failure` or `unless-stopped`", text => text switch
    {
        // YAML's own no, without quotes.
        "no" or "false" or "none" => new(RestartPolicy.No),
        "always" or "any" => new(RestartPolicy.Always),
        "unless-stopped" => new(RestartPolicy.UnlessStopped),
        "on-failure" => new(RestartPolicy.OnFailure),
        _ when text.StartsWith("on-failure:", StringComparison.Ordinal) => int.TryParse(text["on-failure:".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? new(RestartPolicy.OnFailure)
            : new(default, "names no number of times", "write `on-failure` or `on-failure:5`"),
        _ => new(default, "is not known here", Diagnostics.Suggestions.DidYouMean(text, ["no", "always", "on-failure", "unless-stopped"], "write `no`, `always`, `on-failure` or `unless-stopped`")),
    })
    { ProblemId = "BadRestart", Pattern = "^(no|false|none|always|any|unless-stopped|on-failure(:[0-9]+)?)$" }.Then((RestartPolicy said, DocumentNode node, Site site, BindingContext context, out RestartPolicy policy) =>
    {
        policy = said;
        if (node is ScalarNode { Value: var text } && text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon)
            context.Warning("IgnoredWord", node, site, $"the number of times, {text[(colon + 1)..]}, is passed over: Incus starts what ended again at once, up to ten times a minute", "write `on-failure`");
        return true;
    });

    // Source: signal(7); what LXC knows by name.
    private static readonly string[] s_signals =
        ["HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"];

    private static ScalarShape<string> Signal { get; } = new("a signal such as `SIGTERM`", text =>
    {
        var name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        if (s_signals.Contains(name))
            return new("SIG" + name);
        if (name.StartsWith("RTMIN+", StringComparison.Ordinal) && int.TryParse(name[6..], NumberStyles.None, CultureInfo.InvariantCulture, out var above) && above <= 30)
            return new("SIG" + name);
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 64)
            return new(name);
        return new("", "is no signal", Diagnostics.Suggestions.DidYouMean(name, s_signals, "write one such as `SIGTERM` or `SIGQUIT`"));
    })
    { ProblemId = "BadSignal", Pattern = "^([A-Za-z]+[12]?|[Ss][Ii][Gg]RTMIN\\+[0-9]+|RTMIN\\+[0-9]+|[0-9]+)$" };

    private static ObjectShape<InstanceDefinition> AddLife(ObjectShape<InstanceDefinition> instance) => instance
        .Add("restart", Restart, "Whether the server starts it again when it ends by itself, and with the host: `no`, `always`, `on-failure` or `unless-stopped`", (made, value) => Say(made, words => words with { Restart = value }))
        .Add("stop_grace_period", ReadinessShapes.Time, "How long it may take to stop, before it is stopped by force; 30s where the key is missing", (made, value) => made.Fill("boot.host_shutdown_timeout", Text((long)Math.Ceiling(value.TotalSeconds))))
        .Add("stop_signal", Signal, "The signal that asks it to stop", (made, value) => made with { StopSignal = value })
        .Add("scale", Scalars.Number("a number such as `3`", 0, Planning.Replicas.Most), "The same as `replicas`", (made, value) => Say(made, words => words with { Scale = value }));

    private static InstanceDefinition FinishLife(InstanceDefinition instance, ComposeDraft words, Problems say)
    {
        if (words.Restart is not null && words.Deploy?.Restart is not null)
            say.Twice("restart", "deploy.restart_policy");
        // Incus starts what ended unexpectedly again up to ten times a minute; with the host it starts what ran before,
        // unless it is told. Source: Incus doc/reference/instance_options.md, boot.*.
        if ((words.Restart ?? words.Deploy?.Restart) is { } restart)
        {
            if (restart != RestartPolicy.No)
                instance = instance.Fill("boot.autorestart", "true");
            say.Becomes("autostart", words.Restart is null ? ["deploy", "restart_policy"] : ["restart"]);
            if (restart != RestartPolicy.UnlessStopped)
                instance = instance with { Autostart = instance.Autostart ?? (restart == RestartPolicy.Always) };
        }

        foreach (var (word, number) in new[] { ("scale", words.Scale), ("deploy", words.Deploy?.Replicas) })
        {
            if (number is null)
                continue;
            if (instance.Replicas is { } already && already != number)
                say.Error("SaidTwice", word, $"`{(word == "deploy" ? "deploy.replicas" : word)}` says {number}, and something else says {already}", "say once how many there are, with `replicas`");
            say.Becomes("replicas", word == "deploy" ? ["deploy", "replicas"] : [word]);
            // One is what a service has anyway, and that one is called as the service is.
            instance = instance with { Replicas = number == 1 && instance.Replicas is null ? null : number };
        }

        if (words.Deploy?.Update is { } update)
            instance = instance with { Update = instance.Update == new UpdateDefinition() ? update : instance.Update };
        return instance;
    }
}
