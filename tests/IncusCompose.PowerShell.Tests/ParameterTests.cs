using System.Collections;
using System.Text;
using IncusCompose.PowerShell.Commands;
using IncusCompose.PowerShell.Parameters;

namespace IncusCompose.PowerShell.Tests;

public sealed class ParameterTests
{
    [Fact]
    public void A_number_is_seconds_and_everything_else_is_left_to_PowerShell()
    {
        Assert.Equal(TimeSpan.FromSeconds(30), SecondsAttribute.ToTimeSpan(30));
        Assert.Equal(TimeSpan.FromSeconds(0.5), SecondsAttribute.ToTimeSpan(0.5));
        Assert.Equal(TimeSpan.FromSeconds(90), SecondsAttribute.ToTimeSpan("90"));
        Assert.Null(SecondsAttribute.ToTimeSpan("00:01:30"));
        Assert.Null(SecondsAttribute.ToTimeSpan(TimeSpan.FromMinutes(1)));
        Assert.Null(SecondsAttribute.ToTimeSpan("soon"));
    }

    [Fact]
    public void A_hashtable_becomes_text_as_Incus_writes_it()
    {
        var map = StringMap.From(new Hashtable { ["flag"] = true, ["count"] = 3, ["share"] = 0.5, ["nothing"] = null, [1] = "one" });

        Assert.Equal("true", map["flag"]);
        Assert.Equal("3", map["count"]);
        Assert.Equal("0.5", map["share"]);
        Assert.Equal("", map["nothing"]);
        Assert.Equal("one", map["1"]);
    }

    [Fact]
    public void A_device_that_is_no_hashtable_is_refused_with_an_example()
    {
        var devices = StringMap.OfMaps(new Hashtable { ["data"] = new Hashtable { ["type"] = "disk" } }, "Device");
        Assert.Equal("disk", devices["data"]["type"]);

        var problem = Assert.Throws<ArgumentException>(() => StringMap.OfMaps(new Hashtable { ["data"] = "disk" }, "Device"));
        Assert.StartsWith("Device 'data' must be a hashtable", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Objects_are_lines_of_standard_input_and_bytes_are_bytes()
    {
        Assert.Equal("first\n2\n", Encoding.UTF8.GetString(StandardInput.From(["first", 2])));
        Assert.Equal([1, 2, 255], StandardInput.From([new byte[] { 1, 2 }, (byte)255]));
        Assert.Equal("a\nb\n", Encoding.UTF8.GetString(StandardInput.From([new[] { "a", "b" }])));
        Assert.Empty(StandardInput.From([]));
    }
}
