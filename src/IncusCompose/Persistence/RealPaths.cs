namespace IncusCompose.Persistence;

/// <summary>Where paths of this machine really lead to.</summary>
internal static class RealPaths
{
    // As many as the kernel follows. Source: path_resolution(7).
    private const int MostLinks = 40;

    /// <summary>The path with all links on its way and at its end followed; what is not there is taken as it is written.</summary>
    /// <param name="path">An absolute path.</param>
    /// <exception cref="IOException">Links lead to one another.</exception>
    public static string Of(string path)
    {
        var real = "";
        var links = 0;
        var rest = new Stack<string>();
        Push(path);
        while (rest.TryPop(out var part))
        {
            if (part == ".")
                continue;
            if (part == "..")
            {
                real = real[..Math.Max(real.LastIndexOf('/'), 0)];
                continue;
            }

            var next = $"{real}/{part}";
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MostLinks)
                throw new IOException($"too many links on the way to {path}");
            if (target.StartsWith('/'))
                real = "";
            Push(target);
        }

        return real.Length == 0 ? "/" : real;

        void Push(string parts)
        {
            foreach (var part in parts.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                rest.Push(part);
        }
    }
}
