namespace Incus.Client.Tests;

/// <summary>A name never becomes a path to something else.</summary>
public sealed class PathTests
{
    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    public async Task What_can_not_be_a_name_is_refused_before_anything_is_sent(string name)
    {
        var options = ConnectionOptions.Unix("/none");
        await using var connection = IncusConnection.Unopened(options, options.Addresses[0]);
        var caller = new ApiCaller(connection, "default", null);
        await Assert.ThrowsAsync<ArgumentException>(() => new InstanceApi(caller).StopAsync(name));
        await Assert.ThrowsAsync<ArgumentException>(() => new ProfileApi(caller).DeleteAsync(name));
        await Assert.ThrowsAsync<ArgumentException>(() => new StorageVolumeApi(caller).DeleteAsync("pool", name));
        await Assert.ThrowsAsync<ArgumentException>(() => new StorageVolumeApi(caller).DeleteAsync(name, "volume"));
        await Assert.ThrowsAsync<ArgumentException>(() => new ImageApi(caller).DeleteAliasAsync(name));
        Assert.Equal(0, connection.RequestCount);
    }

    [Fact]
    public async Task Names_and_queries_are_escaped()
    {
        var options = ConnectionOptions.Unix("/none");
        await using var connection = IncusConnection.Unopened(options, options.Addresses[0]);
        var caller = new ApiCaller(connection, "a&b", "@fast");
        Assert.Equal("/1.0/profiles/x%2F..%2Fy%3Fz", new ProfileApi(caller).PathOf("x/../y?z"));
        Assert.Equal("/1.0/x?project=a%26b&target=%40fast&path=%2Fa%20b&recursion=1", caller.Url("/1.0/x", ("path", "/a b"), ("type", null), ("recursion", "1")));
    }
}
