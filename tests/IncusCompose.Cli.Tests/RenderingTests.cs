using IncusCompose.Cli.Rendering;
using IncusCompose.Diagnostics;
using IncusCompose.Instances;
using IncusCompose.Planning;

namespace IncusCompose.Cli.Tests;

public sealed class RenderingTests
{
    [Fact]
    public void Problems_of_a_stack_file_are_a_line_each_with_the_place_first()
    {
        var error = new StackFileException(
        [
            Diagnostic.Error("UnknownKey", new("stack.yaml", 3, 5), "instances.web.imgae", "unknown key \"imgae\"", "did you mean \"image\"?"),
            Diagnostic.Warning("Privileged", new("stack.yaml", 9, 7), "instances.web.config", "the container is privileged"),
        ]);
        using var text = new StringWriter();
        ErrorRenderer.Write(error, new StyledWriter(text, color: false));
        Assert.Equal(
            """
            stack.yaml:3:5: instances.web.imgae: unknown key "imgae"; did you mean "image"?
            stack.yaml:9:7: instances.web.config: warning: the container is privileged

            """, text.ToString());
    }

    [Fact]
    public void Refused_changes_are_an_error_each()
    {
        var error = new PlanRefusedException([.. Plans.Everything().Resources.Where(change => change.Refused is not null)]);
        using var text = new StringWriter();
        ErrorRenderer.Write(error, new StyledWriter(text, color: false));
        Assert.Equal(
            "error: instance/taken: an instance of this name exists and is not the stack's; rename one of the two\n",
            text.ToString());
    }

    [Fact]
    public void An_error_of_several_lines_is_indented_and_cannot_steer_the_terminal()
    {
        using var text = new StringWriter();
        ErrorRenderer.Write(new IOException("first\r\n\tsecond \e[2J"), new StyledWriter(text, color: false));
        Assert.Equal("error: first\n      second \\e[2J\n", text.ToString());
    }

    [Fact]
    public void A_table_aligns_its_columns_and_shows_what_is_missing()
    {
        var table = new TextTable("NAME", "IPV4");
        table.Add(("a-long-name", Style.None), ("10.0.0.2", Style.None));
        table.Add(("b", Style.None), (null, Style.None));
        using var text = new StringWriter();
        table.Write(new StyledWriter(text, color: false));
        Assert.Equal("NAME         IPV4\na-long-name  10.0.0.2\nb            -\n", text.ToString());
    }

    [Theory]
    [InlineData("a\nb\nc\n", "a\nX\nc\n", " a|-b|+X| c")]
    [InlineData("", "a\n", "+a")]
    [InlineData("a", "", "-a")]
    [InlineData("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\n5\n6\n7\nX\n", "…| 6| 7|-8|+X")]
    public void Long_values_are_compared_line_by_line(string old, string @new, string expected) =>
        Assert.Equal(expected, string.Join('|', LineDifference.Compare(old, @new)!.Select(line => $"{line.Mark}{line.Text}")));

    [Fact]
    public void Values_of_thousands_of_lines_are_not_compared() =>
        Assert.Null(LineDifference.Compare(new string('\n', 2000), "a"));

    [Fact]
    public void A_user_is_found_in_the_text_of_etc_passwd()
    {
        const string passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nwww-data:x:33:34:www:/var/www:/usr/sbin/nologin\n";
        var found = InstanceUser.Find(passwd, "www-data")!;
        Assert.Equal((33u, 34u, "/var/www", "/var/www"), (found.User, found.Group, found.Home, found.Environment["HOME"]));
        Assert.Null(InstanceUser.Find(passwd, "nobody"));
    }

    [Theory]
    [InlineData("a\u202Etxt.exe", "a\\u202etxt.exe")]
    [InlineData("\u2066a\u2069", "\\u2066a\\u2069")]
    [InlineData("a\u2028b\u0085\u200Bc\uFEFF", "a\\u2028b\\u0085\\u200bc\\ufeff")]
    [InlineData("שלום 👩‍🚀 é", "שלום 👩‍🚀 é")]
    public void What_turns_or_hides_text_is_shown_and_no_letter_is(string text, string shown) => Assert.Equal(shown, StyledWriter.Printable(text));
}
