namespace Incus.Client.Tests;

public sealed class SftpMessageTests
{
    [Fact]
    public void What_is_written_is_read_again()
    {
        var modified = DateTimeOffset.FromUnixTimeSeconds(1_000_000_000);
        var written = new SftpWriter().Number(7u).Number(1L << 40).Text("/a b/\u00fc").Attributes(new FileAttributes { Uid = 1000, Gid = 1001, Mode = 0x81A4 }, modified).Written;

        var reader = new SftpReader(written.Span);

        Assert.Equal((7u, 1L << 40, "/a b/\u00fc"), (reader.Number(), reader.Long(), reader.Text()));
        Assert.Equal(new InstanceFileEntry("x", InstanceFileKind.File, 0x1A4, 1000, 1001, 0, modified), reader.Attributes("x"));
    }

    [Theory]
    [InlineData(0x4000u, InstanceFileKind.Directory)]
    [InlineData(0xA000u, InstanceFileKind.Link)]
    [InlineData(0x2000u, InstanceFileKind.Other)]
    [InlineData(0u, InstanceFileKind.Other)]
    public void Kinds_are_those_of_the_mode(uint mode, InstanceFileKind kind) =>
        Assert.Equal(kind, new SftpReader(new SftpWriter().Number(SftpReader.HasMode).Number(mode).Written.Span).Attributes("x").Kind);

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0, 0, 1 })]
    [InlineData(new byte[] { 0, 0, 0, 5, 65 })]
    [InlineData(new byte[] { 255, 255, 255, 255 })]
    public void An_answer_that_ends_too_early_is_an_error(byte[] answer) =>
        Assert.Throws<IncusException>(() => new SftpReader(answer).Text());
}
