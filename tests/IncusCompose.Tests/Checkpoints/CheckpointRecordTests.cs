using IncusCompose.Checkpoints;

namespace IncusCompose.Tests.Checkpoints;

public sealed class CheckpointRecordTests
{
    [Theory]
    [InlineData("web-1", "web-1")]
    [InlineData("web", "web-1 web-2")]
    [InlineData("db", "db")]
    [InlineData("old", "old-1")]
    [InlineData("other", "")]
    [InlineData("we", "")]
    public void The_name_of_a_definition_stands_for_its_replicas(string name, string expected)
    {
        var record = new CheckpointRecord
        {
            Id = "1", Name = "good", Stack = "shop", Project = "default",
            Instances =
            [
                Kept("web-1", "web"), Kept("web-2", "web"), Kept("db", "db"), Kept("other-1", "other-1"),
                // Records of earlier versions know no definitions.
                Kept("old-1", null),
            ],
        };

        Assert.Equal(expected, string.Join(' ', CheckpointRecord.Parse(record.ToString())!.Named(name).Select(instance => instance.Name)));
    }

    private static KeptInstance Kept(string name, string? definition) => new() { Name = name, Status = "Running", Definition = definition };
}
