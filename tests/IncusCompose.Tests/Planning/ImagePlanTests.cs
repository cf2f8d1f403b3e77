using System.Net;
using System.Text;
using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Planning;
using IncusCompose.Resources;
using IncusCompose.Resources.Images;
using IncusCompose.Resources.Instances;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Planning;

/// <summary>What becomes of images that are made of files or of an instance, and of those that are followed.</summary>
public class ImagePlanTests
{
    [Fact]
    public async Task A_list_of_images_without_an_end_is_not_read_to_it()
    {
        using var http = new HttpClient(new EndlessList());

        var error = await Assert.ThrowsAsync<IOException>(() => RemoteImages.FindAsync(http, "https://images.example.org", "debian/12", InstanceTypes.Container, "x86_64", CancellationToken.None));

        Assert.Equal("https://images.example.org/streams/v1/index.json is longer than 64 MiB, which no list of images is", error.Message);
    }

    [Fact]
    public void An_image_from_an_instance_is_made_after_it_and_before_what_is_made_from_the_image()
    {
        var plan = new PlanningWorld().Plan(Stack(
            [new ImageDefinition { Name = "golden", Source = "", Publish = "builder", Aliases = ["g", "g/1"] }],
            [new InstanceDefinition { Name = "builder", Image = "busybox" }, new InstanceDefinition { Name = "web", Image = "golden" }]));

        Assert.Equal(["builder", "golden", "web"], plan.Changes.Select(change => change.Name));
        var image = plan.Changes[1];
        Assert.Contains(InstanceKind.IdOf("builder"), image.DependsOn);
        Assert.Equal(new InstanceDependency("builder", DependencyCondition.Ready), Assert.Single(image.Conditions));
        Assert.Equal(["alias: g", "aliases.g.1: g/1"], image.Properties.Select(property => $"{property.Path}: {property.New}"));
    }

    [Fact]
    public void Of_two_images_of_one_key_each_stack_takes_its_own_away_and_one_that_something_elsewhere_was_made_from_stays()
    {
        static LiveResource Made(string stack, char fingerprint)
        {
            var (id, properties) = (new ResourceId(ImageKind.KindName, "page"), new Dictionary<string, string>());
            new OwnershipMark(stack, "default", "page", AppliedRecord.Empty).Write(id, properties);
            return ImageKind.Describe(id, new Image { Fingerprint = new string(fingerprint, 64), Type = InstanceTypes.Container, Properties = properties });
        }

        LiveResource[] both = [Made("left", 'a'), Made("right", 'b')];
        var server = new ServerObservation(both, [.. both.Select(live => (Image)live.Raw)]);
        StackPlan Down(ServerObservation seen) => StackPlanner.PlanRemoval("right", "default", seen, new RemovalOptions { RemoveImages = true }, "test");
        Assert.Equal(new string('b', 64), ((Image)Assert.Single(Down(server).Changes).Live!.Raw).Fingerprint);

        var elsewhere = new Instance { Name = "far", Project = "other", Config = new Dictionary<string, string> { ["volatile.base_image"] = new('b', 64) } };
        var kept = Down(server.With([elsewhere]));
        Assert.Empty(kept.Changes);
        Assert.Equal("kept, since instance/far of project other was made from it too", Assert.Single(kept.Resources).Reason);
        Assert.Single(StackPlanner.PlanRemoval("left", "default", server.With([elsewhere]), new RemovalOptions { RemoveImages = true }, "test").Changes);
    }

    [Fact]
    public void An_image_that_is_followed_is_brought_anew_where_its_alias_leads_elsewhere_and_its_instances_are_told_of()
    {
        Image Known(string fingerprint) => new()
        {
            Fingerprint = fingerprint, Type = InstanceTypes.Container, UpdateSource = new ImageUpdateSource { Alias = "app", Protocol = "simplestreams", Server = "https://images.example.org" },
        };
        var stack = Stack([new ImageDefinition { Name = "app", Source = "images:app", Pull = ImagePull.Always }], [new InstanceDefinition { Name = "web", Image = "app" }]);
        var world = new PlanningWorld { Newest = { [("images:app", InstanceTypes.Container)] = new string('a', 64) } }.With(Known(new string('a', 64)));
        world.With(world.Applied(stack, "web") is var web ? web with { Config = web.Config.ToDictionary(pair => pair.Key, pair => pair.Key == "volatile.base_image" ? new string('a', 64) : pair.Value) } : web);
        Assert.Empty(world.Plan(stack).Changes);

        world.Newest[("images:app", InstanceTypes.Container)] = new string('b', 64);
        var plan = world.Plan(stack);
        var change = Assert.Single(plan.Changes);
        Assert.Equal(("image", ChangeAction.Update), (change.Kind, change.Action));
        Assert.Equal("fingerprint", Assert.Single(change.Properties).Path);
        Assert.Contains(plan.Diagnostics, note => note.Id == "ImageMovedOn" && note.Message.Contains("bbbbbbbbbbbb", StringComparison.Ordinal));
        Assert.Contains(world.Plan(stack, new PlanOptions { AllowRebuild = true }).Changes, rebuilt => rebuilt is { Name: "web", Action: ChangeAction.Rebuild });
    }

