namespace IncusCompose.Integration.Tests.Lab;

/// <summary>Where this checkout is.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "IncusCompose.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests do not stand in a checkout of IncusCompose.");
    }
}
