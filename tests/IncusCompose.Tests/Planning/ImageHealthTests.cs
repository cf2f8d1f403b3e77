using System.Text.Json;
using Incus.Client;
using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Tests.Loading;
using static IncusCompose.Tests.Planning.PlanningWorld;

namespace IncusCompose.Tests.Planning;

/// <summary>Health checks that OCI images bring along, where the file has none.</summary>
public class ImageHealthTests
{
    private const string Reference = "registry:db:1";

    private static readonly HealthCheckDefinition s_check = new() { Probe = new ExecProbe { Command = ["/bin/sh", "-c", "pg_isready"] }, Interval = TimeSpan.FromSeconds(5) };

    [Theory]
    [InlineData("""{"Test": ["CMD-SHELL", "curl -f http://localhost"]}""", "/bin/sh -c curl -f http://localhost|00:00:30|00:00:30|00:00:00||3")]
    [InlineData("""{"Test": ["CMD", "pg_isready", "-q"], "Interval": 5000000000, "Timeout": 3000000000, "StartPeriod": 60000000000, "StartInterval": 1000000000, "Retries": 5}""", "pg_isready -q|00:00:05|00:00:03|00:01:00|00:00:01|5")]
    [InlineData("""{"Test": ["NONE"]}""", null)]
    [InlineData("""{"Test": []}""", null)]
    [InlineData("""{"Interval": 5}""", null)]
    [InlineData("null", null)]
    public void An_images_own_check_is_read_as_docker_writes_it(string healthcheck, string? expected)
    {
        using var config = JsonDocument.Parse($$"""{"Entrypoint": ["/app"], "Healthcheck": {{healthcheck}}}""");
        var read = OciImageConfig.Read(config.RootElement);
        Assert.Equal(["/app"], read.Entrypoint);
        Assert.Equal(expected, read.Healthcheck is { } check ? $"{string.Join(' ', ((ExecProbe)check.Probe).Command)}|{check.Interval}|{check.Timeout}|{check.StartPeriod}|{check.StartInterval}|{check.Retries}" : null);
    }

    [Fact]
    public void Variables_that_came_from_an_old_image_become_the_new_ones_and_everybody_elses_stay()
    {
        using var config = JsonDocument.Parse("""{"Env": ["PATH=/bin", "OLD=1", "BOTH=old", "ADDED=a=b", "EMPTY="]}""");
        var from = OciImageConfig.Read(config.RootElement).Environment;
        Assert.Equal(["a=b", ""], [from["ADDED"], from["EMPTY"]]);
        var to = Map(("PATH", "/usr/bin:/bin"), ("BOTH", "new"), ("NEW", "2"), ("SAID", "3"), ("MINE", "4"));
        var written = Map(("environment.PATH", "/bin"), ("environment.OLD", "1"), ("environment.BOTH", "mine"), ("environment.TERM", "xterm"), ("environment.MINE", "5"));

        var renewed = ImageEnvironment.Renewed(written, from, to, key => key == "environment.SAID");
        Assert.Equal(["environment.NEW=2", "environment.OLD=(none)", "environment.PATH=/usr/bin:/bin"], renewed.Select(entry => $"{entry.Key}={entry.Value ?? "(none)"}").Order(StringComparer.Ordinal));
        // Of a server that writes none down, what stands there is somebody's.
        Assert.Empty(ImageEnvironment.Renewed(Map(("environment.MINE", "5")), from, to, _ => false));
    }

    [Fact]
    public void An_images_shell_is_the_one_that_its_check_is_for()
    {
        using var config = JsonDocument.Parse("""{"Shell": ["/bin/bash", "-o", "pipefail", "-c"], "Healthcheck": {"Test": ["CMD-SHELL", "a | b"]}}""");
        Assert.Equal(["/bin/bash", "-o", "pipefail", "-c", "a | b"], ((ExecProbe)OciImageConfig.Read(config.RootElement).Healthcheck!.Probe).Command);
    }

