using System.Text.Json;
using IncusCompose.Diagnostics;
using IncusCompose.Loading;
using IncusCompose.Loading.Documents;

namespace IncusCompose.Tests.Loading;

/// <summary>
/// schema/stack.schema.json is what editors check stack files by. INCUS_COMPOSE_REGENERATE=1 writes it anew. That it accepts
/// what the loader accepts is also asserted of every good file of the other tests, by <see cref="StackText.Require"/>.
/// </summary>
public class SchemaTests
{
    private static readonly string s_root = Path.GetFullPath(Path.Combine(StackText.Here(), "../../.."));

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Problems that a look at one value or key shows. All others are about what one part says of another, about files, or about the meaning of text.</summary>
    private static readonly string[] s_structural =
    [
        "UnknownKey", "WrongType", "MissingKey", "BadValue", "BadSize", "BadCpu", "BadMac", "BadCidr", "BadAddress", "BadMode",
        "BadOwner", "BadExpiry", "BadStatus", "BadCondition", "BadDuration", "BadPersist",
    ];

    /// <summary>Problems of those kinds that no schema can tell without the loader's knowledge.</summary>
    private static readonly string[] s_exceptions =
    [
        "bad-addresses.yaml: networks.self.ipv4", // the network's own address
        "bad-choices.yaml: storage_pools.fast", // needed, unless it is external
        "bad-choices.yaml: images.ubuntu", // one of several keys is needed
        "cloud-init.yaml: instances.binary.cloud_init.network_config.file", // free content, else
        "bad-addresses.yaml: networks.raw.config.ipv4.address", // raw configuration
        "provision.yaml: instances.web.provision[16].timeout", // a length of time, but not 0
        "readiness.yaml: instances.after.healthcheck.interval", // a length of time, but not 0
        "hooks.yaml: instances.web.hooks.post_start[3].timeout", // a length of time, but not 0
    ];

    public static TheoryData<string> BadFiles => BadFileTests.Files;

