using System.Text;

namespace IncusCompose.Loading;

/// <summary>Reads small text files. What is no ordinary file (a device, a pipe) has no length, and may have no end.</summary>
internal static class BoundedText
{
    /// <summary>The file's text (UTF-8); null where it is longer than allowed.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="DecoderFallbackException">The file is not UTF-8 text.</exception>
    public static string? Read(string path, int maxLength)
    {
        using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        var text = new StringBuilder();
        Span<char> buffer = stackalloc char[1024];
        int count;
        while ((count = reader.Read(buffer)) > 0)
        {
            text.Append(buffer[..count]);
            if (text.Length > maxLength)
                return null;
        }

        return text.ToString();
    }
}
