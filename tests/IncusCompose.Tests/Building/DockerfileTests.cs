using IncusCompose.Building;
using IncusCompose.Definition;

namespace IncusCompose.Tests.Building;

/// <summary>The program of an image that is not built yet.</summary>
public class DockerfileTests
{
    [Theory]
    [InlineData("FROM scratch\nENTRYPOINT [\"/app\", \"-v\"]", "/app|-v")]
    [InlineData("FROM scratch\nENTRYPOINT exec app --all", "/bin/sh|-c|exec app --all")]
    [InlineData("FROM scratch\nSHELL [\"/bin/bash\", \"-c\"]\nENTRYPOINT app", "/bin/bash|-c|app")]
    [InlineData("FROM scratch\nENTRYPOINT [\"a\"]\nentrypoint [\"b\"]", "b")]
    [InlineData("FROM scratch\nENTRYPOINT [\"a\", \\\n  # a comment in between\n  \"b\"]", "a|b")]
    [InlineData("# escape=`\nFROM scratch\nENTRYPOINT [\"a\", `\n \"b\"]", "a|b")]
    [InlineData("FROM scratch\nENTRYPOINT [\"a\"]\nENTRYPOINT []", "")]
    [InlineData("FROM scratch\nCMD [\"a\"]", "")]
    [InlineData("FROM node:18 AS base\nENTRYPOINT [\"a\"]\nFROM base AS next\nFROM next", "a")]
    [InlineData("FROM scratch\nRUN <<END\nENTRYPOINT [\"wrong\"]\nEND\nENTRYPOINT [\"right\"]", "right")]
    public void It_is_the_last_entry_point_of_the_stage_and_those_below(string text, string words) =>
        Assert.Equal(words, string.Join('|', Dockerfile.ProgramOf(text, null, new Dictionary<string, string>())!.Entrypoint!));

    [Theory]
    [InlineData("FROM node:18", "node:18")]
    [InlineData("FROM --platform=$BUILDPLATFORM node:18 AS base\nFROM base", "node:18")]
    [InlineData("ARG TAG=18\nFROM node:${TAG}-alpine", "node:18-alpine")]
    [InlineData("ARG TAG\nFROM node:${TAG:-20}", "node:20")]
    [InlineData("ARG VERSION=1\nFROM app:$VERSION", "app:7")]
    public void What_an_image_begins_with_says_it_where_its_own_instructions_do_not(string text, string begin)
    {
        var program = Dockerfile.ProgramOf(text, null, new Dictionary<string, string> { ["VERSION"] = "7" })!;
        Assert.Null(program.Entrypoint);
        Assert.Equal(begin, program.Base);
    }

    [Theory]
    [InlineData("FROM scratch\nHEALTHCHECK CMD curl -f http://localhost || exit 1", "/bin/sh|-c|curl -f http://localhost || exit 1 every 30s 30s 3")]
    [InlineData("FROM scratch\nHEALTHCHECK --interval=5s --timeout=3s --retries=5 \\\n --start-period=1m30s CMD [\"pg_isready\", \"-q\"]", "pg_isready|-q every 5s 3s 5")]
    [InlineData("FROM scratch AS base\nSHELL [\"/bin/bash\", \"-c\"]\nFROM base\nHEALTHCHECK cmd a", "/bin/bash|-c|a every 30s 30s 3")]
    [InlineData("FROM scratch AS base\nHEALTHCHECK CMD a\nFROM base AS next\nHEALTHCHECK NONE\nFROM next", "none")]
    [InlineData("FROM scratch\nCMD a", "none")]
    [InlineData("FROM scratch AS base\nHEALTHCHECK CMD a\nFROM other:1", "other:1")]
    public void Its_health_check_is_that_of_the_stage_and_those_below(string text, string expected)
    {
        var health = Dockerfile.HealthOf(text, null, new Dictionary<string, string>())!;
        Assert.Equal(expected, !health.IsSaid ? health.Base : health.Check is { } check
            ? $"{string.Join('|', ((ExecProbe)check.Probe).Command)} every {Duration.Format(check.Interval)} {Duration.Format(check.Timeout)} {check.Retries}"
            : "none");
    }

    [Fact]
    public void The_wanted_stage_counts()
    {
        const string Text = "FROM scratch AS one\nENTRYPOINT [\"1\"]\nFROM scratch AS two\nENTRYPOINT [\"2\"]";
        var none = new Dictionary<string, string>();
        Assert.Equal(["1"], Dockerfile.ProgramOf(Text, "ONE", none)!.Entrypoint!);
        Assert.Equal(["1"], Dockerfile.ProgramOf(Text, "0", none)!.Entrypoint!);
        Assert.Equal(["2"], Dockerfile.ProgramOf(Text, null, none)!.Entrypoint!);
        Assert.Null(Dockerfile.ProgramOf(Text, "three", none));
        Assert.Null(Dockerfile.ProgramOf("FROM app:$UNKNOWN", null, none));
        Assert.Null(Dockerfile.ProgramOf("", null, none));
    }
}