    [Fact]
    public void An_image_of_a_registry_is_told_by_its_digest_where_its_layers_are_the_same()
    {
        const string reference = "registry:app:1";
        var stack = Stack([], [new InstanceDefinition { Name = "web", Image = reference, PullPolicy = ImagePull.Always }]);
        Image Known(string digest, string? owner = "shop")
        {
            var properties = new Dictionary<string, string> { ["type"] = "oci" };
            new ImageDigest("sha256:name", digest, new string('a', 64)).Write(properties);
            new OwnershipMark(owner!, "default", reference, AppliedRecord.Empty).Write(new ResourceId(ImageKind.KindName, reference), properties);
            return new() { Fingerprint = new string('a', 64), Type = InstanceTypes.Container, Properties = properties, UpdateSource = new ImageUpdateSource { Alias = "app:1", Protocol = "oci", Server = "https://registry.example.org" } };
        }

        PlanningWorld World(string newest, Image image)
        {
            var world = new PlanningWorld { Newest = { [(reference, InstanceTypes.Container)] = new string('a', 64) }, Digests = { [reference] = new ImageDigest("sha256:other", newest, new string('a', 64)) } }.With(image);
            var web = world.Applied(stack, "web");
            var config = new Dictionary<string, string>(web.Config) { ["volatile.base_image"] = new('a', 64), ["image.user.incus-compose.digest"] = "sha256:old" };
            return world.With(web with { Config = config, ExpandedConfig = config });
        }

        Assert.Empty(World("sha256:old", Known("sha256:old")).Plan(stack).Changes);

        var plan = World("sha256:new", Known("sha256:old")).Plan(stack);
        Assert.Equal("digest: sha256:old -> sha256:new", Assert.Single(Assert.Single(plan.Changes).Properties) is var line ? $"{line.Path}: {line.Old} -> {line.New}" : "");
        Assert.Equal("image registry:app:1 moved on: old -> new (web)", Assert.Single(plan.Diagnostics).Message);
        Assert.Contains(World("sha256:new", Known("sha256:old")).Plan(stack, new PlanOptions { AllowRebuild = true }).Changes, change => change is { Name: "web", Action: ChangeAction.Rebuild });

        // One of the same layers that another stack brought is not taken from it; what it is stands on it.
        Assert.False(World("sha256:new", Known("sha256:old", "other")).Plan(stack).HasChanges);
        Assert.Empty(World("sha256:new", Known("sha256:old", "other")).Plan(stack).Diagnostics);
        Assert.NotEmpty(World("sha256:new", Known("sha256:newer", "other")).Plan(stack).Diagnostics);
    }

    [Fact]
    public void A_tag_that_leads_to_what_the_server_has_by_another_name_is_that_image()
    {
        const string reference = "registry:app:latest";
        var stack = Stack([], [new InstanceDefinition { Name = "web", Image = reference, PullPolicy = ImagePull.Always }]);
        static Image Known(char fingerprint, string alias) => new()
        {
            Fingerprint = new string(fingerprint, 64), Type = InstanceTypes.Container, UpdateSource = new ImageUpdateSource { Alias = alias, Protocol = "oci", Server = "https://registry.example.org" },
        };
        var world = new PlanningWorld
        {
            Newest = { [(reference, InstanceTypes.Container)] = new string('b', 64) }, Digests = { [reference] = new ImageDigest("sha256:name", "sha256:image", new string('b', 64)) },
        }.With(Known('a', "app:latest")).With(Known('b', "app:2"));
        var web = world.Applied(stack, "web");
        Instance Of(char fingerprint) => web with { Config = new Dictionary<string, string>(web.Config) { ["volatile.base_image"] = new(fingerprint, 64) } };

        Assert.Equal("image registry:app:latest moved on: aaaaaaaaaaaa -> bbbbbbbbbbbb (web)", Assert.Single(world.With(Of('a')).Plan(stack).Diagnostics).Message);
        Assert.Equal(["web"], world.With(Of('a')).Plan(stack, new PlanOptions { AllowRebuild = true }).Changes.Select(change => change.Name));
        Assert.Empty(world.With(Of('b')).Plan(stack).Changes);
    }

