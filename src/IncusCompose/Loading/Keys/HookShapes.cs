using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>What is run around the changes of an instance.</summary>
internal static class HookShapes
{
    /// <summary>A command: its words, or a shell line.</summary>
    public static FormsShape<IReadOnlyList<string>> Command { get; } = new()
    {
        Scalar = Scalars.Word("a shell line such as `systemctl reload nginx`").As(CommandWords.OfShell),
        Sequence = new ListShape<string>(Scalars.Text, "[systemctl, reload, nginx]").Then<IReadOnlyList<string>, IReadOnlyList<string>>(Words),
    };

    /// <summary>An instance's user.</summary>
    public static ScalarShape<string> User { get; } = Scalars.Word("a user's name or number, or `UID:GID`");

    /// <summary>How long a command may take.</summary>
    /// <param name="usual">What it is where the file does not say.</param>
    public static Shape<TimeSpan> Timeout(TimeSpan usual) => ReadinessShapes.Time.Then((TimeSpan time, DocumentNode node, Site site, BindingContext context, out TimeSpan value) =>
    {
        value = time;
        if (time > TimeSpan.Zero)
            return true;
        context.Error("BadDuration", node, site, "it may not be 0", $"leave it out for {Duration.Format(usual)}");
        return false;
    });

    /// <summary>The value of <c>hooks</c>; null inside: there are none.</summary>
    public static Shape<HooksDefinition?> Hooks { get; } = HooksForm();

    private sealed record Draft
    {
        public HookStep Step { get; init; } = new() { Command = [] };

        public IReadOnlyList<string>? Exec { get; init; }

        public IReadOnlyList<string>? Host { get; init; }
    }

    private static Shape<HooksDefinition?> HooksForm()
    {
        var shape = new ObjectShape<SortedDictionary<HookPoint, IReadOnlyList<HookStep>>>(_ => []);
        var steps = StepsForm();
        Add(HookPoint.PreCreate, "Before it is made; `host` only");
        Add(HookPoint.PostCreate, "Once it was made and has started for the first time");
        Add(HookPoint.PostStart, "Each time that it has started");
        Add(HookPoint.PostReady, "Each time that it has become ready after a start");
        Add(HookPoint.PreStop, "Before it is stopped");
        Add(HookPoint.PostStop, "Once it has stopped; `host` only");
        Add(HookPoint.PreRemove, "Before it is deleted, and stopped for that; what runs in it is passed over where it does not run");
        Add(HookPoint.PostRemove, "Once it was deleted; `host` only");
        Add(HookPoint.PreCheckpoint, "Before a checkpoint with `--quiesce` freezes it, where it runs");
        Add(HookPoint.PostCheckpoint, "Once all snapshots of that checkpoint are there, or it failed");
        return shape.As(points => points.Count == 0 ? null : new HooksDefinition { Points = points });

        void Add(HookPoint point, string description) => shape.Add(HooksDefinition.WordOf(point), At(point, steps), description, (points, bound) =>
        {
            if (bound.Count > 0)
                points[point] = bound;
            return points;
        });
    }

    private static FormsShape<IReadOnlyList<HookStep>> StepsForm()
    {
        var line = Scalars.Word("a shell line such as `systemctl reload nginx`").As(text => new Draft { Exec = CommandWords.OfShell(text) }).Then<Draft, HookStep>(Complete);
        var form = StepForm().Then<Draft, HookStep>(Complete);
        return new FormsShape<IReadOnlyList<HookStep>>
        {
            Scalar = line.As<HookStep, IReadOnlyList<HookStep>>(step => [step]),
            Mapping = form.As<HookStep, IReadOnlyList<HookStep>>(step => [step]),
            Sequence = new ListShape<HookStep>(new FormsShape<HookStep> { Scalar = line, Mapping = form }, "[{exec: systemctl reload nginx}]"),
        };
    }

