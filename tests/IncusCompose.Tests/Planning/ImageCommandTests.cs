using System.Net;
using System.Security.Cryptography;
using System.Text;
using Incus.Client;
using IncusCompose.Building;
using IncusCompose.Definition;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>Arguments alone are for the image's own entry point, which its registry tells.</summary>
public class ImageCommandTests
{
    private const string Index = """
        {"schemaVersion": 2, "manifests": [
          {"digest": "DIGEST-OF-ATTESTATION", "platform": {"architecture": "unknown", "os": "unknown"}},
          {"digest": "sha256:MANIFEST", "platform": {"architecture": "amd64", "os": "linux"}}]}
        """;

    private const string Config = """{"architecture": "amd64", "config": {"Entrypoint": ["docker-entrypoint.sh"], "Cmd": ["redis-server"]}}""";

    [Theory]
    [InlineData("library/redis:7", "library/redis", "7")]
    [InlineData("library/redis", "library/redis", "latest")]
    [InlineData("redis:7@sha256:0123", "redis", "sha256:0123")]
    public void An_image_is_named_by_a_tag_or_a_digest(string image, string repository, string reference) => Assert.Equal((repository, reference), OciRegistry.Split(image));

    [Fact]
    public async Task The_entry_point_is_that_of_the_servers_architecture()
    {
        using var registry = Registry(out var asked);

        Assert.Equal(["docker-entrypoint.sh"], await EntrypointAsync(registry, "library/redis:7", "x86_64"));

        Assert.Equal("https://registry-1.docker.io/v2/library/redis/manifests/7", asked[0].Address);
        var error = await Assert.ThrowsAsync<IncusException>(() => EntrypointAsync(registry, "library/redis:7", "aarch64"));
        Assert.Equal("there is no image library/redis:7 for aarch64", error.Message);
    }

    [Fact]
    public async Task Whoever_may_read_it_asks_for_a_token_and_a_password_goes_nowhere_else()
    {
        using var registry = Registry(out var asked, new ImageCredentials("me", "hunter2"), token: "t0ken");

        await EntrypointAsync(registry, "library/redis:7", "x86_64");

        Assert.Equal("https://auth.example.org/token?service=registry&scope=repository%3Alibrary%2Fredis%3Apull", asked[1].Address);
        Assert.Equal("Basic " + Convert.ToBase64String("me:hunter2"u8), asked[1].Authorization);
        Assert.All(asked.Where(request => !request.Address.StartsWith("https://auth.", StringComparison.Ordinal)), request => Assert.True(request.Authorization is null or "Bearer t0ken"));
    }

    [Theory]
    [InlineData("//evil.example/x")]
    [InlineData("library/../../x")]
    [InlineData("library/redis:..")]
    [InlineData("")]
    public async Task What_a_file_calls_an_image_leads_to_no_other_place_than_its_registry(string image)
    {
        using var registry = Registry(out var asked, new ImageCredentials("me", "hunter2"), token: "t0ken");

        var error = await Assert.ThrowsAsync<IncusException>(() => EntrypointAsync(registry, image, "x86_64"));

        Assert.EndsWith("is no image's name", error.Message, StringComparison.Ordinal);
        Assert.Empty(asked);
    }

