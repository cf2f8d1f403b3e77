using IncusCompose.Loading.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using ScalarStyle = IncusCompose.Loading.Documents.ScalarStyle;
using YamlStyle = YamlDotNet.Core.ScalarStyle;

namespace IncusCompose.Yaml;

/// <summary>Writes document nodes as block-style YAML. Each scalar keeps the style that its node names.</summary>
internal static class NodeTreeWriter
{
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
                emitter.Emit(new Scalar(AnchorName.Empty, tag, scalar.Value, Style(scalar), isPlainImplicit: tag.IsEmpty, isQuotedImplicit: tag.IsEmpty));
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
        }
    }

    private static YamlStyle Style(ScalarNode scalar) => scalar.Style switch
    {
        ScalarStyle.Quoted => YamlStyle.DoubleQuoted,
        ScalarStyle.Block => YamlStyle.Literal,
        _ => YamlStyle.Plain,
    };
}
