using IncusCompose.Persistence;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Persistence;

/// <summary>Places in folders of the host that something is mounted at.</summary>
public class MountPointTests
{
    private static Dictionary<string, string> Disk(string source, string path, string? pool = null)
    {
        var disk = new Dictionary<string, string> { ["type"] = "disk", ["source"] = source, ["path"] = path };
        if (pool is not null)
            disk["pool"] = pool;
        return disk;
    }

    [Fact]
    public void A_place_is_in_the_innermost_folder_around_it() => Assert.Equal(
        [new("/srv/app", "sub", "/srv/sub"), new("/srv/sub", "cache/x", null), new("/srv/app", "volume", null)],
        MountPoints.Of(
        [
            Disk("tmpfs:", "/app/sub/cache/x/"), Disk("/srv/app", "/app"), Disk("/srv/sub", "/app/sub"), Disk("data", "/app/volume", "default"), Disk("logs", "/app/volume/logs", "default"),
            Disk("/srv/other", "/application"), Disk("", "/", "default"), new Dictionary<string, string> { ["type"] = "nic" },
        ]));

    [Fact]
    public void What_is_not_there_is_made_as_what_is_mounted_there_is()
    {
        using var folder = new TemporaryFolder();
        var app = Directory.CreateDirectory(Path.Combine(folder.Path, "app")).FullName;
        var file = Path.Combine(folder.Path, "one.conf");
        File.WriteAllText(file, "x");
        var made = new List<string>();

        MountPoints.Make(new($"{folder.Path}//app/./x/../", "deep/cache", null), made.Add);
        MountPoints.Make(new(app, "etc/one.conf", file), made.Add);
        MountPoints.Make(new(app, "deep/cache", null), made.Add);
        MountPoints.Make(new(Path.Combine(folder.Path, "none"), "cache", null), made.Add);

        Assert.Equal(["app/deep", "app/deep/cache", "app/etc"], made.Select(path => path[(folder.Path.Length + 1)..]));
        Assert.True(Directory.Exists(Path.Combine(app, "deep/cache")));
        Assert.Equal("", File.ReadAllText(Path.Combine(app, "etc/one.conf")));
    }

    [Fact]
    public void Paths_are_the_same_however_they_are_written() => Assert.Equal(
        [new("/srv/app", "sub", "/srv/sub")],
        MountPoints.Of([Disk("/srv//./app/", "/app/"), Disk("/srv/x/../sub", "//app/./sub")]));

    [Fact]
    public void Nothing_is_made_through_a_link_that_comes_in_between_and_links_that_stay_in_the_folder_are_gone_by()
    {
        using var folder = new TemporaryFolder();
        var app = Directory.CreateDirectory(Path.Combine(folder.Path, "app")).FullName;
        var outside = Directory.CreateDirectory(Path.Combine(folder.Path, "outside")).FullName;
        Directory.CreateDirectory(Path.Combine(app, "releases/1"));
        File.CreateSymbolicLink(Path.Combine(app, "current"), "releases/1");
        var made = new List<string>();
        MountPoints.Make(new(app, "current/cache", null), made.Add);
        Assert.Equal([Path.Combine(app, "releases/1/cache")], made);

        // As if it had been put there after the look.
        File.CreateSymbolicLink(Path.Combine(app, "away"), outside);
        BeneathFolder.Make(app, ["away", "cache", "x"], isFile: false, _ => Assert.Fail("something was made"));
        BeneathFolder.Make(app, ["away", "file"], isFile: true, _ => Assert.Fail("something was made"));
        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }

    [Theory]
    [InlineData("away/cache")]
    [InlineData("../outside/cache")]
    public void Nothing_is_made_outside_of_the_folder(string within)
    {
        using var folder = new TemporaryFolder();
        var app = Directory.CreateDirectory(Path.Combine(folder.Path, "app")).FullName;
        var outside = Directory.CreateDirectory(Path.Combine(folder.Path, "outside")).FullName;
        File.CreateSymbolicLink(Path.Combine(app, "away"), outside);

        MountPoints.Make(new(app, within, null), _ => Assert.Fail("something was made"));

        Assert.Empty(Directory.GetFileSystemEntries(outside));
    }
}