    /// <summary>What runs in an instance needs one that runs.</summary>
    private static Shape<IReadOnlyList<HookStep>> At(HookPoint point, Shape<IReadOnlyList<HookStep>> steps) =>
        steps.Then((IReadOnlyList<HookStep> bound, DocumentNode node, Site site, BindingContext context, out IReadOnlyList<HookStep> value) =>
        {
            // What could not be read has been reported.
            value = [.. bound.Where(step => (HookStep?)step is not null)];
            var (why, advice) = point switch
            {
                HookPoint.PreCreate => ("there is no instance yet to run it in", "write `host` for a command on this machine, or `post_create`"),
                HookPoint.PostStop => ("the instance does not run any more", "write `host` for a command on this machine, or `pre_stop`"),
                HookPoint.PostRemove => ("there is no instance any more to run it in", "write `host` for a command on this machine, or `pre_remove`"),
                _ => ("", ""),
            };
            var wrong = why.Length == 0 ? [] : bound.Index().Where(entry => (HookStep?)entry.Item is { OnHost: false }).Select(entry => entry.Index).ToList();
            foreach (var index in wrong)
            {
                var (place, step) = node is SequenceNode list ? (list.Items[index], site.At(index)) : (node, site);
                context.Error("HookCannotRun", place, step, why, advice);
            }

            return wrong.Count == 0;
        });

    private static ObjectShape<Draft> StepForm() => new ObjectShape<Draft>(_ => new Draft())
        .Add("exec", Command, "A command in the instance, run through the API", (draft, value) => draft with { Exec = value })
        .Add("host", Command, "A command on the machine that runs the tool; only with `--allow-host-hooks`", (draft, value) => draft with { Host = value })
        .Add("timeout", Timeout(HookStep.DefaultTimeout), "How long it may take before it is killed and has failed; 5m where the key is missing", (draft, value) => draft with { Step = draft.Step with { Timeout = value } })
        .Add("on_failure", Scalars.Choice(("fail", HookFailure.Fail), ("continue", HookFailure.Continue)), "`fail` (where the key is missing): what was under way ends there; `continue`: the next step follows", (draft, value) => draft with { Step = draft.Step with { OnFailure = value } })
        .Add("user", User, "The instance's user to run it as; root where the key is missing", (draft, value) => draft with { Step = draft.Step with { User = value } })
        .Add("environment", CommonShapes.Environment, "Variables beside those that describe the instance", (draft, value) => draft with { Step = draft.Step with { Environment = value } })
        .Foreign("command", "write `exec`")
        .Foreign("run", "write `exec`, or `host` for this machine");

    /// <summary>Words of which the first names a program.</summary>
    public static bool Words(IReadOnlyList<string> words, DocumentNode node, Site site, BindingContext context, out IReadOnlyList<string> command)
    {
        command = [.. words.Where(word => (string?)word is not null)];
        if (command.Count > 0 && command[0].Length > 0)
            return true;
        context.Error("BadCommand", node, site, "it names no program", "write `[program, argument]`, or a shell line");
        return false;
    }

    private static bool Complete(Draft draft, DocumentNode node, Site site, BindingContext context, out HookStep step)
    {
        step = null!;
        if (draft.Exec is null == draft.Host is null)
        {
            // A command that could not be read has been reported.
            if (draft.Exec is null && node is MappingNode mapping && mapping.Entries.Any(entry => entry.Key.Value is "exec" or "host"))
                return false;
            context.Error("BadHook", node, site, draft.Exec is null ? "it says nothing to run" : "it says two things to run", "write one of `exec` and `host`; more steps are a list");
            return false;
        }

        if (draft.Host is not null && draft.Step.User is not null)
        {
            context.Error("HookUser", node, site.At("user"), "on this machine a command runs as whoever runs the tool", "remove `user`, or write `exec`");
            return false;
        }

        step = draft.Step with { Command = draft.Exec ?? draft.Host!, OnHost = draft.Host is not null };
        return true;
    }
}
