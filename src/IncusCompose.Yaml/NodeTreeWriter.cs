using System.Buffers;
using IncusCompose.Loading.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using ScalarStyle = IncusCompose.Loading.Documents.ScalarStyle;
using YamlStyle = YamlDotNet.Core.ScalarStyle;

namespace IncusCompose.Yaml;

/// <summary>Writes document nodes as block-style YAML. Each scalar keeps the style that its node names.</summary>
internal static class NodeTreeWriter
{
    // Other line ends than the usual one become the usual one, a byte order mark is lost, and control characters may not stand in a file.
    private static readonly SearchValues<char> s_needEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(code => (char)code).Where(character => character != '\n'), '\u007F', '\u0085', '\u00A0', '\u2028', '\u2029', '\uFEFF', '\uFFFE', '\uFFFF']);

    public static void Write(DocumentNode node, TextWriter writer)
    {
        // Lines are never folded: a folded value is hard to read and to search for.
        var emitter = new Emitter(writer, EmitterSettings.Default
            .WithBestIndent(2)
            .WithBestWidth(int.MaxValue)
            .WithIndentedSequences()
            .WithNewLine("\n"));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        WriteNode(node, emitter);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
    }

    private static void WriteNode(DocumentNode node, Emitter emitter)
    {
        var tag = node.Tag is null ? TagName.Empty : new TagName(node.Tag);
        switch (node)
        {
            case ScalarNode scalar:
                // The emitter would quote an empty plain value, which makes an empty text of what is no value.
                var text = scalar is { IsNull: true, Value: "" } ? "null" : scalar.Value;
                emitter.Emit(new Scalar(AnchorName.Empty, tag, text, Style(scalar), isPlainImplicit: tag.IsEmpty, isQuotedImplicit: tag.IsEmpty));
                break;
            case SequenceNode sequence:
                var flow = sequence.Items.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block;
                emitter.Emit(new SequenceStart(AnchorName.Empty, tag, isImplicit: tag.IsEmpty, flow));
                foreach (var item in sequence.Items)
                    WriteNode(item, emitter);
                emitter.Emit(new SequenceEnd());
                break;
            case MappingNode mapping:
                var style = mapping.Entries.Count == 0 ? MappingStyle.Flow : MappingStyle.Block;
                emitter.Emit(new MappingStart(AnchorName.Empty, tag, isImplicit: tag.IsEmpty, style));
                foreach (var (key, value) in mapping.Entries)
                {
                    WriteNode(key, emitter);
                    WriteNode(value, emitter);
                }

                emitter.Emit(new MappingEnd());
                break;
            default:
                throw new ArgumentException($"A {node.GetType().Name} cannot be written", nameof(node));
        }
    }

    /// <summary>The style that the node names, unless the parser would read something else than what is written in it.</summary>
    private static YamlStyle Style(ScalarNode scalar) => scalar.Style switch
    {
        ScalarStyle.Quoted => YamlStyle.DoubleQuoted,
        ScalarStyle.Block => CanBeBlock(scalar.Value) ? YamlStyle.Literal : YamlStyle.DoubleQuoted,
        // The emitter itself quotes plain text that means something in YAML.
        _ => scalar.Value.AsSpan().ContainsAny(s_needEscape) || scalar.Value.Contains('\n', StringComparison.Ordinal) ? YamlStyle.DoubleQuoted : YamlStyle.Plain,
    };

    private static bool CanBeBlock(string text) =>
        text.Length > 0
        && !char.IsWhiteSpace(text[0])
        && !text.AsSpan().ContainsAny(s_needEscape)
        // Blanks at the end of a line are lost on people.
        && !text.Contains(" \n", StringComparison.Ordinal);
}