    [Fact]
    public async Task What_is_not_what_its_digest_says_is_refused()
    {
        using var registry = Registry(out _, config: Config + " ");

        var error = await Assert.ThrowsAsync<IncusException>(() => EntrypointAsync(registry, "library/redis:7", "x86_64"));
        Assert.Contains("gives something else", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_stands_on_the_instance_so_that_it_is_asked_for_once()
    {
        var stack = StackText.Load("services: {cache: {image: \"redis:7\", command: redis-server --save 60 1}}\n").Definition!;
        var cache = stack.Instances["cache"];
        Assert.Equal(["redis-server", "--save", "60", "1"], cache.Command!);
        var entrypoint = new ImageEntrypoint("docker.io:library/redis:7", ["docker-entrypoint.sh"]);
        var config = new SortedDictionary<string, string>();

        ImageCommand.Add(config, cache, Context(stack) with { Entrypoints = new Dictionary<string, ImageEntrypoint> { [entrypoint.Image] = entrypoint } }, live: null);
        Assert.Equal("docker-entrypoint.sh redis-server --save 60 1", config["oci.entrypoint"]);

        var live = new InstanceKind().Describe(InstanceKind.IdOf("cache"), new Instance { Name = "cache", Type = InstanceTypes.Container, Config = config });
        var again = new SortedDictionary<string, string>();
        ImageCommand.Add(again, cache with { Command = ["--help"] }, Context(stack), live);
        Assert.Equal(("docker-entrypoint.sh --help", config["user.incus-compose.entrypoint"]), (again["oci.entrypoint"], again["user.incus-compose.entrypoint"]));

        // Of another image it says nothing.
        again.Clear();
        ImageCommand.Add(again, cache with { Image = "docker.io:library/redis:8" }, Context(stack), live);
        Assert.Empty(again);

        Assert.Equal(["redis-server", "--save", "60", "1"], ImageCommand.Take(config, new Dictionary<string, string>(config))!);
    }

    [Fact]
    public void An_image_with_neither_entry_point_nor_arguments_runs_nothing()
    {
        var stack = StackText.Load("services: {cache: {image: \"redis:7\", command: []}}\n").Definition!;
        var context = Context(stack) with { Entrypoints = new Dictionary<string, ImageEntrypoint> { ["docker.io:library/redis:7"] = new("docker.io:library/redis:7", []) } };

        ImageCommand.Add([], stack.Instances["cache"], context, live: null);

        Assert.Equal("stack.yaml:1:38: instances.cache.command: the image docker.io:library/redis:7 has no entry point, and this names no program either; write one", Assert.Single(context.Problems).ToString());
    }

    [Fact]
    public async Task An_address_that_is_none_is_said_like_any_other_problem()
    {
        var stack = StackText.Load("services: {web: {image: \"localhost:70000/app\", command: [a]}}\n").Definition!;
        var problems = new List<IncusCompose.Diagnostics.Diagnostic>();

        Assert.Empty(await AskAsync(stack, problems));

        Assert.Equal("UnknownEntrypoint", Assert.Single(problems).Id);
    }

    [Fact]
    public async Task An_image_of_no_registry_is_said_before_anything_is_changed()
    {
        var stack = StackText.Load("instances: {web: {image: images:debian/12, command: [a]}}\n").Definition!;
        var problems = new List<IncusCompose.Diagnostics.Diagnostic>();

        Assert.Empty(await AskAsync(stack, problems));

        Assert.Equal(
            "stack.yaml:1:44: instances.web.command: `command` alone is for an image's own entry point, and what that of images:debian/12 is cannot be told: it does not come from a registry; write the image's `entrypoint` as well; `entrypoint: []` where it has none",
            Assert.Single(problems).ToString());
    }

    [Fact]
    public async Task Of_an_image_that_is_built_its_instructions_say_it()
    {
        var stack = StackText.Load("""
            services:
              own: {build: {dockerfile_inline: "FROM scratch\nENTRYPOINT [\"/app\"]"}, command: [a]}
              none: {build: {dockerfile_inline: FROM images.invalid:1/app}, command: [a]}
            """).Definition!;
        var problems = new List<IncusCompose.Diagnostics.Diagnostic>();
        var builds = stack.Images.Values.ToDictionary(image => image.Name, image => new PlannedBuild(image.Build!, "0", "."));

        var context = Context(stack) with { About = new ServerInfo { ApiExtensions = ["instance_oci_entrypoint"] }, Builds = builds };
        using var registries = new RegistryImages(context.Remotes, context.About!);

        var found = await ImageCommand.AskAsync(context, registries, new PlanOptions(), problems, CancellationToken.None);

        Assert.Equal(["/app"], Assert.Single(found).Value.Words);
        Assert.Contains("that of none is cannot be told", Assert.Single(problems).Message, StringComparison.Ordinal);

        // What was built of the same sources says it itself.
        var image = new Image { Fingerprint = "0123", Type = InstanceTypes.Container, Properties = new Dictionary<string, string> { [RecordedWords.Entrypoint] = RecordedWords.Write(new ImageEntrypoint("own", ["/other"])) } };
        Assert.Equal(["/other"], (await PlannedBuilds.EntrypointOfAsync("own", builds["own"], image, registries, CancellationToken.None))!.Words);
    }

    private static async Task<IReadOnlyList<string>> EntrypointAsync(OciRegistry registry, string image, string architecture) =>
        (await registry.ReadConfigAsync(await registry.ReadManifestAsync(image, architecture, CancellationToken.None), CancellationToken.None)).Entrypoint;

    private static async Task<IReadOnlyDictionary<string, ImageEntrypoint>> AskAsync(StackDefinition stack, List<IncusCompose.Diagnostics.Diagnostic> problems)
    {
        var context = Context(stack) with { About = new ServerInfo { ApiExtensions = ["instance_oci_entrypoint"] } };
        using var registries = new RegistryImages(context.Remotes, context.About!);
        return await ImageCommand.AskAsync(context, registries, new PlanOptions(), problems, CancellationToken.None);
    }

    private static PlanningContext Context(StackDefinition stack) => new(stack, "default", new ServerObservation([], []), ClientConfiguration.Default(new IncusEnvironment(_ => null)));

    private static string Digest(string text) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static OciRegistry Registry(out List<(string Address, string? Authorization)> asked, ImageCredentials? credentials = null, string? token = null, string? config = null)
    {
        var manifest = $$"""{"schemaVersion": 2, "config": {"digest": "{{Digest(Config)}}"}, "layers": []}""";
        var pages = new Dictionary<string, string>
        {
            ["/v2/library/redis/manifests/7"] = Index.Replace("sha256:MANIFEST", Digest(manifest), StringComparison.Ordinal),
            [$"/v2/library/redis/manifests/{Digest(manifest)}"] = manifest,
            [$"/v2/library/redis/blobs/{Digest(Config)}"] = config ?? Config,
        };
        asked = [];
        return new OciRegistry(new Uri("https://docker.io"), credentials, certificate: null, new Pages(pages, asked, token));
    }

    private sealed class Pages(Dictionary<string, string> pages, List<(string Address, string? Authorization)> asked, string? token) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            asked.Add((request.RequestUri!.AbsoluteUri, request.Headers.Authorization?.ToString()));
            if (request.RequestUri.Host == "auth.example.org")
                return Answer(HttpStatusCode.OK, $$"""{"token": "{{token}}"}""");
            if (token is null || request.Headers.Authorization?.Parameter == token)
                return pages.TryGetValue(request.RequestUri.AbsolutePath, out var page) ? Answer(HttpStatusCode.OK, page) : Answer(HttpStatusCode.NotFound, "{}");
            var refusal = new HttpResponseMessage(HttpStatusCode.Unauthorized);
            refusal.Headers.WwwAuthenticate.ParseAdd("Bearer realm=\"https://auth.example.org/token\",service=\"registry\",scope=\"repository:other:pull\",scope=\"repository:library/redis:pull\"");
            return Task.FromResult(refusal);
        }

        private static Task<HttpResponseMessage> Answer(HttpStatusCode status, string text) =>
            Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(text, Encoding.UTF8, "application/json") });
    }
}
