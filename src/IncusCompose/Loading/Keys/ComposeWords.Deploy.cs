using IncusCompose.Definition;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <content><c>deploy</c>. Source: compose-spec deploy.md.</content>
internal static partial class ComposeWords
{
    private static ObjectShape<InstanceDefinition> AddDeploy(ObjectShape<InstanceDefinition> instance) =>
        instance.Add("deploy", Deploy(), "What compose says of how a service is run", (made, value) => Say(made, words => words with { Deploy = value }));

    private static ScalarShape<bool> ModeOfDeploy => new("`replicated`", text => text switch
    {
        "replicated" => new(true),
        "replicated-job" or "global-job" => new(false, "is a job of a swarm, which runs until it has ended so many times", "leave it out; `restart: \"no\"` is for what ends by itself"),
        _ => new(false, "is not known here", "write `replicated`, or leave it out"),
    })
    { ProblemId = "BadMode", Words = ["replicated"] };

    private static ObjectShape<ComposeDeploy> Deploy() => new ObjectShape<ComposeDeploy>(_ => new ComposeDeploy())
        .Add("replicas", Scalars.Number("a number such as `3`", 0, Planning.Replicas.Most), "The same as `replicas` of the instance", (deploy, value) => deploy with { Replicas = value })
        .Add("mode", ModeOfDeploy, "`replicated`: as many as `replicas` says", (deploy, _) => deploy)
        .Add("resources", new ObjectShape<ComposeDeploy>(_ => new ComposeDeploy())
            .Add("limits", Limits(), "The most that it may use", (deploy, value) => deploy with { Limits = value })
            .Add("reservations", Reservations(), "What it needs", (deploy, value) => deploy with { Gpus = value }), "What it may use and what it needs", (deploy, value) => deploy with { Limits = value.Limits, Gpus = value.Gpus })
        .Add("restart_policy", RestartForm(), "The same as `restart` of the instance", (deploy, value) => deploy with { Restart = value })
        .Add("update_config", UpdateForm(), "The same as `update` of the instance", (deploy, value) => deploy with { Update = value })
        .Add("placement", Placement(), "Where it is run", (deploy, value) => deploy with { Node = value })
        .Foreign(ForeignWords.OfDeploy);

    private static ObjectShape<ComposeLimits> Limits() => new ObjectShape<ComposeLimits>(_ => new ComposeLimits())
        .Add("cpus", Cpus, "The same as `cpus` of the instance", (limits, value) => limits with { Cpus = value })
        .Add("memory", Size, "The same as `mem_limit` of the instance", (limits, value) => limits with { Memory = value })
        .Add("pids", Pids, "The same as `pids_limit` of the instance", (limits, value) => limits with { Pids = value });

    private static ObjectShape<IReadOnlyList<ComposeGpu>> Reservations() => new ObjectShape<IReadOnlyList<ComposeGpu>>(_ => [])
        .Add("devices", s_reserved.Value, "GPUs of the host", (_, value) => value)
        .Foreign(ForeignWords.OfReservations);

    private static ObjectShape<RestartPolicy?> RestartForm() => new ObjectShape<RestartPolicy?>(_ => RestartPolicy.Always)
        .Add("condition", Restart, "`none`, `on-failure` or `any`", (_, value) => value)
        .Foreign(ForeignWords.OfRestartPolicy);

    private static ObjectShape<UpdateDefinition?> UpdateForm() => new ObjectShape<UpdateDefinition?>(_ => new UpdateDefinition())
        .Add("parallelism", Scalars.Number("a number such as `2`", 0, Planning.Replicas.Most), "How many at one time; 0: all", (update, value) => value == 0 ? update! with { Strategy = UpdateStrategy.All } : update! with { Parallel = value })
        .Add("failure_action", Scalars.Choice(("pause", UpdateFailure.Stop), ("rollback", UpdateFailure.Rollback)), "`pause` or `rollback`", (update, value) => update! with { OnFailure = value })
        .Foreign(ForeignWords.OfUpdateConfig);
}
