using System.Security.Cryptography;
using System.Text;
using Incus.Client;
using IncusCompose.Integration.Tests.Lab;

namespace IncusCompose.Integration.Tests.Client;

[Collection(CommandLabCollection.Name)]
public sealed class FileTests(BoxFixture box) : IClassFixture<BoxFixture>
{
    private InstanceApi Instances => box.Instances;

    [Fact]
    public async Task A_file_is_written_with_owner_and_mode_and_read_back()
    {
        await Instances.PushFileAsync(
            "box", "/etc/greeting", new MemoryStream("hello"u8.ToArray()),
            new Incus.Client.FileAttributes { Uid = 1000, Gid = 1001, Mode = Convert.ToInt32("0640", 8) });

        using var read = new MemoryStream();
        var info = await Instances.PullFileAsync("box", "/etc/greeting", read);

        Assert.Equal("hello", Encoding.UTF8.GetString(read.ToArray()));
        Assert.Equal(new InstanceFileInfo("/etc/greeting", "file", 1000, 1001, Convert.ToInt32("0640", 8)), info);
        var seen = await Instances.ExecAsync("box", new ExecRequest { Command = ["stat", "-c", "%u %g %a", "/etc/greeting"] });
        Assert.Equal("1000 1001 640\n", seen.StandardOutput);
    }

    [Fact]
    public async Task Large_files_pass_unharmed_and_replace_longer_ones()
    {
        var data = RandomNumberGenerator.GetBytes(20 * 1024 * 1024);
        await Instances.PushFileAsync("box", "/big", new MemoryStream(data));
        using var read = new MemoryStream();
        await Instances.PullFileAsync("box", "/big", read);
        Assert.Equal(SHA256.HashData(data), SHA256.HashData(read.ToArray()));

        await Instances.PushFileAsync("box", "/big", new MemoryStream([1, 2]));
        read.SetLength(0);
        await Instances.PullFileAsync("box", "/big", read);
        Assert.Equal([1, 2], read.ToArray());
    }

    [Fact]
    public async Task A_stopped_instance_takes_and_gives_files_too()
    {
        var stopped = await box.CreateStoppedAsync();
        await Instances.PushFileAsync(stopped, "/early", new MemoryStream("x"u8.ToArray()));
        using var read = new MemoryStream();
        await Instances.PullFileAsync(stopped, "/early", read);
        Assert.Equal("x"u8.ToArray(), read.ToArray());
    }

    [Fact]
    public async Task Directories_are_made_listed_and_deleted()
    {
        await Instances.CreateDirectoryAsync("box", "/srv/data & more", new Incus.Client.FileAttributes { Mode = Convert.ToInt32("0700", 8) });
        await Instances.CreateDirectoryAsync("box", "/srv/data & more");
        await Instances.PushFileAsync("box", "/srv/data & more/ä b?.txt", new MemoryStream("x"u8.ToArray()));
        Assert.Equal(["ä b?.txt"], await Instances.ListDirectoryAsync("box", "/srv/data & more"));
        await Instances.DeleteFileAsync("box", "/srv/data & more/ä b?.txt");
        await Instances.DeleteFileAsync("box", "/srv/data & more");
        await Assert.ThrowsAsync<IncusNotFoundException>(() => Instances.ListDirectoryAsync("box", "/srv/data & more"));
    }

    [Fact]
    public async Task What_is_missing_is_not_found_and_a_directory_is_no_file()
    {
        await Assert.ThrowsAsync<IncusNotFoundException>(() => Instances.PullFileAsync("box", "/nothing", Stream.Null));
        await Assert.ThrowsAsync<IncusNotFoundException>(() => Instances.PushFileAsync("box", "/no/where", new MemoryStream()));
        await Assert.ThrowsAsync<IncusNotFoundException>(() => Instances.DeleteFileAsync("box", "/nothing"));
        await Assert.ThrowsAsync<IncusNotFoundException>(() => Instances.PullFileAsync("nobody", "/etc/hostname", Stream.Null));
        Assert.Contains("is a directory", (await Assert.ThrowsAsync<IncusException>(() => Instances.PullFileAsync("box", "/etc", Stream.Null))).Message, StringComparison.Ordinal);
        Assert.Contains("is not a directory", (await Assert.ThrowsAsync<IncusException>(() => Instances.ListDirectoryAsync("box", "/etc/hostname"))).Message, StringComparison.Ordinal);
    }
}
