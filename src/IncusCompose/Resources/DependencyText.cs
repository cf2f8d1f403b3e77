using IncusCompose.Definition;

namespace IncusCompose.Resources;

/// <summary>
/// An instance's dependencies as one line, the form in which the applied record keeps them: <c>cache,db:healthy:restart</c>.
/// </summary>
internal static class DependencyText
{
    private const string Restart = "restart";
    private const string Optional = "optional";

    public static string Write(IEnumerable<InstanceDependency> dependencies) => string.Join(',', dependencies
        .OrderBy(dependency => dependency.Instance, StringComparer.Ordinal)
        .Select(dependency => string.Join(':', Words(dependency))));

    /// <summary>Reads the text of <see cref="Write"/>; words that are not known (a later version wrote them) are passed over.</summary>
    public static IReadOnlyList<InstanceDependency> Read(string? text) =>
    [
        .. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(item => item.Split(':')).Select(words =>
            new InstanceDependency(words[0], words.Skip(1).Select(Condition).FirstOrDefault(condition => condition is not null) ?? DependencyCondition.Started)
            {
                Restart = words.Skip(1).Contains(Restart),
                Required = !words.Skip(1).Contains(Optional),
            }),
    ];

    private static IEnumerable<string> Words(InstanceDependency dependency)
    {
        yield return dependency.Instance;
        if (dependency.Condition != DependencyCondition.Started)
            yield return Word(dependency.Condition);
        if (dependency.Restart)
            yield return Restart;
        if (!dependency.Required)
            yield return Optional;
    }

    private static DependencyCondition? Condition(string word) =>
        Enum.GetValues<DependencyCondition>().Where(condition => Word(condition) == word).Select(condition => (DependencyCondition?)condition).FirstOrDefault();

    private static string Word(DependencyCondition condition) => condition switch
    {
        DependencyCondition.Ready => "ready",
        DependencyCondition.Healthy => "healthy",
        DependencyCondition.Completed => "completed",
        _ => "started",
    };
}
