using System.Text;
using System.Text.RegularExpressions;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;

namespace IncusCompose.Ssh;

/// <summary>Public keys for SSH: as text, and in the user's files. Source: sshd(8), "AUTHORIZED_KEYS FILE FORMAT".</summary>
public static partial class PublicKeys
{
    // A file of keys is never large: one that is, is something else.
    private const int MaxFileLength = 1024 * 1024;

    /// <summary>Keys as a user gives them: each is the text of one, or the path of a file with one or more.</summary>
    /// <param name="keys">What was given; none: the user's own, <c>~/.ssh/*.pub</c>.</param>
    /// <param name="directory">The absolute folder that relative paths start from.</param>
    /// <param name="home">The user's home directory; null: as the system says.</param>
    /// <returns>The lines of the keys, without repetition.</returns>
    /// <exception cref="ArgumentException">One is no public key, or there is none; says what to give instead.</exception>
    public static IReadOnlyList<string> Read(IReadOnlyCollection<string> keys, string directory, string? home = null)
    {
        home ??= Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return [.. (keys.Count == 0 ? OfUser(home) : keys.SelectMany(key => ReadOne(key, directory, home))).Distinct()];
    }

    /// <summary>What makes a key the same as another: its type and its data, without options and comment; null for what is no key.</summary>
    /// <param name="line">A line of an <c>authorized_keys</c> file.</param>
    public static string? IdentityOf(string line)
    {
        if (line.TrimStart().StartsWith('#'))
            return null;
        foreach (Match match in Key().Matches(line))
        {
            // The data begins with the type once more, after the type's length in four bytes.
            var (type, data) = (match.Groups["type"].Value, match.Groups["data"].Value);
            var bytes = new byte[data.Length];
            if (Convert.TryFromBase64String(data, bytes, out var length) && length > 4 + type.Length
                && Encoding.ASCII.GetString(bytes, 4, type.Length) == type)
                return $"{type} {data}";
        }

        return null;
    }

    /// <summary>The user's private key to one of several public ones: the file beside that of the public key; null where there is none.</summary>
    internal static string? FindPrivate(IReadOnlyList<string> keys)
    {
        var folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".ssh");
        var wanted = keys.Select(IdentityOf).ToHashSet();
        try
        {
            return Directory.Exists(folder)
                ? Directory.GetFiles(folder, "*.pub").Order(StringComparer.Ordinal)
                    .Where(file => File.Exists(file[..^".pub".Length]) && File.ReadLines(file).Select(IdentityOf).Any(key => key is not null && wanted.Contains(key)))
                    .Select(file => file[..^".pub".Length])
                    .FirstOrDefault()
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // ssh finds its keys by itself as well.
            return null;
        }
    }

    /// <summary>A key in a few characters: the end of its data, by which people tell keys apart, and its comment.</summary>
    internal static string Describe(string line)
    {
        if (IdentityOf(line) is not { } key)
            return "(no key)";
        var comment = line[(line.IndexOf(key.Split(' ')[1], StringComparison.Ordinal) + key.Split(' ')[1].Length)..].Trim();
        return $"…{key[^8..]}{(comment.Length > 0 ? $" ({comment})" : "")}";
    }

    internal static IEnumerable<string> ReadOne(string key, string directory, string home)
    {
        if (key.Contains("PRIVATE KEY", StringComparison.Ordinal))
            throw new ArgumentException("this is a private key, which belongs nowhere but with its owner; name the file of the public one, which ends in .pub");
        if (IdentityOf(key) is not null)
            return [key.Trim()];
        if (LooksLikeKey().IsMatch(key))
            throw new ArgumentException($"{Excerpts.Quote(key)} begins like a public key and is none; copy the whole line of the .pub file");
        var path = key == "~" || key.StartsWith("~/", StringComparison.Ordinal) ? home + key[1..] : key;
        return ReadFile(Path.GetFullPath(path, directory));
    }

    private static IReadOnlyList<string> OfUser(string home)
    {
        var folder = Path.Combine(home, ".ssh");
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.pub") : [];
        // A certificate (id_ed25519-cert.pub) is no key that could be authorised.
        var keys = files.Order(StringComparer.Ordinal).Where(file => !file.EndsWith("-cert.pub", StringComparison.Ordinal)).SelectMany(ReadFile).ToList();
        return keys.Count > 0
            ? keys
            : throw new ArgumentException($"there is no public key in {folder}; make one with `ssh-keygen -t ed25519`, or say which key to use");
    }

    private static IReadOnlyList<string> ReadFile(string path)
    {
        string? text;
        try
        {
            text = BoundedText.Read(path, MaxFileLength);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            var reason = error switch
            {
                FileNotFoundException or DirectoryNotFoundException => "does not exist",
                DecoderFallbackException => "is not text",
                _ => "cannot be read",
            };
            throw new ArgumentException($"the file {path} {reason}; give the text of a public key, or the path of a file with one", error);
        }

        if (text is null)
            throw new ArgumentException($"the file {path} is larger than 1 MiB; give a file with public keys");
        if (text.Contains("PRIVATE KEY", StringComparison.Ordinal))
            throw new ArgumentException($"the file {path} holds a private key; name the public one, which ends in .pub");
        var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith('#')).ToList();
        if (lines.Count == 0)
            throw new ArgumentException($"there is no public key in the file {path}; name another one");
        return lines.TrueForAll(line => IdentityOf(line) is not null)
            ? lines
            : throw new ArgumentException($"the file {path} holds something else than public keys; name one that ends in .pub");
    }

    private const string Types = "(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp[0-9]+|sk-ssh-ed25519@openssh\\.com|sk-ecdsa-sha2-nistp256@openssh\\.com)";

    [GeneratedRegex($"(?<![^\\s])(?<type>{Types})[ \\t]+(?<data>[A-Za-z0-9+/]+={{0,2}})(?![^\\s])")]
    private static partial Regex Key();

    [GeneratedRegex($"^{Types}\\s")]
    private static partial Regex LooksLikeKey();
}