    public static TheoryData<string> Examples => [.. Directory.EnumerateFiles(Path.Combine(s_root, "examples"), "*stack.yaml", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(s_root, file)).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_schema_is_what_the_loader_declares()
    {
        var text = StackSchema.Make().ToJsonString(s_indented) + "\n";
        if (Environment.GetEnvironmentVariable("INCUS_COMPOSE_REGENERATE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(EditorSchema.File)!);
            File.WriteAllText(EditorSchema.File, text);
        }

        Assert.Equal(text, File.ReadAllText(EditorSchema.File));
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_is_accepted(string file) => Assert.Empty(EditorSchema.Problems(EditorSchema.Parse(File.ReadAllText(Path.Combine(s_root, file)))!));

    [Theory]
    [InlineData("networks: {lan: {type: bridge, forwards: {192.0.2.1: }}}")]
    [InlineData("buckets: {assets: {keys: {app: }}}")]
    [InlineData("network_address_sets: {a: }")]
    [InlineData("networks: {lan: {type: macvlan, parent: eth0, members: {m1: }}}")]
    [InlineData("storage_pools: {fast: {driver: dir, members: {m1: }}}")]
    [InlineData("volumes: {data: }\nprofiles: {small: }\nprojects: {other: }\ncluster_groups: {cards: }\ninstances: {web: {networks: {lan: }}}\nnetworks: {lan: }")]
    public void An_entry_of_which_nothing_is_said_is_one_with_defaults_to_loader_and_editor(string yaml) => StackText.Require(yaml);

    [Theory]
    [InlineData("images: {i: }", "stack.yaml:1:13: images.i: the key `source` is missing")]
    [InlineData("networks: {lan: {type: ovn, peers: {x: }}}", "stack.yaml:1:37: networks.lan.peers.x: ")]
    [InlineData("networks: {lan: {type: ovn, load_balancers: {192.0.2.9: {backends: {x: }}}}}", "stack.yaml:1:72: networks.lan.load_balancers.192.0.2.9.backends.x: the key `target_address` is missing")]
    [InlineData("network_zones: {a.example: {records: {www: }}}", "stack.yaml:1:39: network_zones.a.example.records.www: ")]
    [InlineData("certificates: {ann: }", "stack.yaml:1:21: certificates.ann: it has no certificate")]
    [InlineData("secrets: {db: }", "stack.yaml:1:15: secrets.db: ")]
    public void Of_one_that_must_say_something_it_is_said_what(string yaml, string problem)
    {
        Assert.StartsWith(problem, Assert.Single(StackText.Problems(yaml)));
    }

    [Theory]
    [MemberData(nameof(BadFiles))]
    public void Of_a_bad_file_each_problem_that_a_key_or_value_shows_is_rejected_and_the_rest_is_accepted(string file)
    {
        var folder = Path.Combine(StackText.Here(), "Bad");
        var document = EditorSchema.Parse(File.ReadAllText(Path.Combine(folder, file)));
        if (document is null)
            return;
        if (document is not MappingNode)
            return;
        var problems = StackText.Loader.Load([file], new LoadOptions { WorkingDirectory = folder, Variables = new Dictionary<string, string> { ["HOME"] = "/home/ann", ["EMPTY"] = "" } })
            .Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).ToList();
        var nodes = problems.Select(problem => (Problem: problem, Node: Find(document, problem.Path))).Where(found => found.Node is not null && found.Node != document).ToList();
        var all = new Dictionary<DocumentNode, bool>(ReferenceEqualityComparer.Instance);
        foreach (var (problem, node) in nodes)
            all[node!] = problem.Id is not ("UnknownKey" or "WrongType") && all.GetValueOrDefault(node!, true);

        Assert.Empty(EditorSchema.Problems(document, all));
        foreach (var (problem, node) in nodes.Where(found => s_structural.Contains(found.Problem.Id) && !s_exceptions.Contains($"{file}: {found.Problem.Path}")))
        {
            var others = new Dictionary<DocumentNode, bool>(all.Where(other => !Contains(other.Key, node!)), ReferenceEqualityComparer.Instance);
            Assert.True(EditorSchema.Problems(document, others).Count > 0, $"The schema accepts what the loader does not: {problem}");
        }
    }

    private static bool Contains(DocumentNode whole, DocumentNode part) => ReferenceEquals(whole, part) || whole switch
    {
        MappingNode mapping => mapping.Entries.Any(entry => Contains(entry.Value, part)),
        SequenceNode sequence => sequence.Items.Any(item => Contains(item, part)),
        _ => false,
    };

    /// <summary>The node at a dotted path whose keys may have dots themselves.</summary>
    private static DocumentNode? Find(DocumentNode? node, string path)
    {
        if (path.Length == 0 || node is null)
            return node;
        switch (node)
        {
            case MappingNode mapping:
                foreach (var entry in mapping.Entries)
                {
                    var key = entry.Key.Value;
                    if (path.StartsWith(key, StringComparison.Ordinal) && (path.Length == key.Length || path[key.Length] is '.' or '[')
                        && Find(entry.Value, path[key.Length..].TrimStart('.')) is { } found)
                        return found;
                }

                return null;
            case SequenceNode sequence when path[0] == '[':
                var end = path.IndexOf(']', StringComparison.Ordinal);
                return int.TryParse(path[1..end], out var index) && index < sequence.Items.Count ? Find(sequence.Items[index], path[(end + 1)..].TrimStart('.')) : null;
            default:
                return null;
        }
    }

    [Theory]
    [InlineData("cpu: \"0644\"", true)]
    [InlineData("cpu: \"000\"", false)]
    [InlineData("provision: [{exec: x, name: -1}]", false)]
    [InlineData("provision: [{exec: x, name: \"-1\"}]", false)]
    [InlineData("provision: [{exec: x, name: 1.5}]", false)]
    [InlineData("provision: [{exec: x, name: 0x1F}]", false)]
    [InlineData("provision: [{exec: x, name: 7}]", false)]
    [InlineData("provision: [{exec: x, name: 7zip}]", true)]
    [InlineData("provision: [{exec: x, name: v1.5}]", true)]
    public void Loader_and_editor_agree_about_what_looks_like_a_number(string words, bool isFine)
    {
        var yaml = $"instances: {{web: {{image: x, {words}}}}}";

        Assert.Equal((isFine, isFine), (StackText.Load(yaml).Diagnostics.Count == 0, EditorSchema.Problems(EditorSchema.Parse(yaml)!).Count == 0));
    }
}
