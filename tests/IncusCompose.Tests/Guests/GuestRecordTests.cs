using System.Security.Cryptography;
using System.Text;
using Incus.Client;
using IncusCompose.Guests;

namespace IncusCompose.Tests.Guests;

/// <summary>What is recorded on an instance of the files that were put into it.</summary>
public class GuestRecordTests
{
    [Fact]
    public void It_knows_what_was_written_and_nothing_of_the_content_can_be_read_from_it()
    {
        var record = GuestRecord.Empty.Of([File("files./etc/motd", "hello"), File("secrets.db", "1234") with { IsSecret = true }]);
        var read = GuestRecord.Read(new Dictionary<string, string> { [GuestRecord.Key] = record.ToString() });
        Assert.True(read.SameAs(record));
        Assert.True(read.Holds(File("files./etc/motd", "hello")));
        Assert.False(read.Holds(File("files./etc/motd", "bye")));
        Assert.True(read.Holds(File("secrets.db", "1234") with { IsSecret = true }));
        foreach (var text in new[] { "1234", "hello" })
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text));
            Assert.DoesNotContain(Convert.ToBase64String(hash)[..10], record.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToHexStringLower(hash)[..10], record.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_same_content_is_recorded_differently_for_each_instance_and_alike_for_one()
    {
        var first = GuestRecord.Empty.Of([File("secrets.db", "1234") with { IsSecret = true }]);
        Assert.NotEqual(first.Entries.Values.Single().Digest, GuestRecord.Empty.Of([File("secrets.db", "1234") with { IsSecret = true }]).Entries.Values.Single().Digest);
        Assert.True(first.Of([File("secrets.db", "1234") with { IsSecret = true }]).SameAs(first));
        Assert.NotEqual(first.Entries.Values.Single().Digest, first.Of([File("files./secrets.db", "1234")]).Entries.Values.Single().Digest);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("{\"salt\":null,\"files\":null}")]
    [InlineData("{\"salt\":\"a\",\"files\":{\"/a\":null,\"b\":{\"for\":\"b\",\"digest\":\"c\"},\"/c\":{\"for\":\"c\"}}}")]
    public void What_somebody_spoilt_counts_as_nothing_written(string text) =>
        Assert.Empty(GuestRecord.Read(new Dictionary<string, string> { [GuestRecord.Key] = text }).Entries);

    private static GuestFile File(string label, string text) => new(label, "/" + label.Split('.')[^1].TrimStart('/'), InstanceFileKind.File)
    {
        Hash = SHA256.HashData(Encoding.UTF8.GetBytes(text)),
        Size = text.Length,
    };
}
