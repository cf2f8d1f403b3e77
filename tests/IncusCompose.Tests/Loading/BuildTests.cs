using IncusCompose.Loading;

namespace IncusCompose.Tests.Loading;

/// <summary>Images that are built on this machine, in the words of the file.</summary>
public class BuildTests
{
    [Fact]
    public void All_words_of_a_build_are_read_and_written()
    {
        var stack = StackText.Require("""
            images:
              app:
                build:
                  context: ./app
                  dockerfile: Dockerfile.dev
                  args: [VERSION=1, HOME]
                  target: server
                  labels: {a: b}
                  platforms: [linux/arm64]
                  no_cache: true
                  pull: true
                  network: host
                  shm_size: 128m
                  extra_hosts: ["db=192.0.2.1"]
                  additional_contexts: {common: ../common, base: "docker-image://alpine"}
                  secrets: [npmrc, {source: npmrc, target: other}]
                  ssh: [default]
              inline: {build: {dockerfile_inline: FROM scratch}}
            instances:
              web: {image: app}
              one: {build: ./app}
            secrets: {npmrc: {file: ./npmrc}}
            """);

        var build = stack.Images["app"].Build!;
        Assert.EndsWith("/shop/app", build.Context);
        Assert.Equal(("Dockerfile.dev", "server", "linux/arm64", "host", "128m"), (build.Dockerfile, build.Target, build.Platform, build.Network, build.ShmSize));
        Assert.Equal(("1", "/home/ann", "b"), (build.Arguments["VERSION"], build.Arguments["HOME"], build.Labels["a"]));
        Assert.Equal("db:192.0.2.1", Assert.Single(build.ExtraHosts));
        Assert.EndsWith("/common", build.AdditionalContexts["common"]);
        Assert.DoesNotContain("shop", build.AdditionalContexts["common"], StringComparison.Ordinal);
        Assert.Equal("docker-image://alpine", build.AdditionalContexts["base"]);
        Assert.Equal([new("npmrc", "npmrc"), new("npmrc", "other")], build.Secrets);
        Assert.EndsWith("/shop", stack.Images["inline"].Build!.Context);
        Assert.Equal("one", stack.Instances["one"].Image);

        using var written = new StringWriter();
        StackText.Loader.WriteResolved(stack, written);
        var again = StackText.Require(written.ToString());
        Assert.Equal(stack.Images.Keys.Order(), again.Images.Keys.Order());
        Assert.All(stack.Images, image => Assert.True(again.Images[image.Key].Build!.IsSameAs(image.Value.Build!)));
        Assert.Equal(stack.Instances["one"].Image, again.Instances["one"].Image);
    }

    [Fact]
    public void Services_share_what_they_build_alike_and_by_name()
    {
        var stack = StackText.Load("""
            services:
              web: {build: ., image: shop/app}
              worker: {image: shop/app, command: [work]}
              other: {build: ., image: "shop/app:latest", pull_policy: build}
              same: {build: {context: .}, pull_policy: never}
              third: {image: shop/third, build: .}
            """).Definition!;

        Assert.Equal(["web", "other", "third"], stack.Images.Keys);
        Assert.Equal(("web", "web", "other", "other", "third"), (stack.Instances["web"].Image, stack.Instances["worker"].Image, stack.Instances["other"].Image, stack.Instances["same"].Image, stack.Instances["third"].Image));
        Assert.Equal(("docker.io:shop/app", "", "docker.io:shop/third"), (stack.Images["web"].Source, stack.Images["other"].Source, stack.Images["third"].Source));
        Assert.All(stack.Instances.Values, instance => Assert.Null(instance.Build));
    }

    [Fact]
    public void Files_that_are_laid_over_one_another_say_one_build()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, "compose.yaml"), "services: {web: {build: ./web}, debug: {build: ./debug, profiles: [debug]}}");
        File.WriteAllText(Path.Combine(folder.Path, "compose.override.yaml"), "services: {web: {build: {args: {A: 1}}}, worker: {extends: {file: base/compose.yaml, service: worker}, build: {args: [B=2, C]}}}");
        Directory.CreateDirectory(Path.Combine(folder.Path, "base"));
        File.WriteAllText(Path.Combine(folder.Path, "base/compose.yaml"), "services: {worker: {build: {context: app}}}");

        var stack = StackText.Loader.Load([], new LoadOptions { WorkingDirectory = folder.Path, Variables = new Dictionary<string, string>() }).Definition!;

        var build = stack.Images["web"].Build!;
        // A folder starts from the file that says it, and what the environment lacks the build does not get.
        Assert.Equal(Path.Combine(folder.Path, "base/app"), stack.Images["worker"].Build!.Context);
        Assert.Equal("2", Assert.Single(stack.Images["worker"].Build!.Arguments).Value);
        Assert.Equal((Path.Combine(folder.Path, "web"), "1"), (build.Context, build.Arguments["A"]));
        // What is not active is written as it is, and builds nothing.
        Assert.NotNull(stack.InactiveInstances["debug"].Build);
        using var written = new StringWriter();
        StackText.Loader.WriteResolved(stack, written);
        Assert.Contains($"build: {folder.Path}/debug", written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Arguments_that_are_secrets_are_not_shown()
    {
        var result = StackText.Load("instances: {web: {build: {context: ., args: {API_TOKEN: \"${TOKEN}\"}}}}", new Dictionary<string, string> { ["TOKEN"] = "hunter2hunter2" });

        Assert.Equal("hunter2hunter2", result.Definition!.Images["web"].Build!.Arguments["API_TOKEN"]);
        using var written = new StringWriter();
        StackText.Loader.WriteResolved(result.Definition, written);
        Assert.DoesNotContain("hunter2", written.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("images: {a: {build: ., file: ./a}}", "it comes from several places: `file` and `build`")]
    [InlineData("images: {a: {build: ., pull: always}}", "`pull` means nothing for an image from `build`")]
    [InlineData("images: {a: {build: {dockerfile: a, dockerfile_inline: b}}}", "the instructions are said twice")]
    [InlineData("images: {a: {build: {platforms: [linux/amd64, linux/arm64]}}}", "an image is built for one platform")]
    [InlineData("images: {a: {build: {additional_contexts: {b: \"service:b\"}}}}", "the image of another service is no context here")]
    [InlineData("images: {a: {build: {secrets: [b]}}}", "it is built with the secret `b`, which the file does not have")]
    [InlineData("images: {a: {build: {secrets: [b]}}}\nsecrets: {b: {command: pass}}", "the secret `b` comes of a command")]
    [InlineData("instances: {a: {build: ., type: virtual-machine}}", "what is built of a Dockerfile runs in containers only")]
    [InlineData("{images: {a: images:debian/12}, instances: {a: {build: .}}}", "`images` has an entry `a` already")]
    [InlineData("{images: {b: images:debian/12}, instances: {a: {build: ., image: b}}}", "`images` has an entry `b` already")]
    [InlineData("instances: {a: {build: {dockerfil: a}}}", "there is no key `dockerfil` here; did you mean `dockerfile`?")]
    public void What_cannot_be_built_is_said_where_it_stands(string yaml, string problem)
    {
        var problems = StackText.Problems(yaml);
        Assert.Contains(problem, Assert.Single(problems), StringComparison.Ordinal);
        Assert.StartsWith("stack.yaml:1:", problems[0], StringComparison.Ordinal);
    }
}
