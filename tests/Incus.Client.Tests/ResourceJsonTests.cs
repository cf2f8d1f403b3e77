using System.Text;
using System.Text.Json;

namespace Incus.Client.Tests;

/// <summary>Objects survive the way through this library, those of newer servers too.</summary>
public sealed class ResourceJsonTests
{
    [Fact]
    public void Fields_of_a_newer_server_survive_a_read_modify_write()
    {
        var instance = JsonSerializer.Deserialize("""
            {"name":"web","description":"d","config":{"a":"b"},"devices":{},"profiles":["default"],"status":"Running","status_code":103,
             "expanded_config":{"a":"b"},"expanded_devices":{},"created_at":"2026-11-20T23:40:59.094156211Z","last_used_at":"0001-01-01T00:00:00Z",
             "ephemeral":false,"stateful":true,"type":"container","architecture":"x86_64","location":"none","project":"default",
             "placement":{"rule":"spread","weight":3},"future":null}
            """, IncusJson.Default.Instance)!;
        Assert.Equal(["placement", "future"], instance.UnknownFields!.Keys);

        var body = InstanceApi.UpdateBody(instance with { Description = "e" });

        Assert.Equal(
            """{"devices":{},"profiles":["default"],"architecture":"x86_64","ephemeral":false,"stateful":true,"description":"e","config":{"a":"b"},"placement":{"rule":"spread","weight":3},"future":null}""",
            Sorted(body, "devices", "profiles", "architecture", "ephemeral", "stateful", "description", "config", "placement", "future"));
    }

    [Fact]
    public void Nulls_and_missing_fields_are_empty()
    {
        var instance = JsonSerializer.Deserialize("""{"name":"web","config":null,"devices":null,"profiles":null}""", IncusJson.Default.Instance)!;
        Assert.Empty(instance.Config);
        Assert.Empty(instance.Devices);
        Assert.Empty(instance.Profiles);
        Assert.Empty(instance.ExpandedConfig);
        Assert.Equal("", instance.Description);
        var server = JsonSerializer.Deserialize("""{"api_extensions":["a"],"auth":"untrusted"}""", IncusJson.Default.ServerInfo)!;
        Assert.Equal("", server.Environment.ServerVersion);
        var state = JsonSerializer.Deserialize("""{"status":"Stopped","network":null,"disk":null,"memory":null,"cpu":null}""", IncusJson.Default.InstanceState)!;
        Assert.Empty(state.Network);
        Assert.Equal(0, state.Memory.Usage);
    }

    [Fact]
    public void Times_with_nanoseconds_are_read()
    {
        var instance = JsonSerializer.Deserialize("""{"created_at":"2026-11-20T23:40:59.094156211Z"}""", IncusJson.Default.Instance)!;
        Assert.Equal(new DateTimeOffset(2026, 11, 20, 23, 40, 59, TimeSpan.Zero).AddTicks(941562), instance.CreatedAt);
    }

    [Fact]
    public async Task Times_are_written_without_escapes()
    {
        var image = JsonSerializer.Deserialize("""{"expires_at":"0001-01-01T00:00:00Z"}""", IncusJson.Default.Image)!;
        using var content = ApiCaller.JsonBody(IncusJson.ToObject(image, IncusJson.Default.Image));
        var text = await content.ReadAsStringAsync();
        Assert.Contains("\"expires_at\":\"0001-01-01T00:00:00+00:00\"", text, StringComparison.Ordinal);
        Assert.Equal("application/json", content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public void A_creation_leaves_out_what_was_not_said()
    {
        var body = IncusJson.ToObject(new InstanceCreate { Name = "web", Source = InstanceSource.FromAlias("a/b"), Start = true }, IncusJson.Default.InstanceCreate);
        Assert.Equal("""{"name":"web","source":{"type":"image","alias":"a/b"},"ephemeral":false,"start":true}""", body.ToJsonString());
        Assert.Equal("""{"type":"none"}""", JsonSerializer.Serialize(InstanceSource.Empty(), IncusJson.Default.InstanceSource));
    }

    [Fact]
    public void Metadata_of_both_generations_is_read()
    {
        var document = JsonSerializer.Deserialize("""
            {"configs":{"instance":{"resource-limits":{"keys":[
              {"limits.cpu":{"defaultdesc":"1","liveupdate":"yes","longdesc":"","shortdesc":"CPUs","type":"string"}},
              {"limits.cpu.nodes":{"liveupdate":"yes (containers only)","type":"string"}},
              {"limits.disk.priority":{"liveupdate":"maybe","type":"integer"}},
              {"limits.hugepages":{"type":"string"}},
              {"security.privileged":{"liveupdate":"no","condition":"container","type":"bool"}}]}},
             "devices":{"disk":{"keys":[{"size":{"type":"string","required":"no"}}]}}}}
            """, IncusJson.Default.MetadataConfigurationDocument)!;
        var metadata = new MetadataConfiguration(document);
        Assert.True(metadata.Find("instance", "limits.cpu")!.IsLive(InstanceTypes.VirtualMachine));
        Assert.True(metadata.Find("instance", "limits.cpu.nodes")!.IsLive(InstanceTypes.Container));
        Assert.False(metadata.Find("instance", "limits.cpu.nodes")!.IsLive(InstanceTypes.VirtualMachine));
        Assert.False(metadata.Find("instance", "limits.disk.priority")!.IsLive(InstanceTypes.Container));
        Assert.Null(metadata.Find("instance", "limits.hugepages")!.IsLive(InstanceTypes.Container));
        Assert.False(metadata.Find("instance", "security.privileged")!.IsLive(InstanceTypes.Container));
        Assert.Equal("string", metadata.FindDeviceOption("disk", "size")!.Type);
        Assert.Null(metadata.FindDeviceOption("disk", "nope"));
        Assert.Null(metadata.Find("galaxy", "size"));
    }

    [Fact]
    public void An_operation_that_works_on_none_of_a_kind_is_read_as_one_that_names_none()
    {
        var operation = JsonSerializer.Deserialize("""{"id":"1","resources":{"instances":null,"storage_volumes":["/1.0/storage-pools/default/volumes/custom/a"]}}""", IncusJson.Default.OperationInfo)!;
        Assert.Equal(["storage_volumes"], operation.Resources.Keys);
    }

    [Fact]
    public void No_text_form_shows_secrets()
    {
        var operation = new OperationInfo { Id = "1", Metadata = JsonDocument.Parse("""{"fds":{"0":"s3cret"}}"""u8.ToArray()).RootElement };
        Assert.DoesNotContain("s3cret", operation.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", new IncusEvent { Metadata = operation.Metadata.Value }.ToString(), StringComparison.Ordinal);
        var request = new ExecRequest { Command = ["login", "s3cret"], Environment = new Dictionary<string, string> { ["P"] = "s3cret" } };
        Assert.DoesNotContain("s3cret", request.ToString(), StringComparison.Ordinal);
    }

    private static string Sorted(System.Text.Json.Nodes.JsonObject body, params string[] order)
    {
        Assert.Equal(order.Order(), body.Select(static field => field.Key).Order());
        var sorted = new StringBuilder("{");
        foreach (var name in order)
            sorted.Append(sorted.Length > 1 ? "," : "").Append('"').Append(name).Append("\":").Append(body[name]?.ToJsonString() ?? "null");
        return sorted.Append('}').ToString();
    }
}
