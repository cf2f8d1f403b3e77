using IncusCompose.Definition;

namespace IncusCompose.Tests.Loading;

/// <summary>Images, in the words of the file.</summary>
public class ImageTests
{
    [Fact]
    public void An_image_comes_from_a_remote_from_files_or_from_an_instance()
    {
        var stack = StackText.Require("""
            images:
              debian: images:debian/12
              app: {source: "registry:app", credentials: {username: me, password: "${TOKEN}"}, alias: app, aliases: [app/1, app], profiles: [default, web], pull: always}
              one: {file: ./one.tar.xz}
              two: {metadata: ./metadata.tar.xz, rootfs: ./disk.qcow2, pull: never}
              golden: {publish: builder}
            instances:
              builder: {image: debian, pull_policy: if_not_present}
              web: {image: golden}
            """, new Dictionary<string, string> { ["TOKEN"] = "hunter2" });

        var images = stack.Images;
        Assert.Equal(("images:debian/12", null), (images["debian"].Source, images["debian"].Pull));
        Assert.Equal(["app", "app/1"], images["app"].Aliases);
        Assert.Equal(["default", "web"], images["app"].Profiles);
        Assert.Equal((ImagePull.Always, "hunter2", "me"), (images["app"].Pull, images["app"].Credentials!.Password, images["app"].Credentials!.ToString()));
        Assert.EndsWith("/shop/one.tar.xz", images["one"].File);
        Assert.EndsWith("/shop/disk.qcow2", images["two"].Rootfs);
        Assert.Equal("builder", images["golden"].Publish);
        Assert.Equal(ImagePull.Missing, stack.Instances["builder"].PullPolicy);
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(stack, writer);
        Assert.DoesNotContain("hunter2", writer.ToString(), StringComparison.Ordinal);
    }
}