    [Fact]
    public async Task A_registry_that_tells_what_the_server_has_is_asked_for_no_more()
    {
        var manifest = new OciManifest("app", "sha256:name", "sha256:image", null, ["sha256:one", "sha256:two"]);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("sha256:onesha256:two"u8)), manifest.Fingerprint);

        using var listener = Listen(out var address);
        var remotes = new ClientConfiguration { Remotes = new Dictionary<string, IncusRemote> { ["registry"] = new() { Name = "registry", Addresses = [address], Protocol = "oci" } } };
        var properties = new Dictionary<string, string>();
        ImageDigest.Of(manifest).Write(properties);
        var here = new Image { Fingerprint = manifest.Fingerprint, Type = InstanceTypes.Container, Properties = properties, UpdateSource = new ImageUpdateSource { Alias = "app:1", Protocol = "oci", Server = address } };
        var server = new ServerInfo { ApiExtensions = ["instance_oci"] };
        using var registries = new RegistryImages(remotes, server);
        InstanceDefinition Web(string name, string image) => new() { Name = name, Image = image, PullPolicy = ImagePull.Always };

        // What is named by its digest stays what it is, and is not asked for at all.
        var asking = RemoteImages.AskAsync(Stack([], [Web("web", "registry:app:1"), Web("fixed", "registry:app@sha256:0123")]), remotes, server, registries, [here], [], CancellationToken.None);
        var request = await listener.GetContextAsync();
        Assert.Equal("HEAD /v2/app/manifests/1", $"{request.Request.HttpMethod} {request.Request.Url!.AbsolutePath}");
        request.Response.AddHeader("Docker-Content-Digest", "sha256:name");
        request.Response.Close();

        Assert.Equal(ImageDigest.Of(manifest), Assert.Single((await asking).Digests).Value);
    }

    [Theory]
    [InlineData("https://me:hunter2@registry.example.org")]
    [InlineData("https://registry.example.org/")]
    public void An_image_is_known_again_whoever_it_was_fetched_as(string server)
    {
        var image = new Image
        {
            Fingerprint = new string('d', 64), Type = InstanceTypes.Container, UpdateSource = new ImageUpdateSource { Alias = "app:1", Protocol = "oci", Server = server },
        };
        var stack = Stack([new ImageDefinition { Name = "app", Source = "registry:app:1", Pull = ImagePull.Never }], [new InstanceDefinition { Name = "web", Image = "app" }]);

        Assert.Equal(ChangeAction.Create, Assert.Single(new PlanningWorld().With(image).Plan(stack).Changes).Action);
    }

    [Fact]
    public void What_is_never_to_be_fetched_must_be_on_the_server()
    {
        var stack = Stack([], [new InstanceDefinition { Name = "web", Image = "images:app", PullPolicy = ImagePull.Never }]);
        Assert.Equal("MissingImage", Assert.Single(Assert.Throws<StackFileException>(() => new PlanningWorld().Plan(stack)).Diagnostics).Id);
    }

    [Fact]
    public void Files_of_an_image_are_looked_for_only_where_the_server_does_not_have_it()
    {
        var stack = Stack([new ImageDefinition { Name = "ours", Source = "", File = "/nowhere/ours.tar.xz" }], []);
        var problem = Assert.Single(Assert.Throws<StackFileException>(() => new PlanningWorld().Plan(stack)).Diagnostics);
        Assert.Contains("there is no file /nowhere/ours.tar.xz", problem.Message, StringComparison.Ordinal);

        var mark = new Dictionary<string, string>();
        new OwnershipMark("shop", "default", "ours", AppliedRecord.Empty).Write(new ResourceId(ImageKind.KindName, "ours"), mark);
        var world = new PlanningWorld().With(new Image { Fingerprint = new string('c', 64), Type = InstanceTypes.VirtualMachine, Properties = mark });
        Assert.Empty(world.Plan(stack).Changes);
        Assert.Empty(world.Plan(stack).Orphans);
    }

    [Fact]
    public void Files_tell_what_they_are_an_image_of_and_what_it_is_called()
    {
        using var folder = new TemporaryFolder();
        string Write(string name, byte[] content)
        {
            File.WriteAllBytes(Path.Combine(folder.Path, name), content);
            return Path.Combine(folder.Path, name);
        }

        var metadata = Write("metadata.tar", "meta"u8.ToArray());
        var disk = new ImageFiles(metadata, Write("disk", [(byte)'Q', (byte)'F', (byte)'I', 0xfb, 0, 0]));
        Assert.Equal((InstanceTypes.VirtualMachine, 10L), (disk.Type(), disk.Size()));
        Assert.Equal(InstanceTypes.Container, new ImageFiles(metadata, Write("rootfs", "hsqs"u8.ToArray())).Type());
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("metahsqs"u8)), new ImageFiles(metadata, Path.Combine(folder.Path, "rootfs")).Fingerprint());
    }

    [Fact]
    public async Task The_newest_image_of_an_alias_is_found_in_simplestreams()
    {
        const string products = """
            {"products": {
              "debian:12:amd64:default": {"arch": "amd64", "aliases": "debian/12,debian/bookworm", "versions": {
                "20260102_05:24": {"items": {"incus.tar.xz": {"ftype": "incus.tar.xz", "combined_squashfs_sha256": "new", "combined_disk-kvm-img_sha256": "disk"}, "root.squashfs": {"ftype": "squashfs"}}},
                "20260101_05:24": {"items": {"incus.tar.xz": {"ftype": "incus.tar.xz", "combined_squashfs_sha256": "old"}}}}},
              "debian:12:arm64:default": {"arch": "arm64", "aliases": "debian/12", "versions": {"20260103_05:24": {"items": {"incus.tar.xz": {"ftype": "incus.tar.xz", "combined_squashfs_sha256": "arm"}}}}}}}
            """;
        using var http = new HttpClient(new Pages(new Dictionary<string, string>
        {
            ["/streams/v1/index.json"] = """{"index": {"images": {"datatype": "image-downloads", "path": "streams/v1/images.json"}}}""",
            ["/streams/v1/images.json"] = products,
        }));

        Task<string?> FindAsync(string alias, string type, string architecture) => RemoteImages.FindAsync(http, "https://images.example.org", alias, type, architecture, CancellationToken.None);
        Assert.Equal("new", await FindAsync("debian/bookworm", InstanceTypes.Container, "x86_64"));
        Assert.Equal("disk", await FindAsync("debian/12", InstanceTypes.VirtualMachine, "x86_64"));
        Assert.Equal("arm", await FindAsync("debian/12", InstanceTypes.Container, "aarch64"));
        Assert.Null(await FindAsync("debian/13", InstanceTypes.Container, "x86_64"));
    }

    [Theory]
    [InlineData("me:hunter2", "hunter2")]
    [InlineData("me:a%40b", "a@b")]
    public void A_registrys_password_is_in_no_error_whatever_the_server_says(string user, string password)
    {
        var address = $"https://{user}@registry.example.org";

        var told = ImageKind.Told(new IncusException($"cannot reach {address}", $"try {password}") { ServerMessage = address }, address);

        Assert.DoesNotContain(password, told!.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(user, told.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("cannot reach https://me:", told.Message, StringComparison.Ordinal);
        Assert.Null(ImageKind.Told(new IncusException("it is away"), address));
        Assert.Null(ImageKind.Told(new IncusException("it is away"), "https://registry.example.org"));
    }

    [Theory]
    [InlineData("""{"nothing": 1}""")]
    [InlineData("""{"index": []}""")]
    public async Task An_image_server_that_says_something_else_is_silent_and_not_the_end(string index)
    {
        using var listener = Listen(out var address);
        var remotes = new ClientConfiguration { Remotes = new Dictionary<string, IncusRemote> { ["odd"] = new() { Name = "odd", Addresses = [address], Protocol = "simplestreams" } } };
        var stack = Stack([], [new InstanceDefinition { Name = "web", Image = "odd:debian/12", PullPolicy = ImagePull.Always }]);
        var problems = new List<Diagnostic>();

        using var registries = new RegistryImages(remotes, new ServerInfo());
        var asking = RemoteImages.AskAsync(stack, remotes, new ServerInfo(), registries, [], problems, CancellationToken.None);
        var request = await listener.GetContextAsync();
        request.Response.Close(Encoding.UTF8.GetBytes(index), willBlock: false);

        Assert.Empty((await asking).Fingerprints);
        Assert.Contains("cannot be told", Assert.Single(problems).Message, StringComparison.Ordinal);
    }

    // A listener that could not start is of no use any more.
    private static HttpListener Listen(out string address)
    {
        for (var port = Random.Shared.Next(20000, 30000); ; port++)
        {
            address = $"http://127.0.0.1:{port}";
            var listener = new HttpListener { Prefixes = { address + "/" } };
            try
            {
                listener.Start();
                return listener;
            }
            catch (HttpListenerException)
            {
                listener.Close();
            }
        }
    }

    private static StackDefinition Stack(ImageDefinition[] images, InstanceDefinition[] instances) => new()
    {
        Name = "shop", Images = images.ToDictionary(image => image.Name), Instances = instances.ToDictionary(instance => instance.Name),
    };

    private sealed class Pages(Dictionary<string, string> pages) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(pages[request.RequestUri!.AbsolutePath], Encoding.UTF8, "application/json") });
    }
}