    [Fact]
    public void It_stands_on_the_instance_until_the_file_says_another_or_none()
    {
        var db = new InstanceDefinition { Name = "db", Image = Reference };
        var world = new PlanningWorld { Health = { [Reference] = new ImageHealthcheck(Reference, s_check) } };
        var created = world.Plan(Stack(db)).Changes.Single(change => change.Name == "db");
        Assert.Equal("success of pg_isready every 5s, 3 times", Assert.Single(created.Properties, property => property.Path == "config.user.incus-compose.image-healthcheck").New);

        var live = world.Applied(Stack(db), "db");
        Assert.Equal(s_check.Interval, RecordedWords.ReadHealthcheck(live.Config)!.Interval);
        // It has been told.
        Assert.Empty(new PlanningWorld().With(live).Plan(Stack(db)).Changes);

        foreach (var other in new[] { db with { NoHealthcheck = true }, db with { Healthcheck = s_check with { Retries = 1 } } })
        {
            var change = Assert.Single(new PlanningWorld().With(live).Plan(Stack(other)).Changes);
            Assert.Null(Assert.Single(change.Properties, property => property.Path == "config.user.incus-compose.image-healthcheck").New);
        }
    }

    [Theory]
    // Nobody waits for its health, or it has one of its own, or is to have none.
    [InlineData("services: {db: {image: \"localhost:1/db\"}, web: {image: \"localhost:1/web\", depends_on: [db]}}", "")]
    [InlineData("services: {db: {image: \"localhost:1/db\", healthcheck: {test: a}}, web: {image: \"localhost:1/web\", depends_on: {db: {condition: service_healthy}}}}", "")]
    [InlineData("services: {db: {image: \"localhost:1/db\"}, web: {image: \"localhost:1/web\", depends_on: {db: {condition: service_healthy}}}}", "stack.yaml:1:88: instances.web.depends_on.db: whether the image of `db`, localhost:1:db, has a health check cannot be told: ")]
    [InlineData("instances: {db: {image: office:debian/12}, web: {image: \"localhost:1/web\", depends_on: {db: {condition: healthy}}}}", "stack.yaml:1:89: instances.web.depends_on.db: `db` has no health check, nor has its image office:debian/12, so it never becomes healthy; give it a `healthcheck`, or wait for `condition: ready` or `started`")]
    [InlineData("instances: {db: {image: office:debian/12, ready: healthy}}", "stack.yaml:1:50: instances.db.ready: `db` has no health check, nor has its image office:debian/12")]
    public async Task A_registry_is_asked_where_somebody_waits_for_the_health_of_an_instance(string text, string problem)
    {
        var stack = StackText.Load(text + "\n").Definition!;
        var problems = await AskAsync(stack, new PlanOptions());
        if (problem.Length == 0)
            Assert.Empty(problems);
        else
            Assert.StartsWith(problem, Assert.Single(problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_apply_that_waits_asks_too_and_goes_on_where_nothing_is_told()
    {
        var stack = StackText.Load("services: {db: {image: \"localhost:1/db\"}, off: {image: \"localhost:1/off\", healthcheck: {disable: true}}}\n").Definition!;
        Assert.True(stack.Instances["off"].NoHealthcheck);

        var warning = Assert.Single(await AskAsync(stack, new PlanOptions { WithImageHealth = true }));
        Assert.Equal((DiagnosticSeverity.Warning, "ImageServerSilent"), (warning.Severity, warning.Id));
        Assert.StartsWith("whether localhost:1:db has a health check of its own cannot be told: ", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Times_without_a_check_are_those_of_the_images_check_and_what_they_leave_out_stays_as_it_says()
    {
        var db = StackText.Web($"image: {Reference}\nhealthcheck: {{interval: 9s, retries: 7}}") with { Name = "db" };
        Assert.Equal((null, false, new HealthTiming { Interval = TimeSpan.FromSeconds(9), Retries = 7 }), (db.Healthcheck, db.NoHealthcheck, db.HealthTiming));
        var world = new PlanningWorld { Health = { [Reference] = new ImageHealthcheck(Reference, s_check with { Timeout = TimeSpan.FromSeconds(2) }) } };

        var live = world.Applied(Stack(db), "db");
        var check = RecordedWords.ReadHealthcheck(live.Config)!;
        Assert.Equal((9, 2, 7), (check.Interval.TotalSeconds, check.Timeout.TotalSeconds, check.Retries));
        Assert.Empty(new PlanningWorld().With(live).Plan(Stack(db)).Changes);

        // What the image says is still known once the file says no more.
        var change = Assert.Single(new PlanningWorld().With(live).Plan(Stack(db with { HealthTiming = null })).Changes);
        Assert.Equal("success of pg_isready every 5s, 3 times", Assert.Single(change.Properties, property => property.Path == "config.user.incus-compose.image-healthcheck").New);
    }

    [Theory]
    [InlineData("images:debian/12", "{interval: 5s}", "instances.web.healthcheck: it says nothing to check, and its image has no check of its own; write one of `test`, `exec`, `tcp` and `http`")]
    [InlineData("docker.io:library/redis", "{}", "instances.web.healthcheck: it says nothing to check; write one of")]
    [InlineData("docker.io:library/redis", "{timeout: 0s}", "instances.web.healthcheck.timeout: it may not be 0")]
    public void Times_alone_are_for_images_that_may_have_a_check(string image, string healthcheck, string problem) =>
        Assert.Contains(problem, Assert.Single(StackText.WebProblems($"image: {image}\nhealthcheck: {healthcheck}")), StringComparison.Ordinal);

    [Fact]
    public async Task Of_an_image_that_is_built_its_instructions_say_it_and_once_it_is_built_it_itself()
    {
        var stack = StackText.Load("""
            services:
              own: {build: {dockerfile_inline: "FROM scratch\nHEALTHCHECK CMD [\"/check\"]"}}
              none: {build: {dockerfile_inline: "FROM scratch"}}
              unknown: {build: {dockerfile_inline: "FROM images.invalid:1/app"}, healthcheck: {interval: 5s}}
              web: {image: "localhost:1/web", depends_on: {own: {condition: service_healthy}, none: {condition: service_healthy}}}
            """).Definition!;
        var builds = stack.Images.Values.ToDictionary(image => image.Name, image => new PlannedBuild(image.Build!, "0", "."));
        var remotes = ClientConfiguration.Default(new IncusEnvironment(_ => null));
        async Task<(IReadOnlyDictionary<string, ImageHealthcheck> Found, List<Diagnostic> Problems)> AskAsync(params Image[] images)
        {
            var context = new PlanningContext(stack, "default", new ServerObservation([], images), remotes) { About = new ServerInfo { ApiExtensions = ["instance_oci"] }, Builds = builds };
            using var registries = new RegistryImages(remotes, context.About!);
            var problems = new List<Diagnostic>();
            return (await ImageHealth.AskAsync(context, registries, new PlanOptions(), problems, CancellationToken.None), problems);
        }

        var (found, problems) = await AskAsync();
        Assert.Equal("success of /check", found["own"].Check!.Probe.Wanted);
        Assert.Equal(["ImageServerSilent", "NoHealthcheck"], problems.Select(problem => problem.Id).Order());
        Assert.Contains("`none` has no health check", problems.Single(problem => problem.Id == "NoHealthcheck").Message, StringComparison.Ordinal);

        var properties = new Dictionary<string, string> { [PlannedBuild.Key] = builds["own"].ToString(), [RecordedWords.ImageHealthcheck] = RecordedWords.Write(new ImageHealthcheck("own", s_check)) };
        new OwnershipMark(stack.Name, "default", "own", AppliedRecord.Empty).Write(new ResourceId(ImageKind.KindName, "own"), properties);
        Assert.Equal(s_check.Probe, (await AskAsync(new Image { Fingerprint = "0123", Type = InstanceTypes.Container, Properties = properties })).Found["own"].Check!.Probe);
    }

    [Fact]
    public void A_check_that_is_turned_off_is_no_check_to_wait_for()
    {
        var problem = Assert.Single(StackText.Load("services: {db: {image: db, healthcheck: {test: [NONE]}}, web: {image: web, depends_on: {db: {condition: service_healthy}}}}\n").Diagnostics, problem => problem.Id == "NoHealthcheck");
        Assert.Contains("`db` has no health check", problem.Message, StringComparison.Ordinal);
    }

    private static async Task<List<Diagnostic>> AskAsync(StackDefinition stack, PlanOptions options)
    {
        var remotes = ClientConfiguration.Default(new IncusEnvironment(_ => null));
        var context = new PlanningContext(stack, "default", new ServerObservation([], []), remotes) { About = new ServerInfo { ApiExtensions = ["instance_oci"] } };
        using var registries = new RegistryImages(remotes, context.About!);
        var problems = new List<Diagnostic>();
        Assert.Empty(await ImageHealth.AskAsync(context, registries, options, problems, CancellationToken.None));
        return problems;
    }
}
