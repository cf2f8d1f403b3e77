using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using IncusCompose.Backups;
using IncusCompose.Yaml;

namespace IncusCompose.Tests.Backups;

/// <summary>An export whose resource is to be in another place: everything else in it stays as it is.</summary>
public sealed class ExportedResourceTests
{
    // As the server writes it.
    private const string Description = """
        container:
          architecture: x86_64
          config:
            user.incus-compose.project: one
            user.incus-compose.resource: "instance/db"
            user.note: 'pool: fast'
          devices:
            data:
              path: /data
              pool: fast
              source: data
              type: disk
            "quoted":
              path: /other
              pool: "fast"
              type: disk
            host:
              path: /x
              source: /fast
              type: disk
          name: db
        pool:
          name: fast
        snapshots:
        - config:
            user.incus-compose.project: one
          devices:
            data:
              pool: fast
              type: disk
          name: first

        """;

    private static readonly Dictionary<string, string> Place = new() { ["user.incus-compose.project"] = "two", ["user.incus-compose.resource"] = "instance/db", ["user.new"] = "x" };

    [Fact]
    public void Only_the_pools_of_devices_and_the_marks_place_are_changed_in_the_description()
    {
        var changed = Encoding.UTF8.GetString(ExportedResource.Translate(Encoding.UTF8.GetBytes(Description), new YamlDocumentFormat(), Place, Translate));

        var lines = Description.Split('\n').Zip(changed.Split('\n')).Where(pair => pair.First != pair.Second).ToList();
        Assert.Equal(
            ["    user.incus-compose.project: \"two\"", "      pool: \"slow\"", "      pool: \"slow\"", "    user.incus-compose.project: \"two\"", "      pool: \"slow\""],
            lines.Select(pair => pair.Second));
        Assert.Equal(Description.Split('\n').Length, changed.Split('\n').Length);
        Assert.Contains("user.note: 'pool: fast'", changed, StringComparison.Ordinal);
        Assert.Contains("name: fast", changed, StringComparison.Ordinal);
    }

    [Fact]
    public void The_index_is_changed_as_the_description_is_and_what_cannot_be_read_stays_where_only_the_mark_would_change()
    {
        var index = "name: data\nconfig:\n  volume:\n    config:\n      user.incus-compose.project: one\n  volume_snapshots:\n  - config:\n      user.incus-compose.project: 'one'\n    name: first\n";

        Assert.Equal(
            index.Replace("'one'", "\"two\"", StringComparison.Ordinal).Replace(": one", ": \"two\"", StringComparison.Ordinal),
            Encoding.UTF8.GetString(ExportedResource.Translate(Encoding.UTF8.GetBytes(index), new YamlDocumentFormat(), Place, null)));
        Assert.Equal("]["u8.ToArray(), ExportedResource.Translate("]["u8.ToArray(), new YamlDocumentFormat(), Place, null));
        Assert.Throws<InvalidDataException>(() => ExportedResource.Translate("]["u8.ToArray(), new YamlDocumentFormat(), Place, Translate));
    }

    [Theory]
    [InlineData("gzip", TarEntryFormat.Gnu)]
    [InlineData("none", TarEntryFormat.Pax)]
    [InlineData("none", TarEntryFormat.Ustar)]
    public async Task Every_other_file_of_the_archive_passes_unchanged(string compression, TarEntryFormat format)
    {
        var random = RandomNumberGenerator.GetBytes(200_001);
        var longName = format == TarEntryFormat.Ustar ? "backup/container/rootfs/short" : "backup/container/rootfs/" + new string('n', 200);
        var archive = new MemoryStream();
        await using (var compressed = compression == "gzip" ? new GZipStream(archive, CompressionLevel.Fastest, leaveOpen: true) : (Stream)new Unclosed(archive))
        await using (var writer = new TarWriter(compressed, format))
        {
            await AddAsync(writer, format, "backup/index.yaml", "name: db"u8.ToArray());
            await AddAsync(writer, format, "backup/container/backup.yaml", Encoding.UTF8.GetBytes(Description));
            await AddAsync(writer, format, longName, random);
            await AddAsync(writer, format, "backup/container/rootfs/etc/backup.yaml", "pool: fast"u8.ToArray());
            await AddAsync(writer, format, "backup/container/rootfs/empty", []);
        }

        archive.Position = 0;
        await using var translated = ExportedResource.Translate(archive, compression, new YamlDocumentFormat(), Place, Translate);
        var result = new MemoryStream();
        await translated.CopyToAsync(result);
        Assert.Equal(0, result.Length % 512);
        result.Position = 0;

        var found = new Dictionary<string, byte[]>();
        await using (var reader = new TarReader(result))
        {
            while (await reader.GetNextEntryAsync(copyData: true) is { } entry)
            {
                var content = new MemoryStream();
                if (entry.DataStream is not null)
                    await entry.DataStream.CopyToAsync(content);
                found[entry.Name] = content.ToArray();
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.SetUser, entry.Mode);
            }
        }

        Assert.Equal(5, found.Count);
        Assert.Equal(random, found[longName]);
        Assert.Equal("pool: fast", Encoding.UTF8.GetString(found["backup/container/rootfs/etc/backup.yaml"]));
        Assert.Contains("pool: \"slow\"", Encoding.UTF8.GetString(found["backup/container/backup.yaml"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_that_breaks_off_is_an_error_and_not_a_shorter_instance()
    {
        var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
            await AddAsync(writer, TarEntryFormat.Pax, "backup/container/rootfs/big", RandomNumberGenerator.GetBytes(100_000));
        archive.SetLength(50_000);
        archive.Position = 0;

        await using var translated = ExportedResource.Translate(archive, "none", new YamlDocumentFormat(), Place, Translate);

        await Assert.ThrowsAsync<EndOfStreamException>(() => translated.CopyToAsync(Stream.Null));
    }

    private static void Translate(SortedDictionary<string, string> device)
    {
        if (device.GetValueOrDefault("pool") == "fast")
            device["pool"] = "slow";
    }

    private static async Task AddAsync(TarWriter writer, TarEntryFormat format, string name, byte[] content)
    {
        TarEntry entry = format switch
        {
            TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, name),
            TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name),
            _ => new PaxTarEntry(TarEntryType.RegularFile, name),
        };
        entry.DataStream = new MemoryStream(content);
        entry.Mode = UnixFileMode.UserRead | UnixFileMode.SetUser;
        await writer.WriteEntryAsync(entry);
    }

    /// <summary>Stays open when what writes to it is closed.</summary>
    private sealed class Unclosed(Stream inner) : MemoryStream
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Write(ToArray());
            base.Dispose(disposing);
        }
    }
}
