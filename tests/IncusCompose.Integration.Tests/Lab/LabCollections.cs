using Xunit.Abstractions;

[assembly: TestCollectionOrderer("IncusCompose.Integration.Tests.Lab.LongestFirst", "IncusCompose.Integration.Tests")]

namespace IncusCompose.Integration.Tests.Lab;

/// <summary>The tests that share a lab run one after another, each with names of its own. Here those of what stacks can hold.</summary>
[CollectionDefinition(Name)]
public sealed class LabCollection : ICollectionFixture<LabFixture>
{
    public const string Name = "lab";
}

/// <summary>The tests of the client and the command, and of operating stacks that are up, on a lab of their own.</summary>
[CollectionDefinition(Name)]
public sealed class CommandLabCollection : ICollectionFixture<LabFixture>
{
    public const string Name = "lab for commands";
}

/// <summary>The tests with whole systems, which take long to start, on a lab of their own.</summary>
[CollectionDefinition(Name)]
public sealed class MachineLabCollection : ICollectionFixture<LabFixture>
{
    public const string Name = "lab for machines";
}

/// <summary>The tests of what takes stacks back, which take long, on a lab of their own.</summary>
[CollectionDefinition(Name)]
public sealed class TakingBackLabCollection : ICollectionFixture<LabFixture>
{
    public const string Name = "lab for taking back";
}

/// <summary>As many collections run at once as there are processors: those that take long begin.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] s_long = [LabCollection.Name, MachineLabCollection.Name, CommandLabCollection.Name, Resilience.CrashLabCollection.Name, TakingBackLabCollection.Name];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(collection => Array.IndexOf(s_long, collection.DisplayName) is >= 0 and var place ? place : s_long.Length);
}
