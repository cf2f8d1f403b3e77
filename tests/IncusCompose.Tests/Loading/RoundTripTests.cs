using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.Loading.Documents;
using IncusCompose.Yaml;

namespace IncusCompose.Tests.Loading;

/// <summary>What is written reads back as what was written: for text, documents and whole stacks made at random.</summary>
public class RoundTripTests
{
    private static readonly YamlDocumentFormat s_format = new();

    /// <summary>Text that YAML could take for something else, or lose a part of.</summary>
    private static readonly string[] s_texts =
    [
        "", " ", "a", "~", "null", "Null", "true", "True", "no", "0x1F", "010", "1e3", "1:30", ".5", "2024-01-01", "=", "<<", "-", "- a", "? a", ": a", "a: b", "a:", ":a", "a #b", "#a", "a#b",
        "!a", "&a", "*a", "%a", "@a", "`a", "|", ">", "{a}", "[a]", "a, b", "'a'", "\"a\"", "it's", "a\\b", "\\n", "$a", "$$a", "${a}", "${a:-b}", "$", "trailing ", " leading", "\ttab", "a\tb",
        "line\n", "line\nline", "line\nline\n", "\nline", "\n", "\n\n", "line\n\n", "line\n\n\nline\n", " indented\nline\n", "line\n indented\n", "  a\nb", "trailing \nline\n", "tab\t\nline", "#comment\nline\n", "- a\n- b\n",
        "a: b\nc: d\n", "---\n", "...\n", "--- a", "line\r\nline\r\n", "line\rline", "ä€😀", "ä\n€\n", "\u00a0", "\u0085", "\u2028", "\u2029x", "\ufeff", "a\u0085b\n", "a\u0001b", "\u007f", "a\u001bb\nc", "\ufffe", "long " + string.Concat(Enumerable.Repeat("word ", 60)), "#cloud-config\nruncmd:\n  - |\n    echo $HOME\n\n    exit 0\n",
    ];

    public static TheoryData<string> DifficultTexts => [.. s_texts];

    [Theory]
    [MemberData(nameof(DifficultTexts))]
    public void Text_survives_as_a_value_a_key_and_an_item(string text)
    {
        foreach (var style in Enum.GetValues<ScalarStyle>())
        {
            var node = Mapping(
                ("value", new ScalarNode(SourceLocation.None, text, style)),
                ("list", new SequenceNode(SourceLocation.None, [new ScalarNode(SourceLocation.None, text, style), Mapping(("in", new ScalarNode(SourceLocation.None, text, style)))])),
                (text, Scalar("key")));
            Assert.Equal(Show(node), Show(Read(Write(node))));
        }
    }

    [Theory]
    [MemberData(nameof(DifficultTexts))]
    public void Text_survives_in_a_resolved_stack(string text)
    {
        var stack = new StackDefinition
        {
            Name = "shop",
            Description = text,
            Instances = new Dictionary<string, InstanceDefinition>
            {
                ["web"] = new()
                {
                    Name = "web",
                    Description = text,
                    Environment = new Dictionary<string, string> { ["A"] = text },
                    Config = new Dictionary<string, string> { ["user.a"] = text, ["user.b"] = "x" },
                    CloudInit = new CloudInitDefinition("#cloud-config\n" + text),
                },
            },
        };
        AssertRoundTrip(stack);
    }

    [Theory]
    [InlineData("dns_opt: ['ndots:2']")]
    [InlineData("dns: 10.0.0.53, dns_opt: ['ndots:2'], dns_search: shop.internal")]
    [InlineData("ipc: host, uts: host, group_add: [44, root]")]
    public void Words_of_compose_survive_and_are_not_warned_of_again(string words)
    {
        var stack = StackText.Load($"name: shop\nservices: {{web: {{image: nginx, {words}}}}}\n").Definition!;
        AssertRoundTrip(stack);
        Assert.DoesNotContain("IgnoredWord", StackText.Load(Write(StackWriter.ToDocument(stack, (_, value) => value))).Diagnostics.Select(problem => problem.Id));
    }

    [Fact]
    public void Stacks_made_at_random_survive()
    {
        for (var seed = 0; seed < 300; seed++)
            AssertRoundTrip(new RandomStack(seed).Make());
    }

