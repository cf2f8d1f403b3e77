using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Cli.Rendering.Json;

/// <summary>
/// Writes a document as JSON. What YAML would read as a truth value or a whole number is one in JSON too,
/// so that the result is a stack file again.
/// </summary>
internal static class JsonDocumentWriter
{
    public static void Write(DocumentNode document, TextWriter writer)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Write(document, json);
        writer.Write(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
        writer.Write('\n');
    }

    private static void Write(DocumentNode node, Utf8JsonWriter json)
    {
        switch (node)
        {
            case MappingNode mapping:
                json.WriteStartObject();
                foreach (var (key, value) in mapping.Entries)
                {
                    json.WritePropertyName(key.Value);
                    Write(value, json);
                }
                json.WriteEndObject();
                break;
            case SequenceNode sequence:
                json.WriteStartArray();
                foreach (var item in sequence.Items)
                    Write(item, json);
                json.WriteEndArray();
                break;
            case ScalarNode scalar:
                Write(scalar, json);
                break;
        }
    }

    private static void Write(ScalarNode scalar, Utf8JsonWriter json)
    {
        if (scalar.IsNull)
            json.WriteNullValue();
        else if (scalar is { Style: ScalarStyle.Plain, Value: "true" or "false" })
            json.WriteBooleanValue(scalar.Value == "true");
        else if (scalar.Style == ScalarStyle.Plain
            && long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number.ToString(CultureInfo.InvariantCulture) == scalar.Value)
            json.WriteNumberValue(number);
        else
            json.WriteStringValue(scalar.Value);
    }
}
