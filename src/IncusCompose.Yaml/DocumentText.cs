using System.Buffers;
using System.Text;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Yaml;

/// <summary>Bytes to characters, strictly: what is not text is refused before a parser sees it.</summary>
internal static class DocumentText
{
    // Source: YAML 1.2, 5.1: what is not a printable character is not allowed.
    private static readonly SearchValues<char> s_controlCharacters = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (char)code).Except(['\t', '\n', '\r']), '\u007F', '\uFFFE', '\uFFFF']);

    /// <summary>The text of a document in UTF-8, or in UTF-16 or UTF-32 where a byte order mark says so; null after an error.</summary>
    public static string? Decode(string file, Stream stream, DocumentLimits limits, List<Diagnostic> diagnostics)
    {
        var bytes = ReadBounded(stream, limits.MaxBytes);
        if (bytes is null)
        {
            diagnostics.Add(Diagnostic.Error("DocumentTooLarge", new SourceLocation(file, 0, 0), "",
                $"the file is larger than {limits.MaxBytes / 1024 / 1024} MiB", "is it really a YAML file?"));
            return null;
        }

        var (encoding, markLength) = DetectEncoding(bytes);
        try
        {
            var text = encoding.GetString(bytes.AsSpan(markLength));
            var bad = text.AsSpan().IndexOfAny(s_controlCharacters);
            if (bad < 0)
                return text;
            diagnostics.Add(Diagnostic.Error("NotText", LocationAfter(file, text[..bad]), "",
                $"the control character U+{(int)text[bad]:X4} stands here, which no YAML file can hold", "remove it, or check that it is the right file"));
            return null;
        }
        catch (DecoderFallbackException bad)
        {
            // Every multi-byte encoding's newline is found by decoding what precedes the bad bytes.
            var before = encoding.GetString(bytes.AsSpan(markLength, Math.Max(0, bad.Index)));
            diagnostics.Add(Diagnostic.Error("NotText", LocationAfter(file, before), "",
                $"the file is not {EncodingName(encoding)} text", "save it as UTF-8, or check that it is the right file"));
            return null;
        }
    }

    private static byte[]? ReadBounded(Stream stream, long maxBytes)
    {
        if (stream.CanSeek && stream.Length - stream.Position > maxBytes)
            return null;

        using var content = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int count;
            while ((count = stream.Read(buffer, 0, buffer.Length)) > 0)
            {
                if (content.Length + count > maxBytes)
                    return null;
                content.Write(buffer, 0, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return content.ToArray();
    }

    private static (Encoding Encoding, int MarkLength) DetectEncoding(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [0xEF, 0xBB, 0xBF, ..] => (new UTF8Encoding(false, throwOnInvalidBytes: true), 3),
        [0xFF, 0xFE, 0, 0, ..] => (new UTF32Encoding(false, true, throwOnInvalidCharacters: true), 4),
        [0, 0, 0xFE, 0xFF, ..] => (new UTF32Encoding(true, true, throwOnInvalidCharacters: true), 4),
        [0xFF, 0xFE, ..] => (new UnicodeEncoding(false, true, throwOnInvalidBytes: true), 2),
        [0xFE, 0xFF, ..] => (new UnicodeEncoding(true, true, throwOnInvalidBytes: true), 2),
        _ => (new UTF8Encoding(false, throwOnInvalidBytes: true), 0),
    };

    private static string EncodingName(Encoding encoding) => encoding switch
    {
        UTF8Encoding => "UTF-8",
        UnicodeEncoding => "UTF-16",
        _ => "UTF-32",
    };

    private static SourceLocation LocationAfter(string file, string text)
    {
        var line = text.AsSpan().Count('\n') + 1;
        return new SourceLocation(file, line, text.Length - text.LastIndexOf('\n'));
    }
}