    [Fact]
    public void Documents_made_at_random_survive()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            var node = RandomNode(random, 4);
            Assert.Equal(Show(node), Show(Read(Write(node))));
        }
    }

    [Fact]
    public void Secrets_are_masked_wherever_they_stand()
    {
        var stack = StackText.Require("""
            name: shop
            instances:
              web:
                environment: { DB_PASSWORD: hunter2, URL: "postgres://app:hunter2@db/shop", MODE: fast }
                config: { user.api-token: hunter2, systemd.credential.tls: hunter2, cloud-init.network-config: hunter2, user.dsn: server=db;password=hunter2 }
                labels: { secret-of: hunter2 }
                healthcheck: { exec: [mysqladmin, --user=app, --password=hunter2, --token, hunter2, ping] }
                devices: { d: { type: disk, source: x, path: /x, config: { ceph.secret: hunter2 } } }
                cloud_init:
                  user_data: { password: hunter2, chpasswd: { list: [ "root:hunter2" ] }, runcmd: [ "echo app:hunter2 | chpasswd" ] }
                  vendor_data: |
                    #!/bin/sh
                    export TOKEN=hunter2
            networks: { lan: { config: { bgp.peers.a.password: hunter2 } } }
            profiles: { p: { config: { environment.API_KEY: hunter2 } } }
            """);
        using var writer = new StringWriter();
        StackText.Loader.WriteResolved(stack, writer);
        Assert.DoesNotContain("hunter2", writer.ToString());
        Assert.Contains("MODE: fast", writer.ToString());
        Assert.Contains("server=db", writer.ToString());
        Assert.Contains("--user=app", writer.ToString());
        Assert.Contains("- ping", writer.ToString());
    }

    private static void AssertRoundTrip(StackDefinition stack)
    {
        // Unmasked, as the loader would write it if nothing were a secret.
        var text = Write(StackWriter.ToDocument(stack, (_, value) => value));
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "stack.yaml");
        File.WriteAllText(file, text);
        var result = StackText.Loader.Load([file], new LoadOptions { Variables = new Dictionary<string, string>() });
        Assert.DoesNotContain(result.Diagnostics, d => d.Severity == DiagnosticSeverity.Error);
        Assert.Equal(Definitions.Show(stack), Definitions.Show(result.Require()));
    }

    private static DocumentNode RandomNode(Random random, int depth)
    {
        switch (depth == 0 ? 0 : random.Next(3))
        {
            case 1:
                return new SequenceNode(SourceLocation.None, [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomNode(random, depth - 1))]);
            case 2:
                return Mapping([.. Enumerable.Range(0, random.Next(4)).Select(i => ($"{RandomText(random)}{i}", RandomNode(random, depth - 1)))]);
            default:
                return new ScalarNode(SourceLocation.None, RandomText(random), (ScalarStyle)random.Next(3));
        }
    }

    internal static string RandomText(Random random)
    {
        return Part() + (random.Next(2) == 0 ? "" : Part());

        string Part() => s_texts[random.Next(s_texts.Length)];
    }

    private static ScalarNode Scalar(string text) => new(SourceLocation.None, text);

    private static MappingNode Mapping(params (string Key, DocumentNode Value)[] entries) =>
        new(SourceLocation.None, [.. entries.Select(entry => new MappingEntry(new ScalarNode(SourceLocation.None, entry.Key, ScalarStyle.Quoted), entry.Value))]);

    private static string Write(DocumentNode node)
    {
        using var writer = new StringWriter();
        s_format.Write(node, writer);
        return writer.ToString();
    }

    private static DocumentNode Read(string text)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        var result = s_format.Read("text", stream, DocumentLimits.Default);
        Assert.True(result.Diagnostics.Count == 0, string.Join('\n', result.Diagnostics) + "\n" + text);
        return result.Root ?? Scalar("");
    }

    /// <summary>The tree without places and styles; an unquoted nothing is nothing however it is spelled.</summary>
    private static string Show(DocumentNode node) => node switch
    {
        ScalarNode scalar => System.Text.Json.JsonSerializer.Serialize(scalar.IsNull ? null : scalar.Value),
        SequenceNode sequence => $"[{string.Join(",", sequence.Items.Select(Show))}]",
        MappingNode mapping => $"{{{string.Join(",", mapping.Entries.Select(entry => $"{System.Text.Json.JsonSerializer.Serialize(entry.Key.Value)}:{Show(entry.Value)}"))}}}",
        _ => throw new ArgumentException("Unknown kind of node", nameof(node)),
    };
}
