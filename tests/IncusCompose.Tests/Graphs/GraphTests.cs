using IncusCompose.Graphs;
using IncusCompose.Tests.Loading;

namespace IncusCompose.Tests.Graphs;

public sealed class GraphTests
{
    private const string Shop = """
        name: shop
        project: {name: shops, create: true}
        instances:
          web:
            image: images:debian/12
            replicas: 3
            networks: [lan]
            depends_on:
              db: {condition: healthy, restart: true}
              job: {condition: completed}
              mail: {required: false}
          db:
            image: busybox
            networks: [lan]
            volumes: ["data:/srv"]
            healthcheck: {tcp: 5432}
          job:
            image: busybox
            profiles: [default, small]
          mail: {image: busybox}
        networks:
          lan: {ipv4: 10.20.0.1/24}
        storage_pools:
          fast: {driver: btrfs}
        volumes:
          data: {pool: fast}
        """;

    [Fact]
    public void Mermaid_shows_kinds_as_shapes_and_the_conditions_of_dependencies_as_labels()
    {
        var text = Graph(Shop).ToText();

        Assert.Equal(
            """
            ---
            title: "shop"
            ---
            flowchart LR
                subgraph project_shops["project shops"]
                    storage_pool_fast[["fast<br/><i>storage pool</i>"]]
                    network_lan{{"lan<br/><i>network</i>"}}
                    volume_fast_data[("data<br/><i>volume in fast</i>")]
                    profile_default>"default<br/><i>profile</i>"]
                    profile_small>"small<br/><i>profile</i>"]
                    image_busybox(["busybox<br/><i>image</i>"])
                    image_images_debian_12(["images:debian/12<br/><i>image</i>"])
                    instance_db["db<br/><i>instance</i>"]
                    instance_job["job<br/><i>instance</i>"]
                    instance_mail["mail<br/><i>instance</i>"]
                    instance_web["web<br/><i>3 instances</i>"]
                end
                volume_fast_data --> storage_pool_fast
                instance_db --> network_lan
                instance_db --> volume_fast_data
                instance_db --> profile_default
                instance_db --> image_busybox
                instance_job --> profile_default
                instance_job --> profile_small
                instance_job --> image_busybox
                instance_mail --> profile_default
                instance_mail --> image_busybox
                instance_web --> network_lan
                instance_web --> profile_default
                instance_web --> image_images_debian_12
                instance_web -->|"healthy, restart"| instance_db
                instance_web -->|"completed"| instance_job
                instance_web -->|"started, not required"| instance_mail
                classDef external stroke-dasharray: 4 3
                class profile_default,profile_small,image_busybox external

            """.ReplaceLineEndings("\n"),
            text);
    }

    [Fact]
    public void Dot_shows_the_same_graph()
    {
        var text = Graph(Shop).ToText(GraphFormat.Dot);

        Assert.StartsWith("digraph \"shop\" {\n    rankdir=LR;\n", text, StringComparison.Ordinal);
        Assert.Contains("    subgraph cluster_project_shops {\n        label=\"project shops\";\n", text, StringComparison.Ordinal);
        Assert.Contains("        volume_fast_data [label=\"data\\nvolume in fast\", shape=cylinder];\n", text, StringComparison.Ordinal);
        Assert.Contains("        profile_small [label=\"small\\nprofile\", shape=note, style=\"dashed\"];\n", text, StringComparison.Ordinal);
        Assert.Contains("    instance_web -> instance_db [label=\"healthy, restart\"];\n", text, StringComparison.Ordinal);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_nobody_names_is_not_drawn()
    {
        var graph = Graph("instances: {web: {image: busybox}}");

        Assert.Equal(["image/busybox", "instance/web"], graph.Nodes.Select(node => node.Id.ToString()));
        Assert.Null(graph.Container);
    }

    [Fact]
    public void What_the_stack_uses_and_does_not_make_is_external()
    {
        var graph = Graph("""
            instances:
              web:
                image: busybox
                networks: [incusbr0]
                volumes: ["shared:/srv"]
            volumes:
              shared: {external: true}
            """);

        Assert.Equal(["network/incusbr0", "volume/default/shared", "image/busybox"], graph.Nodes.Where(node => node.IsExternal).Select(node => node.Id.ToString()));
    }

    [Fact]
    public void Names_that_would_be_read_as_markup_are_written_so_that_they_are_not()
    {
        var stack = StackText.Load("instances: {web: {image: busybox}}").Require() with { Name = "a \"b\" \\ <c>" };
        var graph = ComposeEngine.Graph(stack) with { Nodes = [new GraphNode(new("network", "<b>\"x\"#1", null), false) { Noun = "network" }], Edges = [] };

        Assert.Contains("title: \"a \\\"b\\\" \\\\ <c>\"\n", graph.ToText(), StringComparison.Ordinal);
        Assert.Contains("(\"#60;b#62;#34;x#34;#35;1<br/><i>network</i>\")", graph.ToText(), StringComparison.Ordinal);
        Assert.Contains("digraph \"a \\\"b\\\" \\\\ <c>\" {", graph.ToText(GraphFormat.Dot), StringComparison.Ordinal);
    }

    [Fact]
    public void Resources_whose_names_differ_only_in_signs_stay_apart()
    {
        var graph = Graph("""
            instances:
              a-b: {image: "images:x/1"}
              a: {image: "images:x-1", depends_on: [a-b]}
            """);

        var words = graph.ToText().Split('\n').Where(line => line.Contains("images:", StringComparison.Ordinal)).Select(line => line.Trim().Split('(')[0]).ToList();
        Assert.Equal(["image_images_x_1", "image_images_x_1_2"], words);
    }

    private static StackGraph Graph(string yaml) => ComposeEngine.Graph(StackText.Load(yaml).Require());
}
